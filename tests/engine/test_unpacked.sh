# Packed memory of every kind: unpacked where it belongs, moved there where the place is taken meanwhile, or read; and then what it was in every respect.
. tests/engine/engine.sh

cat >compare.py <<'PY'
"""Two copies of /proc/PID/smaps: the same memory with the same flags, in about as many mappings, and no more pages of it.
What is deleted comes back under another name; the heap may have become one with what lies below it."""
import re, sys

def segments(path):
    found, count = [], 0
    for line in open(path):
        head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)", line)
        if head:
            name = head[4].strip()
            ours = "checkpt-thaw" in name or name.startswith(("[v", "[stack", "[uprobes"))
            one = {"start": int(head[1], 16), "end": int(head[2], 16), "perms": head[3], "name": "" if "(deleted)" in name or name == "[heap]" else name}
        elif not ours and line.startswith(("Anonymous:", "AnonHugePages:")):
            one[line.split(":")[0]] = int(line.split()[1])
        elif not ours and line.startswith("VmFlags:"):
            one["flags"] = " ".join(f for f in line.split()[1:] if f != "sd")
            count += 1
            last = found[-1] if found else None
            if last and last["end"] == one["start"] and all(last[k] == one[k] for k in ("perms", "flags", "name")):
                last["end"] = one["end"]
                last["Anonymous"] += one["Anonymous"]
                last["AnonHugePages"] += one["AnonHugePages"]
            else:
                found.append(one)
    return found, count

(before, few), (after, many) = segments(sys.argv[1]), segments(sys.argv[2])
look = lambda s: "%(start)x-%(end)x %(perms)s %(flags)s %(name)s" % s
wrong = ["- " + look(s) for s in before if look(s) not in map(look, after)] + ["+ " + look(s) for s in after if look(s) not in map(look, before)]
if many > few + 4:
    wrong.append(f"{few} mappings have become {many}")
for a, b in zip(before, after) if not wrong else ():
    if b["Anonymous"] > a["Anonymous"] + 64:
        wrong.append(look(b) + f": {a['Anonymous']} KiB have become {b['Anonymous']}")
    if a["AnonHugePages"] > 0 and b["AnonHugePages"] == 0 and a["AnonHugePages"] * 1024 == a["end"] - a["start"]:
        wrong.append(look(b) + ": no huge page is left")
print("\n".join(wrong))
sys.exit(bool(wrong))
PY
# maps_of FILE: while nothing changes.
maps_of() {
    rm -f "$dir/paused"
    : >"$dir/pause"
    "$await" exists "$dir/paused" && cp "/proc/$pid/smaps" "$1" && rm "$dir/pause"
}
same_memory() {
    maps_of after && python3 compare.py before after
}
# Peak and present size of a process that began as checkpt: what it unpacked, more than 60 MiB, was never there twice.
once_only() {
    awk '/^VmHWM:/ { peak = $2 } /^VmRSS:/ { now = $2 } END { print "peak " peak " KiB, now " now " KiB"; exit peak > now + 40000 }' "/proc/$pid/status"
}
# plan [COMMAND…]: the plan that checkpt makes under a command.
plan() {
    "$@" "$checkpt" check --plan "$dir/x.ckpt" >plan.text
}
lines() {
    grep -c "$1" plan.text
}
# Hexadecimal from a MiB on.
moved='^mremap(0x[0-9a-f]*, 0x[0-9a-f]*, 0x[0-9a-f]*, MREMAP_MAYMOVE|MREMAP_FIXED, '
here='^/\* mapping [0-9a-f]*-[0-9a-f]*: unpacked where it belongs \*/$'
little_is_read() {
    read=$(sed -n 's/^preadv(.* = \(0x[0-9a-f]*\|[0-9]*\)$/\1/p' plan.text | { total=0; while read -r n; do total=$((total + n)); done; echo "$total"; })
    echo "$read bytes are read"
    [ "$read" -lt $((5 << 20)) ]
}

