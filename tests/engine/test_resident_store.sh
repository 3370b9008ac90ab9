# Where resident programs lie: what others may do to it, and what is left of one who was killed. All of it in a store and with handlers of the test's own.
if [ -z "$RESIDENT_PRIVATE" ]; then
    RESIDENT_PRIVATE=no
    unshare -rm sh -c 'mount -t tmpfs tmpfs /run && mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc' 2>/dev/null && RESIDENT_PRIVATE=yes
    export RESIDENT_PRIVATE
    [ "$RESIDENT_PRIVATE" = no ] ||
        exec unshare -rm sh -c 'mount -t tmpfs tmpfs /run && mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc && exec sh "$0"' "$0"
fi
. tests/engine/engine.sh
if [ "$RESIDENT_PRIVATE" = no ]; then
    skip 'the store of resident programs' 'it takes handlers of binary formats in a user namespace'
    finish
    exit 0
fi
export CHECKPT_PROGRAM="$checkpt" CHECKPT_MESSAGES=1
store=/run/checkpt/resident counts=/run/checkpt/uses handlers=/proc/sys/fs/binfmt_misc
program=$work/arguments
cp "$victims/arguments" "$program"
uses() {
    "$checkpt" resident -l --json | python3 -c 'import json, sys; print(sum(e["uses"] for e in json.load(sys.stdin)["resident"] if e["file"] == sys.argv[1]))' "${1:-$program}"
}
# counted N COMMAND…: so many starts from the snapshot, each of which gives 3.
counted() {
    wanted=$1
    shift
    before=$(uses)
    "$@" >out 2>&1
    status=$?
    [ "$status" -eq 3 ] && [ $(($(uses) - before)) -eq "$wanted" ] || { cat out; echo "status $status, $(($(uses) - before)) starts from the snapshot"; return 1; }
}
# Nothing is resident, nothing is left, no handler, no stopped process.
nothing() {
    [ -z "$(ls "$store" "$counts" | grep -v :)" ] && [ -z "$(ls "$handlers" | grep checkpt)" ] || { ls -A "$store" "$counts" "$handlers"; return 1; }
    ! grep -ls 'State:.T' /proc/[0-9]*/status | while read -r file; do readlink "${file%status}exe"; done | grep -q "^$work"
}

check 'it becomes resident' "$checkpt" resident "$program"
check 'it starts' counted 1 "$program"

# What others see, and what they could do.
modes() {
    [ "$(stat -c '%a %u' "$store" "$counts" "$store"/*.start "$store"/*.ckpt "$counts"/* | tr '\n' ' ')" = '755 0 755 0 644 0 444 0 666 0 ' ] || { ls -la "$store" "$counts"; return 1; }
}
check 'only the count of its uses can be written by others' modes
for mask in 0 077; do
    again() { "$checkpt" resident -d "$program" && (umask "$mask" && "$checkpt" resident "$program"); }
    check "registered with a mask of $mask" again
    check 'the same modes' modes
