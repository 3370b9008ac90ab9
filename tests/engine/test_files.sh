# Open files, directories, deleted files, locks.
. tests/engine/engine.sh
life files locks=0
life files-static locks=0
check 'with locks: it starts' start files
check 'it is frozen for good' freeze_exit
check 'it is resumed' resume
check 'it ends well' whole
check 'a file that changed: the program starts' start files
check 'is frozen for good' freeze_exit
change() {
    cp -p "$dir/plain" "$dir/old" && dd if=/dev/zero of="$dir/plain" bs=1 count=8 conv=notrunc status=none && touch -d @1 "$dir/plain"
}
check 'its file is changed' change
check 'it is not resumed' says 1 "$dir/plain" "$checkpt" -r "$dir/x.ckpt"
check 'which is said before' gives 1 "$checkpt" check "$dir/x.ckpt"
lost() {
    rm "$dir/plain" && says 1 "$dir/plain" "$checkpt" -r "$dir/x.ckpt" && says 1 "$dir/plain" "$checkpt" -r --changed=ignore "$dir/x.ckpt"
}
check 'a missing file is named' lost
check 'a file that moved: the program starts' start files
check 'is frozen for good' freeze_exit
moved_behind_a_link() {
    mv "$dir/plain" "$dir/elsewhere" && ln -s elsewhere "$dir/plain" && resume
}
check 'it is resumed where a link leads to it, though it was opened with O_NOFOLLOW' moved_behind_a_link
check 'it ends well' whole
# A pipe that the program has from the shell that started both is nothing of its own: the caller's of the thaw takes its place.
new_dir shells
shared() {
    mkfifo "$dir/hold" && exec 7<>"$dir/hold" || return 1
    "$victims/limits" "$dir" </dev/null >>"$dir/log" 2>&1 &
    pid=$!
    : >"$work/.running/$pid"
    "$await" exists "$dir/ready" && freeze_exit
    result=$?
    exec 7<&-
    return "$result"
}
check "with a pipe of the shell's it is frozen" shared
check 'without that pipe it is resumed' resume
leads_to_null() {
    [ "$(readlink "/proc/$pid/fd/7")" = /dev/null ] || { ls -l "/proc/$pid/fd"; return 1; }
}
check '/dev/null stands for it' leads_to_null
check 'it ends well' whole

# Standard descriptors that the program, or who resumes it, has closed.
closed() {
    new_dir limits
    "$plain" "$victims/limits" "$dir" <&- >&- 2>&- &
    pid=$!
    : >"$work/.running/$pid"
    "$await" exists "$dir/ready"
}
resume_closed() {
    "$plain" "$checkpt" -r "$@" "$dir/x.ckpt" <&- >&- 2>&- &
    pid=$!
    : >"$work/.running/$pid"
    advances 2
}
holds_image() {
    ls -l "/proc/$pid/fd" | grep -F x.ckpt
}
# What such a program opens is at 0 at times.
check 'a program with 0 to 2 closed starts' closed
check 'it is frozen for good' freeze_exit
check 'it is resumed by one that has them open' resume --stdio=image
check 'it is frozen for good again' freeze_exit
check 'it is resumed by one that has them closed' resume_closed --stdio=image
check 'the image is not in their place' eval '! holds_image'
check 'it ends well' whole
check 'a program with 0 to 2 open starts' start limits
check 'it is frozen for good' freeze_exit
check 'it is resumed by one that has them closed' resume_closed
check 'the image is not in their place' eval '! holds_image'
check 'it ends well' whole
finish
