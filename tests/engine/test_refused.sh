# What cannot be frozen is refused in a sentence before anything is stopped, and runs on.
. tests/engine/engine.sh

# refused NAME TEXT: by freeze and by explain, and nothing comes of it.
unharmed() {
    freeze --exit >/dev/null 2>&1 && { echo 'it was frozen'; return 1; }
    [ ! -e "$dir/x.ckpt" ] && [ -z "$(ls -A "$dir" | grep '^\.')" ] && advances 2
}
refused() {
    check "$1: freeze says so" says 1 "$2" "$checkpt" freeze -o "$dir/x.ckpt" "$pid"
    check "$1: explain says so" explains "$2"
    check "$1: the program runs on" unharmed
    : >"$dir/stop"
    check "$1: and ends well" reap "$pid"
}
# In columns: the subject is not followed by a colon.
explains() {
    "$checkpt" explain "$pid" >explain.out 2>&1
    [ $? -eq 1 ] && tr -s ' ' <explain.out | tr -d : | grep -qF -e "$(echo "$1" | tr -d :)" || { cat explain.out; return 1; }
}

hold() {
    new_dir "$1"
    launch python3 -B "$top/tests/engine/holder.py" "$dir" "$1" && "$await" exists "$dir/ready"
}

# What the kernel shows of itself, and what only the program, stopped, can tell.
refused_stopped() {
    check "$1: freeze says so" says 1 "$2" "$checkpt" freeze -o "$dir/x.ckpt" "$pid"
    check "$1: the program runs on" unharmed
    : >"$dir/stop"
    check "$1: and ends well" reap "$pid"
}
for kind in queue secret segments dispatched thread-file rights urgent notifications; do
    if ! hold "$kind" >hold.out 2>&1; then
        skip "a program with $kind" 'this kernel or user cannot'
        continue
    fi
    case $kind in
    queue) refused 'a message queue' 'fd 3: /checkpt-' ;;
    secret) refused 'secret memory' 'fd 3: /secretmem' ;;
    thread-file) refused "another thread's file in /proc" 'of one of its threads, which will have another id' ;;
    rights) refused_stopped 'descriptors on their way' 'descriptors are on their way through it (SCM_RIGHTS)' ;;
    notifications) refused_stopped 'a pipe of notifications' 'the kernel puts notifications into it (O_NOTIFICATION_PIPE)' ;;
    urgent) refused_stopped 'a byte out of band' 'a byte out of band (MSG_OOB) waits in it' ;;
    segments) refused_stopped 'segments of its own' 'it has segments of its own (modify_ldt)' ;;
    dispatched) refused_stopped 'system calls handled by itself' 'handles its system calls by itself (PR_SET_SYSCALL_USER_DISPATCH)' ;;
    esac
done

# Namespaces: what would be another world is refused, what would be another network is said.
in_namespace() {
    new_dir "$1"
    launch unshare "--$1" python3 -B "$top/tests/engine/holder.py" "$dir" nothing && "$await" exists "$dir/ready"
}
for kind in time uts net; do
    if [ -z "$root" ] || ! unshare "--$kind" true 2>/dev/null; then
        skip "another $kind namespace" 'unshare takes root, and a kernel that has it'
        continue
    fi
    case $kind in
    time) check 'a program with other clocks starts' eval 'new_dir time; launch unshare --time --fork --kill-child python3 -B "$top/tests/engine/holder.py" "$dir" nothing; "$await" exists "$dir/ready"; outer=$pid; pid=$(cat "/proc/$pid/task/$pid/children"); pid=${pid% }'
        check 'other clocks' says 1 'its clocks show another time than here' "$checkpt" freeze -o "$dir/x.ckpt" "$pid"
        check 'other clocks: the program runs on' advances
        : >"$dir/stop"
        check 'other clocks: and ends well' reap "$outer" ;;
    *) check "another $kind namespace: the program starts" in_namespace "$kind"
        check "another $kind namespace: explain says so" prints "another than here (another" "$checkpt" explain "$pid"
        : >"$dir/stop"
        check "another $kind namespace: and ends well" reap "$pid" ;;
    esac
