# ckptedit: what it changes, what it keeps, and that the old file survives whatever happens.
. tests/cli/tap.sh
"$make_image" a.ckpt || exit 1
"$make_image" packed.ckpt packed || exit 1
"$make_image" big.ckpt medium || exit 1
cp a.ckpt original.ckpt

alone() { cmp a.ckpt original.ckpt && [ -z "$(ls -A | grep '^\.[^c.]' | grep -v '^\.check$\|^\.out$\|^\.err$')" ]; }

check 'a dry run says what would change' prints 'a.ckpt: would drop descriptor 3' "$edit" --dry-run --drop-fd 3 a.ckpt
check 'a dry run says what goes with it' prints 'would drop file 3, /tmp/input' "$edit" --dry-run --drop-fd 3 a.ckpt
check 'a dry run changes nothing' alone
check 'an absent descriptor lists those present' says 1 'there are 0, 1, 2, 3, 5 and 7' "$edit" --drop-fd 4 a.ckpt
check 'which changes nothing' alone
check 'no edit' says 2 '--drop-fd' "$edit" a.ckpt
check 'no number' says 2 'not the number of a descriptor' "$edit" --drop-fd x a.ckpt
check 'no file' says 2 'No such file' "$edit" --drop-fd 3 missing
check 'a directory' says 2 'directory' "$edit" --drop-fd 3 .
check 'an output that is a directory' says 1 'directory' "$edit" --drop-fd 3 -o "$work" a.ckpt
check 'two files' says 2 'too many' "$edit" --drop-fd 3 a.ckpt a.ckpt

check '-o writes elsewhere' gives 0 "$edit" --drop-fd 3 --drop-fd=7 -o b.ckpt a.ckpt
check '-o leaves the input alone' alone
check 'the result is whole' prints 'b.ckpt: whole' "$dump" --verify b.ckpt

cat >compare.py <<'PY'
import base64, json, subprocess, sys
dump, old, new, gone = sys.argv[1], sys.argv[2], sys.argv[3], [int(x) for x in sys.argv[4].split(",")]
def load(path):
    return json.loads(subprocess.check_output([dump, "--json", "--fds", "--notes", "--index", "--regs", "--maps", path]))
a, b = load(old), load(new)
numbers = lambda d: [x.get("number", 0) for x in d["descriptors"][0]["descriptors"]]
assert numbers(b) == [n for n in numbers(a) if n not in gone], numbers(b)
key = lambda c: {k: v for k, v in c.items() if k != "offset"}
assert [key(c) for c in a["index"]] == [key(c) for c in b["index"]]
other = lambda d: [key(n) for n in d["notes"] if n.get("name") not in ("DESCRIPTORS", "OPEN_FILE", "FILE")]
assert other(a) == other(b)
assert a["registers"] == b["registers"]
used = {x["openFile"] for x in b["descriptors"][0]["descriptors"]}
assert {x["id"] for x in b["openFiles"]} == used, b["openFiles"]
assert any(f["path"] == base64.b64encode(b"/memfd:shared").decode() for f in b["files"]), "a mapped file went"
PY
check 'nothing but the descriptors changes' python3 compare.py "$dump" a.ckpt b.ckpt 3,7
unknown() { grep -q unknown b.ckpt; }
check 'unknown fields stay' unknown
pages() {
    "$dump" --extract 600000,167936 a.ckpt >old && "$dump" --extract 600000,167936 "$1" >new && cmp old new
}
check 'memory stays' pages b.ckpt
check 'packed images too' gives 0 "$edit" --drop-fd 0 --drop-fd 1 packed.ckpt
check 'packed images are whole' prints 'packed.ckpt: whole' "$dump" --verify packed.ckpt
check 'packed memory stays' pages packed.ckpt
check 'every descriptor can be dropped' gives 0 "$edit" --drop-fd 0 --drop-fd 1 --drop-fd 2 --drop-fd 3 --drop-fd 5 --drop-fd 7 -o none.ckpt a.ckpt
check 'an image without descriptors' prints 'no descriptors' "$dump" --fds none.ckpt
check 'the list of an empty table' says 1 'there are none left' "$edit" --drop-fd 0 none.ckpt
check 'a number given twice' gives 0 "$edit" --drop-fd 3 --drop-fd 3 -o twice.ckpt a.ckpt
same() { "$edit" --drop-fd 3 -o c1.ckpt a.ckpt && "$edit" --drop-fd 3 -o c2.ckpt a.ckpt && cmp c1.ckpt c2.ckpt; }
check 'the same edit gives the same bytes' same

mode() {
    cp a.ckpt m.ckpt && chmod 0604 m.ckpt && { [ "$(id -u)" -ne 0 ] || chown 12345:54321 m.ckpt; }
    owner=$(stat -c '%a %u %g' m.ckpt)
    "$edit" --drop-fd 3 m.ckpt && [ "$(stat -c '%a %u %g' m.ckpt)" = "$owner" ]
}
check 'mode and owner stay' mode
link() {
    mkdir -p there && cp a.ckpt there/real.ckpt && ln -s there/real.ckpt link.ckpt
    "$edit" --drop-fd 3 link.ckpt && [ -L link.ckpt ] && "$dump" --fds there/real.ckpt | grep -q output && ! "$dump" --fds there/real.ckpt | grep -q input
}
check 'a symbolic link is followed' link
check 'the input may be the output' gives 0 "$edit" --drop-fd 3 -o twice.ckpt a.ckpt
holes() {
    "$edit" --drop-fd 5 -o big2.ckpt big.ckpt || return 1
    [ "$(stat -c %s big2.ckpt)" -gt 134217728 ] && [ "$(stat -c %b big2.ckpt)" -lt 60000 ] && "$dump" --verify big2.ckpt
}
check 'holes stay holes' holes

# A limit on the file's size stands for a full disk: writing fails half way.
full() {
    says 1 'File too large' sh -c 'trap "" XFSZ; ulimit -f 100; "$0" --drop-fd 3 a.ckpt' "$edit" && alone
}
check 'a full disk leaves the old file and nothing else' full
damaged() {
    cp a.ckpt d.ckpt && printf 'X' | dd of=d.ckpt bs=1 seek=9000 conv=notrunc status=none && cp d.ckpt d.orig
    says 1 'nothing was changed' "$edit" --drop-fd 3 d.ckpt && cmp d.ckpt d.orig
}
check 'a damaged image is not replaced' damaged
finish
