# Programs in other languages that checkpoint themselves, and system calls that a module brings.
. tests/engine/engine.sh
export CHECKPT_PROGRAM="$checkpt" CHECKPT_LIBRARY="${bin%/bin}/lib/libcheckpt.so.1"

# both_print FIRST SECOND FILE COMMAND…: what the program prints, and what it prints when it is resumed.
both_print() {
    first=$1 second=$2 file=$3
    shift 3
    got=$(timeout 60 "$plain" "$@" </dev/null) || { echo "exit status $?: $got"; return 1; }
    [ "$got" = "$first" ] || { echo "$got instead of $first"; return 1; }
    got=$(timeout 60 "$plain" "$checkpt" -r "$file" </dev/null) || { echo "resumed: exit status $?: $got"; return 1; }
    [ "$got" = "$second" ] || { echo "resumed: $got instead of $second"; return 1; }
}

cat >library.py <<'PYTHON'
import ctypes, os
library = ctypes.CDLL(os.environ["CHECKPT_LIBRARY"], use_errno=True)
image = os.open("python.ckpt", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
before = list(range(100000))
result = library.sys_checkpoint(1, image, -1, -1)
print(result, sum(before), os.pread(image, 4, 0)[1:].decode())
PYTHON
cat >number.py <<'PYTHON'
import ctypes, os
image = os.open("python.ckpt", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
print(ctypes.CDLL(None, use_errno=True).syscall(0x2000, 1, image, -1, -1))
PYTHON
cat >number.pl <<'PERL'
open my $image, "+>", "perl.ckpt" or die;
print syscall(0x2000, 1, fileno($image), -1, -1), "\n";
PERL
cat >script.sh <<'SHELL'
count=0
while [ $count -lt 4 ]; do
    count=$((count + 1))
    [ $count -ne 2 ] || "$CHECKPT_PROGRAM" freeze -o script.ckpt $$ || :
    echo $count
done
SHELL
check "Python through ctypes" both_print "0 4999950000 ELF" "1 4999950000 ELF" python.ckpt python3 library.py
check "Python by number" both_print 0 1 python.ckpt "$checkpt" run python3 number.py
check "Perl by number" both_print 0 1 perl.ckpt "$checkpt" run perl number.pl
numbers=$(printf '1\n2\n3\n4') later=$(printf '2\n3\n4')
for shell in sh bash; do
    check "a script in $shell: checkpt freeze \$\$" both_print "$numbers" "$later" script.ckpt "$shell" script.sh
    check "a script in $shell under checkpt run: checkpt freeze \$\$" both_print "$numbers" "$later" script.ckpt "$checkpt" run "$shell" script.sh
done

# A module: its call, from programs that know nothing of each other.
tally="${bin%/bin}/examples/tally.so"
cat >tally.pl <<'PERL'
my $count = "\0" x 8;
my $result = syscall(0x2080, $ARGV[0], $count);
print $result < 0 ? "error " . ($! + 0) : "$result " . unpack("q", $count), "\n";
PERL
run_tally() {
    "$checkpt" run "$@" sh -c 'for name in a b a; do perl tally.pl $name; done; perl tally.pl 0123456789012345678901234567890123456789'
}
prints_tally() {
    wanted=$1
    shift
    got=$(run_tally "$@") && [ "$got" = "$wanted" ] || { echo "$got instead of $wanted"; return 1; }
}
check "a module's call, for all descendants" prints_tally "$(printf '1 1\n1 1\n2 2\nerror 36')" --module "$tally"
check "one that is marked for capability mode" prints_tally "$(printf '1 1\n1 1\n2 2\nerror 36')" --module "$tally" --capability-mode
check "without the module there is no such call" prints_tally "$(printf 'error 38\nerror 38\nerror 38\nerror 38')"
check "the same module twice is refused" says 1 "a number is in use already" "$checkpt" run --module "$tally" --module "$tally" true
check "a module that is none is refused" says 1 "has no SYSCALL_MODULE" "$checkpt" run --module "$CHECKPT_LIBRARY" true
check "a module that is not there is refused" says 1 "loading the module" "$checkpt" run --module ./none.so true
echo "no object" >text.so
check "a module that is no object is refused" says 1 "loading the module" "$checkpt" run --module text.so true
cp "$tally" here.so
check "a module is a file, not a name to look for" gives 0 "$checkpt" run --module here.so true
finish
