# Images that no freeze made: the independent maker writes them from text, and a thaw makes programs of them.
. tests/engine/engine.sh
made=$work/made
mkdir "$made" || exit 1
make_it() { sed "s/^chunk_size.*/chunk_size 4096\n$2/" "$top/tests/make/images/hello.txt" >"$made/$1.txt" && python3 -B "$top/tests/make/maker.py" "$made/$1.txt" "$made/$1.ckpt"; }
says_hello() { timeout 60 "$@" >"$made/out" 2>"$made/err"; status=$?; cat "$made/out" "$made/err"; [ $status -eq 7 ] && [ "$(cat "$made/out")" = 'hello from a text file' ] && [ ! -s "$made/err" ]; }
for form in raw: 'packed:packed zstd' 'frames:packed frame'; do
    image=${form%%:*}
    check "$image: made" make_it "$image" "${form#*:}"
    check "$image: nothing stands in the way" eval '"$checkpt" check "$made/$image.ckpt" | grep -q "nothing stands in the way"'
    check "$image: a program that never ran says hello" says_hello "$checkpt" -r "$made/$image.ckpt"
    check "$image: from a pipe" eval 'cat "$made/$image.ckpt" | says_hello "$checkpt" -r -'
done
# What ckptedit changes is what runs.
moved() { "$edit" --name other --retval 5 --compress -o "$made/edited.ckpt" "$made/raw.ckpt" && says_hello "$checkpt" -r "$made/edited.ckpt"; }
check 'an edited one' moved
redacted() { "$edit" --redact-matching 'text file' -o "$made/red.ckpt" "$made/raw.ckpt" && timeout 60 "$checkpt" -r --redacted-ok "$made/red.ckpt" | tr '\0' . | grep -qx 'hello from a \.\{9\}'; }
check 'a redacted one' redacted
# Descriptors for events that no kernel has like that: all is said before anything is touched.
# claims NAME DESCRIPTOR SENTENCE RECORD: an object of FILE and OPEN_FILE 50, "anon_inode:NAME", and what its record says.
claims() {
    grep -v '^record DESCRIPTORS' "$top/tests/make/images/hello.txt" >"$made/claims.txt"
    cat >>"$made/claims.txt" <<IMAGE
record FILE critical { id: 50 type: FILE_TYPE_ANONYMOUS_INODE path: "anon_inode:$1" }
record FILE critical { id: 51 type: FILE_TYPE_ANONYMOUS_INODE path: "anon_inode:[signalfd]" }
record OPEN_FILE critical { id: 50 file: 50 flags: 2 }
record OPEN_FILE critical { id: 51 file: 51 flags: 2 }
record DESCRIPTORS critical { process: 1 descriptors { number: 1 open_file: 1 } descriptors { number: $2 open_file: 50 } }
$4
IMAGE
    python3 -B "$top/tests/make/maker.py" "$made/claims.txt" "$made/claims.ckpt" && says 1 "$3" "$checkpt" -r "$made/claims.ckpt" </dev/null
}
check 'an eventfd without a record' claims '[eventfd]' 3 'file 50 has no EVENTFD record' ''
check 'an epoll that watches what has no descriptor' claims '[eventpoll]' 3 'epoll: the open file that it watches as descriptor 4 has no descriptor' \
    'record EPOLL critical { file: 50 registrations { number: 4 open_file: 51 } }'
check 'an epoll that watches itself' claims '[eventpoll]' 3 'epolls watch each other in a loop' 'record EPOLL critical { file: 50 registrations { number: 3 open_file: 50 } }'
check 'an epoll that watches an impossible number' claims '[eventpoll]' 3 'descriptor 4000000000, which is beyond what the caller may have' \
    'record EPOLL critical { file: 50 registrations { number: 4000000000 open_file: 50 } }'
check 'a watch with an impossible number' claims inotify 3 'inotify: watch 4000000000: its number is not in order, or too high' \
    'record INOTIFY critical { file: 50 watches { descriptor: 4000000000 file: 1 mask: 2 } }'
check 'watches out of order' claims inotify 3 'inotify: watch 1: its number is not in order, or too high' \
    'record INOTIFY critical { file: 50 watches { descriptor: 2 file: 1 mask: 2 } watches { descriptor: 1 file: 1 mask: 2 } }'
check 'a watch that waits for nothing' claims inotify 3 'inotify: watch 1: it has no file, or waits for no event' \
    'record INOTIFY critical { file: 50 watches { descriptor: 1 file: 1 } }'
check 'a timer of no clock' claims '[timerfd]' 3 'timerfd: clock 77: Invalid argument' 'record TIMERFD critical { file: 50 clock: 77 }'
check 'a timer of the largest numbers runs' eval 'claims "[timerfd]" 3 x "record TIMERFD critical { file: 50 clock: 1 flags: 77 ticks: 18446744073709551615 remaining: 18446744073709551615 interval: 18446744073709551615 moment: 5 }" >/dev/null; says_hello "$checkpt" -r "$made/claims.ckpt"'
finish
