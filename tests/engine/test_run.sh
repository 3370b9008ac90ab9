# checkpt run: what it passes through, its terminal, and what the checkpoint signals do to programs that know nothing of them.
. tests/engine/engine.sh
here=$top/tests/engine
run() {
    "$checkpt" run "$@"
}
check 'an exit status' gives 7 run sh -c 'exit 7'
check 'a signal' gives 143 sh -c '"$0" run sh -c "kill -TERM \$\$"; exit $?' "$checkpt"
check 'a program that is not there' gives 127 run ./no-such-program
check 'a file that is no program' gives 126 run /dev/null
check 'nothing to run' gives 2 run
check 'a character that is none' gives 2 run --character=xyz true
check 'standard input and output' eval '[ "$(echo through | run cat)" = through ]'
check 'arguments that look like options' eval '[ "$(run -- echo -o --json)" = "-o --json" ]'

# The signals by default. `memory` knows nothing of them.
begin() {
    new_dir run
    launch "$checkpt" run -o "$dir/%N.%P.%%.ckpt" "$victims/memory" "$dir" mib=2
    front=$pid
    "$await" exists "$dir/ready" && pid=$(cat "$dir/ready") && image=$dir/memory.$pid.%.ckpt && "$await" rounds "$dir/progress" 2 "$front"
}
goes_on() {
    "$await" rounds "$dir/progress" 3 "$front"
}
check 'a program runs under it' begin
check 'SIGCKPT makes a checkpoint' eval 'kill -54 "$pid"; "$await" exists "$image"'
check 'and the program goes on' goes_on
check 'the image is whole' prints whole "$dump" --verify "$image"
check 'which is told' eval '"$await" exists "$image"; grep -q "wrote $image" "$dir/log"'
check 'a second one replaces it' eval 'rm "$image"; kill -54 "$pid"; "$await" exists "$image"'
check 'SIGCKPTEXIT makes one and ends the program' eval 'rm "$image"; kill -55 "$pid"; reap "$front"; [ $? -eq 183 ] && [ -e "$image" ]'
resumed() {
    mv "$image" "$dir/x.ckpt" && resume
}
check 'it is resumed from that' resumed
check 'and ends well' whole

# Those that have something to say about the signals.
cat >knows.py <<'PY'
import os, signal, sys, time
how, folder = sys.argv[1:]
seen = []
signal.signal(54, {"handles": lambda *_: seen.append(1), "ignores": signal.SIG_IGN}[how])
open(folder + "/ready", "w").write(str(os.getpid()))
os.rename(folder + "/ready", folder + "/is-ready")
while not os.path.exists(folder + "/stop") and not seen:
    time.sleep(0.001)
print("handled" if seen else "ignored")
PY
knowing() {
    new_dir "$1"
    launch "$checkpt" run -o "$dir/x.ckpt" python3 knows.py "$1" "$dir"
    "$await" exists "$dir/is-ready" && kill -54 "$(cat "$dir/is-ready")"
}
check 'a program that handles SIGCKPT' knowing handles
check 'is left to itself' eval 'reap "$pid" && grep -q handled "$dir/log" && [ ! -e "$dir/x.ckpt" ]'
check 'a program that ignores SIGCKPT' knowing ignores
check 'is left to itself too' eval ': >"$dir/stop"; reap "$pid" && grep -q ignored "$dir/log" && [ ! -e "$dir/x.ckpt" ]'

check 'another program runs' begin
check 'checkpt run is killed' eval 'kill -KILL "$front"; reap "$front"; [ $? -eq 137 ]'
survives() {
    : >"$work/.running/$pid"
    "$await" rounds "$dir/progress" 3 "$pid" && kill -54 "$pid" && "$await" exists "$image" && "$await" rounds "$dir/progress" 3 "$pid"
}
check 'the program goes on, and is still checkpointed' survives
check 'it ends well' eval ': >"$dir/stop"; "$await" gone "$pid"; rm -f "$work/.running/$pid"; [ -e "$dir/whole" ]'

# A terminal.
cat >script <<'SCRIPT'
size 33 101
see ready> 
type cd {work}\n
see ready> 
type {checkpt} run stty size\n
see 33 101
see ready> 
type {checkpt} run sh -c 'echo be''gun; exec cat'\n
see begun\r\n
type hello\n
see hello\r\nhello\r\n
type \x05
see wrote cat.ckpt
type \x16\x05\n
see \x05\r\n
type \x1a
see Stopped
see ready> 
type fg\n
type again\n
see again\r\nagain\r\n
type \x03
see ready> 
type echo status=$?\n
see status=130
see ready> 
type {checkpt} run --character=^G -o given.ckpt sh -c 'echo be''gun; exec cat'\n
see begun\r\n
type \x07
see wrote given.ckpt
type \x04
see ready> 
type {checkpt} run --character=off sh -c 'echo be''gun; exec cat -v'\n
see begun\r\n
type \x05\n
see ^E\r\n^E\r\n
type \x04
see ready> 
type {checkpt} run bash --norc -i\n
type echo nested-$((1+1))\n
see nested-2
type sh -c 'echo be''gun; exec sleep 1000'\n
see begun\r\n
type \x1a
see Stopped
see ready> 
type exit 6\n
see There are stopped jobs
see ready> 
type exit 6\n
see exit\r\n
see ready> 
type echo status=$?\n
see status=6
see ready> 
type sh -c 'echo be''gun; exec {checkpt} -r cat.ckpt'\n
see begun\r\n
type resumed\n
see resumed\r\nresumed\r\n
type \x04
see ready> 
type stty -a\n
see  icanon
type exit\n
SCRIPT
check 'a person at a terminal' python3 "$here/terminal.py" script "$checkpt" "$work"
finish
