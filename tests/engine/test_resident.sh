# Resident programs: started from their snapshot by any exec, with nothing of an earlier run in them; the ordinary way where anything has changed.
. tests/engine/engine.sh
if [ -z "$root" ]; then
    skip 'resident programs' 'only root can make them'
    finish
    exit 0
fi
resident=$work/programs
mkdir "$resident"
chmod 755 "$work" "$resident"
# Only what this test made resident.
leave() {
    for program in "$resident"/*; do
        "$checkpt" resident -d "$program" >/dev/null 2>&1
    done
    end_all
}
trap leave EXIT

cp "$victims/arguments" "$resident/arguments"
# told FILE COMMAND…: what it says of its start, with a status of 3.
told() {
    file=$1
    shift
    MARK=here "$@" >"$file" 2>&1
    [ $? -eq 3 ] || { cat "$file"; return 1; }
}
uses() {
    "$checkpt" resident -l --json | python3 -c 'import json, sys; print(sum(e["uses"] for e in json.load(sys.stdin)["resident"] if e["file"] == sys.argv[1]))' "$1"
}
# counted N COMMAND…: so many starts of `arguments` from its snapshot.
counted() {
    starts=$1
    shift
    uses_before=$(uses "$resident/arguments")
    "$@" || return 1
    uses_now=$(uses "$resident/arguments")
    [ $((uses_now - uses_before)) -eq "$starts" ] || { echo "$((uses_now - uses_before)) starts from the snapshot instead of $starts"; return 1; }
}
check 'it says how it was started' told ordinary "$resident/arguments" one 'two words' ''
check 'it becomes resident' "$checkpt" resident "$resident/arguments"
check 'twice it does not' says 1 'resident already' "$checkpt" resident "$resident/arguments"
cp "$resident/arguments" "$resident/twin"
check 'a copy of it runs as ever' told twin "$resident/twin" one 'two words' ''
check 'and becomes resident, too' "$checkpt" resident "$resident/twin"
check 'and goes' "$checkpt" resident -d "$resident/twin"
check 'it is listed' prints "$resident/arguments" "$checkpt" resident -l
check 'checkpt exec starts it' counted 1 told executed "$checkpt" exec "$resident/arguments" one 'two words' ''
same() {
    grep -v '^/proc/self/environ' "$1" >one.txt
    grep -v '^/proc/self/environ' "$2" >two.txt
    diff one.txt two.txt
}
check 'as if it were started by itself' same ordinary executed
if [ -z "$(grep -s enabled /proc/sys/fs/binfmt_misc/status)" ]; then
    skip 'the kernel starts it' 'binfmt_misc cannot be used here'
    finish
    exit 0
fi
check 'the kernel starts it' counted 1 told resident "$resident/arguments" one 'two words' ''
check 'with its own arguments, environment and all else' diff ordinary resident
check 'an empty environment' counted 1 gives 3 env -i "$resident/arguments"
renamed() {
    bash -c 'exec -a other "$0" x' "$resident/arguments" >renamed.txt
    grep -q '^argv other$' renamed.txt && grep -q '^name other, short other$' renamed.txt
}
check 'another name of its own' counted 1 renamed
fresh() {
    for i in 1 2 3; do "$resident/arguments" random >"random.$i" || return 1; done
    for line in 1 2 3; do
        [ "$(for i in 1 2 3; do sed -n "${line}p" "random.$i"; done | sort -u | wc -l)" -eq 3 ] || { echo "line $line is not fresh"; cat random.*; return 1; }
    done
    ! grep -q ' 0$' random.1
}
check 'random bytes, canary and guard are fresh, and the kernel'"'"'s' fresh
check 'settings of the dynamic linker start it the ordinary way' counted 0 told bound env LD_BIND_NOW=1 "$resident/arguments" one 'two words' ''
check 'with the same words' same ordinary bound
check 'so do settings of its allocator' counted 0 told bound env MALLOC_PERTURB_=1 "$resident/arguments" one 'two words' ''
for limit in 4096 65536 unlimited; do
    limited() { (ulimit -s "$limit" && exec "$@"); }
    check "with a stack of $limit" counted 1 told limited.resident limited "$resident/arguments"
    check 'threads have stacks like that' grep -q "^stacks of threads: $(case $limit in unlimited) echo 2097152 ;; *) echo $((limit * 1024)) ;; esac)$" limited.resident
done
if command -v setpriv >/dev/null; then
    other() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
    cp "$resident/arguments" "$resident/twin" && chmod 4755 "$resident/twin"
    set_id() { told set-id other "$resident/twin" x && grep -q 'AT_SECURE 1' set-id && grep -q '^exe' set-id; }
    check 'a set-id program that begins like it has the rights of its file' set_id
    rm "$resident/twin"
    check 'another user starts it' counted 1 told other.txt other "$resident/arguments"
    check 'its executable is its own name' grep -qx "exe $resident/arguments" other.txt
    check 'it starts itself anew by that' counted 2 told anew other "$resident/arguments" again 'two words'
    check 'with its own arguments' grep -qx 'argv anew' anew
    check 'as root, too' counted 2 told anew "$resident/arguments" again
fi
many() {
    seq 1000 | xargs -P 40 -I{} sh -c '"$0" {} >/dev/null; [ $? -eq 3 ]' "$resident/arguments"
}
check 'a thousand starts, forty at a time' counted 1000 many

# Functions that are looked up at their first call.
cp "$victims/lazy" "$victims/lazy-lacking" "$victims/plugin.so" "$resident"
waits() { "$1" "$victims/plugin.so" >waiting && grep -q "$2" waiting || { cat waiting; return 1; }; }
check 'functions wait to be looked up' waits "$resident/lazy" '^[1-9].*plugin opened'
check 'they are looked up beforehand' "$checkpt" resident "$resident/lazy"
check 'none waits; a plugin that lacks one is opened as ever' waits "$resident/lazy" '^0 wait, plugin opened'
check 'a program that lacks one becomes resident' "$checkpt" resident "$resident/lazy-lacking"
check 'its functions wait as ever' waits "$resident/lazy-lacking" '^[1-9].*plugin opened'

# What is not as it was.
damage() {
    for image in /run/checkpt/resident/*.ckpt; do
        inode=$(stat -c %i "$resident/arguments")
        case $image in *-"$(printf %x "$inode")".ckpt) printf x >>"$image" ;; esac
    done
    told damaged "$resident/arguments" one 'two words' '' && diff ordinary damaged
}
check 'a damaged image: it starts the ordinary way' counted 0 damage
check 'it is dropped' prints '1 removed' "$checkpt" resident -d "$resident/arguments"
check 'twice it is not' says 1 'is not resident' "$checkpt" resident -d "$resident/arguments"
check 'it starts as ever' told after "$resident/arguments" one 'two words' ''
check 'with the same words as ever' diff ordinary after
cp /bin/true "$resident/changing"
check 'another becomes resident' "$checkpt" resident "$resident/changing"
check 'it succeeds' "$resident/changing"
cat /bin/false >"$resident/changing"
check 'other code under its name is what runs' gives 1 "$resident/changing"
check 'and can become resident in its place' "$checkpt" resident "$resident/changing"
check 'it fails, as it should' gives 1 "$resident/changing"
cat /bin/true >"$resident/new" && chmod 755 "$resident/new" && mv "$resident/new" "$resident/changing"
check 'a new file of that name runs' "$resident/changing"
id_of() {
    "$checkpt" resident -l --json | python3 -c 'import json, sys; print(*[e["id"] for e in json.load(sys.stdin)["resident"] if e["file"] == sys.argv[1]])' "$1"
}
check 'by its id it goes' "$checkpt" resident -x "$(id_of "$resident/changing")"
check 'an id that is not there' says 1 'no resident program has id 99999' "$checkpt" resident -x 99999
check 'no id' says 2 'not an id' "$checkpt" resident -x zero

# Starts while it comes and goes.
coming_and_going() {
    : >go
    (while [ -e go ]; do "$resident/arguments" >/dev/null; [ $? -eq 3 ] || : >broken; done) &
    starter=$!
    for i in $(seq 10); do
        "$checkpt" resident "$resident/arguments" >/dev/null && "$checkpt" resident -d "$resident/arguments" >/dev/null || { rm go; return 1; }
    done
    rm go
    wait "$starter"
    [ ! -e broken ]
}
check 'every start works while it comes and goes' coming_and_going

# What cannot be resident.
cp "$victims/limits-static" "$resident/static"
check 'a static program' says 1 'no dynamic program' "$checkpt" resident "$resident/static"
printf '#!/bin/sh\nexit 0\n' >"$resident/script" && chmod 755 "$resident/script"
check 'a script' says 1 'not a program that the kernel loads itself' "$checkpt" resident "$resident/script"
cp /bin/true "$resident/setid" && chmod 4755 "$resident/setid"
check 'a set-id program' says 1 'set-id' "$checkpt" resident "$resident/setid"
cp /bin/true "$resident/capable"
if python3 -c 'import os, struct, sys; os.setxattr(sys.argv[1], "security.capability", struct.pack("<5I", 0x02000001, 1 << 10, 0, 0, 0))' "$resident/capable" 2>/dev/null; then
    check 'a program with capabilities' says 1 'capabilities of its own' "$checkpt" resident "$resident/capable"
else
    skip 'a program with capabilities' 'the file system has none'
fi
check 'a missing program' says 1 'No such file' "$checkpt" resident "$resident/missing"
check 'nothing named' gives 2 "$checkpt" resident
if command -v setpriv >/dev/null; then
    check 'another user' says 1 'only root' setpriv --reuid=65534 --regid=65534 --clear-groups "$checkpt" resident /bin/true
fi
left() {
    ls /run/checkpt/resident | grep -q "$(printf %x "$(stat -c %i "$resident/arguments")")" && { ls /run/checkpt/resident; return 1; }
    true
}
check 'nothing of it is left in the store' left
finish
