# Filters of system calls (seccomp): given back in all threads, or refused.
. tests/engine/engine.sh
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
refuses() {
    says 1 "$1" "$checkpt" freeze --exit -o "$dir/x.ckpt" "$pid" && [ ! -e "$dir/x.ckpt" ] && advances 2
}
if [ -n "$root" ] && ! grep -q '^Seccomp:.*[12]' /proc/self/status; then
    life filtered
    life filtered-static threads=8
    check 'with its old ids: it starts' start filtered threads=3
    check 'it is frozen for good' freeze_exit
    check 'the calls are printed' prints 'seccomp(' "$checkpt" check --plan "$dir/x.ckpt"
    with_pid() { launch "$checkpt" -r --pid "$dir/x.ckpt" && advances 2; }
    check 'it is resumed with them' with_pid
    again() { kill -0 "$old" && "$checkpt" freeze -o "$dir/again.ckpt" "$old" && prints '3 filters of its system calls' "$checkpt" check --changed=ignore "$dir/again.ckpt"; }
    check 'it is frozen again with its filters' eval 'old=$(cat "$dir/ready"); again'
    check 'it ends well' whole
    for one in own=1 listener=1 locked=1; do
        check "$one: it starts" start filtered "$one" threads=3
        case $one in
        own=1) check 'a filter of one thread' refuses 'it has other filters of its system calls (seccomp) than the first thread' ;;
        listener=1) check 'a filter that asks' refuses 'asks another process (SECCOMP_RET_USER_NOTIF)' ;;
        locked=1) check 'a filter that leaves no way back' refuses 'do not allow munmap(2), without which it cannot be resumed' ;;
        esac
        check "$one: it ends well" whole
    done
else
    skip 'filters of system calls' 'reading them takes root, outside of any sandbox'
fi
if [ -n "$root" ] && command -v setpriv >/dev/null; then
    chmod 755 "$work"
    new_dir filtered
    chmod 777 "$dir"
    check "another user's: it starts" eval 'launch setpriv --reuid=65534 --regid=65534 --clear-groups "$victims/filtered" "$dir"; "$await" exists "$dir/ready"'
    check 'who may not read them is told so' says 1 'reading the filters of its system calls takes CAP_SYS_ADMIN' as_nobody "$checkpt" freeze -o /dev/shm/x.ckpt "$pid"
    check 'it runs on' advances
    check 'it ends well' whole
fi
finish
