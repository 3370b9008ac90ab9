# Full disks, failing calls and checkpt killed at any call of a freeze: the program runs on, nothing stays in it, and no final name holds a partial file.
. tests/engine/engine.sh
points=${POINTS:-20}
at_call=${bin%/bin}/tests/at_call

# The old file, none where there was none, or a new one that is whole.
image_is_whole() {
    if [ -e "$dir/x.ckpt" ]; then
        cmp -s "$dir/x.ckpt" "$work/old" || "$dump" --verify "$dir/x.ckpt" >/dev/null
    else
        [ "$before" = none ]
    fi
}
# Every second time there is an old file.
echo 'what was there before' >"$work/old"
put_before() {
    rm -f "$dir/x.ckpt"
    before=none
    [ $(($1 % 2)) -eq 0 ] || { before=old && cp "$work/old" "$dir/x.ckpt"; }
}
# What a freeze must not change, into the file `before`: the state that is met most, as the program may be in a signal handler now and then.
settled() {
    for look in 1 2 3 4 5 6 7; do
        state_of "$pid" >"look.$look"
    done
    common=$(md5sum look.* | sort | uniq -c -w 32 | sort -rn | sed 1q)
    cp "${common##* }" before
}
# What checkpt cannot clean up when it is killed is a file beside the final name.
tidy() {
    rm -f "$dir"/.x.ckpt.*
}
calls() {
    "$at_call" 0 KILL "$checkpt" freeze -o "$dir/x.ckpt" "$@" "$pid" 3>calls && total=$(cat calls) && [ "$total" -gt 50 ]
}
# at_many INJECTION [OPTION…]: at `points` calls evenly over a freeze.
at_many() {
    injection=$1
    shift
    point=0
    while [ "$point" -lt "$points" ]; do
        at=$((1 + point * total / points))
        put_before "$point"
        "$at_call" "$at" "$injection" "$checkpt" freeze -o "$dir/x.ckpt" "$@" "$pid" >killed.out 2>&1
        image_is_whole && advances 1 || { echo "at call $at of $total"; cat killed.out; return 1; }
        same || { echo "left at call $at of $total:"; cat killed.out; return 1; }
        tidy
        point=$((point + 1))
    done
}
# harmed VICTIM [OPTION…]
harmed() {
    check "$1 starts" start "$@"
    check "$1 runs" advances 3
    settled
    for mode in stop fork; do
        check "$1, $mode: a freeze that works" calls --mode "$mode"
        check "$1, $mode: killed at $points calls" at_many KILL --mode "$mode"
        check "$1, $mode: terminated at $points calls" at_many TERM --mode "$mode"
        check "$1, $mode: $points calls that fail" at_many EIO --mode "$mode"
    done
    check "$1 can still be frozen" freeze_exit
    check "$1 is resumed" resume
    check "$1 ends well" whole
}
harmed threads
harmed memory mib=8
harmed limits
# A file of /proc that cannot be read is three calls that go wrong: none of them is left out.
check 'a small one starts' start limits
settled
check 'a freeze that works' calls --mode fork
at_a_third() {
    all=$points points=$((total / 3))
    at_many EIO --mode fork
    failed=$?
    points=$all
    return "$failed"
}
check 'whichever of its files cannot be read' at_a_third
check 'it ends well' whole

# Killed after a time: also in the middle of long calls. What is frozen at once afterwards is frozen.
at_times() {
    for i in $(seq "$points"); do
        put_before "$i"
        "$checkpt" freeze -o "$dir/x.ckpt" "$@" "$pid" >/dev/null 2>&1 &
        victim_of_kill=$!
        python3 -c "import time; time.sleep($i * 0.0005)"
        kill -KILL "$victim_of_kill" 2>/dev/null
        wait "$victim_of_kill" 2>/dev/null
        [ $((i % 3)) -ne 0 ] || freeze || { echo "a freeze right after one that was killed after $i half milliseconds"; return 1; }
        image_is_whole && advances 1 || { echo "after $i half milliseconds"; return 1; }
        same || { echo "left after $i half milliseconds"; return 1; }
        tidy
    done
}
check 'a program starts' start memory mib=16
check 'it runs' advances 3
settled
check 'killed after many times' at_times --mode stop
check 'killed after many times while it copies a snapshot' at_times --mode fork

# A limit on the file's size, and a disk of a megabyte.
old_file_stays() {
    cp "$dir/x.ckpt" old.ckpt
    says 1 'File too large' sh -c 'trap "" XFSZ; ulimit -f 1000; exec "$0" freeze -o "$1" "$2"' "$checkpt" "$dir/x.ckpt" "$pid" && cmp old.ckpt "$dir/x.ckpt" && [ -z "$(ls -A "$dir" | grep '^\.x')" ]
}
check 'a freeze that works' freeze
check 'a limit on files: the old image stays' old_file_stays
full_disk() {
    mkdir -p disk && mount -t tmpfs -o size=1m tmpfs disk || return 1
    : >disk/x.ckpt
    says 1 'No space left on device' "$checkpt" freeze --exit -o disk/x.ckpt "$pid"
    result=$?
    [ ! -s disk/x.ckpt ] && [ "$(ls -A disk)" = x.ckpt ] || result=1
    umount disk
    return "$result"
}
if [ -n "$root" ] && mkdir -p probe && mount -t tmpfs tmpfs probe 2>/dev/null; then
    umount probe
    check 'a full disk' full_disk
else
    skip 'a full disk' 'nothing can be mounted here'
fi
check 'the program runs on' advances
check 'nothing is left in it' same
check 'it ends well' whole
finish
