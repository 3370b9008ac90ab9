# Pipes and FIFOs of a program's own.
. tests/engine/engine.sh
life pipes
life pipes-static

check 'it starts once more' start pipes
check 'it is frozen for good, compressed' freeze_exit --compress
shown() {
    "$dump" --fds "$dir/x.ckpt" >shown || return 1
    for text in 'holds 1048576; 1048568 bytes unread in space' '4110 bytes unread in space [0-9]*, 5 packets' 'fifo-both (holds 65536; 14 bytes unread' 'fifo-unnamed (deleted) (holds'; do
        grep -q -e "$text" shown || { echo "no $text"; cat shown; return 1; }
    done
}
check 'ckptdump shows them' shown
check 'and as JSON' prints '"pipes"' "$dump" --fds --json "$dir/x.ckpt"
planned() {
    "$checkpt" check --plan "$dir/x.ckpt" >plan || return 1
    for text in 'pipe2(' 'F_SETPIPE_SZ, ' 'splice(' 'F_SETSIG'; do
        grep -qF -e "$text" plan || { echo "no $text"; return 1; }
    done
}
check 'the plan shows how they are made' planned
without() {
    mv "$dir/fifo-expecting" "$dir/away" && says 1 "file $dir/fifo-expecting: the program has it open: No such file or directory" "$checkpt" -r "$dir/x.ckpt" &&
        : >"$dir/fifo-expecting" && says 1 'it is something else now' "$checkpt" -r "$dir/x.ckpt" && mv "$dir/away" "$dir/fifo-expecting"
}
check 'without a FIFO it is not resumed' without
check 'with it, it is' resume
check 'it ends well' whole

# A FIFO that somebody else has open, too, is opened by its name; what lies in it stays there.
cat >reader.py <<'PY'
import os, sys, time
os.chdir(sys.argv[1])
fifo = os.open("fifo", os.O_RDONLY | os.O_NONBLOCK)
open("ready", "w").close()
rounds = 0
while not os.path.exists("stop"):
    rounds += 1
    open("progress", "w").write("%012d\n" % rounds)
    time.sleep(0.001)
if os.read(fifo, 100) == b"for whoever reads":
    open("whole", "w").close()
PY
shared() {
    new_dir reader
    mkfifo "$dir/fifo" && launch python3 -B reader.py "$dir" && "$await" exists "$dir/ready" || return 1
    reader=$pid
    "$plain" sh -c 'printf "for whoever reads" >"$1"; exec sleep 1000 9>>"$1"' - "$dir/fifo" </dev/null &
    writer=$!
    : >"$work/.running/$writer"
    until read -r comm <"/proc/$writer/comm" && [ "$comm" = sleep ]; do :; done
    pid=$reader
}
check 'a FIFO has a writer elsewhere' shared
check 'who reads from it is frozen for good' freeze_exit
check 'and resumed' resume
check 'it reads what lay there' whole
check 'the writer ends' eval 'kill -KILL "$writer"; reap "$writer"; [ "$status" -eq 137 ]'

