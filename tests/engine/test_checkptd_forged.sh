# What is said to checkptd that checkpt would not say: a sentence and an error number, nothing done, and the next one is served.
. tests/engine/engine.sh
. "$top/tests/engine/checkptd.sh"
server_options='--timeout 5'
check 'checkptd starts' serve
server_state >server-before
check "the user's program runs" own limits

groupless() { setpriv --reuid=12345 --regid=65534 --clear-groups "$@"; }
another() { setpriv --reuid=1 --regid=1 --groups=4711 "$@"; }
# ask USER CASE [ARGUMENT…]: about $pid, into $asked.
mkdir -m 777 out
asked=$work/out/image
ask() {
    as=$1 case=$2
    shift 2
    "$as" timeout 60 /usr/bin/python3 bin/ask.py "$case" "$pid" "$asked" "$@"
}
answers() {
    wanted=$1
    shift
    got=$(ask "$@" 2>&1)
    rm -f "$asked"
    case $got in "$wanted"*) ;; *) echo "$got"; return 1 ;; esac
}
check 'a request as it should be' answers done member good
check 'of an outsider' answers 'failed EPERM: kern.ckptgroup' outsider good
check 'of who has one group only' answers 'failed EPERM: kern.ckptgroup' groupless good
check 'of another user in the group' answers "failed EPERM: process $pid: belongs to another user" another good
check 'under a seccomp filter' answers 'failed EPERM: who asks is under a seccomp filter' member filtered
while IFS='|' read -r case wanted; do
    check "$case: $wanted" answers "$wanted" member "$case"
done <<'CASES'
empty|failed ECONNRESET
short|failed EBADMSG: a malformed message
huge|failed EBADMSG: a malformed message
magic|failed EBADMSG
version|failed EBADMSG
unused|failed EBADMSG
unterminated|failed EBADMSG
no-fds|failed EBADMSG
one-fd|failed EBADMSG
three-fds|failed EBADMSG
many-fds|failed EBADMSG
kind|failed EINVAL: a request that there is not
end-first|failed EINVAL
mode|failed EINVAL
level|failed EINVAL
flags|failed EINVAL
tid|failed EINVAL
text|failed EINVAL
no-pidfd|failed EBADF: what should be a pidfd is none
proc-pidfd|failed EBADF: what should be a pidfd is none
dead|failed ESRCH: the process has ended
zombie|failed
read-only|failed EBADF: the descriptor for the image
directory|failed EBADF: the descriptor for the image
device|failed EBADF: the descriptor for the image
memory|failed EBADF: the descriptor for the image
proc-file|failed EBADF: the descriptor for the image
pidfd-twice|failed EBADF: the descriptor for the image
pipe-to-read|failed EBADF: the descriptor for the image
wrong-end|failed an unexpected message: the program runs on
many|failed EAGAIN: checkptd is busy with requests of yours
leaves|left
leaves-when-stored|stored
silent|closed
CASES
check 'by name only' eval 'member touch "$asked"; answers "failed EBADF: the descriptor for the image" member path-only'
check 'the program runs on' advances
check 'nothing is left in checkptd' eval '"$await" childless "$server"; server_state >server-after; diff server-before server-after'
check 'the next one is served' answers done member good

# Whose the program is.
check "root's program" eval 'new_dir root; launch "$work/bin/limits" "$dir"; "$await" exists "$dir/ready"; chmod 777 "$dir"; answers "failed EPERM: process $pid: belongs to another user" member good'
check 'goes on' advances
check 'ends well' whole
new_dir turncoat
chown 12345:12345 "$dir"
echo 'the secret of root' >"$dir/secret" && chmod 600 "$dir/secret"
cp bin/turncoat "$dir/turncoat" && cp bin/turncoat "$dir/plain" && chmod 755 "$dir/plain" && chmod 4755 "$dir/turncoat" && chown root "$dir/secret"
set_id() {
    launch setpriv --reuid=12345 --regid=12345 --groups=4711 "$dir/turncoat" "$dir" once
    "$await" exists "$dir/has-rights"
}
check 'a set-id program runs' set_id
check 'is refused' answers "failed EPERM: process $pid: is, or was, a set-id program" member good
check 'it ends' eval ': >"$dir/stop"; reap "$pid"; [ "$status" -eq 0 ]'
undumpable() {
    new_dir undumpable
    chown 12345:12345 "$dir"
    launch setpriv --reuid=12345 --regid=12345 --groups=4711 /usr/bin/python3 -c 'import ctypes, signal, sys; ctypes.CDLL(None).prctl(4, 0, 0, 0, 0); open(sys.argv[1] + "/ready", "w"); signal.pause()' "$dir"
    "$await" exists "$dir/ready"
}
check 'an undumpable program runs' undumpable
check 'is refused' answers "failed EPERM: process $pid: you may not look into it" member good
check 'it ends' eval 'kill -TERM "$pid"; reap "$pid"; [ "$status" -eq 143 ]'
able() {
    new_dir able
    chown 12345:12345 "$dir"
    launch setpriv --reuid=12345 --regid=12345 --groups=4711 --inh-caps=+net_raw --ambient-caps=+net_raw "$work/bin/limits" "$dir"
    "$await" exists "$dir/ready"
}
check 'a program with a capability runs' able
check 'is refused' answers "failed EPERM: process $pid: has capabilities" member good
check 'it ends well' whole
check 'a program of the same user in another group runs' eval 'new_dir regrouped; chown 12345 "$dir"; launch setpriv --reuid=12345 --regid=777 --clear-groups "$work/bin/limits" "$dir"; "$await" exists "$dir/ready"'
check 'is refused' answers "failed EPERM: process $pid: runs with another group" member good
check 'it ends well too' whole

# What takes too long.
stuck() {
    mkfifo "$dir/fifo" && chmod 666 "$dir/fifo"
    exec 9<>"$dir/fifo"
    member env LD_PRELOAD="$work/bin/no_ptrace.so" "$ours" freeze --mode=stop -o - "$pid" >"$dir/fifo" 2>"$dir/said" 9>&-
    status=$?
    exec 9>&-
    cat "$dir/said"
    [ "$status" -eq 1 ] && grep -q 'checkptd: the connection has ended' "$dir/said"
}
check 'a program runs' own memory mib=16
check 'a pipe that nobody reads' stuck
check 'the program goes on' advances
check 'it ends well' whole

# The end that the asker has to say.
check 'a program runs' own limits
check 'it ends when its image has its name' answers done member ends
check 'it has ended' eval 'reap "$pid"; [ "$status" -eq 137 ]'
check 'checkptd is the same process still' kill -0 "$server"
finish
