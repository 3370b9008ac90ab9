# Descriptors 0 to 2: the caller's, or with --stdio=image the files that they were.
. tests/engine/engine.sh

# Its own files in their place, as `sort -o` has them.
check 'a program with files of its own on 0 to 2 starts' start standard own=1
check 'it runs' advances
check 'the way out is told' prints 'fd 1' sh -c '"$0" explain "$1" | grep "fd 1 .*stdio=image"' "$checkpt" "$pid"
check 'it is frozen for good' freeze_exit
cp -p "$dir/output" "$dir/output.then"
cp -p "$dir/errors" "$dir/errors.then"
lost() {
    prints "- lost     fd $1" "$checkpt" check "$dir/x.ckpt" </dev/null
}
check 'that it would read /dev/null is told before' lost 0
told() {
    (exec </dev/null >/dev/null && exec "$plain" "$checkpt" -r "$dir/x.ckpt") 2>"$work/told" &
    pid=$!
    : >"$work/.running/$pid"
    reap "$pid"
    grep -F "x.ckpt: fd 0: was $dir/input; becomes the caller's descriptor 0, which is /dev/null; way out: --stdio=image has it go on there" "$work/told" &&
        grep -F "x.ckpt: fd 1: was $dir/output; becomes the caller's descriptor 1, which is /dev/null" "$work/told" && ! grep -F 'fd 2: was' "$work/told"
}
check 'and when it is resumed, but not of what goes to a file or pipe' told
rm -f "$dir/broken"
check 'its files are as they were' eval 'cmp "$dir/output" "$dir/output.then" && cmp "$dir/errors" "$dir/errors.then"'
check 'nothing is lost with --stdio=image' eval '! "$checkpt" check --stdio=image "$dir/x.ckpt" | grep lost'
check 'it is resumed with its own' resume --stdio=image
check 'it is frozen for good again' freeze_exit
check 'it is resumed with its own again' resume --stdio=image --copy
check 'it ends well' whole

# The shell's redirections: nothing tells them from the program's own.
new_dir standard
make_input() {
    "$victims/standard" "$dir" own=1 &
    maker=$!
    "$await" exists "$dir/ready" && kill -KILL "$maker"
    wait "$maker" 2>/dev/null
    rm "$dir/ready" "$dir/progress" "$dir/output" "$dir/errors"
}
redirected() {
    "$plain" "$victims/standard" "$dir" <"$dir/input" >"$dir/output" 2>>"$dir/errors" &
    pid=$!
    : >"$work/.running/$pid"
    "$await" exists "$dir/ready"
}
check 'a file to read from' make_input
check 'a program that the shell redirects starts' redirected
check 'it is frozen for good' freeze_exit
grown() {
    echo more >>"$dir/output"
    says 1 '--changed=truncate' "$checkpt" -r --stdio=image "$dir/x.ckpt"
}
check 'an output that has grown is refused' grown
check 'it is cut back' resume --stdio=image --changed=truncate
check 'it ends well' whole

# What cannot be opened again stays the caller's.
new_dir limits
piped() {
    mkfifo "$dir/pipe" && exec 7<>"$dir/pipe" || return 1
    "$plain" "$victims/limits" "$dir" <&7 >"$dir/output" 2>&1 &
    pid=$!
    : >"$work/.running/$pid"
    exec 7<&-
    "$await" exists "$dir/ready"
}
check 'a program with a pipe on 0 starts' piped
check 'though 2 is the same open file as 1, it becomes 2' prints 'becomes descriptor 2 of' sh -c '"$0" explain "$1" | tr -s " " | grep -o "fd 2 .*"' "$checkpt" "$pid"
check 'it is frozen for good' freeze_exit
check 'and is not said to become 1' eval '"$dump" --fds "$dir/x.ckpt" >"$work/fds" && ! grep "inherited as" "$work/fds"'
check 'nor would become it' prints 'becomes the caller'"'"'s descriptor 2' "$checkpt" check "$dir/x.ckpt"
check 'it is resumed' resume --stdio=image
leads() {
    [ "$(readlink "/proc/$pid/fd/0")" = /dev/null ] && [ "$(readlink "/proc/$pid/fd/1")" = "$dir/output" ] && [ "$(readlink "/proc/$pid/fd/2")" = "$dir/output" ]
}
check 'its 0 is the caller'"'"'s, its 1 and 2 are its own' leads
check 'it ends well' whole
check 'another word is misuse' gives 2 "$checkpt" -r --stdio=mine "$dir/x.ckpt"
finish
