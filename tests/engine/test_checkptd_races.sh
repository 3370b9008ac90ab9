# What changes between a request to checkptd and its end: numbers of processes, programs, names, descriptors. A debugger holds the server's process where it matters.
. tests/engine/engine.sh
. "$top/tests/engine/checkptd.sh"
mkdir -m 777 out
asked=$work/out/image
ask() { member timeout 100 /usr/bin/python3 bin/ask.py "$1" "$pid" "$asked" "$2" 2>&1; }
answers() {
    wanted=$1
    shift
    got=$(ask "$@")
    case $got in "$wanted"*) ;; *) echo "$got"; return 1 ;; esac
}
# A set-id program with a secret, and its copy without rights.
coat() {
    new_dir turncoat
    chown 12345:12345 "$dir"
    echo 'the secret of root' >"$dir/secret" && chmod 600 "$dir/secret"
    cp bin/turncoat "$dir/turncoat" && cp bin/turncoat "$dir/plain" && chmod 755 "$dir/plain" && chmod 4755 "$dir/turncoat" && chown root "$dir/secret" || return 1
    launch setpriv --reuid=12345 --regid=12345 --groups=4711 "$dir/plain" "$dir" "$@"
    "$await" exists "$dir/ready"
}
no_secret() { ! grep -c 'secret of root' "$asked"; }

check 'checkptd starts' serve
server_state >server-before
check 'a program that changes all the time runs' coat
many() {
    done=0 refused=0
    for i in $(seq "${FREEZES:-60}"); do
        got=$(ask good)
        case $got in
        done) done=$((done + 1)) ;;
        failed*) refused=$((refused + 1)) ;;
        *) echo "$got"; return 1 ;;
        esac
        no_secret || return 1
        kill -0 "$pid" || return 1
    done
    echo "$done images, $refused refusals"
}
check 'its rights get into no image' many
check 'it goes on' eval 'rm -f "$dir/has-rights"; "$await" exists "$dir/has-rights"'
check 'it ends' eval ': >"$dir/stop"; reap "$pid"; [ "$status" -eq 0 ]'

# Names and descriptors.
check 'a program runs' own limits
check 'a descriptor that becomes another' answers done swapped
check 'the image is where it was to go' eval 'prints whole "$dump" --verify "$asked" && [ ! -s "$asked.other" ]'
echo untouched >root-file && chmod 600 root-file
rm -f "$asked"
check "a name that becomes a link to root's file" answers done renamed "$work/root-file"
check 'the image is in the file that was open' prints whole "$dump" --verify "$asked.moved"
check "root's file is as it was" [ "$(cat root-file)" = untouched ]
rm -f "$asked"
check 'the program ends well' whole

# Its number is another's. (Whoever is quicker gets the number that we want: it is tried again.)
reused() {
    for i in 1 2 3 4 5 6 7 8 9 10; do
        own limits || return 1
        old=$pid
        mkfifo "$dir/go" && member timeout 100 /usr/bin/python3 bin/ask.py later "$old" "$asked" <"$dir/go" >"$dir/said" 2>&1 &
        asker=$!
        until [ -p "$dir/go" ]; do :; done
        exec 8>"$dir/go"
        "$await" size "$dir/said" 5 "$asker"
        kill -KILL "$old"
        reap "$old"
        echo $((old - 1)) >/proc/sys/kernel/ns_last_pid
        sleep 1000 &
        wait_for=$!
        new=$(cat /proc/sys/kernel/ns_last_pid)
        echo >&8
        exec 8>&-
        wait "$asker"
        there=$(cat "/proc/$old/comm" 2>/dev/null)
        kill "$wait_for"
        wait "$wait_for" 2>/dev/null
        sed -n 2p "$dir/said" | grep -q '^failed ESRCH: the process has ended' || { cat "$dir/said"; return 1; }
        [ -z "$there" ] || return 0
    done
    echo "number $old was never given again ($new)"
    return 1
}
if [ -w /proc/sys/kernel/ns_last_pid ]; then
    check 'the number of one that has ended is somebody else'"'"'s' reused
else
    skip 'reused numbers' 'no /proc/sys/kernel/ns_last_pid'
fi
check 'nothing is left in checkptd' eval '"$await" childless "$server"; server_state >server-after; diff server-before server-after'
check 'it ends' eval 'kill -TERM "$server"; reap "$server"; [ "$status" -eq 0 ]'

# held_at WHEN: the server's process stops after its WHENth capset(2): 2, 3: before it looks at the program and traces it; 4, 5: when it has it stopped; 6: when our code has run there.
held_at() {
    rm -f trace "$CHECKPTD_SOCKET"
    strace -f -o trace -e trace=capset -e inject=capset:signal=SIGSTOP:when="$1" "$work/bin/checkptd" --listen "$CHECKPTD_SOCKET" 2>>server.log &
    tracer=$!
    : >"$work/.running/$tracer"
    "$await" exists "$CHECKPTD_SOCKET"
    server=$(cat "/proc/$tracer/task/$tracer/children")
    server=${server%% *}
    rm -f "$asked"
    ask good >said &
    asker=$!
    until worker=$(cat "/proc/$server/task/$server/children") && [ -n "$worker" ]; do kill -0 "$asker" || return 1; done
    worker=${worker%% *}
    until grep -q 'stopped by SIGSTOP' trace; do kill -0 "$asker" || return 1; done
}
let_go() {
    kill -CONT "$worker"
    wait "$asker"
    cat said
    kill -TERM "$server"
    reap "$tracer"
    no_secret
}
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
    change() { : >"$dir/go" && "$await" exists "$dir/has-rights"; }
    for when in 1 2 3; do
        check "a program runs ($when)" coat once
        check 'checkptd is held before it traces it' held_at "$when"
        check 'it becomes a set-id program' change
        check 'no image is written' let_go
        check 'but a sentence' eval 'cat said; grep -q "failed EPERM: .*set-id program" said'
        check 'the program ends' eval ': >"$dir/stop"; reap "$pid"; [ "$status" -eq 0 ]'
    done
    for when in 4 5 6 7; do
        check "another program runs ($when)" coat once
        check 'checkptd is held when it stands still' held_at "$when"
        ended() { kill -KILL "$pid"; let_go; grep -q '^failed' said; }
        check 'it is killed: no image' ended
        check 'nothing is left in the file' eval '[ ! -s "$asked" ]'
        check 'it is gone' eval 'reap "$pid"; [ "$status" -eq 137 ]'
    done
else
    skip 'held where it matters' 'no strace'
fi
finish
