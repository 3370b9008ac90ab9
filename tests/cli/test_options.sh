# The option tables against --help, the manuals and the completion scripts.
. tests/cli/tap.sh
for program in ckptdump ckptedit checkpt; do
    [ -x "$bin/$program" ] || continue
    check "$program --help" gives 0 "$bin/$program" --help
    check "$program --version names the format" prints 'format 1.0' "$bin/$program" --version
    check "$program --bogus" says 2 'no such option' "$bin/$program" --bogus
    check "$program without arguments" gives 2 "$bin/$program"
done

from_help() { "$1" --help | grep -o -e ' --[a-z][-a-z]*' | sort -u; }
from_manual() { grep -o -e 'Fl -[a-z][-a-z]*' -e ', -[a-z][-a-z]*' "$top/docs/$1.1" | sed 's/^Fl -/ --/; s/^, -/ --/' | sort -u; }
agree() { from_help "$bin/$1" >help && from_manual "$1" >manual && diff help manual; }
for program in ckptdump ckptedit; do
    check "the manual of $program has the options that there are" agree $program
done
if command -v mandoc >/dev/null; then
    for page in ckptdump.1 ckptedit.1 ckptfmt.5; do
        check "$page is clean" sh -c '! mandoc -T lint -W warning "$1" 2>&1 | grep .' sh "$top/docs/$page"
    done
else
    skip 'manuals are clean' 'no mandoc'
fi

completes() {
    words=$1 wanted=$2
    "$dump" --print-completion >script
    found=$(bash -c '. ./script; COMP_WORDS=($1); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _ckptdump; echo "${COMPREPLY[*]}"' bash "$words")
    echo "$found"
    [ "$found" = "$wanted" ]
}
touch some.ckpt
check 'options complete' completes 'ckptdump --ma' '--maps'
check 'files complete' completes 'ckptdump --maps so' 'some.ckpt'
check 'long options may be shortened' says 2 'opening: No such file' "$dump" --ind missing
check 'but not when several fit' says 2 'several options begin like this' "$dump" --s missing
check 'a flag takes no value' says 2 'takes no value' "$dump" --maps=3 missing
check 'a value may be missing' says 2 'needs ADDR' "$dump" --hex
check '-- ends the options' says 2 '--maps: opening: No such file' "$dump" -- --maps
check 'letters take values both ways' says 2 'missing: opening' "$edit" -oout --drop-fd 3 missing
finish
