# checkptd: what it does for those who may, as if they had done it themselves.
. tests/engine/engine.sh
. "$top/tests/engine/checkptd.sh"
check 'checkptd is for root to start' says 1 'started by root' member bin/checkptd --listen "$work/other"
check 'without a socket' says 2 'nobody has handed down one socket' bin/checkptd
check 'a file that is no socket stays' eval 'says 1 "no socket" bin/checkptd --listen "$CHECKPT_CONF" && [ -s "$CHECKPT_CONF" ]'
check 'checkptd starts' serve
server_state >server-before

check "a member's program runs" own memory mib=16
check 'the kernel forbids it' says 1 'does not let us trace' env CHECKPTD_SOCKET=/nonexistent setpriv --reuid=12345 --regid=12345 --groups=4711 \
    env LD_PRELOAD="$work/bin/no_ptrace.so" "$ours" freeze -o "$dir/x.ckpt" "$pid"
check 'checkptd freezes it' member env LD_PRELOAD="$work/bin/no_ptrace.so" "$ours" freeze -o "$dir/x.ckpt" "$pid"
check 'it runs on' advances
check 'the image is whole' prints whole "$dump" --verify "$dir/x.ckpt"
check "and its asker's alone" eval '[ "$(stat -c "%u %a" "$dir/x.ckpt")" = "12345 600" ]'
into_a_pipe() { member env LD_PRELOAD="$work/bin/no_ptrace.so" "$ours" freeze --compress=3 -o - "$pid" | "$dump" --verify -; }
check 'into a pipe' prints whole into_a_pipe
default_name() { (cd "$dir" && member env LD_PRELOAD="$work/bin/no_ptrace.so" "$ours" freeze --mode=stop "$pid"); }
check 'under its own name' prints memory.ckpt default_name
check 'nothing else is left there' eval '[ -s "$dir/memory.ckpt" ] && ! ls -A "$dir" | grep "^\."'
check 'no --parent' says 1 'takes no --parent' member env LD_PRELOAD="$work/bin/no_ptrace.so" "$ours" freeze --parent "$dir/x.ckpt" -o "$dir/y.ckpt" "$pid"
limited() { (ulimit -f 8; member env LD_PRELOAD="$work/bin/no_ptrace.so" "$ours" freeze -o "$dir/small.ckpt" "$pid"); }
check 'no more than the asker may write' says 1 'File too large' limited
check 'which leaves nothing' eval '! ls -A "$dir" | grep small && advances'
check 'with --exit' member env LD_PRELOAD="$work/bin/no_ptrace.so" "$ours" freeze --exit -o "$dir/x.ckpt" "$pid"
check 'it has ended' eval 'reap "$pid"; [ "$status" -eq 137 ]'
as_member_resumes() {
    launch setpriv --reuid=12345 --regid=12345 --groups=4711 "$ours" -r "$dir/x.ckpt"
    advances 2
}
check 'it is resumed' as_member_resumes
# Into a pipe that nobody reads: it stands still until somebody gives up.
held_up() {
    mkfifo "$dir/fifo" && chmod 666 "$dir/fifo"
    exec 9<>"$dir/fifo"
    setpriv --reuid=12345 --regid=12345 --groups=4711 env LD_PRELOAD="$work/bin/no_ptrace.so" "$ours" freeze --mode=stop -o - "$pid" >"$dir/fifo" 2>"$dir/said" 9>&- &
    asker=$!
    "$await" stopped "$pid"
}
interrupted() {
    held_up && kill -TERM "$asker"
    wait "$asker"
    status=$?
    cat "$dir/said"
    [ "$status" -eq 1 ] && grep -q 'interrupted by SIGTERM: the program runs on' "$dir/said"
}
check 'a freeze that is interrupted' interrupted
check 'the program runs on' advances
exec 9>&-
check 'it ends well' whole

piped() {
    new_dir piped
    chown 12345:12345 "$dir"
    launch setpriv --reuid=12345 --regid=12345 --groups=4711 /usr/bin/python3 -c '
import os, signal, socket, sys
os.chdir(sys.argv[1])
if sys.argv[2] == "pipe":
    os.write(os.pipe()[1], b"unread")
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    here.send(b"x"), here.send(b"yy")
else:
    os.mkdir("gone"), os.open("gone", os.O_RDONLY), os.rmdir("gone")
open("ready", "w")
signal.pause()' "$dir" "$1"
    "$await" exists "$dir/ready"
}
check 'a program with a pipe and sockets runs' piped pipe
check 'it is frozen, with what is unread' member env LD_PRELOAD="$work/bin/no_ptrace.so" "$ours" freeze -o "$dir/x.ckpt" "$pid"
check 'and runs on' eval '"$dump" --fds "$dir/x.ckpt" >fds; kill -TERM "$pid"; reap "$pid"; [ "$status" -eq 143 ] && grep -q "6 bytes unread" fds && grep -q "3 bytes in 2 messages unread" fds'
check 'a program with a directory that is gone runs' piped directory
check 'what is in the way is told' says 1 'fd 3: ' member env LD_PRELOAD="$work/bin/no_ptrace.so" "$ours" freeze -o "$dir/y.ckpt" "$pid"
check 'and nothing is written' eval '! ls -A "$dir" | grep y.ckpt; kill -TERM "$pid"; reap "$pid"; [ "$status" -eq 143 ]'

