# `make bench` beside CRIU: a program of that name that works, one that does not work here, and none. What the figures are is not judged.
. tests/cli/tap.sh
build=${bin%/bin}
mkdir peer runs
cat >peer/criu <<'CRIU'
#!/bin/sh
command=$1 directory= pid= leave=
echo "$command" >>"$CRIU_CALLS"
if [ "$command" = "$CRIU_FAILS" ]; then
    echo 'Error (criu/util.c:642): exited, status=1' >&2
    echo "Error (criu/some.c:12): $command: it cannot be done here" >&2
    echo 'Error (criu/other.c:34): and so on' >&2
    exit 1
fi
while [ $# -gt 0 ]; do
    case $1 in
    -D) directory=$2 ;;
    -t) pid=$2 ;;
    --leave-running) leave=yes ;;
    esac
    shift
done
case $command in
dump)
    kill -STOP "$pid" && cp "/proc/$pid/maps" "$directory/pages-1.img" && kill -CONT "$pid" || exit 1
    [ -n "$leave" ] || kill -KILL "$pid"
    ;;
restore)
    [ -s "$directory/pages-1.img" ] || exit 1
    sleep 1000 >/dev/null 2>&1 &
    echo $! >"$directory/pid"
    echo $! >>"$CRIU_CALLS.pids"
    ;;
esac
CRIU
chmod 755 peer/criu
export CRIU_CALLS="$work/calls" CRIU_FAILS=
# bench FAILS: with a criu that fails at that.
bench() {
    CRIU_FAILS=$1 PATH="$work/peer:$PATH" timeout 250 "$build/bench/bench" "$bin" "$build/bench/stepper" "$work/runs" 1 2 >out 2>err
}
has_figure() {
    grep -Eq "^$1.* [0-9.]+ *" out || { cat out err; return 1; }
}
lacks() {
    ! grep "$1" out
}
ended() {
    for pid in $(cat calls.pids); do
        case $(sed -n 's/^State:[^A-Z]*\([A-Z]\).*/\1/p' "/proc/$pid/status" 2>/dev/null) in '' | Z | X) ;; *) return 1 ;; esac
    done
}
check 'figures beside a criu that works' bench none
for figure in 'freeze, ms' 'thaw to the first step, ms' 'criu dump --leave-running \(no fsync\), ms' 'criu dump \(no fsync\), ms' 'criu restore -d, to its end, ms'; do
    check "$figure" has_figure "$figure"
done
check 'nothing is said about it' lacks 'not compared'
check 'it was asked to check, and to dump and restore once for each run' [ "$(tr '\n' ' ' <calls)" = 'check dump dump restore ' ]
check 'what it restored has ended' ended
check 'nothing is left behind' [ -z "$(ls -A runs)" ]
for fails in check dump restore; do
    check "figures beside a criu that fails at its $fails" bench "$fails"
    check 'our own are there' has_figure 'thaw to the first step, ms'
    check 'why it is not compared' grep -qx "criu is not compared: $work/peer/criu: $fails: it cannot be done here" out
    check 'its restore is not' lacks 'criu restore'
    check 'nothing is left behind' [ -z "$(ls -A runs)" ]
done
finish
