# ckptedit: descriptors that are watched, and files that are.
. "$(dirname "$0")/tap.sh"
cat >events.txt <<'IMAGE'
record IMAGE critical { tool: "maker" }
record PROCESS critical { process: 1 pid: 1 comm: "events" space: 1 }
record MEMORY critical { process: 1 space: 1 mappings { start: 0x10000 end: 0x11000 protection: 3 flags: 0x22 } }
record FILE critical { id: 1 type: FILE_TYPE_ANONYMOUS_INODE path: "anon_inode:[eventfd]" }
record FILE critical { id: 2 type: FILE_TYPE_ANONYMOUS_INODE path: "anon_inode:[eventpoll]" }
record FILE critical { id: 3 type: FILE_TYPE_ANONYMOUS_INODE path: "anon_inode:inotify" }
record FILE critical { id: 4 type: FILE_TYPE_REGULAR path: "/etc/passwd" mode: 0x81a4 }
record FILE critical { id: 5 type: FILE_TYPE_ANONYMOUS_INODE path: "anon_inode:[signalfd]" }
record OPEN_FILE critical { id: 1 file: 1 flags: 2 }
record OPEN_FILE critical { id: 2 file: 2 flags: 2 }
record OPEN_FILE critical { id: 3 file: 3 }
record OPEN_FILE critical { id: 4 file: 4 }
record OPEN_FILE critical { id: 5 file: 5 flags: 2 }
record DESCRIPTORS critical {
    process: 1
    descriptors { number: 3 open_file: 1 }
    descriptors { number: 4 open_file: 2 }
    descriptors { number: 5 open_file: 3 }
    descriptors { number: 6 open_file: 4 }
    descriptors { number: 7 open_file: 1 }
    descriptors { number: 8 open_file: 5 }
}
record EVENTFD critical { file: 1 count: 5 }
record EPOLL critical { file: 2 registrations { number: 3 open_file: 1 events: 1 data: 3 } registrations { number: 8 open_file: 5 events: 1 data: 8 } }
record INOTIFY critical { file: 3 watches { descriptor: 1 file: 4 mask: 2 } }
record SIGNALFD critical { file: 5 mask: 2 }
mapping 0x10000 to 0x11000 rw space 1
pages 1 0x10000 1 counting
IMAGE
check 'an image is made' python3 -B "$top/tests/make/maker.py" events.txt a.ckpt
# kinds FILE: the records of objects, and what is watched.
kinds() {
    "$dump" --json --fds "$1" | python3 -c 'import json, sys
d = json.load(sys.stdin)
print(*(k for k in ("eventfds", "timerfds", "signalfds", "epolls", "inotifies") if d.get(k)), *(r["number"] for e in d.get("epolls", []) for r in e.get("registrations", [])),
      *(w["file"] for i in d.get("inotifies", []) for w in i["watches"]))'
}
is() { [ "$(kinds b.ckpt)" = "$1" ] || { kinds b.ckpt; return 1; } && prints whole "$dump" --verify b.ckpt; }
edited() { rm -f b.ckpt && "$edit" "$@" -o b.ckpt a.ckpt; }
check 'one of two descriptors is dropped' edited --drop-fd 3
check 'and it is watched under the number of then' is 'eventfds signalfds epolls inotifies 3 8 4'
check 'that what is watched goes is said' prints 'drop what the epoll of file 2 watches as descriptor 3' "$edit" --dry-run --drop-fd 3 --drop-fd 7 a.ckpt
check 'both are dropped' edited --drop-fd 3 --drop-fd 7
check 'and it is not watched any more, and gone' is 'signalfds epolls inotifies 8 4'
check 'an epoll is dropped' edited --drop-fd 4
check 'and gone' is 'eventfds signalfds inotifies 4'
check 'a file that is watched is closed' edited --drop-fd 6
check 'and still known' is 'eventfds signalfds epolls inotifies 3 8 4'
check 'an inotify is dropped' edited --drop-fd 5 --drop-fd 6
check 'and gone' is 'eventfds signalfds epolls 3 8'
check '--fds says what is watched' prints '(3 EPOLLIN, 8 EPOLLIN)' "$dump" --fds a.ckpt
check '--fds says how much is counted' prints '(count 5)' "$dump" --fds a.ckpt
check '--fds says what is waited for' prints '(1 /etc/passwd IN_MODIFY)' "$dump" --fds a.ckpt
check '--fds says which signals are read' prints '([INT])' "$dump" --fds a.ckpt
finish
