# Compressed images, and images that go through a pipe: every victim lives through both, and checks its own memory.
. tests/engine/engine.sh
# What comes through a pipe is read from one.
resume_piped() {
    mkfifo "$dir/fifo.$serial.$1"
    cat "$dir/x.ckpt" >"$dir/fifo.$serial.$1" &
    feeder=$!
    "$plain" "$checkpt" -r - <"$dir/fifo.$serial.$1" >>"$dir/log" 2>&1 &
    pid=$!
    : >"$work/.running/$pid"
    wait "$feeder"
    advances 2 && alive
}

# Ends the program, too: what `cat` wrote is there when it has ended.
freeze_to_pipe() {
    "$checkpt" freeze --exit "$@" -o - "$pid" | cat >"$dir/x.ckpt"
    reap "$pid"
    status=$?
    [ "$status" -eq 137 ] || { echo "the frozen program's status is $status"; return 1; }
}

check_piped() {
    cat "$dir/x.ckpt" | "$checkpt" check "$@" -
}

packed_life() {
    who="$*"
    check "$who starts" start "$@"
    check "$who is frozen, compressed" freeze --compress
    check "$who runs on" advances
    check "$who: its image is whole" prints whole "$dump" --verify "$dir/x.ckpt"
    check "$who is frozen for good, compressed" freeze_exit --compress=3
    check "$who: its image can be resumed here" "$checkpt" check "$dir/x.ckpt"
    check "$who is resumed" resume
    check "$who is frozen over its own image" freeze --compress
    check "$who is frozen for good into a pipe" freeze_to_pipe
    check "$who: its image is whole" prints whole "$dump" --verify "$dir/x.ckpt"
    check "$who: its image can be resumed from a pipe" check_piped --verify
    check "$who is resumed from a pipe" resume_piped 1
    check "$who is frozen for good, not compressed" freeze_exit
    check "$who is resumed from a pipe that has an image that is not compressed" resume_piped 2
    check "$who runs on after all that" advances
    check "$who ends well" whole
}
for victim in tiny threads memory large files; do
    packed_life "$victim"
done

check 'a program starts' start memory mib=64
check 'it is frozen' freeze
raw=$(du -k "$dir/x.ckpt" | cut -f1)
check 'it is frozen, compressed' freeze --compress
check 'that takes less room' test "$(du -k "$dir/x.ckpt" | cut -f1)" -lt "$raw"
cp "$dir/x.ckpt" "$dir/kept"
chunks_of() { "$dump" --index "$dir/x.ckpt" | grep -c zstd; }
large=$(chunks_of)
check 'it is frozen, compressed in small chunks' freeze --compress --chunk=64K
check 'there are more of them' test "$(chunks_of)" -gt $((large * 2))
check 'another size is refused' says 2 'checkpt: --chunk=3K: not one of: 64K 128K 256K 512K 1M 2M 4M 8M 16M' "$checkpt" freeze --chunk=3K -o "$dir/x.ckpt" "$pid"
check 'the parent decides' says 2 'checkpt: --chunk goes with no --parent: its chunks decide' "$checkpt" freeze --chunk=1M --parent "$dir/kept" -o "$dir/y.ckpt" "$pid"
check 'they are whole' prints whole "$dump" --verify "$dir/x.ckpt"
cp "$dir/kept" "$dir/x.ckpt"
for level in 0 23 -1 3x; do
    check "level $level is refused" says 2 "checkpt: --compress=$level: not a level from 1 to 22" "$checkpt" freeze --compress="$level" -o "$dir/x.ckpt" "$pid"
done
terminal_out() {
    script -qec "$checkpt freeze -o - $pid 2>'$dir/err'" /dev/null >"$dir/typescript" </dev/null
    status=$?
    cat "$dir/err"
    [ "$status" -eq 2 ] && grep -q '^checkpt: standard output: a terminal: an image goes to a pipe or a file$' "$dir/err"
}
terminal_in() {
    script -qec "$checkpt -r - 2>'$dir/err'" /dev/null >"$dir/typescript" </dev/null
    status=$?
    cat "$dir/err"
    [ "$status" -eq 2 ] && grep -q '^checkpt: standard input: a terminal: an image is expected there, from a pipe or a file$' "$dir/err"
}
check 'a terminal is no place for an image' terminal_out
check 'nor does one come from there' terminal_in
appended() {
    echo precious >"$dir/log.txt"
    says 2 'checkpt: standard output: a file that is appended to, and not empty' sh -c '"$1" freeze -o - "$2" >>"$3"' - "$checkpt" "$pid" "$dir/log.txt" &&
        [ "$(cat "$dir/log.txt")" = precious ]
}
check 'a file that is appended to keeps what it has' appended
closed() {
    says 1 'Broken pipe' sh -c '{ "$1" freeze -o - "$2"; echo $? >"$3"; } | true; exit "$(cat "$3")"' - "$checkpt" "$pid" "$dir/status"
}
check 'a reader that goes away is told of' closed
check 'and the program runs on' advances
check 'nothing is read from a closed descriptor' says 2 'checkpt: standard input: ' sh -c '"$1" -r - <&-' - "$checkpt"
nothing() {
    : | says "$@"
}
check 'nothing at all is no image' nothing 1 'checkpt: standard input: opening: ' "$checkpt" -r -
cut() {
    head -c 200000 "$dir/kept" | says 1 'checkpt: standard input: opening: ' "$checkpt" check -
}
check 'half an image is none' cut
nowhere() {
    TMPDIR=$dir/not-there nothing 2 "making a file for it in $dir/not-there (TMPDIR names another directory): No such file" "$checkpt" check -
}
check 'where its copy cannot be kept is told' nowhere
check 'the image is what it was' cmp "$dir/kept" "$dir/x.ckpt"
check 'it ends well' whole

# What is unpacked to be read is not there twice.
given_back() {
    "$checkpt" check --plan "$dir/kept" >plan || return 1
    grep -q '^fallocate(' plan || { grep '^preadv' plan | cut -c-200; return 1; }
}
check 'what was unpacked is given back as it is read' given_back

cycle() {
    for i in $(seq "${CYCLES:-30}"); do
        freeze_exit --compress && resume || { echo "in cycle $i"; return 1; }
    done
}
check 'threads start' start threads
check 'they live through many compressed cycles' cycle
check 'they end well' whole

# Nothing of the image is left in descriptor 0 of what was resumed from it.
at_end() {
    freeze_exit --compress && resume_piped 3 && [ -p "/proc/$pid/fd/0" ] || return 1
    dd if="/proc/$pid/fd/0" iflag=nonblock of="$dir/rest" 2>/dev/null && [ ! -s "$dir/rest" ]
}
at_end_of_file() {
    freeze_exit || return 1
    "$plain" "$checkpt" -r - <"$dir/x.ckpt" >>"$dir/log" 2>&1 &
    pid=$!
    : >"$work/.running/$pid"
    advances 2 && alive || return 1
    grep -q "^pos:[[:space:]]*$(stat -c %s "$dir/x.ckpt")\$" "/proc/$pid/fdinfo/0" || { cat "/proc/$pid/fdinfo/0"; return 1; }
}
check 'a program starts' start memory
check 'what comes from a pipe has that pipe, at its end, as descriptor 0' at_end
check 'it ends well' whole
check 'a program starts' start memory
check 'what comes from a file on standard input has it, at its end, as descriptor 0' at_end_of_file
check 'it ends well' whole
finish
