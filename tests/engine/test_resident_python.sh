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
export PYTHONPATH="$module:$top/python"
leave() {
    for program in "$programs"/*; do "$checkpt" resident -d "$program" >/dev/null 2>&1; done
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
run_app() { timeout 120 "$app" app.py "$@"; }
imported() { [ "$(wc -l <imports)" -eq "$1" ] || { echo "imported $(wc -l <imports) times instead of $1"; return 1; }; }
check 'an interpreter of its own' "$interpreter" -m checkpt_resident "$app"
check 'it is one' prints 'one of its own' "$app" -c 'print("one of its own")'
begins() { head -c 256 "$1" | od -An -tx1 | tr -d '\n'; }
check 'with leading bytes of its own' [ "$(begins "$interpreter")" != "$(begins "$app")" ]
check 'where it cannot be written' says 1 'No such file' "$interpreter" -m checkpt_resident "$programs/missing/python"
check 'without a name' says 1 'usage' "$interpreter" -m checkpt_resident
cp "$interpreter" "$programs/python-copy"
check 'a copy is not: refused' says 1 'python-copy may be the interpreter of other applications' timeout 120 "$programs/python-copy" app.py once
check 'another version of Python: refused' says 1 'built for CPython 3.11; this is cpython 3.12' "$interpreter" -c '
import sys
sys.excepthook = lambda kind, error, trace: print(error, file=sys.stderr)
sys.version_info = (3, 12, 0)
import checkpt_resident'
: >imports
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

# A script that names it, with everything that has random state of its own, and a library that starts threads.
own=$programs/own-python script=$programs/script
"$interpreter" -m checkpt_resident "$own"
{ printf '#!%s -B\n' "$own" && cat <<'APP'; } >"$script"
import ctypes, json, multiprocessing, os, random, secrets, ssl, sys, tempfile, uuid
import checkpt_resident
try:
    import numpy
    matrix = numpy.arange(90000.0).reshape(300, 300)
    product = matrix @ matrix
    generator = numpy.random.default_rng()
except ImportError:
    numpy = None
own = random.Random()

def reseed():
    own.seed()
    if numpy:
        global generator
        generator = numpy.random.default_rng()

def main():
    if sys.argv[1:] == ['random']:
        tempfile._get_candidate_names()
        drawn = {'random': random.random(), 'own': own.random(), 'ssl': ssl.RAND_bytes(8).hex(), 'secrets': secrets.token_hex(8), 'uuid1': uuid.uuid1().hex,
                 'uuid4': uuid.uuid4().hex, 'tempfile': next(tempfile._get_candidate_names()), 'key': bytes(multiprocessing.current_process().authkey).hex()}
        if numpy:
            drawn.update(numpy=numpy.random.random(), generator=generator.random())
        print(json.dumps(drawn))
    elif sys.argv[1:] == ['hash']:
        print(hash('a string'))
    elif sys.argv[1:] == ['numpy']:
        print(numpy is None or bool((matrix @ matrix == product).all()))
    else:
        print(json.dumps([warm, sys.argv, sys.orig_argv]))

warm = True
next(tempfile._get_candidate_names())
if sys.argv[1:] == ['--native-thread']:
    libc, thread = ctypes.CDLL(None), ctypes.c_ulong()
    libc.pthread_create(ctypes.byref(thread), None, ctypes.cast(libc.pause, ctypes.c_void_p), None)
if sys.argv[1:] in (['--make-resident'], ['--native-thread']):
    print(checkpt_resident.register(main, reseed) > 0)
else:
    warm = False
    main()
APP
chmod 755 "$script"
as_script() {
    "$@" >told || return 1
    [ "$(cat told)" = "[$warm, [\"$script\", \"two words\", \"\"], [\"$own\", \"-B\", \"$script\", \"two words\", \"\"]]" ] || { cat told; return 1; }
}
warm=false
check 'a script: as ever at first' as_script "$script" 'two words' ''
check 'a thread of a library: refused, with what helps' says 1 'a library that it imports has started 1: script. Some libraries take' \
    timeout 120 sh -c '"$1" --native-thread 2>&1 | tail -n 1 >&2; exit 1' sh "$script"
check 'with those that end before a fork: it makes itself resident' prints True timeout 120 "$script" --make-resident
warm=true
check 'it begins in main, with its own arguments' as_script "$script" 'two words' ''
elsewhere() { (cd / && as_script "$script" 'two words' ''); }
check 'from another directory' elsewhere
by_itself() { [ "$("$own" one)" = "[true, [\"$own\", \"one\"], [\"$own\", \"one\"]]" ]; }
check 'without the script' by_itself
warm=false
check 'the ordinary way it runs the script as well' as_script env LD_BIND_NOW=1 "$script" 'two words' ''
drawn() {
    for i in 1 2 3; do "$script" random >>"drawn.$1" || return 1; done
    "$interpreter" - "drawn.$1" <<'DRAWN'
import json, sys
runs = [json.loads(line) for line in open(sys.argv[1])]
same = [name for name in runs[0] if len({run[name] for run in runs}) < len(runs)]
sys.exit('the same in two runs: ' + ', '.join(same) if same or len(runs) != 3 else 0)
DRAWN
}
check 'all random state is fresh' drawn again
check 'what numpy computes is right' prints True "$script" numpy
hashes() { for i in 1 2 3; do "$script" hash; done | sort -u; }
first=$(hashes)
check 'the secret of hashes is one per registration' [ "$(echo "$first" | wc -l)" -eq 1 ]
"$checkpt" resident -d "$own" >/dev/null && "$script" --make-resident >/dev/null
check 'and another after the next' [ "$(hashes)" != "$first" ]
finish
