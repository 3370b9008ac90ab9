# A hundred times frozen for good and resumed (CYCLES=N for another number).
. tests/engine/engine.sh
cycles=${CYCLES:-100}
cycle() {
    for i in $(seq "$cycles"); do
        freeze_exit && resume || { echo "in cycle $i"; return 1; }
    done
}
check 'threads start' start threads
check "they live through $cycles cycles" cycle
check 'they end well' whole
finish
