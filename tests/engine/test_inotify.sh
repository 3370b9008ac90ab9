# Watches. Events that the program has not read are refused: so it is tried until there are none.
. tests/engine/engine.sh
freeze() {
    for try in $(seq 500); do
        "$checkpt" freeze -o "$dir/x.ckpt" "$@" "$pid" 2>"$dir/refusal"
        status=$?
        [ "$status" -eq 1 ] && grep -q 'has not read yet' "$dir/refusal" && continue
        cat "$dir/refusal"
        return "$status"
    done
    cat "$dir/refusal"
    return 1
}
life inotify
life inotify-static
finish