# One end is dropped, as if the program had closed it.
check 'an end to be dropped: it starts' start pipes
check 'it is frozen for good' freeze_exit
drop() {
    ends=$("$dump" --fds "$dir/x.ckpt" | awk '/holds 1048576/ { print $1 }') && set -- $ends && [ $# -eq 2 ] && "$edit" --drop-fd "$1" "$dir/x.ckpt" &&
        "$checkpt" check "$dir/x.ckpt" && "$edit" --drop-fd "$2" "$dir/x.ckpt" && "$checkpt" check "$dir/x.ckpt" && ! "$dump" --fds --json "$dir/x.ckpt" | grep -q '"capacity": 1048576'
}
check 'an image without one end, and without both, can be resumed' drop

# An end that another process has is not taken for gone where that process may not be looked at.
cat >unseen.py <<'PY'
import os, signal, sys
os.chdir(sys.argv[1])
reader, writer = os.pipe()
if os.fork() == 0:
    if os.fork() == 0:
        os.close(writer)
        os.read(reader, 1)
        os._exit(0)
    os._exit(0)
os.wait()
os.close(reader)
os.setgroups([])
os.setresgid(65534, 65534, 65534)
os.setresuid(65534, 65534, 65534)
os.set_inheritable(writer, True)
os.execv("/bin/sh", ["sh", "-c", ": >ready; read -r line <fifo"])
PY
unseen() {
    new_dir unseen
    mkfifo "$dir/fifo" && chmod 777 "$work" "$dir" "$dir/fifo" && launch python3 -B unseen.py "$dir" && "$await" exists "$dir/ready"
}
if [ -n "$root" ] && command -v setpriv >/dev/null; then
    cp "$checkpt" "$plain" .
    check 'the other end of its pipe is in a process of root: it starts' unseen
    check 'that is said' says 1 'its other end is open, in a process that this user may not look at' setpriv --reuid=65534 --regid=65534 --clear-groups ./plain ./checkpt freeze -o "$dir/x.ckpt" "$pid"
    check 'it ends well' eval 'echo >"$dir/fifo"; reap "$pid"'
else
    skip 'the other end of its pipe is in a process of root' 'takes root and setpriv'
fi

# Records that no freeze makes: one pipe, number 5.
made() {
    {
        sed 's/number: 1 open_file: 1 }/& descriptors { number: 5 open_file: 90 }/' "$top/tests/make/images/hello.txt"
        echo "record FILE critical { id: 90 type: FILE_TYPE_FIFO path: \"pipe:[1]\" $1 }"
        echo 'record OPEN_FILE critical { id: 90 file: 90 flags: 1 }'
        echo "$2"
        echo 'pages 9 0 2 byte 120'
    } >made.txt && python3 -B "$top/tests/make/maker.py" made.txt made.ckpt
}
# said WHAT FILE RECORDS TEXT
said() {
    check "$1: made" made "$2" "$3"
    check "$1: that is said" says 1 "$4" "$checkpt" -r made.ckpt
}
check 'a pipe that is sound: made' made 'space: 9 size: 8192' 'record PIPE critical { file: 90 capacity: 8192 packets { offset: 4096 length: 4096 } }'
check 'it is resumed' eval 'timeout 60 "$checkpt" -r made.ckpt >made.out; [ $? -eq 7 ]'
said 'an odd capacity' '' 'record PIPE critical { file: 90 capacity: 12288 }' 'pipe:[1]: its record contradicts itself: its capacity is none that a pipe can have'
said 'a capacity of less than a page' '' 'record PIPE critical { file: 90 capacity: 2048 }' 'its capacity is none that a pipe can have'
said 'a packet outside' 'space: 9 size: 5' 'record PIPE critical { file: 90 packets { offset: 3 length: 9 } }' 'its packets are not in order, or not in what is unread'
said 'packets that overlap' 'space: 9 size: 50' 'record PIPE critical { file: 90 packets { offset: 3 length: 9 } packets { offset: 11 length: 9 } }' 'its packets are not in order'
said 'an empty packet' 'space: 9 size: 50' 'record PIPE critical { file: 90 packets { offset: 3 } }' 'its packets are not in order'
said 'a packet that no kernel makes' 'space: 9 size: 8192' 'record PIPE critical { file: 90 packets { offset: 3 length: 4097 } }' 'its packets are not in order'
said 'packets of nothing' 'size: 50' 'record PIPE critical { file: 90 packets { offset: 3 length: 4 } }' 'it has packets, and nothing unread'
said 'more than there is room for' 'space: 9 size: 8192' 'record PIPE critical { file: 90 capacity: 4096 }' 'more is unread than its capacity has room for'
said 'content without a record' 'space: 9 size: 5' '' 'there is content, but no PIPE record'
said 'two records' '' 'record PIPE critical { file: 90 }
record PIPE critical { file: 90 }' 'a second one about the same file'
finish
