# What hostile images may cost.
. tests/cli/tap.sh
checkpt=$bin/checkpt
[ -x "$checkpt" ] || checkpt=
if nm -D "$dump" 2>/dev/null | grep -q __asan; then
    skip 'what hostile images cost' 'a sanitizer costs more'
    finish
else
    python3 -B "$top/tests/malformed/bounds.py" "$dump" "$edit" "$checkpt"
fi
