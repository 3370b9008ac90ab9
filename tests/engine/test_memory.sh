# Every kind of mapping.
. tests/engine/engine.sh
life memory
life memory-static mib=64

# Neighbours with the same protection may be one mapping or two; what the kernel and checkpt add is left out.
layout() {
    python3 - "$1" <<'PY'
import sys
spans = []
for line in open(f"/proc/{sys.argv[1]}/maps"):
    f = line.split(None, 5)
    name = f[5].strip() if len(f) > 5 else ""
    if name.startswith(("[vdso", "[vvar", "[vsyscall", "[stack")) or "checkpt" in name:
        continue
    start, end = (int(x, 16) for x in f[0].split("-"))
    if spans and spans[-1][1] == start and spans[-1][2] == f[1]:
        spans[-1][1] = end
    else:
        spans.append([start, end, f[1]])
for s in spans:
    print("%x-%x %s" % tuple(s))
PY
}
same_layout() {
    layout "$pid" >before && freeze_exit && resume && layout "$pid" >after && diff before after
}
check 'a program starts' start limits
check 'its mappings are at the same places with the same protection' same_layout
check 'and it ends well' whole
check 'a program with 30,000 mappings starts' start memory maps=30000
check 'it is frozen' freeze
check 'it runs on' advances
check 'it is frozen for good' freeze_exit
check 'it is resumed' resume
check 'it is frozen again' freeze_exit
check 'it is resumed again' resume
check 'it ends well' whole

# The vdso across a multiple of 64 KiB, where chunks end: one start in sixteen has it so.
start_across() {
    for i in $(seq 200); do
        start threads || return 1
        grep -q '^[0-9a-f]*f000-.*\[vdso\]' "/proc/$pid/maps" && return
        whole >/dev/null || return 1
    done
}
check 'a program whose vdso lies across chunks starts' start_across
check 'it is frozen for good' freeze_exit
check 'it is resumed' resume
check 'it is frozen for good, compressed' freeze_exit --compress
check 'it is resumed again' resume
check 'it ends well' whole
finish
