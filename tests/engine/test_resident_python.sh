# Python applications that begin with their imports done.
. tests/engine/engine.sh
module=${bin%/bin}/python
interpreter=/usr/bin/python3.11
if [ -z "$root" ] || [ ! -e "$module/_checkpt_resident.so" ] || [ ! -x "$interpreter" ] || [ -z "$(grep -s enabled /proc/sys/fs/binfmt_misc/status)" ]; then
    skip 'resident Python applications' 'they take root, binfmt_misc, and python3-dev at build time'
    finish
    exit 0
fi
export CHECKPT_PROGRAM="$checkpt" CHECKPT_MESSAGES=1
programs=$work/programs
mkdir "$programs"
app=$programs/python-app
cp "$interpreter" "$app"
leave() {
    "$checkpt" resident -d "$app" >/dev/null 2>&1
    end_all
}
trap leave EXIT

cat >slow.py <<'SLOW'
open('imports', 'a').write('imported\n')
words = {str(i): i for i in range(20000)}
SLOW
cat >app.py <<'APP'
import json, os, random, signal, sys, threading, time
import slow
import checkpt_resident

reseeds = []

def main():
    what = sys.argv[1] if len(sys.argv) > 1 else ''
    if what == 'tell':
        print(json.dumps([sys.argv, dict(os.environ) == {k: v for k, v in (e.split('=', 1) for e in open('/proc/self/environ').read().split('\0') if e)}, os.getenv('MARK'),
                          all(slow.words[str(i)] == i for i in range(20000)), reseeds, threading.get_native_id() == os.getpid()]))
    elif what == 'random':
        print(random.random())
    elif what == 'fails':
        raise ValueError('on purpose')
    elif what == 'reads':
        print(sys.stdin.read().upper())
    elif what == 'pipe':
        try:
            while True:
                print('x' * 65536)
        except BrokenPipeError:
            os._exit(9)
    elif what == 'interrupted':
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(60)
        except KeyboardInterrupt:
            sys.exit(8)
    elif what == 'thread':
        results = []
        thread = threading.Thread(target=lambda: results.append(sum(slow.words.values())))
        thread.start()
        thread.join()
        print(results == [199990000])
    elif what == 'unregister':
        print(checkpt_resident.unregister())
    else:
        sys.exit(7)

if __name__ == '__main__':
    if sys.argv[1:] == ['threads']:
        threading.Thread(target=time.sleep, args=(3600,), name='sleeper', daemon=True).start()
    print(checkpt_resident.register(main, lambda: reseeds.append('again')) > 0, sys.argv[1:])
APP
: >imports
run_app() { PYTHONPATH="$module:$top/python" timeout 120 "$app" app.py "$@"; }
imported() { [ "$(wc -l <imports)" -eq "$1" ] || { echo "imported $(wc -l <imports) times instead of $1"; return 1; }; }
check 'with a thread: refused, by name' says 1 'an application with threads cannot be resident; these run: sleeper' run_app threads
check 'it makes itself resident, and goes on' prints "True ['once']" run_app once
check 'a run of its own' env -i MARK=here PATH="$PATH" HOME=/ "$app" tell 'two words' ''
tells() {
    env -i MARK=here PATH="$PATH" EMPTY= "$app" tell 'two words' '' >told || return 1
    [ "$(cat told)" = "[[\"$app\", \"tell\", \"two words\", \"\"], true, \"here\", true, [\"again\"], true]" ] || { cat told; return 1; }
}
check 'its arguments, environment, dictionaries, one call of the hook, thread' tells
check 'nothing was imported again' imported 2
fresh() { for i in 1 2 3 4; do "$app" random; done | sort -u | wc -l | grep -q '^4$'; }
check 'random numbers are fresh' fresh
check 'an exit status' gives 7 "$app"
check 'an exception' says 1 'ValueError: on purpose' "$app" fails
reads() { [ "$(echo 'from a pipe' | "$app" reads)" = 'FROM A PIPE' ]; }
check 'standard input is its own' reads
broken_pipe() {
    { "$app" pipe; echo $? >status; } | head -c 1 >/dev/null
    [ "$(cat status)" -eq 9 ]
}
check 'a broken pipe is an exception' broken_pipe
check 'an interrupt too' gives 8 "$plain" "$app" interrupted
check 'it can start threads' prints True "$app" thread
many() { seq 200 | xargs -P 20 -I{} "$app" random | sort -u | wc -l | grep -q '^200$'; }
check 'two hundred runs, twenty at a time, each with its own random numbers' many
check 'nothing was imported again by them' imported 2
check 'it ends that itself' prints 1 "$app" unregister
check 'it starts as ever' prints fresh-start "$app" -c 'print("fresh-start")'
finish
