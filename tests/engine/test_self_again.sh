# Checkpointing a resumed program again: its memory is mapped from its image.
. tests/engine/engine.sh
export CHECKPT_PROGRAM="$checkpt" CHECKPT_MESSAGES=1

begin() {
    rm -f ./*.ckpt
    timeout 60 "$plain" "$victims/self-again" "$1" </dev/null
}
resumed() {
    got=$(timeout 60 "$plain" "$checkpt" -r "$1" </dev/null) || { echo "exit status $?: $got"; return 1; }
    [ "$got" = "$2" ] || { echo "$got instead of $2"; return 1; }
}

check "a program that goes over its own image" begin over-itself
check "and refused" resumed first.ckpt refused
check "the image is as it was" prints whole "$dump" --verify first.ckpt
check "and the sentence says what to do" sh -c '"$1" "$2" -r first.ckpt 2>&1 | grep -q "write to a new one, and rename it over the old one"' sh "$plain" "$checkpt"
for way in rename remove; do
    check "$way: begins" begin $way
    check "$way: resumed, and checkpointed again" resumed first.ckpt again
    check "$way: the new image holds for itself" prints whole "$dump" --verify first.ckpt
    check "$way: resumed from the new image" resumed first.ckpt "resumed again"
done
check "template: begins" begin template
check "template: resumed, and checkpointed again" resumed first.ckpt again
rm -f first.ckpt
check "template: resumed from the new image alone" resumed self-again.ckpt "resumed again"
check "template: begins with the template's name" begin template
mv first.ckpt self-again.ckpt
check "template: over the very file that it is mapped from" resumed self-again.ckpt again
check "template: resumed from that" resumed self-again.ckpt "resumed again"
finish
