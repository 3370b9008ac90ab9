# The reader on files that our writer did not make.
. tests/cli/tap.sh
make=$top/tests/make
export PYTHONDONTWRITEBYTECODE=1

hashes() {
    python3 - "$make" <<'PY'
import random, subprocess, sys
sys.path.insert(0, sys.argv[1])
import xxh3
random.seed(4711)
names = []
for n in [*range(0, 260), 511, 512, 513, 1023, 1024, 1025, 1088, 1089, 4096, 10000]:
    with open(f"hash.{n}", "wb") as out:
        out.write(random.randbytes(n))
    names.append(f"hash.{n}")
lines = subprocess.run(["xxhsum", "-H2", *names], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
checks = subprocess.run(["xxhsum", "-H3", *names], stdout=subprocess.PIPE, text=True).stdout.splitlines()
for name, line in zip(names, lines):
    with open(name, "rb") as file:
        assert xxh3.xxh3_128(file.read()).hex() == line.split()[0], name
for name, line in zip(names, checks):
    with open(name, "rb") as file:
        assert f"{xxh3.xxh3_64(file.read()):016x}" in line, name
PY
}
check "the maker's digests are the xxhsum command's" hashes

for description in "$make"/images/*.txt; do
    image=$(basename "$description" .txt)
    check "$image: ckptdump finds all that was put in, and nothing else" timeout 120 python3 "$make/agrees.py" "$dump" "$description" "$image.ckpt"
    check "$image: --verify" prints "$image.ckpt: whole" "$dump" --verify "$image.ckpt"
done

# The packed pages as the zstd command reads them: memory, one chunk after another.
unpacks() {
    python3 - "$make" "$1" <<'PY'
import os, subprocess, sys
sys.path.insert(0, sys.argv[1])
import maker
image = maker.make(f"{sys.argv[1]}/images/{sys.argv[2]}.txt").image
area = image.bytes[image.footer["head_size"]:image.footer["pages_end"]]
found = subprocess.run(["zstd", "-q", "-d", "-c"], input=area, stdout=subprocess.PIPE, check=True).stdout
assert found == b"".join(c.data for c in image.chunks if c.codec == maker.pages.ZSTD and c.source is None), "other bytes"
PY
}
check 'packed: zstd -d reads the pages' unpacks packed
check 'large_chunks: zstd -d reads the pages' unpacks large_chunks
reads() { readelf -hlnW "$1" >read.out 2>&1 && ! grep -i -e warning -e error read.out; }
for image in raw packed tree many; do
    check "$image: readelf has no complaint" reads $image.ckpt
done
if command -v gdb >/dev/null; then
    check 'raw: gdb sees memory' prints '0x00000001' gdb -batch -nx -ex 'x/2xw 0x600000' -core raw.ckpt
    check 'tree: gdb sees shared memory' prints '0x00000001' gdb -batch -nx -ex 'x/2xw 0x602000' -core tree.ckpt
else
    skip 'gdb sees memory' 'no gdb'
fi

# Editing keeps what it does not know, byte for byte.
kept() {
    "$edit" --drop-fd 1 -o edited.ckpt raw.ckpt && "$dump" --json --notes --index raw.ckpt >before && "$dump" --json --notes --index edited.ckpt >after &&
        python3 - <<'PY'
import json
before, after = json.load(open("before")), json.load(open("after"))
def notes(d):
    return [(n["owner"], n["type"], n["critical"], n.get("body"), json.dumps(n.get("record"))) for n in d["notes"]]
gone = [n for n in notes(before) if n not in notes(after)]
assert [n[1] for n in gone] == [7], gone
assert [(c["address"], c["digest"]) for c in before["index"]] == [(c["address"], c["digest"]) for c in after["index"]]
PY
}
check 'an edited image has the rest' kept
finish
