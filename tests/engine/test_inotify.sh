# Watches. A moment is waited for in which there is no event that the program has not read.
. tests/engine/engine.sh
life inotify
life inotify-static
# What became of a watched file meanwhile.
check 'a program that watches files starts' start inotify
check 'it is frozen for good' freeze_exit
replaced() {
    mv "$dir/file" "$dir/file.old" && cp -p "$dir/file.old" "$dir/file"
    says 1 "$dir/file has been replaced by another since the freeze" "$checkpt" -r "$dir/x.ckpt"
}
missing() {
    rm "$dir/file"
    says 1 "inotify: watch 203: $dir/file: No such file or directory" "$checkpt" -r "$dir/x.ckpt"
}
check 'a watched file that is another now is said' replaced
check 'it is not resumed without one' missing
check 'which is said before' gives 1 "$checkpt" check "$dir/x.ckpt"
back() { mv "$dir/file.old" "$dir/file"; }
check 'the file is put back' back
check 'it is resumed' resume
check 'it ends well' whole
# An ordinary user may not open files by their handles: their paths are looked for.
if [ -n "$root" ] && command -v setpriv >/dev/null; then
    chmod 711 "$work"
    new_dir ordinary
    mkdir "$dir/bin" && cp "$victims/inotify" "$checkpt" "$dir/bin" && chmod -R a+rx "$dir" && mkdir "$dir/in" && chown 65534:65534 "$dir/in"
    bin_of_user=$dir/bin dir=$dir/in
    as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
    frozen_by_user() { as_nobody "$bin_of_user/checkpt" freeze --exit -o "$dir/x.ckpt" "$pid"; reap "$pid"; [ $? -eq 137 ]; }
    check 'a program of an ordinary user starts' eval 'launch setpriv --reuid=65534 --regid=65534 --clear-groups "$bin_of_user/inotify" "$dir" && "$await" exists "$dir/ready"'
    check 'that user freezes it' frozen_by_user
    check 'and resumes it' eval 'launch setpriv --reuid=65534 --regid=65534 --clear-groups "$bin_of_user/checkpt" -r "$dir/x.ckpt" && advances'
    check 'it ends well' whole
else
    skip 'an ordinary user' 'that takes root and setpriv'
fi
finish
