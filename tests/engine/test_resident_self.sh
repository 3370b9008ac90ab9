# Programs that make themselves resident, through libcheckpt and by number.
. tests/engine/engine.sh
if [ -z "$root" ]; then
    skip 'programs that make themselves resident' 'only root can do so'
    finish
    exit 0
fi
export CHECKPT_PROGRAM="$checkpt" CHECKPT_MESSAGES=1
programs=$work/programs
mkdir "$programs" "$work/lib"
cp "${bin%/bin}/lib/libcheckpt.so.1" "$work/lib"
chmod 755 "$work" "$programs" "$work/lib"
warm=$programs/warm
cp "$victims/warm" "$warm"
# Only what this test made resident.
leave() {
    for program in "$programs"/*; do
        "$checkpt" resident -d "$program" >/dev/null 2>&1
    done
    end_all
}
trap leave EXIT
# Without the kernel's help each run is started by name.
exec=
[ -n "$(grep -s enabled /proc/sys/fs/binfmt_misc/status)" ] || exec="$checkpt exec"

# gets WANTED COMMAND…: its first line.
gets() {
    wanted=$1
    shift
    got=$(timeout 60 "$@" </dev/null 2>complaint | head -n 1)
    cat complaint
    [ "$got" = "$wanted" ] || { echo "$got instead of $wanted"; return 1; }
}
id() {
    "$checkpt" resident -l --json | python3 -c 'import json, sys; print(*[e["id"] for e in json.load(sys.stdin)["resident"] if e["file"] == sys.argv[1]])' "$1"
}
# registers COMMAND…: it returns the id of the list, and the program goes on.
registers() { called register "$@"; }
called() {
    how_called=$1
    shift
    got=$(timeout 60 "$@" "$how_called" </dev/null) || { echo "it failed, or was changed: $got"; return 1; }
    [ -n "$got" ] && [ "$got" = "$(id "$warm")" ] || { echo "$got, not $(id "$warm"), the id in the list"; return 1; }
}
# told FILE COMMAND…: what it says of its start, with a status of 3.
told() {
    file=$1
    shift
    MARK=here timeout 60 "$@" >"$file.all" 2>&1
    [ $? -eq 3 ] || { cat "$file.all"; return 1; }
    grep -v ' random$' "$file.all" >"$file"
}
same_but_for_start() {
    sed 1d "$1" >one.txt
    sed 1d "$2" >two.txt
    diff one.txt two.txt
}

# once HOW RUNNER…: a whole life.
once() {
    how=$1
    shift
    check "$how: it starts in main" gets 'started in main, loaded 1 times, all there' "$warm" tell
    check "$how: what it says of its start" told "$how.ordinary" "$warm" tell one 'two words' ''
    check "$how: nothing is resident that could be removed" gets ENOENT "$@" "$warm" unregister -1
    check "$how: it makes itself resident, and goes on" registers "$@" "$warm"
    check "$how: it starts in its entry, loaded" gets 'started in entry, loaded 1 times, all there' $exec "$warm" tell
    check "$how: what it says then" told "$how.resident" $exec "$warm" tell one 'two words' ''
    check "$how: its own arguments, environment and vector" same_but_for_start "$how.ordinary" "$how.resident"
    check "$how: and again" told "$how.again" $exec "$warm" tell one 'two words' ''
    check "$how: its random bytes are fresh" sh -c '! cmp -s "$1" "$2"' sh "$how.resident.all" "$how.again.all"
    check "$how: it is resident already: EEXIST" gets EEXIST "$@" "$warm" register
    check "$how: an id that there is not: ENOENT" gets ENOENT "$@" "$warm" unregister 99999
    check "$how: no id: ENOENT" gets ENOENT "$@" "$warm" unregister 0
    check "$how: nor that: ENOENT" gets ENOENT "$@" "$warm" unregister -3
    check "$how: by -1 it goes" gets 1 "$@" "$warm" unregister -1
    check "$how: it starts in main again" gets 'started in main, loaded 1 times, all there' "$warm" tell
    check "$how: once more" registers "$@" "$warm"
    check "$how: by its id it goes" gets 1 "$@" "$warm" unregister "$(id "$warm")"
    check "$how: and is gone" [ -z "$(id "$warm")" ]
    check "$how: in a signal handler, on its stack" called handler "$@" "$warm"
    check "$how: it starts in its entry, as it does otherwise" gets 'started in entry, loaded 1 times, all there' $exec "$warm" tell
    check "$how: it goes once more" gets 1 "$@" "$warm" unregister -1
    check "$how: with two threads: EBUSY" gets EBUSY "$@" "$warm" threads
    check "$how: which it is told" grep -q 'it has 2 threads; only a program of a single thread can be resident' complaint
    check "$how: and nothing is left of it" [ -z "$(id "$warm")" ]
    cp "$victims/warm" "$programs/removed"
    check "$how: its binary is gone: ENOENT" gets ENOENT "$@" "$programs/removed" removed
    cp "$victims/warm" "$programs/setid"
    chmod 4755 "$programs/setid"
    check "$how: a set-id program: EPERM" gets EPERM "$@" "$programs/setid" register
}
once library "$plain"
once number "$checkpt" run
if command -v setpriv >/dev/null; then
    as_other() { gets "$1" setpriv --reuid=12345 --regid=12345 --clear-groups "$warm" "$2" "$3"; }
    mkdir -m 755 "$work/bin"
    cp "$checkpt" "$work/bin"
    CHECKPT_PROGRAM=$work/bin/checkpt
    check 'another user: EPERM' as_other EPERM register
    check 'removing neither: EPERM' as_other EPERM unregister -2
    CHECKPT_PROGRAM=$checkpt
    check 'root makes it resident' registers "$plain" "$warm"
    check 'another user starts it' as_other 'started in entry, loaded 1 times, all there' tell
fi
check 'without checkpt: ENOSYS' gets ENOSYS env CHECKPT_PROGRAM=/nonexistent "$programs/setid" unregister 7
finish
