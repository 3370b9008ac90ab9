# ckptdump --search and --strings.
. tests/cli/tap.sh
"$make_image" a.ckpt || exit 1
"$make_image" packed.ckpt packed || exit 1
"$make_image" several.ckpt several || exit 1

for image in a packed; do
    check "text over a chunk boundary ($image)" prints '00000060fffa  [heap]   u|..............[needle in the haystack]' "$dump" --search 'needle in the haystack' $image.ckpt
    check "bytes over a chunk boundary ($image)" prints '00000060fffe  [heap]' "$dump" --search 'hex:6c 65 2069 6E' $image.ckpt
    check "an expression over a chunk boundary ($image)" prints '[needle in the h]' "$dump" --search 're:ne+dle[^h]*the h' $image.ckpt
done
check 'text: makes text of anything' prints 'not found' "$dump" --search text:hex:00 a.ckpt
check 'what a shared mapping has, at its address' prints '000000700000  /memfd:shared' "$dump" --search 'hex:4d4d4d4d' a.ckpt
check 'what is not there' prints 'not found in stored memory' "$dump" --search 'no such text' a.ckpt
# The page before the stack's is not mapped; the arguments end in zeros inside theirs, and behind the page at 0x602000 zeros are not stored.
every() {
    python3 - "$dump" <<'PY'
import json, re, subprocess, sys
dump = sys.argv[1]
pages = bytearray()
for i in range(40 * 4096):
    pages.append(0 if (i // 4096) % 5 == 3 else (i * 7 + i // 4096) & 255)
at = 65536 - 6
pages[at:at + 22] = b"needle in the haystack"
memory = bytes(pages) + bytes(4096)
def hits(pattern):
    out = subprocess.check_output([dump, "--json", "--search", pattern, "a.ckpt"])
    return [int(h["address"]) for h in json.loads(out)["search"] if 0x600000 <= int(h["address"]) < 0x629000]
def wanted(bytes_):
    found, at = [], memory.find(bytes_)
    while at >= 0:
        found.append(0x600000 + at)
        at = memory.find(bytes_, at + 1)
    return found
for where in (4096 * 3 - 5, 4096 * 4 - 3, 4096 * 8 - 4, 4096 * 9 - 1, 65530, 65536 - 8, 40 * 4096 - 9):
    piece = memory[where:where + 11]
    want = wanted(piece)
    got = hits("hex:" + piece.hex())
    assert got == want and want, (hex(where), piece.hex(), got[:5], want[:5])
PY
}
check 'bytes that begin or end in zeros that are not stored' every
check 'every process is searched, and named' prints '4800 [anon]' "$dump" --search 'only the child' several.ckpt
for bad in '' hex: hex:0 hex:zz 're:(' text:; do
    check "no pattern: '$bad'" says 2 "--search=$bad: " "$dump" --search "$bad" a.ckpt
done
damage() {
    cp a.ckpt d.ckpt && offset=$("$dump" --index a.ckpt | awk '$2 == "600000" { print $5 }') &&
        printf 'X' | dd of=d.ckpt bs=1 seek=$((offset)) conv=notrunc status=none
    says 1 'reading memory: ' "$dump" --search haystack d.ckpt && grep -q 'memfd\|digest differs' .err
}
check 'damaged pages are complained of, the others searched' damage

check '--strings' prints '00000060fffa  needle in the haystack' "$dump" --strings a.ckpt
check '--strings of a shared mapping' prints '000000700000  MMMM' "$dump" --strings a.ckpt
least() { "$dump" --strings=23 a.ckpt >out && ! grep -q needle out && "$dump" --strings=22 a.ckpt | grep -q needle; }
check '--strings=LEAST' least
check '--strings=0' says 2 'not a number of bytes' "$dump" --strings=0 a.ckpt
strings_json() {
    "$dump" --json --strings=22 a.ckpt | python3 -c '
import json, sys
hit = [s for s in json.load(sys.stdin)["strings"] if "needle" in s["text"]]
assert hit == [{"process": 1, "address": str(0x60fffa), "space": 1, "mapping": "[heap]", "text": "needle in the haystack"}], hit'
}
check '--strings as JSON' strings_json
finish
