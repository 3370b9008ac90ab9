# ckptdump on ordinary core files, on standard input, and its backtraces.
. tests/cli/tap.sh
"$make_image" a.ckpt || exit 1
"$make_image" packed.ckpt packed || exit 1

check 'a pipe' eval 'cat packed.ckpt | prints "4711 prog, 4712 worker" "$dump" -'
check 'a pipe with a raw image' eval 'cat a.ckpt | prints "standard input: whole" "$dump" --verify -'
check 'a redirected file' eval 'prints "two words" "$dump" --args - <a.ckpt'
check 'a pipe that ends too early' eval 'head -c 5000 a.ckpt | says 1 "standard input: opening: truncated" "$dump" -'
check 'an empty pipe' eval ': | says 1 "standard input: opening: the file is empty" "$dump" -'
check 'a compressed one is verified in passing' eval 'cat packed.ckpt | TMPDIR=/nowhere prints "standard input: whole" "$dump" --verify -'
check 'other views need a copy' eval 'cat packed.ckpt | TMPDIR=/nowhere says 2 "to read it at any place: No such file or directory" "$dump" --verify --maps -'
check 'faults in passing' eval 'head -c -300 packed.ckpt | TMPDIR=/nowhere says 1 "standard input: verifying: 1 fault" "$dump" --verify -'
check 'as JSON' eval 'cat packed.ckpt | TMPDIR=/nowhere "$dump" --verify --json - | python3 -c "import json, sys; d = json.load(sys.stdin); assert d[\"whole\"] and not d[\"faults\"], d"'
check 'nothing stays in TMPDIR' eval 'mkdir -p t && cat a.ckpt | TMPDIR=t "$dump" - >out && [ -z "$(ls -A t)" ]'
check 'a program that is not there any more' says 1 'unwinding: ' "$dump" --backtrace a.ckpt
check 'which is said' eval 'grep -q "/usr/bin/prog: its symbols are not used: No such file" .out'

schema() {
    "$dump" --schema | python3 -c '
import json, sys
d = json.load(sys.stdin)
m = {x["name"]: x for x in d["messages"]}
path = [f for f in m["File"]["fields"] if f["name"] == "buildId"]
assert path == [{"name": "buildId", "number": 11, "type": "bytes", "list": False, "json": "string (base64)", "meaning": "ELF NT_GNU_BUILD_ID, if any"}], path
assert m["File.Time"]["fields"] and m["Memory"]["meaning"].startswith("The address space"), m["Memory"]
assert {"FileType"} <= {e["name"] for e in d["enums"]}
assert "backtrace" in [x["name"] for x in d["members"]]'
}
check '--schema describes messages' schema
check '--schema looks at no file' says 2 'looks at no file' "$dump" --schema a.ckpt

command -v gdb >/dev/null && command -v cc >/dev/null || { skip 'ordinary core files' 'no gdb or no compiler'; finish; exit; }
cat >crash.c <<'C'
#include <stdlib.h>
#include <string.h>
__attribute__((noinline)) static int deepest(volatile int *p) { return *p + 1; }
__attribute__((noinline)) static int middle(volatile int *p) { return deepest(p) + 2; }
char *text;
int main(void) { text = malloc(100); strcpy(text, "find me here"); return middle((volatile int *)0) + text[0]; }
C
cc -g -O1 -fno-optimize-sibling-calls -o crash crash.c && gdb -nx -batch -ex run -ex 'gcore crash.core' ./crash >gdb.log 2>&1
[ -f crash.core ] || { skip 'ordinary core files' 'gdb cannot make one here'; finish; exit; }
check 'it says that it cannot be resumed' prints 'an ordinary core file' "$dump" crash.core
check 'the summary has the signal' prints 'crash, pid' "$dump" crash.core
check 'and its name' prints 'stopped by SIGSEGV' "$dump" crash.core
check '--maps has files' prints "$work/crash" "$dump" --maps crash.core
check '--auxv' prints 'AT_PAGESZ             4096' "$dump" --auxv crash.core
check '--threads' eval '[ "$("$dump" --threads crash.core | wc -l)" -eq 2 ]'
check '--search' prints '[find me here]' "$dump" --search 'find me here' crash.core
stack() { "$dump" --backtrace crash.core >out && cat out && grep -q '#0 .* deepest+.*crash.c:3' out && grep -q '#1 .* middle+.*crash.c:4' out && grep -q '#2 .* main+.*crash.c:6' out; }
check '--backtrace has functions and lines' stack
stack_json() {
    "$dump" --json --backtrace crash.core | python3 -c '
import json, sys
t = json.load(sys.stdin)["backtrace"][0]
assert [f["symbol"] for f in t["frames"][:3]] == ["deepest", "middle", "main"] and t["frames"][1]["line"] == 4, t'
}
check '--backtrace as JSON' stack_json

