# ckptedit: name, signals, timers, limits, what the image says of itself.
. tests/cli/tap.sh
. "$top/tests/cli/edit.sh"

rest="pages(o)==pages(n) and o['registers']==n['registers'] and o['openFiles']==n['openFiles'] and o['files']==n['files']"
check '--name' edits b.ckpt --name 'new name'
check 'names the program and its first thread' judge b.ckpt "[text(t['name']) for t in n['threads']]==['new name', 'worker'] and $rest"
check 'the summary has it' prints 'program     new name, pid 4711' "$dump" b.ckpt
check "debuggers' note has it" judge b.ckpt "n.raw.count(b'new name')==3 and n.unknown==o.unknown"
gdb_sees() { eu-readelf -n b.ckpt 2>&1 | grep -q 'fname: new name'; }
if command -v eu-readelf >/dev/null; then check 'eu-readelf has it' gdb_sees; else skip 'eu-readelf has it' 'no eu-readelf'; fi
check 'a name that is too long' says 2 'a name has 1 to 15 bytes, this one 16' "$edit" --name 0123456789abcdef a.ckpt
check 'no name' says 2 'a name has 1 to 15 bytes' "$edit" --name '' a.ckpt

check '--signal ignore' edits b.ckpt --signal USR1=ignore --signal SIGRT_3=ignore --signal 1=ignore
check 'is ignored, in order' judge b.ckpt \
    "[(a['signal'], a['handler'], a.get('flags'), a.get('mask')) for a in n['signalActions'][0]['actions']]==[(1, '1', None, None), (10, '1', None, None), (35, '1', None, None)]"
check '--signal default' edits b.ckpt --signal sigusr1=default
check 'is not recorded' judge b.ckpt "not n['signalActions'][0].get('actions') and n.unknown==o.unknown"
check 'an unknown signal' says 2 'no such signal; there are SIGHUP, SIGINT, SIGQUIT' "$edit" --signal FOO=ignore a.ckpt
check 'an unknown action' says 2 'neither default nor ignore' "$edit" --signal TERM=catch a.ckpt
check 'SIGKILL cannot be ignored' says 2 'SIGKILL and SIGSTOP' "$edit" --signal KILL=ignore a.ckpt
check 'SIGSTOP cannot be blocked' says 2 'SIGKILL and SIGSTOP' "$edit" --block STOP a.ckpt
check '--block' edits b.ckpt --block TERM --unblock INT@4712
mask() { judge "$1" "[int(t.get('signalMask', 0)) for t in n['threads']]==[$2, $3]"; }
check 'in all threads, and unblock in one' mask b.ckpt '1<<14' '1<<14'
check '--block in one' edits b.ckpt --block RT_32@4711
check 'the other stays' mask b.ckpt '1<<63' '1<<1'
check 'an absent thread' says 1 'there is no such thread; there are: 4711, 4712' "$edit" --block TERM@1 a.ckpt
check '--block: a dry run' prints 'would block SIGTERM in thread 4712' "$edit" --dry-run --block TERM a.ckpt

# SIGHUP is pending for the process, but blocked nowhere: it would end it anyway, which is not the edit's fault.
check '--drop-pending of one' edits b.ckpt --drop-pending=HUP
check 'is gone, and so is its record' judge b.ckpt "notes(o, 'PENDING_SIGNALS')==1 and notes(n, 'PENDING_SIGNALS')==0 and $rest"
check '--drop-pending of all' edits b.ckpt --drop-pending --drop-pending
check 'twice is once' judge b.ckpt "notes(n, 'PENDING_SIGNALS')==0"
check 'a signal that is not pending' says 1 'it is not pending; pending are [HUP]' "$edit" --drop-pending=TERM a.ckpt
check 'its value needs a =' says 2 'a.ckpt: one argument too many' "$edit" --drop-pending HUP a.ckpt
deadly() {
    "$edit" --block HUP -o h.ckpt a.ckpt || return 1
    says 1 'signals are pending that the program would no longer survive: [HUP]; --drop-pending drops them' "$edit" --unblock HUP -o i.ckpt h.ckpt || return 1
    [ ! -e i.ckpt ] && "$edit" --unblock HUP --drop-pending -o i.ckpt h.ckpt && "$edit" --signal HUP=ignore --unblock HUP -o i.ckpt h.ckpt &&
        "$edit" --unblock HUP --force -o i.ckpt h.ckpt
}
check 'unblocking a signal that is pending and deadly' deadly

