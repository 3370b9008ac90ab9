# ckptedit: packing and unpacking, salvage.
. tests/cli/tap.sh
. "$top/tests/cli/edit.sh"
"$make_image" packed.ckpt packed || exit 1

extract() { "$dump" --extract 600000,167936 a.ckpt >old && "$dump" --extract 600000,167936 "$1" >new && cmp old new; }
check '--compress' edits b.ckpt --compress
check 'is packed' prints packed "$dump" b.ckpt
check 'memory is the same' extract b.ckpt
smaller() { [ "$(stat -c %s b.ckpt)" -lt $(($(stat -c %s a.ckpt) / 4)) ]; }
check 'and smaller' smaller
check 'records are the same' judge b.ckpt "n.unknown==o.unknown and n['files']==o['files'] and n['registers']==o['registers']"
zstd_reads() { zstd -l b.ckpt >/dev/null 2>&1 || "$dump" --verify b.ckpt; }
check 'with a level' edits c.ckpt --compress=19
check 'no level' says 2 'not a level from 1 to 22' "$edit" --compress=23 a.ckpt
check 'the same bytes as ever' sh -c '"$0" --compress -o d.ckpt a.ckpt && cmp b.ckpt d.ckpt' "$edit"
check '--decompress' gives 0 "$edit" --decompress -o c.ckpt b.ckpt
check 'is whole' prints whole "$dump" --verify c.ckpt
check 'is raw' sh -c '! "$0" c.ckpt | grep packed' "$dump"
check 'the same memory' extract c.ckpt
raw_loads() { [ "$(readelf -lW c.ckpt | awk '/LOAD/ && $5 != "0x000000"' | wc -l)" -gt 0 ]; }
check "and debuggers find it" raw_loads
check 'the last word counts' edits c.ckpt --compress --decompress
check 'a raw one' sh -c '! "$0" c.ckpt | grep packed' "$dump"
check 'in place' gives 0 "$edit" --compress=1 c.ckpt
check 'memory after that' extract c.ckpt
check '--flatten of a whole image' edits c.ckpt --flatten
check 'changes nothing' cmp a.ckpt c.ckpt
check 'a dry run' prints 'would compress the pages, at level 7' "$edit" --dry-run --compress=7 a.ckpt

# An image whose other chunks lie in a parent, of the independent maker.
export PYTHONDONTWRITEBYTECODE=1
mkdir chain && cat >chain/parent.txt <<'TXT'
record IMAGE critical { tool: "maker" }
record MEMORY critical { process: 1 space: 1 mappings { start: 0x10000 end: 0x40000 protection: 3 flags: 0x22 } }
mapping 0x10000 to 0x40000 rw space 1
pages 1 0x10000 16 noise 1
pages 1 0x20000 16 noise 2
pages 1 0x30000 16 byte 3
TXT
sed -e '1a parent "parent.ckpt" from "parent.txt"' -e 's/noise 2/noise 9/' chain/parent.txt >chain/child.txt
increment() {
    python3 "$top/tests/make/maker.py" chain/child.txt chain/child.ckpt &&
        "$dump" --index chain/child.ckpt | grep -q parent && "$dump" --extract 10000,196608 chain/child.ckpt >old
}
check 'an increment is made' increment
like_old() { prints whole "$dump" --verify "$1" && "$dump" --extract 10000,196608 "$1" >new && cmp old new; }
alone_now() { mv chain/parent.ckpt chain/parent.gone; like_old "$1"; status=$?; mv chain/parent.gone chain/parent.ckpt; return $status; }
check 'other edits leave it one' sh -c \
    '"$0" --comment more -o chain/other.ckpt chain/child.ckpt && "$1" --index chain/other.ckpt | grep -q parent' "$edit" "$dump"
