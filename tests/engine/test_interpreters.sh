# Unmodified interpreters in the middle of a long job: what they write is, byte for byte, what they write undisturbed.
. tests/engine/engine.sh
python3 -c 'import random; r = random.Random(4711); open("input", "wb").write(r.randbytes(12 << 20)); open("lines", "w").writelines("%d %s\n" % (i, r.randbytes(20).hex()) for i in range(60000))'

cat >job.py <<'PY'
import hashlib, os, sys, zlib
chain, whole, packer, seen = hashlib.sha256(), hashlib.blake2b(), zlib.compressobj(6), {}
with open("../input", "rb") as source, open("output", "w") as out:
    while block := source.read(4096):
        for turn in range(5):
            chain.update(block[turn:])
        whole.update(chain.digest())
        packed = packer.compress(block)
        seen[chain.hexdigest()[:3]] = seen.get(chain.hexdigest()[:3], 0) + len(packed)
        print(source.tell(), chain.hexdigest(), whole.hexdigest(), sum(seen.values()), file=out)
    print(sorted(seen.items()), file=out)
PY
cat >job.pl <<'PL'
use Digest::SHA;
my ($chain, %seen) = (Digest::SHA->new(256));
open(my $in, '<:raw', '../input') or die; open(my $out, '>', 'output') or die;
while (read($in, my $block, 4096)) {
    $chain->add(substr($block, $_)) for 0 .. 15;
    my $digest = $chain->clone->hexdigest;
    $seen{substr($digest, 0, 3)} += unpack('%32C*', $block);
    print $out tell($in), " $digest ", scalar(reverse($digest)), " ", scalar(keys %seen), "\n";
}
print $out join(' ', map { "$_=$seen{$_}" } sort keys %seen), "\n";
PL
cat >job.sh <<'SH'
sum=0
declare -A seen
while read -r number text; do
    for ((i = 0; i < 8; i++)); do (( sum = (sum * 31 + 0x${text:i*4:4} + number) & 0xffffffffff )); done
    seen[${text:0:2}]=$sum
    printf '%d %x %s %d\n' "$number" "$sum" "${text^^}" "${#seen[@]}"
done <../lines >output
for key in "${!seen[@]}"; do printf '%s %x\n' "$key" "${seen[$key]}"; done >>output
SH

undisturbed() {
    new_dir "$1"
    (cd "$dir" && shift && exec "$@") && mv "$dir/output" "$work/expected"
}
begin() {
    new_dir "$1"
    shift
    cd "$dir"
    launch "$@"
    cd "$work"
}
# stopped BYTES [OPTION…]: frozen for good when so much is written, then resumed.
stopped() {
    bytes=$1
    shift
    "$await" size "$dir/output" "$bytes" "$pid" && alive && freeze_exit && launch "$checkpt" -r "$@" "$dir/x.ckpt"
}
ended() {
    reap "$pid" || { echo "exit status $?"; cat "$dir/log"; return 1; }
    cmp "$work/expected" "$dir/output"
}
# job NAME COMMAND…
job() {
    name=$1
    check "$name works undisturbed" undisturbed "$@"
    total=$(stat -c %s expected)
    check "$name starts" begin "$@"
    check "$name is frozen and resumed early" stopped 1
    check "$name is frozen and resumed half way" stopped $((total / 2))
    check "$name is frozen and resumed late" stopped $((total * 9 / 10)) --copy
    check "what $name wrote is what it writes undisturbed" ended
}
job python3 python3 ../job.py
job perl perl ../job.pl
job bash bash ../job.sh
job bash-file bash --norc -c '. ../job.sh'

cat >job.sql <<'SQL'
PRAGMA cache_size = 20;
CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT, c BLOB);
CREATE INDEX i ON t (b);
BEGIN IMMEDIATE;
WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 250000) INSERT INTO t SELECT x, hex(x * 7919 % 250013), zeroblob(x % 97) FROM n;
UPDATE t SET b = b || a WHERE a % 3 = 0;
DELETE FROM t WHERE a % 7 = 0;
COMMIT;
SQL
transaction() {
    "$await" size "$dir/test.db-journal" 1 "$pid" && alive && "$await" size "$dir/test.db" 200000 "$pid" && alive && [ -e "$dir/test.db-journal" ] &&
        freeze_exit && [ -s "$dir/test.db-journal" ]
}
commits() {
    launch "$checkpt" -r "$dir/x.ckpt"
    reap "$pid" || { echo "exit status $?"; cat "$dir/log"; return 1; }
    [ ! -s "$dir/log" ] || { cat "$dir/log"; return 1; }
}
committed() {
    [ "$(sqlite3 "$dir/test.db" 'PRAGMA integrity_check;')" = ok ] && [ "$(sqlite3 "$dir/test.db" 'SELECT count(*), sum(length(b)) FROM t;')" = "$expected" ]
}
expected=$(sqlite3 reference.db '.read job.sql' && sqlite3 reference.db 'SELECT count(*), sum(length(b)) FROM t;')
check 'sqlite3 starts' begin sqlite3 sqlite3 test.db '.read ../job.sql'
check 'it is frozen inside an open transaction' transaction
check 'it is resumed and commits' commits
check 'the database is whole and has all rows' committed
finish
