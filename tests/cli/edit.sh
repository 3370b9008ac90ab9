# Sourced by the tests of ckptedit, after tap.sh: an image, and questions about what became of it.
"$make_image" a.ckpt || exit 1
cp a.ckpt original.ckpt

# Whether the image is as it was, and nothing lies beside it.
alone() { cmp a.ckpt original.ckpt && [ -z "$(ls -A | grep '^\.[^c.]' | grep -v '^\.check$\|^\.out$\|^\.err$')" ]; }

# edits OUT EDIT…: from a.ckpt, which stays, to OUT, which is whole and an ELF core.
edits() {
    out=$1
    shift
    "$edit" "$@" -o "$out" a.ckpt || return 1
    prints "$out: whole" "$dump" --verify "$out" || return 1
    readelf -a "$out" >.check.readelf 2>&1 || return 1
    ! grep -i 'warning\|error' .check.readelf && alone
}

# judge FILE EXPRESSION: true in Python, of `o`, the original's JSON, and `n`, FILE's.
cat >judge.py <<'PY'
import base64, json, re, struct, subprocess, sys
VIEWS = "--fds --maps --signals --threads --timers --limits --notes --index --regs --args --env".split()
class dump(dict):
    def __init__(self, path):
        dict.__init__(self, json.loads(subprocess.check_output([sys.argv[1], "--json"] + VIEWS + [path])))
        self.raw = open(path, "rb").read()
        self.unknown = self.raw.count(b"\xfa\x3f\x07unknown")
def text(field): return base64.b64decode(field or "").decode()
def paths(d): return [text(f.get("path")) for f in d["files"]]
def file_of(d, fd):
    number = next(x["openFile"] for x in d["descriptors"][0]["descriptors"] if x.get("number", 0) == fd)
    opened = next(x for x in d["openFiles"] if x["id"] == number)
    return opened, next(f for f in d["files"] if f["id"] == opened["file"])
def numbers(d): return [x.get("number", 0) for x in d["descriptors"][0]["descriptors"]]
# The digests of all chunks: what pages say.
def pages(d): return [(c["space"], c["address"], c["length"], c["digest"]) for c in d["index"]]
def notes(d, kind): return sum(x.get("name") == kind for x in d["notes"])
o, n = dump("original.ckpt"), dump(sys.argv[2])
if not eval(sys.argv[3]):
    print("not so:", sys.argv[3])
    print(json.dumps(n, indent=1)[:20000])
    sys.exit(1)
PY
judge() { python3 judge.py "$dump" "$1" "$2"; }
