# Long work shows on a terminal how far it is, after the first second, and nothing anywhere else.
. tests/engine/engine.sh
here=$top/tests/engine
reader() {
    python3 -B "$here/slow_reader.py" "$@"
}
check 'a program starts' start memory mib=64
check 'a slow freeze shows how far it is' reader "$dir/x.ckpt" "checkpt: process $pid: copying memory: " "$checkpt" freeze -o - "$pid"
check 'its image is whole' prints whole "$dump" --verify "$dir/x.ckpt"
check 'where nobody watches it is silent' reader --quiet "$dir/y.ckpt" "$checkpt" freeze -o - "$pid"
check 'that image is whole, too' prints whole "$dump" --verify "$dir/y.ckpt"
check 'the program runs on' advances
check 'and ends well' whole
finish
