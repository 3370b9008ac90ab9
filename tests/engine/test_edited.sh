# Images that were edited are resumed, and the program says what it finds: another file behind a descriptor, a moved path, a name, an ignored signal, a limit, redacted memory.
. tests/engine/engine.sh

# It answers when it is asked, and otherwise only looks whether it is.
cat >asked.py <<'PY'
import ctypes, json, mmap, os, resource, signal, sys, time
top = sys.argv[1]
secret = bytearray("swordfish-%d" % os.getpid(), "ascii")
ballast = mmap.mmap(-1, 4 << 20, flags=mmap.MAP_PRIVATE)
ballast.write(os.urandom(4 << 20))
source = os.open("input", os.O_RDONLY)
log = os.open("log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
def answer():
    status = dict(line.split(":\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\t" in line)
    os.write(log, b"asked\n")
    found = {"read": os.read(source, 6).decode(), "cwd": os.getcwd(), "log": os.readlink("/proc/self/fd/%d" % log), "name": status["Name"],
             "ignores": int(status["SigIgn"], 16), "blocks": int(status["SigBlk"], 16), "files": resource.getrlimit(resource.RLIMIT_NOFILE)[0], "secret": secret.decode(),
             "address": ctypes.addressof(ctypes.c_char.from_buffer(ballast)), "holes": sum(not any(ballast[i:i + 4096]) for i in range(0, 4 << 20, 4096))}
    with open(top + "/answer.new", "w") as out:
        json.dump(found, out)
    os.unlink(top + "/ask")
    os.rename(top + "/answer.new", top + "/answer")
with open(top + "/ready.new", "w") as out:
    print(source, file=out)
os.rename(top + "/ready.new", top + "/ready")
while True:
    if os.path.exists(top + "/ask"):
        answer()
    time.sleep(0.01)
PY

begin() {
    new_dir asked
    mkdir -p "$dir/old" "$dir/other"
    for letter in a b; do
        for i in 0 1 2 3 4 5 6 7 8 9; do printf "%s%05d" $letter $i; done >"$dir/$letter"
    done
    mv "$dir/a" "$dir/old/input"
    cd "$dir/old"
    launch python3 -S "$work/asked.py" "$dir"
    cd "$work"
    old=$pid
    "$await" exists "$dir/ready" && source=$(cat "$dir/ready")
}

# answers EXPRESSION: asked, what it says makes the Python expression of `a` true.
answers() {
    rm -f "$dir/answer"
    : >"$dir/ask"
    "$await" exists "$dir/answer" && cat "$dir/answer" && python3 -c 'import json, sys; a = json.load(open(sys.argv[1])); sys.exit(not eval(sys.argv[2]))' "$dir/answer" "$1"
}
edited() { "$edit" "$@" "$dir/x.ckpt" && prints whole "$dump" --verify "$dir/x.ckpt"; }
resumed() { launch "$checkpt" -r "$@" "$dir/x.ckpt"; }
ends() {
    kill -KILL "$pid"
    reap "$pid"
    [ $? -eq 137 ]
}

check 'a program that answers' begin
check 'says what it is' answers "a['read']=='a00000' and a['cwd']=='$dir/old' and a['secret']=='swordfish-$old'"
check 'it is frozen' freeze_exit
cp "$dir/x.ckpt" "$dir/original.ckpt"

check 'its descriptor is pointed at another file' edited --fd "$source=$dir/b"
check 'it is resumed' resumed
check 'and reads on in that one, where it was' answers "a['read']=='b00001' and a['secret']=='swordfish-$old'"
check 'it ends' ends

cp "$dir/original.ckpt" "$dir/x.ckpt"
mv "$dir/old" "$dir/new"
check 'its directory was moved: it is not resumed' says 1 "$dir/old" "$checkpt" -r "$dir/x.ckpt"
check 'until its paths are' edited --move-path "$dir/old=$dir/new"
check 'then it is' resumed
check 'in the new place, and reads on' answers "a['read']=='a00001' and a['cwd']=='$dir/new' and a['log']=='$dir/new/log.txt'"
log_goes_on() { [ "$(grep -c asked "$dir/new/log.txt")" -eq 3 ]; }
check 'what it appends to the log is there' log_goes_on
check 'it ends' ends

cp "$dir/original.ckpt" "$dir/x.ckpt"
check 'everything at once' edited --move-path "$dir/old=$dir/new" --cwd "$dir/other" --name edited --signal USR1=ignore --block USR2 --rlimit NOFILE=123 --comment 'moved house' --compress
check 'it is resumed' resumed
check 'with all that' answers "a['cwd']=='$dir/other' and a['name']=='edited' and a['ignores']>>9&1 and a['blocks']>>11&1 and a['files']==123 and a['read']=='a00001'"
signalled() { kill -USR1 "$pid" && kill -USR2 "$pid" && answers "a['read']=='a00002'"; }
check 'signals that would have ended it do not' signalled
check 'it is frozen again' freeze_exit
check 'with the blocked signal pending' prints 'SIGUSR2' "$dump" --signals "$dir/x.ckpt"
check 'which may not be let loose' says 1 'would no longer survive: [USR2]' "$edit" --unblock USR2 "$dir/x.ckpt"
check 'but dropped' edited --drop-pending=USR2 --unblock USR2
check 'it is resumed' resumed
check 'without it' answers "a['blocks']>>11&1==0 and a['read']=='a00003'"
check 'it ends' ends

cp "$dir/original.ckpt" "$dir/x.ckpt"
check 'its secret is redacted' edited --redact-matching "swordfish-$old" --move-path "$dir/old=$dir/new"
nowhere() { ! grep -q "swordfish-$old" "$dir/x.ckpt"; }
check 'and nowhere in the file' nowhere
check 'it is not resumed like that' says 1 '--redacted-ok' "$checkpt" -r "$dir/x.ckpt"
check 'nor said to be resumable' gives 1 "$checkpt" check "$dir/x.ckpt"
check 'but with --redacted-ok' resumed --redacted-ok
check 'it finds zeros' answers "set(a['secret'])=={'\\0'} and a['read']=='a00001'"
check 'it ends' ends

# A bit in the middle of memory that it does not need to go on.
harmed() {
    python3 - "$dump" "$dir/answer" "$1" <<'PY'
import json, subprocess, sys
place = json.load(open(sys.argv[2]))["address"] + (2 << 20)
index = json.loads(subprocess.check_output([sys.argv[1], "--json", "--index", sys.argv[3]]))["index"]
chunk = next(c for c in index if int(c["address"]) <= place < int(c["address"]) + int(c["length"]))
with open(sys.argv[3], "r+b") as image:
    image.seek(int(chunk["offset"]) + int(chunk["storedLength"]) // 2)
    byte = image.read(1)[0]
    image.seek(-1, 1)
    image.write(bytes([byte ^ 4]))
PY
}
salvaged() {
    rm -f "$dir/x.ckpt"
    "$edit" --salvage -o "$dir/x.ckpt" "$dir/harmed.ckpt" && prints whole "$dump" --verify "$dir/x.ckpt" && "$edit" --move-path "$dir/old=$dir/new" "$dir/x.ckpt"
}
cp "$dir/original.ckpt" "$dir/harmed.ckpt"
most=16 # pages of a chunk
for form in raw packed; do
    [ "$form" = raw ] || check 'the image is packed' "$edit" --compress -o "$dir/harmed.ckpt" "$dir/original.ckpt"
    check "$form: a bit of its memory is flipped" harmed "$dir/harmed.ckpt"
    check "$form: it is salvaged" salvaged
    check "$form: it is not resumed like that" says 1 'of its memory are missing; way out: --incomplete-ok' "$checkpt" -r "$dir/x.ckpt"
    check "$form: --redacted-ok is not meant" says 1 '--incomplete-ok' "$checkpt" -r --redacted-ok "$dir/x.ckpt"
    check "$form: check says what it would have" prints 'are zeros or a mapped file' "$checkpt" check --incomplete-ok "$dir/x.ckpt"
    check "$form: with --incomplete-ok it is" resumed --incomplete-ok
    check "$form: it finds zeros there, and nowhere else" answers "0 < a['holes'] <= $most and a['secret']=='swordfish-$old' and a['read']=='a00001'"
    check "$form: it ends" ends
    most=1024 # all of it
done
# The last records lost.
cut_off() { head -c -100 "$dir/original.ckpt" >"$dir/harmed.ckpt" && salvaged; }
check 'it is salvaged without its footer' cut_off
check 'it is not resumed like that' says 1 'are lost; way out: --incomplete-ok, best with --pid' "$checkpt" -r "$dir/x.ckpt"
check 'with --incomplete-ok it is' resumed --incomplete-ok
check 'and lacks nothing' answers "a['holes']==0 and a['secret']=='swordfish-$old'"
check 'it ends' ends

if command -v gdb >/dev/null; then
    check 'gdb reads the edited image' prints '#0' gdb -batch -nx -ex bt "$(readlink -f "$(command -v python3)")" "$dir/x.ckpt"
fi
finish