# What a compiler inlines, in two threads, beside what gdb says of the same file.
cat >inlined.c <<'C'
#include <pthread.h>
#include <stdlib.h>
#define INLINED static inline __attribute__((always_inline))
#define OWN static __attribute__((noinline))
INLINED int innermost(volatile int *p) {
    return *p;
}
INLINED int inner(volatile int *p) {
    int sum = 1;
    sum += innermost(p);
    return sum;
}
OWN int recursive(volatile int *p, int depth) {
    if (depth > 0)
        return recursive(p, depth - 1) + depth;
    return inner(p) * 2;
}
INLINED int outer(volatile int *p) {
    return recursive(p, 2) + 1;
}
static void *run(void *p) {
    return (void *)(long)(outer(p) + 3);
}
int main(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, run, NULL);
    return pthread_join(thread, NULL);
}
C
cc -g -O2 -fno-optimize-sibling-calls -o inlined inlined.c -lpthread && gdb -nx -batch -ex run -ex 'gcore inlined.core' ./inlined >gdb.log 2>&1
# The stack of the thread that crashed: "name file:line", down to run().
of_gdb() { gdb -nx -batch -ex 'echo stack\n' -ex bt ./inlined inlined.core 2>/dev/null | sed -nE '1,/^stack/d; s/^#[0-9]+ +(0x[0-9a-f]+ in )?([a-z_]+) \(.* at .*(inlined\.c:[0-9]+)$/\2 \3/p'; }
of_ours() { "$dump" --backtrace inlined.core | sed -nE 's/^  #[0-9]+ +[0-9a-f]{16}  ([a-z_]+)(\+0x[0-9a-f]+| \(inlined\))  [^ ]*(inlined\.c:[0-9]+)  .*/\1 \3/p' | sed '/^run /q'; }
as_gdb() { of_gdb >gdb.out && of_ours >ours.out; cat ours.out; [ "$(wc -l <gdb.out)" -ge 7 ] && diff gdb.out ours.out; }
check '--backtrace has inlined functions as gdb has them' as_gdb
inlined_json() {
    "$dump" --json --backtrace inlined.core | python3 -c '
import json, sys
f = json.load(sys.stdin)["backtrace"][0]["frames"]
assert [(x["symbol"], x.get("inlined", False), "offset" in x) for x in f[:3]] == [("innermost", True, False), ("inner", True, False), ("recursive", False, True)], f
assert len({x["pc"] for x in f[:3]}) == 1, f'
}
check 'as JSON' inlined_json
# Debug information in a file of its own, and none at all.
apart() { objcopy --only-keep-debug inlined inlined.debug && mkdir -p .debug && mv inlined.debug .debug && strip -g inlined && objcopy --add-gnu-debuglink=.debug/inlined.debug inlined && as_gdb; }
check 'with debug information in another file' apart
without() { rm -r .debug && "$dump" --backtrace inlined.core >out && cat out && grep -q '#0 .*  recursive+' out && ! grep -q 'innermost\|inlined\.c' out; }
check 'and without any' without
for view in fds signals timers limits env args index verify; do
    check "--$view is not in one" says 1 "crash.core: --$view: an ordinary core file has nothing of that" "$dump" --$view crash.core
done
cut_off() { head -c $(($(stat -c %s crash.core) / 2)) crash.core >cut.core && says 1 'lie behind the end of the file: it was cut off' "$dump" --maps cut.core && grep -q r-xp .out; }
check 'one that was cut off is shown as far as it goes' cut_off
flips() {
    python3 - "$dump" <<'PY'
import random, subprocess, sys
image = open("crash.core", "rb").read()
random.seed(11)
bad = 0
for i in range(80):
    data = bytearray(image)
    for _ in range(3):
        data[random.randrange(4096)] ^= 1 << random.randrange(8)
    open("bad.core", "wb").write(data)
    r = subprocess.run([sys.argv[1], "--summary", "--maps", "--threads", "--regs", "--auxv", "--notes", "--strings", "bad.core"], stdout=subprocess.DEVNULL,
                       stderr=subprocess.PIPE, timeout=60)
    if r.returncode not in (0, 1):
        bad += 1
        print(i, r.returncode, r.stderr[-300:])
sys.exit(bad != 0)
PY
}
check 'headers with flipped bits' flips
finish
