# The option tables against --help, the manuals and the completion scripts.
. tests/cli/tap.sh
for program in ckptdump ckptedit checkpt checkptd; do
    [ -x "$bin/$program" ] || continue
    check "$program --help" gives 0 "$bin/$program" --help
    check "$program --version names the format" prints 'format 1.0' "$bin/$program" --version
    check "$program --bogus" says 2 'no such option' "$bin/$program" --bogus
    check "$program without arguments" gives 2 "$bin/$program"
done

# Of the program, and of each of its commands.
helps() {
    "$bin/$1" --help
    for command in $("$bin/$1" --help | sed -n "s/^  $1 \([a-z]*\) .*/\1/p"); do
        "$bin/$1" "$command" --help
    done
}
from_help() { helps "$1" | sed -n 's/^ *\(-[a-zA-Z], \)\{0,1\}\(--[a-z][-a-z]*\).*/ \2/p' | sort -u; }
from_manual() { grep -o -e 'Fl -[a-z][-a-z]*' -e ', -[a-z][-a-z]*' "$top/docs/$1".[1-9] | sed 's/^Fl -/ --/; s/^, -/ --/' | sort -u; }
agree() { from_help "$1" >help && from_manual "$1" >manual && diff help manual; }
for program in ckptdump ckptedit checkpt checkptd; do
    [ -x "$bin/$program" ] || continue
    check "the manual of $program has the options that there are" agree $program
done
# Others' manuals need not be installed; those of ours that are referred to must be there.
clean() {
    ! mandoc -T lint "$1" 2>&1 | grep -v -e 'referenced manual not found' -e 'outdated mandoc.db' | grep . || return 1
    for other in $(sed -n 's/^\.Xr \(c[hk][a-z]*pt[a-z.]*\) \([1-9]\).*/\1.\2/p' "$1"); do
        [ -f "$top/docs/$other" ] || { echo "refers to $other"; return 1; }
    done
}
if command -v mandoc >/dev/null; then
    for page in "$top"/docs/*.[1-9]; do
        check "${page##*/} is clean" clean "$page"
    done
else
    skip 'manuals are clean' 'no mandoc'
fi

# completes WORDS WANTED: the last of the words, of which the first is the program; a last word of _ stands for an empty one.
completes() {
    words=$1 wanted=$2
    program=${words%% *}
    "$bin/$program" --print-completion >script
    found=$(bash -c '. ./script; COMP_WORDS=($1); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); [ "${COMP_WORDS[COMP_CWORD]}" != _ ] || COMP_WORDS[COMP_CWORD]=
        _$2; echo "${COMPREPLY[*]}"' bash "$words" "$program")
    echo "$found"
    [ "$found" = "$wanted" ]
}
complete() {
    "$bin/$1" --print-completion >script
    for option in $(from_help "$1"); do
        [ "$option" = --help ] || [ "$option" = --version ] || grep -qw -e "$option" script || { echo "$option does not complete"; return 1; }
    done
}
for program in ckptdump ckptedit checkpt checkptd; do
    [ -x "$bin/$program" ] || continue
    check "every option of $program completes" complete $program
done
touch some.ckpt
check 'options complete' completes 'ckptdump --ma' '--maps'
check 'files complete' completes 'ckptdump --maps so' 'some.ckpt'
if [ -x "$bin/checkpt" ]; then
    check 'commands complete' completes 'checkpt fr' 'freeze'
    check "a command's options complete" completes 'checkpt freeze --ex' '--exit'
    check "and not another's" completes 'checkpt explain --ex' ''
    check 'choices complete' completes 'checkpt freeze --mode _' 'auto stop fork'
    check 'files complete behind -r' completes 'checkpt -r so' 'some.ckpt'
    check 'processes complete' completes "checkpt explain $$" "$$"
    check 'every command has its help' eval 'helps checkpt >all; [ "$(grep -c "^Usage: checkpt " all)" -ge 4 ]'
fi
check 'long options may be shortened' says 2 'opening: No such file' "$dump" --ind missing
check 'but not when several fit' says 2 'several options begin like this' "$dump" --s missing
check 'a flag takes no value' says 2 'takes no value' "$dump" --maps=3 missing
check 'a value may be missing' says 2 'needs ADDR' "$dump" --hex
check '-- ends the options' says 2 '--maps: opening: No such file' "$dump" -- --maps
check 'letters take values both ways' says 2 'missing: opening' "$edit" -oout --drop-fd 3 missing
finish
