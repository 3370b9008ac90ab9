# ckptdump --diff: what changed from one image to another.
. tests/cli/tap.sh
"$make_image" a.ckpt || exit 1
"$make_image" packed.ckpt packed || exit 1
"$make_image" hostile.ckpt hostile || exit 1
"$make_image" several.ckpt several || exit 1
"$edit" --drop-fd 3 -o fewer.ckpt a.ckpt || exit 1

# differs TEXT OLD NEW: status 1, and the text.
differs() {
    "$dump" --diff "$2" "$3" >.out 2>.err
    status=$?
    cat .out .err
    [ "$status" -eq 1 ] && [ ! -s .err ] && grep -qF -e "$1" .out
}
check 'an image and itself' prints 'the same' "$dump" --diff a.ckpt a.ckpt
check 'packed or not is no difference' prints 'the same' "$dump" --diff a.ckpt packed.ckpt
check 'a descriptor that went' differs '  -  3  /tmp/input O_RDONLY|O_NONBLOCK offset 12345' a.ckpt fewer.ckpt
check 'a descriptor that came' differs '  +  3  /tmp/input' fewer.ckpt a.ckpt
check 'a name that changed, escaped' differs '  ~  name  prog -> \x1b]0;owned\x07' a.ckpt hostile.ckpt
check 'a process that came' differs '  +  pid 4800 name' a.ckpt several.ckpt
# Memory: three bytes in two chunks of a core file, whose pages have no digests.
memory() {
    "$dump" --core old.core a.ckpt && cp old.core new.core || return 1
    for address in 600010 60ffff 610000; do
        offset=$(readelf -lW new.core | awk -v a=$((0x600000)) -v b=$((0x$address)) '$1 == "LOAD" && $3 == "0x0000000000600000" { print $2 }')
        printf '\001' | dd of=new.core bs=1 seek=$((offset + 0x$address - 0x600000)) conv=notrunc status=none
    done
    differs '00600000-00601000  4.0 KiB of 00600000-00629000 [anon]' old.core new.core && grep -qF '0060f000-00611000  8.0 KiB' .out &&
        grep -qF '12.0 KiB of memory differ' .out && [ "$(grep -c '~' .out)" -eq 2 ]
}
check 'changed pages, joined where they are neighbours' memory
json() {
    "$dump" --json --diff a.ckpt fewer.ckpt >out
    [ $? -eq 1 ] && python3 -c '
import json
d = json.load(open("out"))
assert d["differs"] is True and d["diff"] == [{"section": "descriptors", "change": "removed", "subject": "3",
    "old": "/tmp/input O_RDONLY|O_NONBLOCK offset 12345"}], d'
}
check '--diff as JSON' json
check 'the other is not there' says 2 'missing: opening: No such file' "$dump" --diff missing a.ckpt
head -c 5000 a.ckpt >cut
check 'the other is damaged' says 1 'cut: opening: truncated' "$dump" --diff cut a.ckpt
finish
