# Sourced by the tests of checkptd and of the policy, after engine.sh: a server, and two users who differ in their groups only. Where the kernel has no Yama, a library stands for it: it
# forbids whoever loads it to trace anything. A user who is not root has no other way then.
if [ -z "$root" ] || ! command -v setpriv >/dev/null; then
    skip 'checkptd' 'needs root, and setpriv'
    finish
    exit 0
fi
export ASAN_OPTIONS="$ASAN_OPTIONS:verify_asan_link_order=0"
# Programs where everybody finds them.
chmod 755 "$work"
mkdir bin
cp "$checkpt" "$plain" "$victims/limits" "$victims/memory" "$victims/self-errors" "$victims/self" "$victims/turncoat" "${bin%/bin}/lib/libcheckpt.so.1" "${bin%/bin}/tests/no_ptrace.so" \
    "$top/tests/engine/ask.py" bin
ln -s checkpt bin/checkptd
chmod -R a+rX bin
export CHECKPTD_SOCKET="$work/socket" CHECKPT_CONF="$work/checkpt.conf" CHECKPT_PROGRAM="$work/bin/checkpt" LD_LIBRARY_PATH="$work/bin"
ours="$work/bin/checkpt"
echo 'kern.ckptgroup=4711' >"$CHECKPT_CONF"
chmod 644 "$CHECKPT_CONF"

member() { setpriv --reuid=12345 --regid=12345 --groups=4711 "$@"; }
outsider() { setpriv --reuid=12345 --regid=12345 --groups=12345 "$@"; }
# Not allowed to trace: checkptd is the only way.
held() { env LD_PRELOAD="$work/bin/no_ptrace.so" "$@"; }

# serve [COMMAND…]: checkptd, started by the command, with $server_options.
serve() {
    "$@" "$work/bin/checkptd" --listen "$CHECKPTD_SOCKET" $server_options 2>>"$work/server.log" &
    server=$!
    : >"$work/.running/$server"
    "$await" exists "$CHECKPTD_SOCKET"
}
# descriptors, and children.
server_state() { ls "/proc/$server/fd" && cat "/proc/$server/task/$server/children"; }

# own VICTIM [OPTION…]: a program of the user's, in a directory that is theirs.
own() {
    victim=$1
    shift
    new_dir "$victim"
    chown 12345:12345 "$dir"
    launch setpriv --reuid=12345 --regid=12345 --groups=4711 "$work/bin/$victim" "$dir" "$@"
    "$await" exists "$dir/ready"
}
