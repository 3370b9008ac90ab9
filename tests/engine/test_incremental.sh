# Images that name a parent: chains of them, resumed and frozen again; parents that are missing, wrong, or about to be written over.
. tests/engine/engine.sh
# link NAME [OPTION…]: frozen for good, beside what the last resume came from.
link() {
    file=$dir/$1.ckpt
    shift
    "$checkpt" freeze --exit -o "$file" "$@" "$pid" || return 1
    reap "$pid"
    status=$?
    [ "$status" -eq 137 ] || { echo "the frozen program's status is $status"; return 1; }
}
resume_link() {
    file=$dir/$1.ckpt
    shift
    launch "$checkpt" -r "$@" "$file"
    advances 2 && alive
}
room() {
    du -k "$dir/$1.ckpt" | cut -f1
}
smaller() {
    echo "$1: $(room "$1") KiB; $2: $(room "$2") KiB"
    [ $(($(room "$1") * $3)) -lt "$(room "$2")" ]
}

chain() {
    who=$1 options=$2
    shift 2
    check "$who starts" start "$@"
    check "$who is frozen" link a $options
    check "$who is resumed" resume_link a
    check "$who is frozen with that as its parent" link b --parent "$dir/a.ckpt" $options
    check "$who: the image is whole" prints whole "$dump" --verify "$dir/b.ckpt"
    check "$who: the image can be resumed here" "$checkpt" check --verify "$dir/b.ckpt"
    check "$who is resumed from both" resume_link b
    check "$who is frozen, compressed, with that as its parent" link c --parent "$dir/b.ckpt" --compress
    check "$who is resumed from the chain" resume_link c
    check "$who is frozen once more" link d --parent "$dir/c.ckpt"
    check "$who is resumed from the longer chain by copying" resume_link d --copy
    check "$who is frozen on its own" freeze
    check "$who ends well" whole
}
for victim in tiny threads memory files; do
    chain "$victim" '' "$victim"
done
chain 'compressed memory' --compress memory mib=16
chain 'large compressed memory' --compress large

check 'a program starts' start memory mib=64
check 'it is frozen' "$checkpt" freeze -o "$dir/a.ckpt" "$pid"
check 'it is frozen with a parent while it runs' "$checkpt" freeze -o "$dir/b.ckpt" --parent "$dir/a.ckpt" "$pid"
check 'that takes less room' smaller b a 4
check 'it is frozen into a pipe with a parent' sh -c '"$1" freeze -o - --parent "$3/a.ckpt" "$2" | cat >"$3/p.ckpt"' - "$checkpt" "$pid" "$dir"
check 'that takes less room, too' smaller p a 4
cp "$dir/a.ckpt" "$dir/a.kept"
cp "$dir/b.ckpt" "$dir/b.kept"
over='it is the parent, or an image that the parent needs: write to another name'
check 'the parent is not written over' says 1 "checkpt: process $pid: $dir/a.ckpt: $over" "$checkpt" freeze -o "$dir/a.ckpt" --parent "$dir/a.ckpt" "$pid"
ln -s a.ckpt "$dir/link.ckpt"
check 'nor by another name' says 1 "$dir/a.ckpt: $over" "$checkpt" freeze -o "$dir/a.ckpt" --parent "$dir/link.ckpt" "$pid"
check "nor the parent's parent" says 1 "$dir/a.ckpt: $over" "$checkpt" freeze -o "$dir/a.ckpt" --parent "$dir/b.ckpt" "$pid"
redirected() {
    says 1 "$over" sh -c '"$1" freeze -o - --parent "$2" "$3" 1<>"$2"' - "$checkpt" "$dir/a.ckpt" "$pid"
}
check 'nor on standard output' redirected
check 'the parents are what they were' sh -c 'cmp "$1/a.ckpt" "$1/a.kept" && cmp "$1/b.ckpt" "$1/b.kept"' - "$dir"
check 'a parent that is not there' says 1 "checkpt: process $pid: parent $dir/none.ckpt: opening: No such file or directory" \
    "$checkpt" freeze -o "$dir/n.ckpt" --parent "$dir/none.ckpt" "$pid"
