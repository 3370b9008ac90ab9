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
damaged() { cp packed.ckpt d.ckpt && printf XXXX | dd of=d.ckpt bs=1 seek=$(place 40) conv=notrunc status=none && "$edit" --salvage d.ckpt && prints whole "$dump" --verify d.ckpt; }
check 'a damaged one' damaged
check 'a whole one' says 1 'the image is whole: there is nothing to salvage' "$edit" --salvage packed.ckpt
raw() { head -c 100000 a.ckpt >raw.ckpt; says 1 'only compressed images can be salvaged' "$edit" --salvage raw.ckpt; }
check 'a raw one' raw
check 'with other edits' says 2 'it stands alone' "$edit" --salvage --upgrade cut.ckpt
check 'no image' says 1 'salvaging' "$edit" --salvage judge.py
finish
