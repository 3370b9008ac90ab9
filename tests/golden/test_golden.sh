# Images that were written once are read for ever, and as they were then.
. tests/cli/tap.sh
golden=$top/tests/golden/1.0
count_images=0
cp "$golden"/*.ckpt . || exit 1

same() {
    "$dump" --json --notes --index "$1.ckpt" >found.json && python3 -B - "$golden/$1.json" <<'PY'
import json, sys
def holds(wanted, found, where):
    """What later versions print besides is well."""
    if isinstance(wanted, dict):
        for key in wanted:
            assert key in found, where + "." + key
            holds(wanted[key], found[key], where + "." + key)
    elif isinstance(wanted, list):
        assert len(wanted) == len(found), where
        for i, value in enumerate(wanted):
            holds(value, found[i], f"{where}[{i}]")
    else:
        assert wanted == found, (where, wanted, found)
wanted = json.load(open(sys.argv[1]))
assert wanted["notes"]
holds(wanted, json.load(open("found.json")), "image")
PY
}

for path in "$golden"/*.ckpt; do
    image=$(basename "$path" .ckpt)
    check "$image: as it was" same "$image"
    check "$image: whole" prints "$image.ckpt: whole" "$dump" --verify "$image.ckpt"
    count_images=$((count_images + 1))
done
check 'there are golden images' [ $count_images -ge 9 ]
# A frozen program's descriptors are what a shell gave it: none of them is this one's.
check 'the frozen program: an edit says that it has no such descriptor' says 1 '999' "$edit" --drop-fd 999 frozen.ckpt
check 'the incremental image: its parent is needed' sh -c 'rm parent.ckpt && ! "$0" --verify child.ckpt' "$dump"
finish
