# Threads in every interruptible call: none sees EINTR, none comes back too early, and each comes back.
. tests/engine/engine.sh
life interrupted ms=150
life interrupted-static ms=150

# 20 freezes while they wait: nobody may notice.
often() {
    for i in $(seq 20); do
        freeze && advances 1 || return 1
    done
}
check 'a program that waits starts' start interrupted ms=50
check 'it is frozen often' often
check 'it ends well' whole
finish