done
tally=$counts/$(ls "$counts")
: >"$tally"
check 'a count that somebody has cut off stops nobody' gives 3 "$program"
check 'a count that somebody has removed neither' sh -c 'rm "$1" && "$2" >/dev/null; [ $? -eq 3 ]' sh "$tally" "$program"
check 'there is no room for more' sh -c '! head -c 8M /dev/zero >"$1" 2>/dev/null && rm "$1"' sh "$tally"
"$checkpt" resident -d "$program" >/dev/null && "$checkpt" resident "$program" >/dev/null
start=$(ls "$store"/*.start)
chmod 666 "$start"
check 'a start file that others can write is not used' counted 0 "$program"
chmod 644 "$start"
mv "$start" kept && ln -s "$work/kept" "$start"
check 'nor is a link' counted 0 "$program"
mv kept "$start"
check 'as it was, it is' counted 1 "$program"
for byte in 0 40 500 2000; do
    cp "$start" kept
    printf '\252' | dd of="$start" bs=1 seek="$byte" conv=notrunc 2>/dev/null
    check "damaged in byte $byte, it is not" counted 0 "$program"
    cat kept >"$start"
done
truncate -s -8 "$start"
check 'nor when it is cut off' counted 0 "$program"
check 'all go' prints 'removed' "$checkpt" resident -R
check 'nothing is left' nothing
chmod 777 "$store"
check 'a store that others can write to is refused' says 1 'must be a folder that belongs to root' "$checkpt" resident "$program"
chmod 755 "$store"

# The same file with other bytes, of the same size and time.
check 'it becomes resident again, now that the store is root'"'"'s' "$checkpt" resident "$program"
cp "$program" same && touch -d '2020-01-01' same
check 'a program with an old time' "$checkpt" resident "$work/same"
printf 'NAME' | dd of=same bs=1 seek="$(grep -abo 'name %s, short' same | cut -d: -f1)" conv=notrunc 2>/dev/null
touch -d '2020-01-01' same
new_bytes() { ./same | grep -q '^NAME '; }
check 'other bytes of the same size and time: they are what runs' new_bytes
ln arguments link
check 'a link that somebody makes to a program is no change of it' counted 1 "$program"
check 'it is resident already' says 1 'resident already' "$checkpt" resident "$program"
rm link
cp "$victims/lazy-lacking" "$victims/plugin.so" .
check 'a program with a library of its own' "$checkpt" resident "$work/lazy-lacking"
once() { ./lazy-lacking ./plugin.so >/dev/null && [ "$(uses "$work/lazy-lacking")" -eq 1 ]; }
check 'it starts from its snapshot' once
ln plugin.so link
twice() { ./lazy-lacking ./plugin.so >/dev/null && [ "$(uses "$work/lazy-lacking")" -eq 2 ]; }
check 'a link to its library is no change' twice
rm link
library_changes() { ./lazy-lacking ./plugin.so >/dev/null && [ "$(uses "$work/lazy-lacking")" -eq 2 ]; }
cp plugin.so other.so && mv other.so plugin.so
check 'with another library it starts the ordinary way' library_changes
check 'all of these go' prints '3 removed' "$checkpt" resident -R

# The log.
mkdir dev && mount -t tmpfs tmpfs dev && touch dev/null && mount --bind /dev/null dev/null && mount --bind dev /dev
cat >listener.py <<'LOG'
import socket
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind('/dev/log')
open('listens', 'w').close()
while (line := log.recv(4096)) != b'end':
    open('logged', 'ab', 0).write(line + b'\n')
LOG
: >logged
python3 listener.py &
listener=$!
"$await" exists listens
"$checkpt" resident "$program" >/dev/null
cp "$program" twin
logs() {
    wanted=$1
    shift
    : >logged
    "$@" >/dev/null 2>&1
    python3 -c 'import socket; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"mark", "/dev/log")'
    while ! grep -q '^mark$' logged; do :; done
    [ "$(sed '/^mark$/d' logged)" = "$wanted" ] || { cat logged; return 1; }
}
line() { printf '<29>checkpt: resident: %s: started the ordinary way: %s' "$program" "$1"; }
check 'a start from the snapshot is not logged' logs '' "$program"
check 'nor a start of another program that begins like it' logs '' ./twin
check 'settings of the linker are' logs "$(line 'its environment has settings of the dynamic linker')" env LD_BIND_NOW=1 "$program"
cp "$program" new && mv new "$program"
check 'a new file of its name is' logs "$(line 'this file is not registered')" "$program"
"$checkpt" resident "$program" >/dev/null
printf x >>"$store/$(ls "$store" | grep ckpt)"
check 'a damaged image is' logs "$(line 'its image is damaged')" "$program"
touch "$program"
check 'a changed binary is' logs "$(line 'its binary has changed')" "$program"
python3 -c 'import socket; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"end", "/dev/log")'
wait "$listener"
"$checkpt" resident -R >/dev/null

# Killed at any moment.
killed() {
    for delay in 0.002 0.004 0.006 0.008 0.010 0.013 0.016 0.020 0.025 0.030 0.040 0.060; do
        timeout -s KILL "$delay" "$checkpt" resident "$program" >/dev/null 2>&1
        "$program" >/dev/null
        [ $? -eq 3 ] || { echo "broken after $delay s"; return 1; }
        "$checkpt" resident "$program" >said 2>&1 || grep -q 'resident already' said || { cat said; return 1; }
        counted 1 "$program" || { echo "not resident after $delay s"; return 1; }
        timeout -s KILL "$delay" "$checkpt" resident -d "$program" >/dev/null 2>&1
        "$program" >/dev/null
        [ $? -eq 3 ] || { echo "broken after $delay s of removing it"; return 1; }
        "$checkpt" resident -d "$program" >said 2>&1 || grep -q 'not resident' said || { cat said; return 1; }
        nothing || { echo "left after $delay s"; return 1; }
    done
}
check 'killed while it makes it resident, or removes it' killed
check 'it becomes resident again' "$checkpt" resident "$program"
rm "$store"/*
check 'a handler whose store is gone starts it the ordinary way' gives 3 "$program"
check 'it can become resident all the same' "$checkpt" resident "$program"
check 'and starts' counted 1 "$program"
check 'all handlers go' prints '1 removed' "$checkpt" resident -R
check 'nothing is left of any' nothing

# Without the rest of checkpt.
mkdir bin && cp "$checkpt" "${checkpt%/*}/checkpt-start" bin
check 'made resident by a copy of checkpt' bin/checkpt resident "$program"
rm -r bin
check 'which is gone: it starts as ever' counted 1 "$program"
check 'and goes' prints '1 removed' "$checkpt" resident -R

# exec_sys_unregister(-2).
cp "$victims/warm" warm && mkdir "$work/../lib" 2>/dev/null
all() {
    "$checkpt" resident "$program" "$work/same" >/dev/null || return 1
    got=$(LD_LIBRARY_PATH="${bin%/bin}/lib" timeout 60 "$@" ./warm unregister -2 | head -n 1)
    [ "$got" = 2 ] || { echo "$got"; return 1; }
    nothing
}
check 'by -2 all go, through the library' all "$plain"
check 'and by number' all "$checkpt" run
none() {
    got=$(LD_LIBRARY_PATH="${bin%/bin}/lib" timeout 60 "$plain" ./warm unregister -2 | head -n 1)
    [ "$got" = 0 ] || { echo "$got"; return 1; }
}
check 'where none is, none goes' none

# Without the right to make handlers.
if command -v setpriv >/dev/null; then
    unprivileged() { setpriv --bounding-set -sys_admin --inh-caps -sys_admin "$@"; }
    umount "$handlers" && mount -t tmpfs tmpfs "$handlers"
    check 'without handlers it says how it starts' says 0 "binfmt_misc cannot be used here: checkpt exec $program starts it" unprivileged "$checkpt" resident "$program"
    check 'it starts so' counted 1 unprivileged "$checkpt" exec "$program"
    check 'and by itself as ever' counted 0 "$program"
    check 'it is resident already' says 1 'resident already' unprivileged "$checkpt" resident "$program"
    check 'and goes again' unprivileged "$checkpt" resident -d "$program"
fi
finish
