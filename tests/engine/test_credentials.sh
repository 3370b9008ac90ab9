# Users, groups and capabilities: the caller's, or with --credentials=image the program's own.
. tests/engine/engine.sh
if [ -z "$root" ] || ! command -v setpriv >/dev/null; then
    skip 'credentials' 'root and setpriv are wanted'
    finish
    exit 0
fi
chmod 755 "$work"
rights() {
    grep -E '^(Uid|Gid|Groups|Cap.*|NoNewPrivs):' "/proc/$1/status" | sed 's/[ \t]*$//'
}
# as OPTION…: a program that runs with these, by setpriv(1).
as() {
    new_dir limits
    chmod 777 "$dir"
    launch setpriv "$@" "$victims/$victim" "$dir"
    "$await" exists "$dir/ready" && rights "$pid" >"$dir/before"
}
kept() {
    "$await" rounds "$dir/progress" 2 "$pid" && rights "$pid" >"$dir/after" && diff "$dir/before" "$dir/after"
}
callers() {
    rights "$pid" >"$dir/after" && rights $$ | grep -v NoNewPrivs >"$dir/mine" && grep -v NoNewPrivs "$dir/after" | diff "$dir/mine" -
}
again() {
    launch "$checkpt" -r --credentials=image "$dir/x.ckpt" && kept
}
for victim in files rare-static; do
    check "$victim: another user starts it" as --reuid=65534 --regid=12345 --groups=3,77,4567
    check "$victim: it is frozen for good" freeze_exit
    check "$victim: check says what becomes of it" prints 'become the caller' "$checkpt" check "$dir/x.ckpt"
    check "$victim: and what the option does" prints 'user 65534, group 12345, 3 more groups' "$checkpt" check --credentials=image "$dir/x.ckpt"
    check "$victim: it is resumed as that user" again
    check "$victim: it is frozen for good again" freeze_exit
    check "$victim: it is resumed as the caller" resume
    check "$victim: with the caller's rights" callers
    check "$victim: it ends well" whole
done
# A thread that is another user than the first.
of_threads() {
    cat "/proc/$1/task"/*/status | grep -E '^(Uid|Gid|Cap.*):'
}
several() {
    new_dir several
    chmod 777 "$dir"
    launch python3 -B "$top/tests/engine/holder.py" "$dir" two-users
    "$await" exists "$dir/ready" && of_threads "$pid" >"$dir/before" && grep -q 1234 "$dir/before"
}
all_kept() {
    launch "$checkpt" -r --credentials=image "$dir/x.ckpt"
    "$await" rounds "$dir/progress" 2 "$pid" && of_threads "$pid" | diff "$dir/before" -
}
check 'a program with two users starts' several
check 'explain says what becomes of that' prints 'some of its threads have other users' "$checkpt" explain "$pid"
check 'it is frozen for good' freeze_exit
check 'it is resumed with both' all_kept
check 'it ends well' whole
victim=limits
check 'with few capabilities it starts' as --bounding-set=-sys_boot,-net_raw --inh-caps=+kill --ambient-caps=+kill --securebits=+no_setuid_fixup
check 'it is frozen for good' freeze_exit
check 'check says that they become more' prints "its groups and capabilities become the caller's" "$checkpt" check "$dir/x.ckpt"
check 'it is resumed with as few' again
check 'it ends well' whole
check 'a program of root starts' as --reuid=0
check 'it is frozen for good' freeze_exit
check 'its image is for everybody' chmod 644 "$dir/x.ckpt"
check 'nobody else gets its rights' says 1 'becoming user 0, group 0 takes CAP_SETUID' setpriv --reuid=65534 --regid=65534 --clear-groups "$checkpt" -r --credentials=image "$dir/x.ckpt"
finish
