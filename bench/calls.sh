# What calls cost, with and without `checkpt run`: calls.sh BUILD DIRECTORY
build=$(cd "$1" && pwd) && mkdir -p "$2" && cd "$2" || exit 1
plain=$build/tests/plain calls=$build/bench/calls checkpt=$build/bin/checkpt
export CHECKPT_PROGRAM="$checkpt"
figure() {
    what=$1
    shift
    printf '%-64s %12s ns\n' "$what" "$("$plain" "$@" </dev/null)"
}
figure "getppid(2)" "$calls" getppid 1000000
figure "getppid(2) under checkpt run" "$checkpt" run "$calls" getppid 1000000
figure "a registered call that reads and writes memory, likewise" "$checkpt" run --module "$build/examples/tally.so" "$calls" registered 5000
figure "sys_checkpoint() of a small program, by its helper" "$calls" checkpoint 20
figure "sys_checkpoint() of a small program, by number" "$checkpt" run "$calls" checkpoint 20
cd /dev/shm && mkdir "checkpt.bench.$$" && cd "checkpt.bench.$$" || exit 1
figure "sys_checkpoint() by its helper, into memory" "$calls" checkpoint 20
figure "checkpt run true" sh -c 'start=$(date +%s%N); for i in 1 2 3 4 5 6 7 8 9 10; do "$0" run true; done; echo $((($(date +%s%N) - start) / 10))' "$checkpt"
figure "true" sh -c 'start=$(date +%s%N); for i in 1 2 3 4 5 6 7 8 9 10; do /bin/true; done; echo $((($(date +%s%N) - start) / 10))'
rm -rf "/dev/shm/checkpt.bench.$$"
