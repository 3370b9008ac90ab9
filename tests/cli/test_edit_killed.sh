# ckptedit, killed or stopped at any call of an edit: the old image is as it was or the new one is whole, and what may be left beside it is in nobody's way. POINTS: more calls.
. tests/cli/tap.sh
at_call=${bin%/bin}/tests/at_call
if ! "$at_call" 0 KILL true 3>/dev/null; then
    skip 'killed at any call' 'nothing can be traced here'
    finish
    exit 0
fi
export ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0:verify_asan_link_order=0 # what looks for leaks cannot be traced
points=${POINTS:-8}

"$make_image" raw.ckpt && "$make_image" packed.ckpt packed || exit 1
head -c $(($(stat -c %s packed.ckpt) * 3 / 4)) packed.ckpt >cut.ckpt
cat >parent.txt <<'TXT'
record IMAGE critical { tool: "maker" }
record MEMORY critical { process: 1 space: 1 mappings { start: 0x10000 end: 0x40000 protection: 3 flags: 0x22 } }
pages 1 0x10000 16 noise 1
pages 1 0x20000 16 noise 2
TXT
sed -e '1a parent "parent.ckpt" from "parent.txt"' -e 's/noise 2/noise 9/' parent.txt >child.txt
PYTHONDONTWRITEBYTECODE=1 python3 "$top/tests/make/maker.py" child.txt child.ckpt || exit 1
mkdir beside && cp parent.ckpt beside

# The file is in `beside`, alone but for the parent.
fresh() {
    rm -f beside/x.ckpt beside/.[!.]* && cp "$source" beside/x.ckpt
}
# learn SOURCE EDIT…: what the edit makes of it, and the calls that this takes. With `named` set, without O_TMPFILE.
learn() {
    source=$1 preload=
    shift
    fresh && "$edit" "$@" beside/x.ckpt && mv beside/x.ckpt wanted.ckpt || return 1
    [ -z "$named" ] || preload=${bin%/bin}/tests/no_tmpfile.so
    fresh && "$at_call" 0 KILL env LD_PRELOAD="$preload" "$edit" "$@" beside/x.ckpt 3>calls && cmp beside/x.ckpt wanted.ckpt || return 1
    total=$(cat calls)
    [ "$total" -gt 80 ]
}
whole_or_old() {
    if cmp -s beside/x.ckpt "$source"; then
        old=$((old + 1))
    elif cmp -s beside/x.ckpt wanted.ckpt; then
        new=$((new + 1))
    else
        echo 'the image is neither the old nor the new one'
        return 1
    fi
}
# A file under another name, that nobody takes for an image, and with which the next edit does what the first should have done.
beside_only_ours() {
    left=$(ls -A beside | grep -v '^parent.ckpt$\|^x.ckpt$')
    [ -z "$left" ] && return 0
    leftovers=$((leftovers + 1))
    case $left in
    *.ckpt | *' '*) echo "left: $left"; return 1 ;;
    .x.ckpt.*-*) ;;
    *) echo "left: $left"; return 1 ;;
    esac
}
# Evenly, and each of those from the fsync(2) of the new file on: naming it, renaming it, the fsync(2) of its directory, closing both.
at_calls() {
    seq 1 $((total / points)) "$total"
    seq -f 'fsync+%g' 8
}
# interrupted SIGNAL SOURCE EDIT…
interrupted() {
    signal=$1
    shift
    learn "$@" || { echo 'the edit by itself'; return 1; }
    shift
    old=0 new=0 leftovers=0
    for at in $(at_calls); do
        fresh
        "$at_call" "$at" "$signal" env LD_PRELOAD="$preload" "$edit" "$@" beside/x.ckpt >killed.out 2>&1
        if ! whole_or_old || ! beside_only_ours || { [ "$signal" = TERM ] && [ -n "$left" ]; }; then
            echo "of $total calls: $left"
            cat killed.out
            return 1
        fi
        if [ -n "$left" ]; then
            cp "$source" beside/x.ckpt
            "$edit" "$@" beside/x.ckpt && cmp beside/x.ckpt wanted.ckpt && [ -e "beside/$left" ] || { echo "after call $at of $total: the next edit"; return 1; }
        fi
    done
    echo "$old times the old one, $new times the new one, $leftovers times something was left"
    [ "$old" -gt 0 ] && [ "$new" -gt 0 ] && { [ -z "$named" ] || [ "$signal" = TERM ] || [ "$leftovers" -gt 0 ]; }
}
for named in '' named; do
    how=${named:+, where files cannot be without a name}
    check "killed while a record changes$how" interrupted KILL raw.ckpt --name x
    check "killed while it packs$how" interrupted KILL raw.ckpt --compress
    check "killed while it salvages$how" interrupted KILL cut.ckpt --salvage
    check "killed while it flattens$how" interrupted KILL child.ckpt --flatten
    check "terminated while a record changes$how" interrupted TERM raw.ckpt --name x
    check "terminated while it unpacks$how" interrupted TERM packed.ckpt --decompress
done

# To another name, the same.
over_another() {
    "$edit" --name x -o wanted.ckpt raw.ckpt && "$at_call" 0 KILL "$edit" --name x -o again.ckpt raw.ckpt 3>calls || return 1
    total=$(cat calls)
    source=packed.ckpt old=0 new=0
    for at in $(at_calls); do
        fresh
        "$at_call" "$at" KILL "$edit" --name x -o beside/x.ckpt raw.ckpt >killed.out 2>&1
        whole_or_old && cmp raw.ckpt raw.orig || { echo "at call $at of $total"; return 1; }
    done
    [ "$old" -gt 0 ] && [ "$new" -gt 0 ]
}
cp raw.ckpt raw.orig
check 'killed while it writes over another file' over_another

# A name that is taken by what was left.
taken() {
    source=raw.ckpt && fresh || return 1
    sh -c 'for i in 0 1 2; do echo left >"beside/.x.ckpt.$$-$i"; done; exec "$0" --name x beside/x.ckpt' "$edit" || return 1
    "$dump" --verify beside/x.ckpt && [ "$(cat beside/.x.ckpt.*-* | sort | uniq -c | tr -s ' ')" = ' 3 left' ]
}
check 'a temporary name that is taken' taken
not_a_parent() {
    source=child.ckpt && fresh && mv beside/parent.ckpt beside/.parent.ckpt.4711-0 || return 1
    says 1 'parent' "$edit" --flatten beside/x.ckpt && cmp beside/x.ckpt child.ckpt
}
check 'what was left is nobody'"'"'s parent' not_a_parent
finish