done
for kind in pipe netlink shared pidfd connected child epoll-elsewhere inotify-gone inotify-unread; do
    check "a program with a $kind starts" hold "$kind"
    case $kind in
    pipe) holder=$pid
        check 'another process has its pipe, too' eval 'launch sh -c "exec sleep 1000 </proc/$holder/fd/3"; other=$pid; pid=$holder; until read -r comm <"/proc/$other/comm" && [ "$comm" = sleep ]; do :; done'
        refused "a pipe of another process's, too" "process $other (sleep) has it open, too"
        check 'the other process ends' eval 'kill -KILL "$other"; reap "$other"; [ "$status" -eq 137 ]' ;;
    shared) refused 'a socket that another process has' 'has it open as well, and what processes share is not saved yet' ;;
    netlink) refused 'a netlink socket' 'fd 3: AF_NETLINK SOCK_RAW socket' ;;
    pidfd) refused 'a pidfd' 'fd 3: pidfd' ;;
    connected) refused 'a connection' ', its own fd 5, and connections of that kind are not saved yet' ;;
    epoll-elsewhere) refused 'an epoll of what another process has' 'epoll: what it watches as descriptor 4 is closed here, but still open elsewhere' ;;
    inotify-gone) refused 'a watched file without a name' 'inotify: watch 1: no path was found' ;;
    inotify-unread) refused_stopped 'events that were not read' 'bytes) that the program has not read yet; try again when it has' ;;
    child) refused 'a child' 'child' ;;
    esac
done

check 'no such process' says 1 'no such process' "$checkpt" freeze -o x.ckpt 4194303
check 'no such process, explained' says 1 'no such process' "$checkpt" explain 4194303
check 'not a number' says 2 'python3' "$checkpt" freeze python3
check 'no process at all' gives 2 "$checkpt" freeze
check 'itself' says 1 'itself' sh -c 'exec "$0" freeze -o x.ckpt $$' "$checkpt"
kernel=$(ps -e -o pid=,ppid= 2>/dev/null | awk '$2 == 2 { print $1; exit }')
if [ -n "$kernel" ]; then
    check 'a kernel thread' says 1 "checkpt: process $kernel: is a kernel thread" "$checkpt" freeze -o x.ckpt "$kernel"
else
    skip 'a kernel thread' 'there is none here'
fi

check 'a program starts' start limits
check 'it is traced by gdb' eval 'mkfifo trace; launch sh -c "exec strace -o /dev/null -p $pid 2>trace"; tracer=$pid; read -r line <trace; pid=$(cat "$dir/ready")'
check 'a traced program says by whom' says 1 "is already being traced by process $tracer (strace)" "$checkpt" freeze -o "$dir/x.ckpt" "$pid"
check 'the tracer goes' eval 'kill -INT $tracer; reap $tracer; advances'
check 'an output in a missing directory' says 1 "$dir/missing/x.ckpt" "$checkpt" freeze -o "$dir/missing/x.ckpt" "$pid"
check 'an output that is a directory' says 1 'directory' "$checkpt" freeze -o "$dir" "$pid"
check 'the program runs on' advances
if [ -n "$root" ] && command -v setpriv >/dev/null; then
    chmod 755 "$work"
    as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
    check 'a program that is not mine' says 1 'belongs to user root (0), not to you (65534)' as_nobody "$checkpt" freeze -o /dev/shm/x.ckpt "$pid"
    cp "$victims/limits-static" setid && chown 65534 setid && chmod 4755 setid
    check 'the program runs on' advances
    check 'it ends well' whole
    new_dir setid
    chmod 777 "$dir"
    check 'a set-id program starts' eval 'launch setpriv --reuid=1 --regid=1 --clear-groups ./setid "$dir"; "$await" exists "$dir/ready"'
    check 'a set-id program' says 1 'set-id' setpriv --reuid=1 --regid=1 --clear-groups "$checkpt" freeze -o /dev/shm/x.ckpt "$pid"
    check 'the set-id program runs on' advances
fi
check 'the last one ends well' whole

# What is no image.
"$victims/limits" >/dev/null 2>&1
check 'a missing image' says 2 'No such file' "$checkpt" -r missing.ckpt
check 'a device' says 2 'not a regular file' "$checkpt" -r /dev/null
check 'a directory' says 2 'directory' "$checkpt" -r .
check 'a program' says 1 'not a checkpoint' "$checkpt" -r "$victims/limits"
: >empty
check 'an empty file' says 1 'the file is empty' "$checkpt" check empty
finish
