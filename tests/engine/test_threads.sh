# Threads with locks, storage, timers, signals, registers: every invariant holds through freezing and resuming.
. tests/engine/engine.sh
life threads
life threads-static
check 'threads start again' start threads
check 'threads are frozen for good' freeze_exit
check 'each keeps its id with --pid' resume --pid
check 'the old program' advances
check 'ends well' whole
finish