check 'a program that checkpoints itself' prints fine member sh -c "cd '$dir' && LD_PRELOAD='$work/bin/no_ptrace.so' ../bin/plain ../bin/self-errors plain"
check 'its errors are the same: a full file' prints EIO member sh -c "cd '$dir' && LD_PRELOAD='$work/bin/no_ptrace.so' ../bin/plain ../bin/self-errors full"
check 'a directory' prints EBADF member sh -c "cd '$dir' && LD_PRELOAD='$work/bin/no_ptrace.so' ../bin/plain ../bin/self-errors directory"
check 'something in the way' prints EBUSY member sh -c "cd '$dir' && LD_PRELOAD='$work/bin/no_ptrace.so' ../bin/plain ../bin/self-errors in-the-way"
self_resumes() {
    (cd "$dir" && member env LD_PRELOAD="$work/bin/no_ptrace.so" ../bin/plain ../bin/self main self.ckpt
        [ $? -eq 10 ] && member ../bin/plain "$ours" -r self.ckpt; [ $? -eq 11 ])
}
check 'it learns that it was resumed' self_resumes
check 'nothing is left in checkptd' eval 'server_state >server-after; diff server-before server-after'
check 'it ends when it is told' eval 'kill -TERM "$server"; reap "$server"; [ "$status" -eq 0 ]'
check 'its socket is gone' eval '[ ! -e "$CHECKPTD_SOCKET" ]'

# With what the unit leaves it.
bounded() { serve setpriv --no-new-privs --inh-caps=-all --bounding-set="-all$(sed -n 's/^CapabilityBoundingSet=//p' "${bin%/bin}/systemd/checkptd.service" | tr A-Z a-z | sed 's/ *cap_/,+/g')"; }
check 'checkptd with the capabilities of its unit' bounded
check 'a program runs' own limits
check 'is frozen' member env LD_PRELOAD="$work/bin/no_ptrace.so" "$ours" freeze -o "$dir/x.ckpt" "$pid"
check 'ends with its image' member env LD_PRELOAD="$work/bin/no_ptrace.so" "$ours" freeze --exit -o "$dir/x.ckpt" "$pid"
check 'the image is whole' prints whole "$dump" --verify "$dir/x.ckpt"
check 'it ends' eval 'reap "$pid"; kill -TERM "$server"; reap "$server"; [ "$status" -eq 0 ]'

# Started by systemd's protocol.
if command -v systemd-socket-activate >/dev/null; then
    activated() {
        systemd-socket-activate --seqpacket -l "$CHECKPTD_SOCKET" -E CHECKPT_CONF="$CHECKPT_CONF" "$work/bin/checkptd" 2>>"$work/server.log" &
        server=$!
        : >"$work/.running/$server"
        "$await" exists "$CHECKPTD_SOCKET" && chmod 666 "$CHECKPTD_SOCKET"
    }
    check 'a socket that systemd made' activated
    check 'a program runs' own limits
    check 'checkptd is started, and freezes it' member env LD_PRELOAD="$work/bin/no_ptrace.so" "$ours" freeze -o "$dir/x.ckpt" "$pid"
    check 'the program ends well' whole
    check 'it ends' eval 'kill -TERM "$server"; reap "$server"; [ "$status" -eq 0 ]'
else
    skip 'socket activation' 'no systemd-socket-activate'
fi
if command -v systemd-analyze >/dev/null; then
    units() {
        mkdir -p units && sed "s|^ExecStart=.*|ExecStart=$work/bin/checkptd|; /^Documentation/d" "${bin%/bin}/systemd/checkptd.service" >units/checkptd.service &&
            sed '/^Documentation/d' "${bin%/bin}/systemd/checkptd.socket" >units/checkptd.socket && systemd-analyze verify --man=no units/checkptd.socket units/checkptd.service >units/said 2>&1
        grep 'units/checkptd' units/said && return 1
        return 0
    }
    check "systemd's units are well formed" units
fi
finish
