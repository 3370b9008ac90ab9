# Sourced by the tests here, after tests/cli/tap.sh: victims started, frozen, resumed and judged. `pid` and `dir` are those of the last one started.
# No test sleeps to wait: $await waits for what is to happen.
. tests/cli/tap.sh
checkpt=$bin/checkpt victims=${bin%/bin}/victims await=${bin%/bin}/tests/await plain=${bin%/bin}/tests/plain
root=$([ "$(id -u)" -eq 0 ] && echo yes)
mkdir "$work/.running"
serial=0
# Only processes that were started here, and not yet waited for.
end_all() {
    for left in $(ls "$work/.running"); do
        kill -KILL "$left" 2>/dev/null
        wait "$left" 2>/dev/null
    done
    rm -rf "$work"
}
trap end_all EXIT
trap 'exit 1' INT TERM HUP

if [ ! -x "$checkpt" ]; then
    echo "not ok 1 - there is no $checkpt"
    echo 1..1
    exit 1
fi

# launch COMMAND…: in the background, into $dir/log; sets pid.
launch() {
    "$plain" "$@" </dev/null >>"$dir/log" 2>&1 &
    pid=$!
    : >"$work/.running/$pid"
}

# reap PID: its exit status.
reap() {
    wait "$1" 2>/dev/null
    status=$?
    rm -f "$work/.running/$1"
    return "$status"
}

new_dir() {
    serial=$((serial + 1))
    dir=$work/$1.$serial
    mkdir -p "$dir"
}

# start VICTIM [OPTION…]: until it is ready.
start() {
    victim=$1
    shift
    new_dir "$victim"
    launch "$victims/$victim" "$dir" "$@"
    "$await" exists "$dir/ready"
}

# advances [COUNT]: so many more rounds, in each of which it checked itself.
advances() {
    "$await" rounds "$dir/progress" "${1:-2}" "$pid" && alive
}

alive() {
    if [ ! -e "$dir/broken" ] && kill -0 "$pid" 2>/dev/null; then return 0; fi
    echo "process $pid is gone or broken:"
    cat "$dir/broken" "$dir/log" 2>/dev/null
    return 1
}

freeze() {
    "$checkpt" freeze -o "$dir/x.ckpt" "$@" "$pid"
}

# freeze_exit [OPTION…]: and the program has ended by SIGKILL.
freeze_exit() {
    freeze --exit "$@" || return 1
    reap "$pid"
    status=$?
    [ "$status" -eq 137 ] || { echo "the frozen program's status is $status"; return 1; }
}

# resume [OPTION…]: in the background, until it has gone on; sets pid.
resume() {
    launch "$checkpt" -r "$@" "$dir/x.ckpt"
    advances 2 && alive
}

# whole: told to stop, it says that everything held.
whole() {
    : >"$dir/stop"
    reap "$pid"
    status=$?
    if [ "$status" -eq 0 ] && [ -e "$dir/whole" ]; then return 0; fi
    echo "its exit status is $status"
    cat "$dir/broken" "$dir/log" 2>/dev/null
    return 1
}

# One sentence of a program's state that a freeze must not change: mappings, descriptors, threads, children, tracer, mask.
state_of() {
    grep -v '\[stack\]' "/proc/$1/maps" | cut -d' ' -f1-5
    for link in "/proc/$1/fd"/*; do
        readlink "$link"
    done
    ls "/proc/$1/task"
    cat "/proc/$1/task"/*/children
    grep -E '^(TracerPid|SigBlk|SigIgn|SigCgt|Threads|Seccomp):' "/proc/$1/status"
}

# same: the state is that of the file `before`; the program itself opens and closes files meanwhile, so that it is looked at more than once.
same() {
    tries=0
    until state_of "$pid" >after && cmp -s before after; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || { diff before after; return 1; }
    done
}

# life VICTIM [OPTION…]: frozen while it runs on, frozen for good, resumed, frozen over its own image, resumed by copying, and judged each time.
life() {
    victims_name="$*"
    check "$victims_name starts" start "$@"
    check "$victims_name runs" advances
    check "$victims_name is frozen" freeze
    check "$victims_name runs on" advances
    check "$victims_name: its image is whole" prints whole "$dump" --verify "$dir/x.ckpt"
    check "$victims_name is frozen for good" freeze_exit
    check "$victims_name: its image can be resumed here" "$checkpt" check "$dir/x.ckpt"
    check "$victims_name is resumed" resume
    check "$victims_name is frozen over its own image" freeze
    check "$victims_name runs on over it" advances
    check "$victims_name is frozen for good again" freeze_exit
    check "$victims_name is resumed by copying" resume --copy
    check "$victims_name runs on after all that" advances
    check "$victims_name ends well" whole
}
