# Sockets of the program's own: pairs, with what is unread; those that listen, or are bound. What others are at the other end of is refused.
. tests/engine/engine.sh
life sockets
life sockets-static
# What it opens takes the place of standard input.
closed() {
    new_dir closed
    "$plain" "$victims/sockets" "$dir" <&- >>"$dir/log" 2>&1 &
    pid=$!
    : >"$work/.running/$pid"
    "$await" exists "$dir/ready" && readlink "/proc/$pid/fd/0" | grep -q '^socket:'
}
check 'with standard input closed: it starts' closed
check 'it is frozen for good' freeze_exit
check 'it is resumed' resume
check 'it ends well' whole
check 'with empty datagrams: it starts' start sockets empty=1
check 'it is frozen for good' freeze_exit
check 'it is resumed' resume
check 'it ends well' whole

# Whoever freezes it is killed: nothing that is unread is taken, and no option is left otherwise.
check 'sockets: it starts' start sockets
killed() {
    for i in $(seq 24); do
        "$checkpt" freeze -o "$dir/x.ckpt" "$pid" >/dev/null 2>&1 &
        freezer=$!
        python3 -c "import time; time.sleep($i * 0.0007)"
        kill -KILL "$freezer" 2>/dev/null
        wait "$freezer" 2>/dev/null
        advances 1 || return 1
    done
}
check 'freezes are killed after many times' killed
check 'it ends well' whole

# Somebody else is at the other end.
check 'sockets: it starts' start sockets
server=$pid servers=$dir
client() {
    dir=$servers/client
    mkdir "$dir" && launch python3 -B "$top/tests/engine/holder.py" "$dir" client && "$await" exists "$dir/ready"
}
check 'a client connects to it' client
check 'the client is refused as long as it has not been accepted' says 1 'its connection has not been accepted yet' "$checkpt" freeze -o "$dir/x.ckpt" "$pid"
check 'the client runs on' advances
waits() {
    "$checkpt" explain "$server" | tr -s ' ' | grep -F '1 connection to it that waits to be accepted is lost'
}
check 'that it waits to be accepted is said of the server' waits
check 'the client ends well' eval ': >"$dir/stop"; reap "$pid"'
pid=$server dir=$servers
hold() {
    dir=$servers/$1
    mkdir "$dir" && launch python3 -B "$top/tests/engine/holder.py" "$dir" "$1" && "$await" exists "$dir/ready"
}
check 'who accepts starts' hold acceptor
acceptor=$pid
check 'who is accepted starts' hold accepted
names_acceptor() {
    tries=0
    until says 1 "connected to $servers/acceptor/accepting.sock of python3, process $acceptor, which is not frozen with it" "$checkpt" freeze -o "$dir/x.ckpt" "$pid"; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || return 1
    done
}
check 'it is refused, and who it is connected to is named' names_acceptor
check 'it runs on' advances
check 'it ends well' eval ': >"$dir/stop"; reap "$pid"'
check 'and so does the other' eval ': >"$servers/acceptor/stop"; reap "$acceptor"'
pid=$server dir=$servers

# Datagrams are sent to whoever is there.
check 'who keeps a log starts' hold logger
logger=$pid
check 'who writes to it starts' hold writer
check 'it is frozen for good' freeze_exit
check 'it is resumed' resume
check 'it is frozen for good again' freeze_exit
nobody() {
    mv "$servers/logger/log.sock" "$servers/logger/away.sock" && says 1 "connecting it to $servers/logger/log.sock: No such file or directory" "$checkpt" -r "$dir/x.ckpt" && mv "$servers/logger/away.sock" "$servers/logger/log.sock"
}
check 'it is not where nobody is there' nobody
check 'it is resumed again' resume
check 'it writes there, and ends well' whole
check 'and so does the other' eval ': >"$servers/logger/stop"; reap "$logger"'
pid=$server dir=$servers

# What is in the way of a thaw.
check 'sockets: it is frozen, and runs on' freeze
occupied() {
    "$checkpt" check "$dir/x.ckpt" >check.out 2>&1
    [ $? -eq 1 ] && grep -F "whole.sock" check.out | grep -qF 'is in use' && grep 'tcp socket 127.0.0.1:' check.out | grep -qF 'taking its address: Address already in use' || { cat check.out; return 1; }
}
check 'its addresses are in use: that is said' occupied
# Two who are at a TCP and at a UDP socket of its, found in the image, for as long as `explain` takes.
visited() {
    tcp=$("$dump" --fds "$dir/x.ckpt" | sed -n 's/.*(tcp socket, 127.0.0.1:\([0-9]*\), listening, backlog 7.*TCP_KEEPIDLE.*/\1/p')
    udp=$("$dump" --fds "$dir/x.ckpt" | sed -n 's/.*(udp socket, 127.0.0.1:\([0-9]*\), SO_REUSEADDR.*/\1/p')
    python3 -c '
import socket, subprocess, sys
kept = socket.create_connection(("127.0.0.1", int(sys.argv[3])))
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"y", ("127.0.0.1", int(sys.argv[4])))
print(subprocess.run([sys.argv[1], "explain", sys.argv[2]], capture_output=True, text=True).stdout)' "$checkpt" "$pid" "$tcp" "$udp" >explain.out &&
        grep -q '1 connection to it that waits to be accepted is lost' explain.out && grep -q 'datagrams that it has not read yet are lost' explain.out || { cat explain.out; return 1; }
}
check 'who waits there is told of' visited
check 'it runs on' advances
check 'it ends well' whole
check 'sockets: it starts again' start sockets
check 'it is frozen for good' freeze_exit
replaced() {
    mv "$dir/whole.sock" "$dir/old.sock" && : >"$dir/whole.sock" && says 1 "at its address, $dir/whole.sock, there is another file now" "$checkpt" -r "$dir/x.ckpt" && [ -f "$dir/whole.sock" ]
}
check 'a file at its address stays, and is named' replaced
abandoned() {
    rm "$dir/whole.sock" && python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$dir/whole.sock" && [ -S "$dir/whole.sock" ] && resume
}
check 'a socket that nobody has any more, as of a program that was resumed and killed, is replaced' abandoned
check 'it ends well' whole

