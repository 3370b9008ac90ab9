# Programs that checkpoint themselves: through libcheckpt alone, and by number under `checkpt run`.
. tests/engine/engine.sh
export CHECKPT_PROGRAM="$checkpt"

# exits STATUS COMMAND…: with descriptors 0 to 2 only.
exits() {
    wanted=$1
    shift
    timeout 60 "$plain" "$@" </dev/null
    status=$?
    [ "$status" -eq "$wanted" ] || { echo "exit status $status instead of $wanted"; return 1; }
}

# both_lives NAME FILE COMMAND…: 0 in the first life, 1 when it is resumed, and what the thaw says when it says something.
both_lives() {
    what=$1 file=$2
    shift 2
    check "$what: returns 0" exits 10 "$@"
    check "$what: the image is whole" prints whole "$dump" --verify "$file"
    check "$what: resumed, returns 1" exits 11 "$checkpt" -r "$file"
    check "$what: resumed by sys_checkpoint(), returns what that says" exits 17 "$victims/self" thaw "$file" 7
    check "$what: resumed under checkpt run" exits 11 "$checkpt" run "$checkpt" -r "$file"
    rm -f "$file"
}

for program in self self-static; do
    for mode in main handler small-stack thread; do
        both_lives "$program, $mode" x.ckpt "$victims/$program" $mode x.ckpt
    done
done
for mode in main handler thread; do
    both_lives "by number, $mode" x.ckpt "$checkpt" run "$victims/self-static" $mode x.ckpt
done
both_lives "to the template" self.ckpt "$victims/self" template
both_lives "to the template, by number" self.ckpt "$checkpt" run "$victims/self" template
export CHECKPT_CONF="$work/checkpt.conf"
echo 'kern.ckptfile=%N-%U.%%x' >"$CHECKPT_CONF"
both_lives "to another template" "self-$(id -u).%x" "$victims/self" template
unset CHECKPT_CONF
check "a template's file is the owner's alone" sh -c '"$1" "$2" template; [ "$(stat -c %a self.ckpt)" = 600 ]' sh "$plain" "$victims/self"

check "without a library: fails outside of checkpt run" exits 138 "$victims/self-raw"
check "without a library: returns 0" exits 10 "$checkpt" run "$victims/self-raw"
check "without a library: resumed" exits 11 "$checkpt" -r raw.ckpt
check "without a library: it resumes itself" exits 15 "$checkpt" run "$victims/self-raw" thaw
check "another program's image" exits 10 "$victims/self" main raw.ckpt
check "without a library: another program takes its place" exits 15 "$checkpt" run "$victims/self-raw" thaw
echo "no image" >raw.ckpt
check "without a library: what is no image leaves it as it is" exits 122 "$checkpt" run "$victims/self-raw" thaw

# Threads that call at the same time take turns; in the resumed program those that waited call again.
check "four threads at the same time" exits 10 "$victims/self" four
for image in 0 1 2 3; do
    check "four threads: image $image is whole" prints whole "$dump" --verify $image.ckpt
done
check "four threads: resumed" exits 11 "$checkpt" -r --changed=ignore 2.ckpt
check "four threads, by number" exits 10 "$checkpt" run "$victims/self" four
check "four threads, by number: resumed" exits 11 "$checkpt" -r --changed=ignore 1.ckpt

# Streams.
through_a_pipe() {
    "$plain" "$victims/self" main - </dev/null | cat >piped.ckpt
}
from_a_pipe() {
    cat piped.ckpt | timeout 60 "$plain" "$victims/self" thaw - 9
    status=$?
    [ "$status" -eq 19 ] || { echo "exit status $status instead of 19"; return 1; }
}
through_a_socket() {
    python3 - "$plain" "$victims/self" socket.ckpt <<'PYTHON'
import socket, subprocess, sys, threading
here, there = socket.socketpair()
program = subprocess.Popen([sys.argv[1], sys.argv[2], "main", "-"], stdin=subprocess.DEVNULL, stdout=there)
there.close()
with open(sys.argv[3], "wb") as file:
    while data := here.recv(65536):
        file.write(data)
sys.exit(program.wait() != 10)
PYTHON
}
check "through a pipe" through_a_pipe
check "through a pipe: the image is whole" prints whole "$dump" --verify piped.ckpt
check "through a pipe: resumed" exits 11 "$checkpt" -r piped.ckpt
check "from a pipe" from_a_pipe
check "through a socket" through_a_socket
check "through a socket: resumed" exits 11 "$checkpt" -r socket.ckpt
check "a stream that is no image: the caller is still there" sh -c 'echo nothing | "$1" "$2" thaw - 9 | grep -x EINVAL' sh "$plain" "$victims/self"

# Nothing is left behind, often; in memory, where fsync(2) costs nothing.
many() {
    (cd "$1" && shift && timeout 280 "$plain" "$@" </dev/null)
}
shm=$(mktemp -d -p /dev/shm) && trap 'rm -rf "$shm"; end_all' EXIT
check "many in a row leave nothing behind" many "$shm" "$victims/self" many "${SELFS:-1000}"
check "many in a row by number leave nothing behind" many "$shm" "$checkpt" run "$victims/self" many "${SELFS:-1000}"
finish
