# One malformed image for each reason for refusal, through every program.
. tests/cli/tap.sh
checkpt=$bin/checkpt
[ -x "$checkpt" ] || checkpt=
python3 -B "$top/tests/malformed/refused.py" "$dump" "$edit" "$checkpt" "$top"/tests/malformed/files/*.txt