check 'with the same memory' like_old chain/other.ckpt
check '--flatten' gives 0 "$edit" --flatten -o chain/flat.ckpt chain/child.ckpt
check 'needs no parent' alone_now chain/flat.ckpt
check '--flatten --compress' gives 0 "$edit" --flatten --compress -o chain/flat.ckpt chain/child.ckpt
check 'neither' alone_now chain/flat.ckpt
check '--redact of what lies in the parent' gives 0 "$edit" --redact 10010,4 -o chain/red.ckpt chain/child.ckpt
redacted() {
    prints whole "$dump" --verify chain/red.ckpt &&
        "$dump" --extract 10000,196608 chain/red.ckpt | cmp -l - old | awk '{ print $1 }' >places && [ "$(tr '\n' ' ' <places)" = '17 18 19 20 ' ]
}
check 'stores it' redacted
lost() {
    mv chain/parent.ckpt chain/parent.gone; says 1 'parent' "$edit" --flatten -o chain/no.ckpt chain/child.ckpt; status=$?; mv chain/parent.gone chain/parent.ckpt; [ ! -e chain/no.ckpt ] &&
        return $status
}
check '--flatten without the parent' lost

# Pages begin behind the head.
size=$(stat -c %s packed.ckpt)
head=$(od -An -t u8 -j $((size - 256 + 72)) -N 8 packed.ckpt)
place() { echo $((head + (size - head) * $1 / 100)); }
cut() { head -c "$(place "$1")" packed.ckpt >cut.ckpt; }
# At a chunk's end, inside one, in the index, in the footer.
salvaged() {
    for part in 99 97 90 75 60 40 10; do
        cut $part && cp cut.ckpt cut.orig || return 1
        "$dump" cut.ckpt >/dev/null 2>&1 && return 1
        "$edit" --salvage -o s.ckpt cut.ckpt && cmp cut.ckpt cut.orig && prints whole "$dump" --verify s.ckpt && "$dump" --fds s.ckpt | grep -q /tmp/input || return 1
    done
}
check '--salvage makes valid images of what is left' salvaged
missing() { cut 40 && "$edit" --salvage -o s.ckpt cut.ckpt && "$dump" --notes s.ckpt | grep MISSING; }
check 'records say what is missing' missing
check 'and so does the program' prints 'of memory are missing, in' "$edit" --salvage --dry-run cut.ckpt
first() { "$dump" --extract 600000,4096 a.ckpt >old && "$dump" --extract 600000,4096 s.ckpt >new && cmp old new; }
check 'what was there is there' first
check 'in place' gives 0 "$edit" --salvage cut.ckpt
check 'is the same' cmp cut.ckpt s.ckpt
damaged() {
    cp packed.ckpt d.ckpt && printf XXXX | dd of=d.ckpt bs=1 seek=$(place 40) conv=notrunc status=none &&
        "$edit" --salvage d.ckpt && prints whole "$dump" --verify d.ckpt
}
check 'a damaged one' damaged
check 'a whole one' says 1 'the image is whole: there is nothing to salvage' "$edit" --salvage packed.ckpt