check 'large mappings of every kind' start large
check 'run' advances
check 'their mappings are looked at' maps_of before
check 'are frozen for good, compressed' freeze_exit --compress
check 'a plan for them' plan
check 'has most of them unpacked where they belong' test "$(($(lines "$here") + $(lines "$moved")))" -ge 15
check 'and reads the few that it must' little_is_read
check 'makes shared memory beforehand' grep -q '^/\* file zero: descriptor [0-9]*, [0-9]* bytes of its content unpacked into it \*/$' plan.text
check 'they are resumed' resume
check 'with the same flags, in as many mappings' same_memory
check 'and were never there twice' once_only
check 'they are frozen into small chunks' freeze_exit --compress --chunk=64K
check 'and resumed by copying, verified' resume --copy --verify
check 'with the same flags, in as many mappings' same_memory
if [ -n "$root" ]; then
    check 'they are frozen once more' freeze_exit --compress
    check 'and resumed under the old id' resume --pid
    pid=$(ps -o pid= --ppid "$pid" | tr -d ' ')
    check 'with the same flags, in as many mappings' same_memory
    check 'and were never there twice' once_only
    : >"$dir/stop"
    check 'they end well' "$await" exists "$dir/whole"
else
    check 'they end well' whole
fi

# Where addresses are not random, checkpt lies where the program was.
if setarch -R true 2>/dev/null; then
    start_fixed() {
        new_dir large
        launch setarch -R "$victims/large-static" "$dir" && "$await" exists "$dir/ready"
    }
    resume_fixed() {
        launch setarch -R "$checkpt" -r "$@" "$dir/x.ckpt" && advances
    }
    check 'where checkpt will lie' start_fixed
    check 'they run' advances
    check 'their mappings are looked at' maps_of before
    check 'are frozen for good, compressed' freeze_exit --compress
    check 'a plan for them' plan setarch -R
    check 'moves what was in the way' test "$(lines "$moved")" -ge 1
    check 'and reads the few that it must' little_is_read
    check 'they are resumed' resume_fixed
    check 'with the same flags, in as many mappings' same_memory
    check 'and were never there twice' once_only
    check 'they are frozen as they are' freeze_exit
    check 'and resumed by copying' resume_fixed --copy
    check 'with the same flags, in as many mappings' same_memory
    check 'they end well' whole
else
    skip 'memory is moved where the place is taken' 'setarch -R does not work here'
fi

# Damage is found before anything is touched.
check 'large mappings once more' start large
check 'are frozen, compressed' freeze --compress
# In the last packed chunk of more than a MiB.
spoil() {
    at=$("$dump" --index "$dir/x.ckpt" | awk '$4 == "MiB" && $8 == "zstd" { at = $5 } END { print at }')
    printf '\125\252\125\252' | dd of="$dir/x.ckpt" bs=1 seek=$((at + 40)) conv=notrunc 2>/dev/null
}
check 'and damaged' spoil
damaged='checkpt: .*x.ckpt: memory: pages 0x[0-9a-f]*-0x[0-9a-f]* of space [0-9]*, at 0x[0-9a-f]* in the file: the packed bytes differ from their check'
refused() {
    "$checkpt" "$@" "$dir/x.ckpt" >out 2>err
    status=$?
    cat out err
    [ "$status" -eq 1 ] && grep -q "^$damaged\$" err && [ "$(wc -l <err)" -eq 1 ]
}
check 'they are not resumed' refused -r
check 'nor is there a plan' refused check --plan
[ -z "$root" ] || { whole; check 'nor under the old id' refused -r --pid; }
[ -n "$root" ] || check 'they end well' whole

# A program that lives close to its limit: checkpt cannot have all of it beside its own memory.
limit=3400000
start_limited() {
    new_dir large
    launch sh -c 'ulimit -v "$1" && exec "$2" "$3"' - "$limit" "$victims/large" "$dir" && "$await" exists "$dir/ready"
}
resume_limited() {
    launch sh -c 'ulimit -v "$1" && exec "$2" -r "$3"' - "$limit" "$checkpt" "$dir/x.ckpt" && advances
}
if [ "$(ulimit -v)" = unlimited ] && sh -c 'ulimit -v "$1" && exec "$2" --version' - "$limit" "$checkpt" >/dev/null 2>&1; then
    check 'large mappings under a limit' start_limited
    check 'run' advances
    limit=$(awk '/^VmSize:/ { print $2 + 20000 }' "/proc/$pid/status")
    check 'their mappings are looked at' maps_of before
    check 'are frozen for good, compressed' freeze_exit --compress
    check 'a plan under a lower one' plan sh -c 'ulimit -v "$1"; shift; exec "$@"' - "$limit"
    check 'reads what would be too much' grep -q '^preadv(.* = 0x' plan.text
    check 'they are resumed' resume_limited
    check 'with the same flags, in as many mappings' same_memory
    check 'they end well' whole
else
    skip 'memory under a limit is read' 'there is a limit already, or checkpt needs more by itself'
fi
finish
