#!/bin/sh
# demo.sh BIN: a real program is frozen into a file, looked at, edited, and resumed where it was. Exit status 1 if it did not go on, or went wrong.
set -u
# Whatever descriptors the caller has open: the program is started without them.
if [ -z "${DEMO_BEGUN-}" ]; then
    export DEMO_BEGUN=yes
    exec bash -c 'for fd in /proc/self/fd/*; do [ "${fd##*/}" -le 2 ] || eval "exec ${fd##*/}>&-"; done; exec sh "$@"' bash "$0" "$@"
fi
bin=$(cd "$1" && pwd) || exit 2
here=$(cd "$(dirname "$0")" && pwd)
python=/usr/bin/python3
[ -x "$python" ] || python=$(command -v python3) || { echo 'demo: python3 is not here: make deps'; exit 2; }
PATH=$bin:$PATH
work=$(mktemp -d) || exit 2
pids=
# Only what was started here.
clean_up() {
    for started in $pids; do
        kill -KILL "$started" 2>/dev/null
    done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP
cd "$work" || exit 2

if [ -t 1 ]; then bold=$(printf '\033[1m') dim=$(printf '\033[2m') plain=$(printf '\033[0m'); else bold='' dim='' plain=''; fi
say() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }
fail() {
    printf '\n%sThe demonstration failed:%s %s\n' "$bold" "$plain" "$1" >&2
    exit 1
}
# show COMMAND…: the command line as typed, and what it prints, indented.
show() {
    printf '%s$ %s%s\n' "$dim" "$*" "$plain"
    "$@" >shown 2>&1
    shown=$?
    sed 's/^/    /' shown
    return "$shown"
}
lines() { { wc -l <"$1" || echo 0; } 2>/dev/null; }
# wait_for FILE COUNT PID: until the file has so many lines; gives up when the process ends or nothing happens for a minute.
wait_for() {
    tries=0
    while [ "$(lines "$1")" -lt "$2" ]; do
        tries=$((tries + 1))
        kill -0 "$3" 2>/dev/null && [ "$tries" -lt 600 ] || return 1
        sleep 0.1
    done
}

say '1. A long job: python3 makes a chain of digests of a file, a line of output for every block.'
seq 1 260000 >input
echo 'what the job is about' >notes
"$python" "$here/work.py" input expected notes </dev/null >/dev/null 2>&1 & # the same job, never interrupted, to compare with
reference=$! pids="$!"
printf '%s$ python3 work.py input output notes &%s\n' "$dim" "$plain"
"$python" "$here/work.py" input output notes </dev/null >/dev/null 2>&1 &
pid=$! pids="$pids $!"
wait_for output 40 "$pid" || fail 'the job does not start'
echo "    It is process $pid, and has written $(lines output) lines."

say '2. Can it be frozen? Nothing is stopped for the answer.'
show checkpt explain "$pid" || fail 'something stands in the way'

program=$(readlink -f "/proc/$pid/exe")
say '3. It is frozen into a file, and ended.'
show checkpt freeze --exit -o job.ckpt "$pid" || fail 'it was not frozen'
wait "$pid" 2>/dev/null
kill -0 "$pid" 2>/dev/null && fail 'it is still there'
before=$(lines output)
echo "    Process $pid is gone. Its output ends in line $before, and its state is a file:"
show ls -sh job.ckpt

say '4. What is in the file?'
show ckptdump job.ckpt || fail 'the file cannot be read'
show ckptdump --fds job.ckpt || fail 'the file cannot be read'

say '5. To every other tool it is a core file.'
show file -b job.ckpt
grep -q 'core file' shown || fail 'file does not say so'
printf '%s$ readelf -h job.ckpt | grep Type%s\n' "$dim" "$plain"
readelf -h job.ckpt 2>&1 | sed -n 's/^ *Type:/    Type:/p'
printf '%s$ gdb -batch -ex bt %s job.ckpt%s\n' "$dim" "$program" "$plain"
gdb -nx -batch -ex 'set debuginfod enabled off' -ex 'bt -8' "$program" job.ckpt >shown 2>/dev/null
grep '^#' shown | cut -c 1-110 | sed 's/^/    /'
grep -q ' in main\| in Py_BytesMain' shown || fail 'gdb shows no backtrace'

say '6. A file that the job has open goes away. Can the job be resumed? What helps?'
show rm notes
show checkpt check job.ckpt && fail 'the missing file was not noticed'
number=$(ckptdump --fds job.ckpt | sed -n 's|^ *\([0-9]*\) .*/notes$|\1|p')
echo "    The job does not need it any more: descriptor $number is dropped from the file."
show ckptedit --drop-fd "$number" job.ckpt || fail 'the file was not edited'
show checkpt check job.ckpt || fail 'something stands in the way'

say '7. It is resumed, and goes on where it was.'
printf '%s$ checkpt -r job.ckpt &%s\n' "$dim" "$plain"
checkpt -r job.ckpt </dev/null >/dev/null 2>errors &
pid=$! pids="$pids $!"
wait_for output "$((before + 1))" "$pid" || { cat errors; fail 'it does not go on'; }
echo "    Process $pid is python3 again, and writes line $(lines output)."
printf '%s$ tail -n 3 output%s\n' "$dim" "$plain"
tail -n 3 output | cut -c 1-60 | sed 's/^/    /'
wait "$pid" || fail "the job ended with status $?"
wait "$reference" || fail 'the job that was not interrupted failed'
echo '    It has come to its end. Its output beside that of the same job, never interrupted:'
show cmp output expected || fail 'they differ'
show sha256sum output expected
[ "$(lines output)" -gt "$before" ] || fail 'it wrote nothing after it was resumed'
say "All well: $(lines output) lines, $before of them before the freeze, the others after it, and not a byte differs."
