# ckptedit: redaction. 0x600000 is anonymous memory, 0x700000 a page of a memory file, 0x400000 a program's own pages.
. tests/cli/tap.sh
. "$top/tests/cli/edit.sh"
"$make_image" packed.ckpt packed || exit 1

# memory FILE: 0x600000 to 0x629000, by ckptdump; zeros FROM LENGTH: they, and nothing else, have become zero.
memory() { "$dump" --extract 600000,167936 "$1"; }
zeros() {
    memory a.ckpt >old && memory "$1" >new && python3 - "$2" "$3" <<'PY'
import sys
old, new, at, length = open("old", "rb").read(), open("new", "rb").read(), int(sys.argv[1], 0), int(sys.argv[2])
assert any(old[at:at + length]), "zeros already"
assert new == old[:at] + bytes(length) + old[at + length:], "not these bytes"
PY
}
check '--redact' edits b.ckpt --redact 600ff0,8300
check 'these bytes and no others are zero' zeros b.ckpt 0xff0 8300
check 'a record says so' judge b.ckpt "notes(n, 'REDACTION')==1 and n.unknown==o.unknown"
loads() {
    readelf -lW b.ckpt | awk '/LOAD/ && $3 == "0x0000000000600000" { print $2, $5 }' | head -1 >load.at && read -r at length <load.at || return 1
    [ $((length)) -ge 163840 ] && dd if=b.ckpt bs=4096 skip=$((at / 4096)) count=$((length / 4096)) status=none >load && memory b.ckpt | head -c $((length)) >new && cmp load new
}
check "debuggers' headers lead to the new bytes" loads
check 'of a packed image' gives 0 "$edit" --redact 600ff0,8300 -o c.ckpt packed.ckpt
check 'it is whole' prints 'whole' "$dump" --verify c.ckpt
check 'and says the same' zeros c.ckpt 0xff0 8300
again() { "$edit" --redact 600000,1 -o c.ckpt b.ckpt && prints whole "$dump" --verify c.ckpt && judge c.ckpt "notes(n, 'REDACTION')==2"; }
check 'once more' again
check 'content of a memory file' edits b.ckpt --redact 700010,16
content() { "$dump" --extract 700000,64 b.ckpt | od -An -v -c | tr -d ' \n' >new; printf 'M%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 >m; [ "$(cat new)" = "$(cat m)$(printf '\\0%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16)$(cat m)$(cat m)" ]; }
check 'is redacted in its own space' content
check 'what is not mapped' says 1 'nothing is mapped at 629000' "$edit" --redact 628000,8192 a.ckpt
check 'what is not stored' says 1 'none of these bytes is stored in the image' "$edit" --redact 400000,100 a.ckpt
check 'no range' says 2 'not an address in hexadecimal' "$edit" --redact 600000 a.ckpt
check 'no length' says 2 'not an address in hexadecimal' "$edit" --redact 600000,0 a.ckpt
check 'behind the last address' says 2 'it ends behind the last address' "$edit" --redact ffffffffffffffff,2 a.ckpt
check 'several ranges' edits b.ckpt --redact 600000,10 --redact 600008,10 --redact 600012,5 --redact 601000,1
check 'touching ones are one' judge b.ckpt "notes(n, 'REDACTION')==2"

# "needle in the haystack" crosses from one chunk into the next at 0x610000.
check '--redact-matching text' edits b.ckpt --redact-matching 'needle in the haystack'
check 'where it crosses chunks' zeros b.ckpt 0xfffa 22
gone() { ! grep -q 'needle in the haystack' b.ckpt && ! "$dump" --strings b.ckpt | grep needle; }
check 'the pattern is not in the file any more' gone
check '--redact-matching a regular expression' edits b.ckpt --redact-matching 'regex:in the [a-z]+'
check 'across chunks too' zeros b.ckpt 0x10001 15
check '--redact-matching hexadecimal' edits b.ckpt --redact-matching 'hex:6e 65 65 64'
check 'these four' zeros b.ckpt 0xfffa 4
check 'in a packed image' gives 0 "$edit" --redact-matching needle -o c.ckpt packed.ckpt
check 'the same' zeros c.ckpt 0xfffa 6
check 'the command line' edits b.ckpt --redact-matching 'two words'
arguments_gone() { ! grep -q 'two words' b.ckpt && "$dump" --args b.ckpt | grep -q -- --flag; }
check "and debuggers' copy of it" arguments_gone
check 'what is no memory stays, and that is said' says 0 'the pattern is also in the record PROCESS' "$edit" --redact-matching prog -o c.ckpt a.ckpt
check 'a pattern that is nowhere' says 1 'it is nowhere in the stored memory' "$edit" --redact-matching 'not there' a.ckpt
check 'a wrong expression' says 2 'not a regular expression' "$edit" --redact-matching 'regex:(' a.ckpt
check 'a dry run' prints 'would make 6 bytes at 60fffa of space 1 zero' "$edit" --dry-run --redact-matching needle a.ckpt
check 'nothing was changed' alone
check 'with compression at once' edits b.ckpt --redact-matching needle --compress
check 'the same again' zeros b.ckpt 0xfffa 6
finish