# A raw image has its index, and the digests, at its end: without them pages cannot be verified, and what cannot be is said.
raw_size=$(stat -c %s a.ckpt)
le() { od -An -t u8 -j $((raw_size - 256 + $1)) -N 8 a.ckpt | tr -d ' '; }
raw_head=$(le 72) raw_index=$(le 88) raw_tail=$(le 104)
raw_cut() {
    head -c "$1" a.ckpt >rcut.ckpt && rm -f rs.ckpt &&
        "$edit" --salvage -o rs.ckpt rcut.ckpt >salvaged.out && cat salvaged.out && prints whole "$dump" --verify rs.ckpt
}
same() { "$dump" --diff a.ckpt rs.ckpt >.diff; cat .diff; grep -q '^the same' .diff; }
raw_footer() { raw_cut $((raw_size - 1)) && same && grep -q 'the records cannot be verified' salvaged.out && ! grep -q 'memory is missing' salvaged.out; }
check 'a raw one without its footer' raw_footer
raw_half_index() {
    raw_cut $(((raw_index + raw_tail) / 128 * 64 + 10)) &&
        same && grep -q 'KiB cannot be verified: its and the records.* digests are lost' salvaged.out
}
check 'a raw one without half of its index' raw_half_index
raw_no_index() {
    raw_cut "$raw_index" && same &&
        "$dump" --notes --json rs.ckpt >json && grep -q '"MISSING"' json && prints 'digests: the records and' "$dump" rs.ckpt
}
check 'a raw one without its index' raw_no_index
raw_pages() {
    raw_cut $(((raw_head + raw_index) / 2)) && grep -q 'of memory are missing, in' salvaged.out &&
        ! same && [ "$(stat -c %s rs.ckpt)" -gt "$raw_head" ]
}
check 'a raw one that ends inside its pages' raw_pages
raw_dry() { "$edit" --salvage --dry-run rcut.ckpt >dry.out && sed 's/would recover/recovered/' dry.out | cmp - salvaged.out; }
check 'a dry run says the same' raw_dry
raw_damaged() {
    cp a.ckpt rd.ckpt && printf XXXX | dd of=rd.ckpt bs=1 seek=$((raw_head + 100)) conv=notrunc status=none && "$edit" --salvage -o rs.ckpt rd.ckpt >salvaged.out &&
        grep -q 'passed over 1 damaged one; up to .* missing, in 1 range; reading' salvaged.out && prints whole "$dump" --verify rs.ckpt
}
check 'a raw one with a damaged page' raw_damaged
raw_bad_index() {
    cp a.ckpt rd.ckpt && printf XXXX | dd of=rd.ckpt bs=1 seek=$((raw_index + 70)) conv=notrunc status=none && "$edit" --salvage -o rs.ckpt rd.ckpt >salvaged.out &&
        grep -q 'cannot be verified: its digests are lost' salvaged.out && prints whole "$dump" --verify rs.ckpt && same
}
check 'a raw one with a damaged index' raw_bad_index
# What no program header tells of: other processes, and pages of zeros where a file is mapped.
make_cut() {
    python3 -B "$top/tests/make/maker.py" text ruc.ckpt && size=$(stat -c %s ruc.ckpt) &&
        head -c $((size - 256 - 64 * $1)) ruc.ckpt >rcut.ckpt && "$edit" --salvage -o rs.ckpt rcut.ckpt && prints whole "$dump" --verify rs.ckpt
}
missing_at() { "$dump" --json --notes rs.ckpt | python3 -c 'import json, sys; print(*[r["record"].get("space", 0) for r in json.load(sys.stdin)["notes"] if r.get("name") == "MISSING"])'; }
raw_others() {
    cat >text <<'TEXT'
chunk_size 4096
record IMAGE critical { tool: "maker" }
record FILE { id: 1 type: FILE_TYPE_REGULAR path: "/a" size: 0x4000 }
record MEMORY critical { process: 1 space: 1 mappings { start: 0x10000 end: 0x14000 protection: 3 flags: 0x02 file: 1 } mappings { start: 0x20000 end: 0x22000 protection: 3 flags: 0x22 } }
record MEMORY critical { process: 2 space: 2 mappings { start: 0x10000 end: 0x14000 protection: 3 flags: 0x22 } }
mapping 0x10000 to 0x14000 rw space 1
mapping 0x20000 to 0x22000 rw space 1
pages 1 0x10000 1 byte 1
pages 1 0x11000 1 byte 0
pages 1 0x12000 1 byte 2
pages 1 0x20000 1 byte 3
pages 2 0x11000 1 byte 4
TEXT
    make_cut 5 && [ "$(missing_at)" = '1 2 0' ] && "$dump" --json --notes rs.ckpt | grep -A3 '"space": 1,' | grep -q '"length": "4096"'
}
check 'a raw one: what cannot be known is said' raw_others
raw_in_head() {
    head -c $((raw_head - 10)) a.ckpt >rcut.ckpt; says 1 'truncated: the head at 0x0: the file ends first' "$edit" --salvage -o no.ckpt rcut.ckpt &&
        [ ! -e no.ckpt ]
}
check 'a raw one that ends inside its head' raw_in_head
check 'with other edits' says 2 'it stands alone' "$edit" --salvage --upgrade cut.ckpt
check 'no image' says 1 'salvaging' "$edit" --salvage judge.py
finish
