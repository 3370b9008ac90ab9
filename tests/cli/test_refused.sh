# What bad input gets: a sentence and a status, never a crash.
. tests/cli/tap.sh
"$make_image" a.ckpt || exit 1
"$make_image" packed.ckpt packed || exit 1
"$make_image" critical.ckpt critical || exit 1
"$make_image" readonly.ckpt readonly || exit 1
: >empty
head -c 5000 a.ckpt >cut
printf '\177ELF\002\001\001' >stub
echo 'just text' >text
mkdir directory
mkfifo pipe

check 'an empty file' says 1 'empty: opening: the file is empty' "$dump" empty
check 'a truncated file' says 1 'cut: opening: truncated' "$dump" cut
check 'a stub' says 1 'truncated' "$dump" stub
check 'text' says 1 'not an ELF file' "$dump" text
check 'a directory' says 2 'it is a directory' "$dump" directory
check 'a missing file' says 2 'No such file or directory' "$dump" missing
check 'a pipe' says 2 'it is a FIFO; what comes out of it is read with: ckptdump - <FILE' "$dump" pipe
check 'a program' says 1 'not a core file' "$dump" "$dump"
check 'a bad file among good ones' says 1 'cut: opening: truncated' "$dump" a.ckpt cut a.ckpt
check 'a file of another architecture' says 1 'another architecture' sh -c 'cp a.ckpt arm && printf "\267\000" | dd of=arm bs=1 seek=18 conv=notrunc status=none; "$0" arm' "$dump"
check 'an unknown critical record is said' prints 'cannot be resumed: record at' "$dump" critical.ckpt
check 'an unknown critical record may be edited' gives 0 "$edit" --drop-fd 3 -o kept.ckpt critical.ckpt
check 'an unknown read-only feature may be dumped' prints 'cannot be resumed: read-only feature' "$dump" readonly.ckpt
check 'an unknown read-only feature forbids editing' says 1 'not edited' "$edit" --drop-fd 3 readonly.ckpt
if [ "$(id -u)" -ne 0 ]; then
    chmod 0 cut
    check 'no permission' says 2 'Permission denied' "$dump" cut
fi

core() {
    command -v gdb >/dev/null || return 77
    sleep 100 &
    pid=$!
    gdb -batch -p $pid -ex "gcore ordinary.core" >/dev/null 2>&1
    kill $pid
    wait $pid 2>/dev/null
    [ -f ordinary.core ]
}
if core; then
    check 'an ordinary core is shown' prints 'it can be looked at, but not resumed' "$dump" ordinary.core
    check 'an ordinary core has no descriptors' says 1 'ordinary.core: --fds: an ordinary core file has nothing of that' "$dump" --fds ordinary.core
    check 'an ordinary core is not edited' says 1 'ordinary core file' "$edit" --drop-fd 0 ordinary.core
else
    skip 'an ordinary core' 'gdb cannot make one here'
fi

# Every view on every damaged file: a status of 1 (or 0 where only pages are damaged and none is read), and no signal.
cat >damage.py <<'PY'
import random, subprocess, sys
dump, image, step, flips = sys.argv[1], open(sys.argv[2], "rb").read(), int(sys.argv[3]), int(sys.argv[4])
views = "--summary --maps --fds --signals --threads --regs --args --env --timers --limits --notes --index --strings".split()
random.seed(4711)
bad = 0
def run(data, what, *words):
    global bad
    open("damaged", "wb").write(data)
    r = subprocess.run([dump, *words, "damaged"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=20)
    if r.returncode != 1 or not r.stderr.startswith(b"ckptdump: damaged: "):
        bad += 1
        print(what, words, r.returncode, r.stderr[:200])
lengths = sorted(set(list(range(0, len(image), step)) + list(range(max(0, len(image) - 300), len(image), 7)) + [63, 64, 65]))
for n in lengths:
    run(image[:n], f"cut at {n}")
for i in range(flips):
    at, bit = random.randrange(len(image)), 1 << random.randrange(8)
    data = bytearray(image)
    data[at] ^= bit
    run(bytes(data), f"bit {bit} flipped at {at}", "--verify")
    r = subprocess.run([dump, *views, "damaged"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=20)
    if r.returncode not in (0, 1):
        bad += 1
        print(f"views with bit {bit} flipped at {at}:", r.returncode)
sys.exit(bad != 0)
PY
check 'truncations and flipped bits' python3 damage.py "$dump" a.ckpt 911 300
check 'truncations and flipped bits of packed images' python3 damage.py "$dump" packed.ckpt 211 300

# Records that contradict themselves under right digests: what an attacker would send.
cat >mangle.py <<'PY'
import subprocess, sys
dump, edit, make_image, rounds = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
views = "--summary --maps --fds --signals --threads --regs --args --env --timers --limits --notes --index --strings --verify".split()
bad = 0
def run(seed, *words):
    global bad
    r = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20)
    if r.returncode not in (0, 1) or any(c < 32 and c != 10 for c in r.stderr) or ("extract" not in words[1] and any(c < 32 and c != 10 for c in r.stdout)):
        bad += 1
        print("seed", seed, words, r.returncode, r.stderr[-500:])
for seed in range(1, rounds + 1):
    subprocess.run([make_image, "mangled", "mangle", str(seed)], check=True)
    run(seed, dump, *views, "mangled")
    run(seed, dump, "--json", *[v for v in views if v != "--strings"], "mangled")
    run(seed, dump, "--hex", "0,0x100000000", "mangled")
    if seed % 4 == 0:
        run(seed, dump, "--json", "--auxv", "--backtrace", "--search", "hex:00 00", "mangled")
        run(seed, dump, "--diff", "a.ckpt", "mangled")
        run(seed, dump, "--core", "mangled.core", "mangled")
    run(seed, edit, "--drop-fd", "3", "-o", "edited", "mangled")
sys.exit(bad != 0)
PY
check 'mangled records' python3 mangle.py "$dump" "$edit" "$make_image" 200

# What is no file, or none that there is anything in, given to every program: one sentence, at once, and nothing comes of it.
mkfifo fifo && python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")' && ln -s loop loop && truncate -s 1T sparse || exit 1
head -c 8192 a.ckpt >cut
checkpt=$bin/checkpt
[ -x "$checkpt" ] || checkpt=
# strange FILE STATUS SENTENCE: of ckptdump and ckptedit; checkpt has its own words for some.
strange() {
    for program in "$dump" "$dump --json --maps" "$dump --verify" "$edit --name x -o out" ${checkpt:+"$checkpt check"}; do
        # shellcheck disable=SC2086
        timeout 60 $program "$1" <empty >.out 2>.err
        status=$?
        [ "$status" -eq "$2" ] && [ "$(wc -l <.err)" -eq 1 ] && { [ "${program#"$checkpt"}" != "$program" ] || grep -qF -e "$3" .err; } && [ ! -e out ] ||
            { echo "$program: exit status $status"; cat .err; return 1; }
    done
}
check 'a directory' strange directory 2 'opening: it is a directory'
check 'a FIFO' strange fifo 2 'opening: it is a FIFO'
check 'a device' strange /dev/zero 2 'opening: it is a device'
check 'a socket' strange socket 2 'opening: it is a socket'
check 'links in a circle' strange loop 2 'opening: Too many levels of symbolic links'
check 'a terabyte of nothing' strange sparse 1 'opening: not an ELF file'
check 'text' strange text 1 'opening: not an ELF file'
check 'an empty one' strange empty 1 'opening: the file is empty'
check 'one that was cut off' strange cut 1 'way out: ckptedit --salvage'
finish
