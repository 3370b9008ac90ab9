# What epolls watch; and what cannot be watched again is said before anything is touched.
. tests/engine/engine.sh
life epoll
life epoll-static

# A program that waits for its standard input, which is the caller's of the thaw.
new_dir input
mkfifo "$dir/in" && exec 7<>"$dir/in" || exit 1
hold_input() {
    "$plain" python3 -B "$top/tests/engine/holder.py" "$dir" epoll-input <&7 7<&- >>"$dir/log" 2>&1 &
    pid=$!
    : >"$work/.running/$pid"
    "$await" exists "$dir/ready"
}
resume_input() {
    "$plain" "$checkpt" -r "$dir/x.ckpt" <&7 7<&- >>"$dir/log" 2>&1 &
    pid=$!
    : >"$work/.running/$pid"
    advances 2
}
watches_input() { grep -q '^tfd: *0 ' "/proc/$pid/fdinfo/3" || { cat "/proc/$pid/fdinfo/3"; return 1; }; }
unwatchable='epoll: it watches descriptor 0, which becomes the caller'"'"'s descriptor 0, a file that cannot be watched'
check 'a program that watches its input starts' hold_input
check 'it is frozen for good' freeze_exit
check 'with /dev/null there it is not resumed' eval 'says 1 "$unwatchable" "$checkpt" -r "$dir/x.ckpt" </dev/null'
check 'a way out is named' eval 'says 1 "true | checkpt -r FILE" "$checkpt" -r "$dir/x.ckpt" </dev/null'
check 'which is said before' eval 'gives 1 "$checkpt" check "$dir/x.ckpt" </dev/null'
check 'with a pipe there it is' resume_input
check 'and watches it' watches_input
check 'it ends well' whole
exec 7<&-
finish
