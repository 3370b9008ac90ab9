# Frozen many times without --exit: the program does not notice, and nothing stays in it (FREEZES=1000 for more).
. tests/engine/engine.sh
freezes=${FREEZES:-200}
often() {
    i=0
    while [ "$i" -lt "$freezes" ]; do
        freeze "$@" || { echo "in freeze $i"; return 1; }
        i=$((i + 1))
    done
}
# VICTIM's mappings are steady once it runs.
busy() {
    check "$1 starts" start "$@"
    check "$1 runs" advances 3
    state_of "$pid" >before
    check "$1 is frozen $freezes times" often
    check "nothing is left in $1" same
    check "$1 is frozen $freezes times from a snapshot" often --mode fork
    check "nothing of that is left in $1" same
    check "$1 runs on" advances
    check "$1 ends well" whole
}
busy threads
freezes=$((freezes / 10))
busy threads-static
busy files locks=0
busy limits
# One of its threads is ending at most moments.
check 'restless starts' start restless
check 'it is frozen 200 times' eval 'freezes=200 && often'
check 'it runs on' advances
check 'it is frozen for good' freeze_exit
check 'it is resumed' resume
check 'it is frozen again' freeze
check 'it ends well' whole
finish
