# What calls cost, and what `checkpt run` costs programs that make none: calls.sh BUILD DIRECTORY. ROUNDS=5 for more of them.
build=$(cd "$1" && pwd) && top=$(pwd) && mkdir -p "$2" && cd "$2" || exit 1
plain=$build/tests/plain calls=$build/bench/calls checkpt=$build/bin/checkpt rounds=${ROUNDS:-5}
export CHECKPT_PROGRAM="$checkpt"
scratch=$(mktemp -d /dev/shm/checkpt.bench.XXXXXX) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM HUP

# pair WHAT UNIT COMMAND RUN-COMMAND: each prints a figure, lower is better; by turns. The least and the median of each.
pair() {
    : >"$scratch/a" && : >"$scratch/b"
    for round in $(seq "$rounds"); do
        "$3" without </dev/null >>"$scratch/a" && "$3" under </dev/null >>"$scratch/b" || { echo "$1: failed" >&2; return 1; }
    done
    sort -g -o "$scratch/a" "$scratch/a" && sort -g -o "$scratch/b" "$scratch/b"
    paste "$scratch/a" "$scratch/b" | awk -v what="$1" -v unit="$2" -v middle=$(((rounds + 1) / 2)) '
        NR == 1 {a = $1; b = $2} NR == middle {c = $1; d = $2}
        END {printf "%-46s %-2s %10.5g %10.5g %+6.1f%%  %10.5g %10.5g %+6.1f%%\n", what, unit, a, b, (b / a - 1) * 100, c, d, (d / c - 1) * 100}'
}
# maybe HOW COMMAND…: as it is, or under checkpt run.
maybe() {
    how=$1
    shift
    if [ "$how" = under ]; then "$plain" "$checkpt" run "$@"; else "$plain" "$@"; fi
}
# seconds COMMAND…: how long it takes.
seconds() {
    start=$(date +%s%N)
    "$@" >"$scratch/output" 2>&1 || { cat "$scratch/output" >&2; return 1; }
    echo "$start $(date +%s%N)" | awk '{printf "%.6f\n", ($2 - $1) / 1e9}'
}
# of some short runs: of what else the machine does these have seen least
least() { awk '{print $2}'; }
getppid_loop() { maybe "$1" "$calls" getppid 100000 | least; }
brk_loop() { maybe "$1" "$calls" brk 100000 | least; }
signal_loop() { maybe "$1" "$calls" signal 20000 | least; }
exec_loop() { maybe "$1" "$calls" exec 20 | awk '{print $2 / 1000}'; }
one_command() { seconds maybe "$1" /bin/true | awk '{print $1 * 1000}'; }
small_compiles() { seconds maybe "$1" sh -c 'i=0; while [ $i -lt 50 ]; do gcc -c -o small.o small.c || exit 1; i=$((i + 1)); done'; }
cat >"$scratch/compile.sh" <<'SHELL'
cd "$1" && ls libckptfmt/src/*.c | xargs -P 2 -I FILE gcc -std=gnu11 -D_GNU_SOURCE -O1 -I"$2/gen" -Ilibckptfmt/include -I. -c -o /dev/null FILE
SHELL
library() { seconds maybe "$1" sh "$scratch/compile.sh" "$top" "$build"; }

printf '%-49s %29s  %29s\n' 'without and under checkpt run' 'least of the runs' 'median'
cd "$scratch" || exit 1
echo 'int main(void) { return 0; }' >small.c
pair 'getppid(2) in a loop, a call' ns getppid_loop
pair 'brk(2) in a loop, a call' ns brk_loop
pair 'signal(2) and kill(2) with a handler, a signal' ns signal_loop
pair '/bin/true started in a loop, a start' us exec_loop
pair '/bin/true, once, with the run itself' ms one_command
pair 'gcc of an empty program, 50 times' s small_compiles
pair "gcc of libckptfmt's sources, two at a time" s library

# Two servers, on ports of their own, and one client.
port=
begin_server() {
    for port in $(seq $((20000 + ($$ * 7 + $2) % 20000)) 11 65000); do
        maybe "$1" redis-server --bind 127.0.0.1 --port "$port" --save '' --appendonly no --dir "$scratch" </dev/null >"$scratch/redis.$1" 2>&1 &
        server=$!
        while kill -0 "$server" 2>/dev/null; do
            redis-cli -p "$port" config get dir 2>/dev/null | grep -qxF "$scratch" && return 0
        done
    done
    return 1
}
end_servers() {
    [ -z "$port_without" ] || redis-cli -p "$port_without" shutdown nosave 2>/dev/null
    [ -z "$port_under" ] || redis-cli -p "$port_under" shutdown nosave 2>/dev/null
    port_without='' port_under=''
}
redis_requests() {
    [ "$1" = under ] && to=$port_under || to=$port_without
    redis-benchmark -p "$to" -t set,get -n 30000 --csv | awk -F'"' 'NR > 1 {sum += 1e6 / $4; n++} END {if (n != 2) exit 1; print sum / n}'
}
port_without='' port_under=''
if command -v redis-server >/dev/null && command -v redis-benchmark >/dev/null; then
    trap 'end_servers; rm -rf "$scratch"' EXIT
    begin_server without 0 && port_without=$port && begin_server under 5 && port_under=$port &&
        pair 'redis-benchmark, SET and GET, a request' us redis_requests
    end_servers
    wait
else
    echo 'redis-benchmark: left out, redis is not installed'
fi

echo
figure() {
    what=$1
    shift
    printf '%-64s %12s ns\n' "$what" "$("$plain" "$@" </dev/null | cut -d" " -f1)"
}
figure "a registered call that reads and writes memory" "$checkpt" run --module "$build/examples/tally.so" "$calls" registered 5000
figure "sys_checkpoint() of a small program, by its helper, into memory" "$calls" checkpoint 20
figure "sys_checkpoint() of a small program, by number, into memory" "$checkpt" run "$calls" checkpoint 20
cd "$top" && cd "$2" || exit 1
figure "sys_checkpoint() of a small program, by its helper, on disk" "$calls" checkpoint 20
figure "sys_checkpoint() of a small program, by number, on disk" "$checkpt" run "$calls" checkpoint 20
rm -f bench.ckpt