check '--drop-timers' edits b.ckpt --drop-timers
check 'no timer is left' judge b.ckpt "not n['timers'][0].get('intervalTimers') and not n['timers'][0].get('posixTimers') and n.unknown==o.unknown and $rest"
check '--drop-timers: a dry run' prints 'would drop 1 interval timer and 1 POSIX timer' "$edit" --dry-run --drop-timers a.ckpt

check '--rlimit' edits b.ckpt --rlimit nofile=100:200 --rlimit RLIMIT_CORE=unlimited
check 'is set, and added in order' judge b.ckpt \
    "[(l.get('resource', 0), l['soft'], l['hard']) for l in n['limits'][0]['limits']]==[(4, str(2**64-1), str(2**64-1)), (7, '100', '200')]"
check '--rlimit keeps the hard limit' edits b.ckpt --rlimit NOFILE=7
check 'of then' judge b.ckpt "[(l['soft'], l['hard']) for l in n['limits'][0]['limits']]==[('7', str(2**64-1))]"
check 'soft above hard' says 2 'the soft limit is above the hard one' "$edit" --rlimit NOFILE=3:2 a.ckpt
above() {
    "$edit" --rlimit NOFILE=3:5 -o c.ckpt a.ckpt &&
        says 1 'the hard limit in the image is 5; SOFT:HARD changes both' "$edit" --rlimit NOFILE=6 -o d.ckpt c.ckpt
}
check 'soft above the hard one of then' above
check 'an unknown limit' says 2 'no such limit; there are RLIMIT_CPU, RLIMIT_FSIZE' "$edit" --rlimit FILES=3 a.ckpt
check 'no number' says 2 "a limit is a number or 'unlimited'" "$edit" --rlimit NOFILE=many a.ckpt

check '--retval and --comment' edits b.ckpt --retval -7 --comment 'before the migration'
image_says() { strings -n 8 b.ckpt | grep -q 'before the migration' && judge b.ckpt "n.unknown==o.unknown and $rest"; }
check 'are in the image' image_says
check 'an empty comment' edits c.ckpt --comment x --comment ''
check 'is none' judge c.ckpt "next(x['length'] for x in n['notes'] if x.get('name')=='IMAGE')==next(x['length'] for x in o['notes'] if x.get('name')=='IMAGE')"
check 'too large a return value' says 2 'fits into 32 bits' "$edit" --retval 2147483648 a.ckpt
check '--retval: a dry run' prints 'return -7 in the resumed program instead of 0' "$edit" --dry-run --retval=-7 a.ckpt
check 'a process that is not there' says 1 'no such process in the image; there are: 4711' "$edit" --pid 1 --name x a.ckpt
check 'one that is' edits b.ckpt --pid 4711 --name there
# Three processes: 100 and 101 share the open file behind descriptor 3, 101 has the threads 101 and 103.
PYTHONDONTWRITEBYTECODE=1 python3 "$top/tests/make/maker.py" "$top/tests/make/images/tree.txt" tree.ckpt
check 'edits of one process of a tree' gives 0 "$edit" --pid 101 --name renamed --block TERM --fd 3=/dev/null --pid 102 --drop-fd 9 -o t.ckpt tree.ckpt
tree_is() {
    "$dump" --json --fds --threads --notes t.ckpt >t.json && prints whole "$dump" --verify t.ckpt && python3 - <<'PY'
import base64, json
t = json.load(open("t.json"))
masks = {x["tid"]: int(x.get("signalMask", 0)) for x in t["threads"]}
assert masks == {100: 0, 101: 1 << 14, 102: 0, 103: 1 << 14}, masks
tables = {d["process"]: {x["number"]: x["openFile"] for x in d.get("descriptors", [])} for d in t["descriptors"]}
assert tables[1] == {3: 1, 4: 2} and tables[3] == {} and tables[2][3] not in (1, 2), tables
PY
}
check 'leave the others alone' tree_is
check 'names of one process of a tree' sh -c 'strings t.ckpt | grep -q renamed && strings t.ckpt | grep -q parent && ! strings t.ckpt | grep -qx child'
check '--upgrade' edits b.ckpt --upgrade
check 'changes nothing that is new already' cmp a.ckpt b.ckpt
finish
