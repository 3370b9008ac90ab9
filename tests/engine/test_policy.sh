# kern.ckptgroup: two users who differ in their groups only, by every road there is.
. tests/engine/engine.sh
. "$top/tests/engine/checkptd.sh"
said='kern.ckptgroup is 4711'
check 'checkptd starts' serve
check "the user's program runs" own limits
mkdir -m 777 out
in_out() { (cd out && rm -f ./* && "$@"); }
gets() {
    wanted=$1
    shift
    got=$(in_out timeout 60 "$@" </dev/null 2>&1 | tail -n 1)
    case $got in *"$wanted"*) ;; *) echo "$got instead of $wanted"; return 1 ;; esac
}
nothing() { ! ls -A out | grep .; }

# outside|inside NAME WANTED COMMAND…: what its last line says.
outside() {
    name=$1 wanted=$2
    shift 2
    check "outside: $name: $wanted" gets "$wanted" setpriv --reuid=12345 --regid=12345 --groups=12345 "$@"
}
inside() {
    name=$1 wanted=$2
    shift 2
    check "inside: $name: $wanted" gets "$wanted" setpriv --reuid=12345 --regid=12345 --groups=4711 "$@"
}
no_ptrace="LD_PRELOAD=$work/bin/no_ptrace.so"
errors="$work/bin/plain $work/bin/self-errors"

outside 'checkpt freeze' "$said" "$ours" freeze "$pid"
inside 'checkpt freeze' '.ckpt' "$ours" freeze "$pid"
outside 'checkpt freeze, by checkptd' "$said" env $no_ptrace "$ours" freeze "$pid"
outside 'checkpt freeze with a policy of its own, by checkptd' "$said" env CHECKPT_CONF=/nonexistent $no_ptrace "$ours" freeze "$pid"
inside 'checkpt freeze, by checkptd' '.ckpt' env $no_ptrace "$ours" freeze "$pid"
outside 'checkptd itself' "failed EPERM: $said" /usr/bin/python3 "$work/bin/ask.py" good "$pid" asked
inside 'checkptd itself' 'done' /usr/bin/python3 "$work/bin/ask.py" good "$pid" asked
outside 'sys_checkpoint()' EPERM $errors plain
inside 'sys_checkpoint()' fine $errors plain
outside 'sys_checkpoint(), by checkptd' EPERM env $no_ptrace $errors plain
outside 'sys_checkpoint() with a policy of its own, by checkptd' EPERM env CHECKPT_CONF=/nonexistent $no_ptrace $errors plain
inside 'sys_checkpoint(), by checkptd' fine env $no_ptrace $errors plain
outside 'sys_checkpoint() to the template' 'Operation not permitted' "$work/bin/plain" "$work/bin/self" template
outside 'by number' EPERM "$work/bin/plain" "$ours" run "$work/bin/self-errors" plain
inside 'by number' fine "$work/bin/plain" "$ours" run "$work/bin/self-errors" plain
outside 'CKPT_THAW' EPERM $errors thaw-no-image
inside 'CKPT_THAW, of what is no image' EINVAL $errors thaw-no-image
outside 'CKPT_THAW by number' EPERM "$work/bin/plain" "$ours" run "$work/bin/self-errors" thaw-no-image
inside 'CKPT_THAW by number' EINVAL "$work/bin/plain" "$ours" run "$work/bin/self-errors" thaw-no-image
outside "the helper's own form" "$said" env CHECKPT_MESSAGES=1 "$ours" --call 1 -1 -1 -1 "$pid" "$pid" 0 -1 -1
outside 'checkpt resident' 'only root' "$ours" resident /bin/true
inside 'checkpt resident' 'only root' "$ours" resident /bin/true
inside 'sysctl' 'kern.ckptfile: %N.ckpt' "$ours" sysctl
outside 'changing the policy' 'Permission denied' "$ours" sysctl kern.ckptgroup=-1

check 'an image of it' member "$ours" freeze -o "$dir/x.ckpt" --exit "$pid"
check 'it has ended' eval 'reap "$pid"; [ "$status" -eq 137 ]'
outside 'checkpt -r' "$said" "$ours" -r "$dir/x.ckpt"
outside 'checkpt thaw' "$said" "$ours" thaw "$dir/x.ckpt"
outside 'checkpt thaw of standard input' "$said" sh -c "\"$ours\" -r - <\"$dir/x.ckpt\""
outside "becoming it, the helper's own form" "$said" sh -c "exec \"$ours\" --become 2 3 -1 7 0 0 0 -1 3 3<\"$dir/x.ckpt\""
outside 'through checkpt run' "$said" "$ours" run "$ours" -r "$dir/x.ckpt"
as_member_resumes() {
    launch setpriv --reuid=12345 --regid=12345 --groups=4711 "$ours" -r "$dir/x.ckpt"
    advances 2
}
check 'inside: checkpt -r' as_member_resumes
check 'it ends well' whole

# The signals and the terminal's character, under checkpt run.
begin() {
    new_dir run
    chown 12345:12345 "$dir"
    launch setpriv --reuid=12345 --regid=12345 --groups="$1" "$ours" run -o "$dir/%N.ckpt" "$work/bin/memory" "$dir" mib=2
    front=$pid
    "$await" exists "$dir/ready" && pid=$(cat "$dir/ready") && image=$dir/memory.ckpt && "$await" rounds "$dir/progress" 2 "$front"
}
logged() {
    tries=0
    until grep -qF "$1" "$dir/log"; do
        tries=$((tries + 1))
        [ "$tries" -lt 3000 ] || { cat "$dir/log"; return 1; }
        "$await" rounds "$dir/progress" 1 "$front"
    done
}
check 'outside: a program under checkpt run' begin 12345
check 'outside: SIGCKPT' eval 'kill -54 "$pid"; logged "$said"'
check 'writes nothing, and it goes on' eval '[ ! -e "$image" ] && "$await" rounds "$dir/progress" 3 "$front"'
check 'it ends well' eval ': >"$dir/stop"; reap "$front" && [ -e "$dir/whole" ]'
check 'inside: a program under checkpt run' begin 4711
check 'inside: SIGCKPT' eval 'kill -54 "$pid"; "$await" exists "$image"'
check 'it ends well' eval ': >"$dir/stop"; reap "$front" && [ -e "$dir/whole" ]'
cat >script <<'SCRIPT'
see ready> 
type cd {work}/out; export CHECKPT_CONF={work}/checkpt.conf\n
see ready> 
type {checkpt} run sh -c 'echo be''gun; exec cat'\n
see begun\r\n
type \x05
SCRIPT
cp script script-inside
echo 'see kern.ckptgroup is 4711' >>script
echo 'see wrote cat.ckpt' >>script-inside
chmod 644 script script-inside && cp "$top/tests/engine/terminal.py" bin && chmod 644 bin/terminal.py
typed() { rm -f out/*; setpriv --reuid=12345 --regid=12345 --groups="$1" timeout 100 /usr/bin/python3 bin/terminal.py "$2" "$ours" "$work"; }
check 'outside: the character ^E' eval 'typed 12345 script && nothing'
check 'inside: the character ^E' eval 'typed 4711 script-inside && [ -s out/cat.ckpt ]'

# Other values.
echo 'kern.ckptgroup=-1' >"$CHECKPT_CONF"
check "anybody's program runs" own limits
outside 'anybody: checkpt freeze' '.ckpt' "$ours" freeze "$pid"
outside 'anybody: by checkptd' '.ckpt' env $no_ptrace "$ours" freeze "$pid"
outside 'anybody: sys_checkpoint()' fine $errors plain
: >"$CHECKPT_CONF"
outside 'by default, installed by root: what needs no more rights' '.ckpt' "$ours" freeze "$pid"
outside 'by default: checkptd' 'failed EPERM: kern.ckptgroup is 0 (root)' /usr/bin/python3 "$work/bin/ask.py" good "$pid" asked
outside 'by default: sys_checkpoint()' EPERM $errors plain
check 'by default: group 0' gets 'done' setpriv --reuid=12345 --regid=12345 --groups=0 /usr/bin/python3 "$work/bin/ask.py" good "$pid" asked
check 'by default: root' gets fine $errors plain
echo 'nonsense' >"$CHECKPT_CONF"
outside 'a malformed policy: checkpt freeze' 'no such name' "$ours" freeze "$pid"
outside 'a malformed policy: checkptd' 'failed EPERM' /usr/bin/python3 "$work/bin/ask.py" good "$pid" asked
outside 'a malformed policy: sys_checkpoint()' EPERM $errors plain
check 'it ends well' whole
finish
