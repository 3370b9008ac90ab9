# What others make of an image: gdb, readelf, eu-readelf, file.
. tests/engine/engine.sh
check 'threads start' start threads
check 'they are frozen for good' freeze_exit

backtraces() {
    gdb -nx -batch -ex 'set debuginfod enabled off' -ex 'thread apply all bt' "$victims/threads" "$dir/x.ckpt" >gdb.out 2>gdb.err || return 1
    cat gdb.err
    [ "$(grep -c '^Thread ' gdb.out)" -eq 17 ] || { grep -c '^Thread ' gdb.out; return 1; }
    [ "$(grep -c ' in work (argument=\| work (argument=' gdb.out)" -eq 16 ] || { cat gdb.out; return 1; }
    [ "$(grep -c ' in main (\| main (argc=' gdb.out)" -eq 1 ] || { cat gdb.out; return 1; }
    for function in sleeper waiter writer reader producer consumer file_reader; do
        [ "$(grep -c "[ #0-9] *in $function (\|[ 0-9] $function (" gdb.out)" -le 1 ] || { echo "$function: twice"; return 1; }
    done
}
check 'gdb shows true backtraces of all threads' backtraces
listed() {
    gdb -nx -batch -ex bt -ex 'info threads' "$victims/threads" "$dir/x.ckpt" >gdb.out 2>gdb.err && grep -q '^#0 ' gdb.out && [ "$(grep -c 'LWP\|Thread 0x' gdb.out)" -ge 17 ]
}
check 'gdb lists all threads' listed
check 'gdb complains about nothing' sh -c '! grep -i "warning\|error\|cannot" gdb.err'
values() {
    gdb -nx -batch -ex 'thread 1' -ex 'info registers rip' -ex 'info sharedlibrary' "$victims/threads" "$dir/x.ckpt" >gdb.out 2>&1 && grep -q 'libc\.so' gdb.out
}
check 'gdb finds the libraries' values
numbered() {
    gdb -nx -batch -ex 'thread 1' -ex 'thread 17' "$victims/threads" "$1" >gdb.out 2>&1 && ! grep 'Unknown thread\|Invalid thread' gdb.out
}
check 'gdb numbers the threads from 1 to 17' numbered "$dir/x.ckpt"
check 'also of an image that was edited' eval '"$edit" --comment changed -o "$dir/edited.ckpt" "$dir/x.ckpt" && numbered "$dir/edited.ckpt"'
check 'and of a compressed one' eval '"$edit" --compress -o "$dir/packed.ckpt" "$dir/x.ckpt" && numbered "$dir/packed.ckpt"'

silent() {
    "$@" >tool.out 2>tool.err || { cat tool.err; return 1; }
    [ ! -s tool.err ] || { cat tool.err; return 1; }
}
for image in threads memory files; do
    [ "$image" = threads ] || { check "$image starts" start "$image"; check "$image is frozen for good" freeze_exit; }
    check "readelf -a reads $image" silent readelf -a -W "$dir/x.ckpt"
    check "eu-readelf -a reads $image" silent eu-readelf -a "$dir/x.ckpt"
    check "file knows $image" prints 'core file' file "$dir/x.ckpt"
    check "ckptdump reads $image" silent "$dump" "$dir/x.ckpt"
    check "ckptdump shows all of $image" silent "$dump" --maps --fds --signals --threads --regs --args --env --timers --notes --index "$dir/x.ckpt"
    "$dump" --json --maps --fds --signals --threads --regs --args --env --timers --notes --index "$dir/x.ckpt" >all.json
    check "ckptdump's JSON of $image is JSON" python3 -m json.tool all.json /dev/null
    check "$image: the plan can be printed" silent "$checkpt" check --plan "$dir/x.ckpt"
    check "$image is resumed after all that looking" resume
    check "$image ends well" whole
done
finish
