# The example: a signal, a checkpoint, and the count goes on where it was.
. tests/engine/engine.sh
export CHECKPT_PROGRAM="$checkpt"
iterate=${bin%/bin}/examples/iterate

# waits_for TEXT FILE: until a line of it is there.
waits_for() {
    timeout 60 sh -c 'while ! grep -qxe "$1" "$2"; do sleep 0.1; done' sh "$1" "$2" || { cat "$2"; return 1; }
}
begin() {
    new_dir iterate
    (cd "$dir" && exec "$plain" "$@" </dev/null >first 2>&1) &
    pid=$!
    : >"$work/.running/$pid"
    waits_for "iteration: 1" "$dir/first"
}
# Of the process itself, or under checkpt run of its child: that one has the handler.
ask() {
    kill -54 "$pid"
    waits_for "checkpointed, going on" "$dir/first"
}
resume_example() {
    reached=$(grep -B1 -x "checkpointed, going on" "$dir/first" | sed -n 's/iteration: //p')
    (cd "$dir" && exec "$plain" "$checkpt" -r x.ckpt </dev/null >second 2>&1) &
    pid=$!
    : >"$work/.running/$pid"
    waits_for "iteration: $((reached + 2))" "$dir/second" || return 1
    printf 'resuming from checkpoint.\niteration: %d\niteration: %d\n' $((reached + 1)) $((reached + 2)) >"$dir/wanted"
    diff "$dir/wanted" "$dir/second"
}
end() {
    kill "$pid" && ! reap "$pid"
}
check "the example counts" begin "$iterate"
check "is checkpointed and goes on" ask
check "ends" end
check "is resumed, says so, and counts on" resume_example
check "ends again" end
check "under checkpt run it counts" begin "$checkpt" run "$iterate"
check "is checkpointed by number" ask
check "ends with checkpt run" end
check "is resumed" resume_example
check "ends again" end
finish
