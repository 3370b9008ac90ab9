# The default actions of SIGCKPT and SIGCKPTEXIT under checkpt run: in many programs at a time, in programs of every making,
# from their first moment, and when checkpt is killed.
. tests/engine/engine.sh

# Two hundred at a time, every tenth of which is sent a signal as soon as it is there, while the others begin.
many=200 every=10
mkfifo gate
cat >crowd.sh <<'SHELL'
i=0
while [ $i -lt "$1" ]; do
    sh -c 'echo $$ >"pids/$1"; read line; exit 0' sh $i <gate &
    pids="$pids $!"
    i=$((i + 1))
done
for pid in $pids; do
    wait "$pid" || echo "process $pid: status $?"
done
echo all
SHELL
crowd() {
    mkdir pids images
    new_dir crowd
    launch "$checkpt" run -o "$work/images/%P.ckpt" sh crowd.sh $many
    front=$pid
    exec 9<>gate
    i=0
    while [ $i -lt $many ]; do
        "$await" size "pids/$i" 2 "$front" && kill -54 "$(cat "pids/$i")" || { cat "$dir/log"; return 1; }
        i=$((i + every))
    done
}
images() {
    i=0
    while [ $i -lt $many ]; do
        "$await" exists "images/$(cat "pids/$i").ckpt" && "$dump" --verify "images/$(cat "pids/$i").ckpt" >/dev/null || { cat "$dir/log"; return 1; }
        i=$((i + every))
    done
    [ "$(ls images | wc -l)" -eq $((many / every)) ]
}
let_go() {
    i=0
    while [ $i -lt $many ]; do
        "$await" size "pids/$i" 2 "$front" || return 1
        i=$((i + 1))
    done
    exec 9>&-
    reap "$front" && [ "$(cat "$dir/log" | grep -v '^checkpt: wrote')" = all ]
}
check "$many programs at a time, some of them sent SIGCKPT" crowd
check 'each of these has made its checkpoint' images
check 'and all of them end well' let_go

# From its first moment: the program's process is there, what it executes need not be.
child_of() {
    found=
    while [ -z "$found" ]; do
        found=$(cat "/proc/$1/task/$1/children") || return 1
    done
    found=${found%% *}
}
at_once() {
    for round in 1 2 3 4 5 6 7 8 9 10; do
        new_dir once
        launch "$checkpt" run -o "$dir/x.ckpt" sleep 1000
        front=$pid
        child_of "$front" && child_of "$found" && kill -54 "$found" && "$await" exists "$dir/x.ckpt" && kill -TERM "$found" || return 1
        reap "$front"
        [ $? -eq 143 ] || { echo "round $round"; cat "$dir/log"; return 1; }
    done
}
check 'a signal before the program has begun does not end it' at_once

# Whoever made it. The bytes behind the code of the last one are taken.
cat >waits.c <<'C'
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    char byte, *memory = malloc(100000);
    FILE *ready = fopen(argv[1], "w");
    memory[0] = argc;
    fclose(ready);
    while (read(0, &byte, 1) > 0 && byte != 'q')
        ;
    return memory[0] == 2 ? 0 : 1;
}
C
cat >fill.py <<'PY'
import struct, sys
data = bytearray(open(sys.argv[1], "rb").read())
phoff, = struct.unpack_from("<Q", data, 32)
count, = struct.unpack_from("<H", data, 56)
for i in range(count):
    kind, flags, offset, _, _, size = struct.unpack_from("<IIQQQQ", data, phoff + 56 * i)
    if kind == 1 and flags & 1:
        end = offset + size
        data[end:(end + 4095) & ~4095] = b"\xcc" * (-end % 4096)
open(sys.argv[2], "wb").write(data)
PY
cat >vdso.py <<'PY'
import sys
def vdso(pid):
    for line in open(f"/proc/{pid}/maps"):
        if line.endswith("[vdso]\n"):
            start, end = (int(x, 16) for x in line.split()[0].split("-"))
            memory = open(f"/proc/{pid}/mem", "rb")
            memory.seek(start)
            return memory.read(end - start)
sys.exit(vdso(sys.argv[1]) != vdso("self"))
PY
of_its_own() {
    new_dir own
    mkfifo "$dir/gate"
    exec 8<>"$dir/gate"
    "$plain" "$checkpt" run -o "$dir/x.ckpt" "$@" "$dir/ready" <"$dir/gate" >"$dir/log" 2>&1 &
    front=$!
    : >"$work/.running/$front"
    "$await" exists "$dir/ready" && child_of "$front" && child_of "$found" && program=$found || return 1
    kill -54 "$program" && "$await" exists "$dir/x.ckpt" && "$dump" --verify "$dir/x.ckpt" >/dev/null && python3 vdso.py "$program" || return 1
    echo q >&8
    reap "$front" || { echo "status $?"; cat "$dir/log"; return 1; }
    echo q | "$plain" timeout 60 "$checkpt" -r "$dir/x.ckpt"
}
gcc -O1 -o waits waits.c && check 'a dynamically linked program' of_its_own ./waits
gcc -O1 -static -o waits.static waits.c && check 'a statically linked one' of_its_own ./waits.static
gcc -O1 -static-pie -o waits.pie waits.c && check 'one that is statically linked and position-independent' of_its_own ./waits.pie
check 'it has no room behind its code' python3 fill.py waits.static waits.full
chmod +x waits.full
check 'a static one without room behind its code' of_its_own ./waits.full
if command -v musl-gcc >/dev/null; then
    musl-gcc -O1 -o waits.musl waits.c && check 'one with musl' of_its_own ./waits.musl
    musl-gcc -O1 -static -o waits.musl waits.c && check 'a static one with musl' of_its_own ./waits.musl
else
    skip 'musl' 'musl-gcc is not installed'
fi

# The keeper is killed while programs begin: they and those after them begin all the same.
cat >begins.sh <<'SHELL'
i=0
while [ $i -lt 40 ]; do
    /bin/true && [ "$(/bin/echo $i)" = $i ] && echo q | ./waits.static "$1/static" || echo "round $i: bad"
    i=$((i + 1))
    echo $i >"$1/new" && mv "$1/new" "$1/round"
done
echo all >"$1/all"
SHELL
without_keeper() {
    for round in 1 2 3 4 5 6 7 8; do
        new_dir keeper
        launch "$checkpt" run sh begins.sh "$dir"
        front=$pid
        child_of "$front" && keeper=$found && child_of "$keeper" && program=$found && "$await" exists "$dir/round" || return 1
        while [ "$(cat "$dir/round")" -lt $((round * 3)) ]; do
            :
        done
        kill -KILL "$keeper"
        reap "$front"
        "$await" gone "$program" && [ -e "$dir/all" ] && ! grep bad "$dir/log" || { echo "round $round"; cat "$dir/log"; return 1; }
    done
}
check 'the keeper is killed: programs begin and end as ever' without_keeper
finish
