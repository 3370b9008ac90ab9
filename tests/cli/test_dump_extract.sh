# ckptdump --hex, --extract and --core: memory as it was.
. tests/cli/tap.sh
"$make_image" a.ckpt || exit 1
"$make_image" packed.ckpt packed || exit 1
"$make_image" several.ckpt several || exit 1

extracts() { [ "$("$dump" --extract 7fffeffff000,4 a.ckpt)" = prog ]; }
check '--extract' extracts
to_file() { "$dump" --extract 60fffa,22 -o out.bin a.ckpt >out && [ ! -s out ] && [ "$(cat out.bin)" = 'needle in the haystack' ]; }
check '--extract -o' to_file
long() {
    "$dump" --extract 0x600000,0x29000 a.ckpt >one && "$dump" --extract 600000,167936 packed.ckpt >two && cmp one two && [ "$(wc -c <one)" -eq 167936 ] &&
        [ "$(tail -c 4096 one | tr -d '\0' | wc -c)" -eq 0 ]
}
check 'many chunks, and the zeros behind them' long
refused() {
    echo old >kept.bin
    says 1 "$1" "$dump" --extract "$2" -o kept.bin a.ckpt && [ "$(cat kept.bin)" = old ] && says 1 "$1" "$dump" --extract "$2" a.ckpt && [ ! -s .out ]
}
check 'what is not mapped is refused, and nothing written' refused 'memory at 0x629000 (0x10 bytes) is not mapped' 628ff0,32
check 'what a file has that is not there any more is refused' refused 'is in /usr/bin/prog, not in the image, and that cannot be used: No such file' 400000,16
check 'the end of all memory' refused 'not mapped' ffffffffffffff00,0x200
for bad in 600000 600000,0 x,1 600000,-1 ,4; do
    check "no range: $bad" says 2 'not an address in hexadecimal, a comma and a length' "$dump" --extract "$bad" a.ckpt
done
check '-o without --extract' says 2 'nothing goes there without --extract' "$dump" --maps -o x a.ckpt
check '--extract has no JSON' says 2 '--extract has no such form' "$dump" --json --extract 600000,4 a.ckpt
check 'a full disk' says 1 'standard output: writing: No space left' sh -c '"$0" --extract 600000,4096 a.ckpt >/dev/full' "$dump"
check 'a directory in the way' says 1 'directory' "$dump" --extract 600000,4 -o "$work" a.ckpt

check '--pid chooses the process' prints '|only the child h|' "$dump" --pid 4800 --hex 600010,16 several.ckpt
check 'the first process is the default' prints '|pw~' "$dump" --hex 600010,16 several.ckpt
check '--pid that is not there' says 2 '--pid=77: there is no such process in it; there are 4711, 4800' "$dump" --pid 77 --hex 0 several.ckpt
check '--threads of several processes' prints '4800  4800  child' "$dump" --threads several.ckpt
check '--regs of several processes' prints 'thread 4800 of process 4800' "$dump" --regs several.ckpt
hex_json() {
    "$dump" --json --hex 5ffff0,0x20 a.ckpt | python3 -c '
import base64, json, sys
runs = json.load(sys.stdin)["hex"]
assert [(r["address"], r["length"], r["source"]) for r in runs] == [(str(0x5ffff0), "16", "unmapped"), (str(0x600000), "16", "stored")], runs
assert base64.b64decode(runs[1]["bytes"]) == bytes(i * 7 for i in range(16)), runs'
}
check '--hex as JSON' hex_json

# The core file is read back by the same views, by elfutils and by gdb.
core() {
    "$dump" --core c.core "$1" && readelf -lnW c.core >all && eu-readelf -ln c.core >/dev/null && file c.core | grep -q 'core file' &&
        "$dump" --extract 600000,167936 c.core >one && "$dump" --extract 600000,167936 "$1" >two && cmp one two &&
        "$dump" --threads c.core | grep -q '^4712 ' && "$dump" --hex 700000,16 c.core | grep -q MMMM
}
check '--core of a raw image' core a.ckpt
check '--core of a packed image' core packed.ckpt
child() { "$dump" --core c.core --pid 4800 several.ckpt && "$dump" --threads c.core | grep -q '^4800 ' && "$dump" --hex 600010,16 c.core | grep -q 'only the child'; }
check '--core of another process' child
if command -v gdb >/dev/null; then
    by_gdb() { "$dump" --core g.core packed.ckpt && gdb -nx -batch -c g.core -ex "x/s 0x60fffa" -ex "info threads" 2>&1 | tee out | grep -q 'needle in the haystack' && grep -q 'LWP 4712' out; }
    check 'gdb reads it' by_gdb
else
    skip 'gdb reads it' 'no gdb'
fi
sparse() {
    "$make_image" big.ckpt medium && "$dump" --core big.core big.ckpt && [ "$(stat -c %s big.core)" -gt 134217728 ] && [ "$(stat -c %b big.core)" -lt 60000 ]
}
check 'it is sparse' sparse
check '--core where a directory is in the way' says 1 'directory' "$dump" --core "$work" a.ckpt
check '--core of two files' says 2 'one file at a time' "$dump" --core x a.ckpt packed.ckpt
bad_core() {
    cp a.ckpt d.ckpt && offset=$("$dump" --index a.ckpt | awk '$2 == "600000" { print $5 }') && printf 'X' | dd of=d.ckpt bs=1 seek=$((offset)) conv=notrunc status=none
    rm -f d.core && says 1 'digest differs' "$dump" --core d.core d.ckpt && [ ! -e d.core ]
}
check 'damaged pages leave no core file' bad_core
finish