check 'a parent that is a directory' says 1 "parent $dir: opening: not a regular file" "$checkpt" freeze -o "$dir/n.ckpt" --parent "$dir" "$pid"
check 'a parent that is no image' says 1 "parent $checkpt: opening: " "$checkpt" freeze -o "$dir/n.ckpt" --parent "$checkpt" "$pid"
mkdir "$dir/away"
mv "$dir/a.ckpt" "$dir/a.kept" "$dir/b.kept" "$dir/away"
check 'a parent whose parent is missing' says 1 "parent $dir/b.ckpt: " "$checkpt" freeze -o "$dir/n.ckpt" --parent "$dir/b.ckpt" "$pid"
check 'nothing was written' test ! -e "$dir/n.ckpt"
check 'the program runs on after all that' advances
missing="a.ckpt): it was not found: No such file or directory"
check 'an image whose parent is missing cannot be resumed' says 1 "$missing" "$checkpt" -r "$dir/b.ckpt"
check 'and check says so' says 1 "$missing" "$checkpt" check "$dir/b.ckpt"
cp "$dir/b.ckpt" "$dir/a.ckpt"
check 'another image in its place is recognised' says 1 'the file that was found is another image, ' "$checkpt" check "$dir/b.ckpt"
rm "$dir/a.ckpt"
mv "$dir/away/a.ckpt" "$dir/renamed.ckpt"
check 'a parent that was renamed is found by its id' "$checkpt" check "$dir/b.ckpt"
mv "$dir/renamed.ckpt" "$dir/a.ckpt"
mv "$dir/b.ckpt" "$dir/away/b.ckpt"
check 'an image that was moved finds its parent where it was' "$checkpt" check "$dir/away/b.ckpt"
check 'so does one from a pipe' sh -c 'cat "$2" | "$1" check -' - "$checkpt" "$dir/away/b.ckpt"
check 'it ends well' whole

# A program that is sure to need no zeros from madvise(2): its memory is mapped, wherever it lies.
stepper=${bin%/bin}/bench/stepper
steps() {
    until [ -s "$dir/log" ]; do
        kill -0 "$pid" 2>/dev/null || { cat "$dir/log"; return 1; }
    done
}
resume_stepper() {
    : >"$dir/log"
    launch "$checkpt" -r "$@" && steps
}
new_dir stepper
launch "$stepper" 16 "$dir"
check 'a program starts' "$await" exists "$dir/ready"
noise=$(sed -n 's/^\([0-9a-f]*\)-\([0-9a-f]*\) rw-p .*/\1 \2/p' "/proc/$pid/maps" | while read -r from to; do
    [ $((0x$to - 0x$from)) -lt 16777216 ] || echo "$from"
done | head -n 1)
check 'it is frozen' "$checkpt" freeze -o "$dir/a.ckpt" "$pid"
check 'it is frozen for good, with a parent' link b --parent "$dir/a.ckpt"
check 'it is resumed' resume_stepper "$dir/b.ckpt"
check 'what is in the parent is mapped from it, not copied' grep -q "$dir/a.ckpt" "/proc/$pid/maps"
over='from the very file that is to be written'
check 'the parent is not written over' says 1 "$over" sh -c '"$1" freeze -o - "$2" 1<>"$3"' - "$checkpt" "$pid" "$dir/a.ckpt"
check 'it is frozen for good, with a parent that it is not mapped from' link c --parent "$dir/b.ckpt"
check 'it is resumed by copying' resume_stepper --copy "$dir/c.ckpt"
check 'nothing is mapped from any image' sh -c '! grep "\.ckpt" "/proc/$1/maps"' - "$pid"
check 'it is frozen for good, as it is' link d
same_noise() {
    for image in a b c d; do
        "$dump" --extract "$noise,1000000" "$dir/$image.ckpt" >"$image.noise" && [ -s "$image.noise" ] && cmp "a.noise" "$image.noise" || return 1
    done
}
check 'its memory is what it was' same_noise
# In the middle of the index: an offset that is a page off.
spoil() {
    word() { od -An -t "u$2" -j "$1" -N "$2" "$dir/a.ckpt" | tr -d ' '; }
    footer=$(($(stat -c %s "$dir/a.ckpt") - 256))
    at=$(($(word $((footer + 88)) 8) + $(word $((footer + 96)) 8) / 2 * 64 + 25))
    printf "\\$(printf %o $(($(word "$at" 1) ^ 16)))" | dd of="$dir/a.ckpt" bs=1 seek="$at" conv=notrunc 2>/dev/null
}
check 'a parent whose index is damaged' spoil
check 'nothing is mapped by it' says 1 'digest differs' "$checkpt" check --changed=ignore --plan "$dir/b.ckpt"
finish
