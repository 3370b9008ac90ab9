# ckptdump's views of images that no program ever was.
. tests/cli/tap.sh
"$make_image" a.ckpt || exit 1
"$make_image" packed.ckpt packed || exit 1
"$make_image" hostile.ckpt hostile || exit 1
"$make_image" big.ckpt big || exit 1

check 'the summary has the program' prints 'prog, pid 4711, /usr/bin/prog' "$dump" a.ckpt
check 'the summary has the command line as a shell would take it' prints "prog --flag 'two words' 'it'\\''s'" "$dump" a.ckpt
check 'the summary has the host' prints 'there, Linux 6.18.0 x86_64' "$dump" a.ckpt
check 'the summary says whether the file is whole' prints 'whole' "$dump" a.ckpt
check 'the summary has threads' prints '2: 4711 prog, 4712 worker' "$dump" a.ckpt
check 'the summary has descriptors' prints '5 /tmp/output (deleted)' "$dump" a.ckpt
check 'the summary has signals' prints '1 handled, 0 ignored, 1 pending' "$dump" a.ckpt
check '--maps' prints '00700000-00701000          rw-s  00000000  08:01  105      4.0 KiB  /memfd:shared' "$dump" --maps a.ckpt
check '--maps knows the heap' prints '[heap]' "$dump" --maps a.ckpt
check '--maps sums what is stored' prints '268435456' "$dump" --maps --bytes big.ckpt
check '--fds has offsets' prints ' 3  regular   12345  O_RDONLY|O_NONBLOCK          /tmp/input' "$dump" --fds a.ckpt
check '--fds has sharing' prints '(same open file as 0)' "$dump" --fds a.ckpt
check '--fds has close-on-exec' prints 'O_WRONLY|O_APPEND|O_CLOEXEC' "$dump" --fds a.ckpt
check '--signals has actions' prints 'SIGUSR1  0x400100  [TERM]  SA_RESTORER|SA_RESTART' "$dump" --signals a.ckpt
check '--signals has blocked signals' prints 'thread 4712 blocks [INT]' "$dump" --signals a.ckpt
check '--signals has pending signals' prints 'pending for the process: SIGHUP' "$dump" --signals a.ckpt
check '--threads' prints '4712  worker' "$dump" --threads a.ckpt
check '--regs has rip' prints 'rip 0000000000400010' "$dump" --regs a.ckpt
check '--regs has vectors' prints 'xmm0  000000000000000000000000000000ab' "$dump" --regs a.ckpt
check '--args' prints 'two words' "$dump" --args a.ckpt
check '--env' prints 'HOME=/root' "$dump" --env a.ckpt
check '--env escapes' prints 'TERM=\x1b[31mred' "$dump" --env a.ckpt
check '--timers has interval timers' prints 'ITIMER_REAL' "$dump" --timers a.ckpt
check '--timers has POSIX timers' prints 'CLOCK_MONOTONIC  20 ms' "$dump" --timers a.ckpt
check '--limits' prints 'RLIMIT_NOFILE  1024  unlimited' "$dump" --limits a.ckpt
check '--notes has unknown records' prints '9999' "$dump" --notes a.ckpt
check '--index' prints '600000' "$dump" --index a.ckpt
check '--verify says whole' prints 'a.ckpt: whole' "$dump" --verify a.ckpt
check 'packed images are whole' prints 'packed.ckpt: whole' "$dump" --verify packed.ckpt
check 'packed images have the same memory' prints 'two words' "$dump" --args packed.ckpt
check 'several files' prints 'packed.ckpt: whole' "$dump" --verify a.ckpt packed.ckpt
check 'several views have titles' prints 'fds:' "$dump" --maps --fds a.ckpt

check '--hex' prints '00000060fff0   9f a6 ad b4 bb c2 c9 d0  d7 de 6e 65 65 64 6c 65  |..........needle|' "$dump" --hex 60fff0,64 a.ckpt
check '--hex of a shared mapping' prints '|MMMMMMMMMMMMMMMM|' "$dump" --hex 700000 a.ckpt
check '--hex says where bytes are' prints 'not in the image but in /usr/bin/prog at 0x0' "$dump" --hex 400000,16 a.ckpt
check '--hex of nothing' prints 'not mapped' "$dump" --hex 0,16 a.ckpt

json() {
    "$dump" --json "$@" a.ckpt >json && python3 - <<'PY'
import json
d = json.load(open("json"))
assert d["file"] == "a.ckpt"
for fds in d.get("descriptors", []):
    assert [x.get("number", 0) for x in fds["descriptors"]] == [0, 1, 2, 3, 5, 7], fds
    assert fds["descriptors"][4]["closeOnExec"] is True
for m in d.get("memory", []):
    assert m["mappings"][0]["start"] == "4194304", m
    assert m["layout"]["argStart"] == "140737219915776", m
if "arguments" in d:
    assert d["arguments"] == ["prog", "--flag", "two words", "it's"], d["arguments"]
if "files" in d:
    assert d["files"][1]["type"] == "FILE_TYPE_CHARACTER_DEVICE" and d["files"][1]["path"] == "L2Rldi9wdHMvMA==", d["files"]
if "whole" in d:
    assert d["whole"] is True and d["faults"] == []
PY
}
for view in summary maps fds signals threads regs args env timers limits notes index verify; do
    check "--$view as JSON" json --$view
done
check 'all views as JSON at once' json --summary --maps --fds --signals --threads --regs --args --env --timers --limits --notes --index --verify

controls() {
    "$dump" --summary --maps --fds --threads --args --env --notes hostile.ckpt >out
    LC_ALL=C grep -q '[[:cntrl:]]' out && { cat -v out; return 1; }
    "$dump" --json --summary --fds --env hostile.ckpt >out
    LC_ALL=C grep -q '[[:cntrl:]]' out && { cat -v out; return 1; }
    return 0
}
check 'no control character of an image reaches the terminal' controls

# The summary reads neither the index nor the pages. Promised: 10 ms for 4 GiB; 20 ms and 16 MiB for 100 GiB; a busy machine may take longer.
"$make_image" huge.ckpt huge || exit 1
quick() {
    python3 - "$dump" "$1" <<'PY'
import resource, subprocess, sys, time
best = 9.0
for _ in range(10):
    start = time.perf_counter()
    subprocess.run([sys.argv[1], sys.argv[2]], check=True, stdout=subprocess.DEVNULL)
    best = min(best, time.perf_counter() - start)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(best, peak)
sys.exit(best > 0.1 or (peak > 16384 and "san" not in sys.argv[1]))
PY
}
check 'the summary of 4 GiB is quick' quick big.ckpt
check 'the summary of 100 GiB is quick' quick huge.ckpt
full() { says 1 'standard output: writing: No space left' sh -c '"$0" a.ckpt >/dev/full' "$dump"; }
check 'a full disk under the output is noticed' full
finish