# What a plan is made of, and what is shown.
check 'sockets: it starts once more' start sockets
check 'it is frozen for good' freeze_exit
check 'its plan has the calls by their names' prints 'setsockopt(' "$checkpt" check --plan "$dir/x.ckpt"
planned() {
    "$checkpt" check --plan "$dir/x.ckpt" >plan.out || return 1
    for text in 'socketpair(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0, ' 'SOL_SOCKET, SO_PASSCRED, ' 'SOL_TCP, TCP_KEEPIDLE, ' ', {AF_INET 127.0.0.1:' 'MSG_DONTWAIT|MSG_NOSIGNAL' 'SHUT_WR)' 'listen('; do
        grep -qF -e "$text" plan.out || { echo "not in the plan: $text"; return 1; }
    done
}
check 'each as strace writes it' planned
shown() {
    "$dump" --fds "$dir/x.ckpt" >fds.out || return 1
    for text in 'tcp socket, 127.0.0.1:' 'listening, backlog 7' 'TCP_KEEPIDLE' 'an end that is closed, reset' '49006 bytes in 5 messages unread' 'shut down for writing' 'SO_PEEK_OFF'; do
        grep -qF -e "$text" fds.out || { echo "not shown: $text"; cat fds.out; return 1; }
    done
}
check 'ckptdump shows them' shown
check 'and as JSON' prints '"sockets"' "$dump" --fds --json "$dir/x.ckpt"

# An end that is dropped is closed for the other.
drop() {
    cp "$dir/x.ckpt" "$dir/whole.ckpt" && "$edit" --drop-fd 3 "$dir/x.ckpt" && "$checkpt" check "$dir/x.ckpt" && ! "$dump" --fds "$dir/x.ckpt" | grep -q '^ *3 '
}
check 'an image without one end of a pair can be resumed' drop

# Records that no freeze makes: one socket, number 5.
made() {
    {
        sed 's/number: 1 open_file: 1 }/& descriptors { number: 5 open_file: 90 }/' "$top/tests/make/images/hello.txt"
        echo 'record FILE critical { id: 90 type: FILE_TYPE_SOCKET path: "socket:[1]" }'
        echo 'record OPEN_FILE critical { id: 90 file: 90 flags: 2 }'
        echo "record SOCKET critical { file: 90 $1 }"
    } >made.txt && python3 -B "$top/tests/make/maker.py" made.txt made.ckpt
}
# said WHAT RECORD TEXT
said() {
    check "$1: made" made "$2"
    check "$1: that is said" says 1 "$3" "$checkpt" -r made.ckpt
}
check 'a socket that is sound: made' made 'family: 2 type: 1 protocol: 6'
check 'it is resumed' eval 'timeout 60 "$checkpt" -r made.ckpt >made.out; [ $? -eq 7 ]'
said 'another family' 'family: 17 type: 3' 'fd 5: AF_PACKET SOCK_RAW socket: sockets of this kind cannot be made'
said 'flags in its type' 'family: 1 type: 0x801' 'sockets of this kind cannot be made'
said 'a datagram socket that listens' 'family: 1 type: 2 state: LISTENING' 'its record contradicts itself'
said 'its own other end' 'family: 1 type: 1 state: CONNECTED peer: 90' 'its record contradicts itself'
said 'a TCP connection' 'family: 2 type: 1 protocol: 6 state: CONNECTED' 'its record contradicts itself'
said "another family's address" 'family: 1 type: 1 name: "\x02\x00\x00\x00"' 'its record contradicts itself'
said 'a state of a later version' 'family: 1 type: 1 state: 9' 'its record contradicts itself'
said 'an option that is none' 'family: 1 type: 1 options { level: 1 name: 50 value: "\x05\x00\x00\x00" }' 'option 50 of level 1 is none that can be set again'
said 'an option without a value' 'family: 1 type: 1 options { level: 1 name: 9 }' 'setting SO_KEEPALIVE: Invalid argument'
said 'an address that is cut off' 'family: 2 type: 1 protocol: 6 name: "\x02\x00\x00\x50\x7f\x00\x00\x01"' 'taking its address: Invalid argument'
finish
