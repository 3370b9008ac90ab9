# A freeze of what is still checkpt: it waits for the program, and freezes that.
. tests/engine/engine.sh
looks_at() {
    for link in "/proc/$1/fd"/*; do
        case $(readlink "$link") in "/proc/$2" | "/proc/$2/"*) return 0 ;; esac
    done
    return 1
}
# polls PID: it has been to sleep some times more, or it has ended.
polls() {
    begun=$(sed -n 's/^voluntary_ctxt_switches:[^0-9]*//p' "/proc/$1/status") || return 0
    until [ "$(sed -n 's/^voluntary_ctxt_switches:[^0-9]*//p' "/proc/$1/status" 2>/dev/null || echo 999999999)" -ge $((begun + 20)) ]; do
        kill -0 "$1" 2>/dev/null || return 0
    done
}
waits_for() {
    until looks_at "$1" "$pid"; do
        kill -0 "$1" 2>/dev/null || { echo "the freeze has ended"; return 1; }
    done
    polls "$1"
    kill -0 "$1" 2>/dev/null || { echo "the freeze has ended"; return 1; }
    [ ! -e "$dir/y.ckpt" ] || { echo "it has frozen checkpt"; return 1; }
}
begin_freeze() {
    "$checkpt" freeze -o "$dir/y.ckpt" "$pid" 2>"$dir/err" 9>&- &
    freezer=$!
    : >"$work/.running/$freezer"
}
is_the_program() {
    "$dump" "$dir/y.ckpt" >"$dir/summary" || return 1
    grep -q tiny "$dir/summary" && ! grep -qi 'checkpt -r' "$dir/summary" && return 0
    cat "$dir/summary"
    return 1
}

check 'a program starts' start tiny
check 'it is frozen for good' freeze_exit
mkfifo "$dir/fifo"
"$plain" "$checkpt" -r - <"$dir/fifo" >>"$dir/log" 2>&1 &
pid=$!
: >"$work/.running/$pid"
exec 9>"$dir/fifo"
head -c 8192 "$dir/x.ckpt" >&9
begin_freeze
check 'a freeze of one that reads its image waits' waits_for "$freezer"
kill -TERM "$freezer"
check 'one that is to stop does so' gives 1 reap "$freezer"
check 'and says so' grep -q 'interrupted by SIGTERM' "$dir/err"
begin_freeze
check 'another one waits, too' waits_for "$freezer"
tail -c +8193 "$dir/x.ckpt" >&9
exec 9>&-
check 'it freezes what comes of it' reap "$freezer"
check 'that is the program' is_the_program
check 'which runs on' advances
mv "$dir/y.ckpt" "$dir/x.ckpt"
check 'it is ended' freeze_exit
check 'and resumed' resume
check 'it ends well' whole

new_dir front
launch "$checkpt" run "$victims/tiny" "$dir"
check 'a program starts under checkpt run' "$await" exists "$dir/ready"
check 'checkpt itself is not frozen' says 1 "checkpt: process $pid: it is checkpt itself, and has not become the program that it resumes or starts; name that program's process" "$checkpt" freeze -o "$dir/x.ckpt" "$pid"
check 'nothing was written' test ! -e "$dir/x.ckpt"
check 'the program runs on' advances
: >"$dir/stop"
check 'it ends well' reap "$pid"
finish
