# ckptedit: where the new image goes, and what is said when it cannot.
. tests/cli/tap.sh
. "$top/tests/cli/edit.sh"
if [ "$(id -u)" -eq 0 ]; then root=yes; else root=; fi
# As a user whom permissions bind.
user() { if [ -n "$root" ]; then setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; else "$@"; fi; }

check 'to the input itself' sh -c 'cp a.ckpt i.ckpt && chmod 0604 i.ckpt && "$0" --name x -o i.ckpt i.ckpt && [ "$(stat -c %a i.ckpt)" = 604 ]' "$edit"
check 'which is whole' prints 'program     x' "$dump" i.ckpt
mkdir d
attributes() {
    cp a.ckpt i.ckpt && ln -s i.ckpt link.ckpt && python3 -c 'import os; os.setxattr("i.ckpt", "user.note", b"kept")' 2>xattr.err || { cat xattr.err; return 1; }
    "$edit" --name x link.ckpt && [ -L link.ckpt ] && python3 -c 'import os; assert os.getxattr("i.ckpt", "user.note") == b"kept"'
}
if python3 -c 'import os; open("try", "w"); os.setxattr("try", "user.x", b"")' 2>/dev/null; then
    check 'attributes stay, and a link to the image too' attributes
else
    skip 'attributes stay, and a link to the image too' 'this file system has no extended attributes'
fi
check 'to a directory' says 1 'd: replacing it: it is a directory' "$edit" --name x -o d a.ckpt
check 'to one with a slash' says 1 'it is a directory' "$edit" --name x -o d/ a.ckpt
mkfifo fifo
check 'to a FIFO' says 1 'fifo: replacing it: it is not a regular file' "$edit" --name x -o fifo a.ckpt
check 'to /dev/null' says 1 '/dev/null: replacing it: it is not a regular file' "$edit" --name x -o /dev/null a.ckpt
check 'to a directory that is not there' says 1 'opening its directory: No such file' "$edit" --name x -o no/x a.ckpt
mkdir closed && cp a.ckpt closed/ && cp a.ckpt mine.ckpt
[ -n "$root" ] && chown 65534 closed closed/a.ckpt && chmod 0755 "$work"
chmod 0555 closed && chmod 0644 closed/a.ckpt
if [ -z "$root" ] || command -v setpriv >/dev/null; then
    check 'in a read-only directory' says 1 'creating: Permission denied; -o OUT writes elsewhere' user "$edit" --name x closed/a.ckpt
    check 'to a read-only directory' says 1 'closed/x: creating: Permission denied' user "$edit" --name x -o closed/x closed/a.ckpt
    chmod 0000 closed/a.ckpt
    check 'what may not be read' says 2 'opening: Permission denied' user "$edit" --name x closed/a.ckpt
else
    skip 'in a read-only directory' 'no setpriv'
fi
untouched() { cmp a.ckpt original.ckpt && [ "$(ls -A d closed | tr '\n' ' ')" = 'closed: a.ckpt  d: ' ]; }
check 'nothing is left anywhere' untouched

other=/dev/shm/ckptedit.$$
if mkdir "$other" 2>/dev/null && [ "$(stat -c %d "$other")" != "$(stat -c %d .)" ]; then
    check 'to another file system' gives 0 "$edit" --name x -o "$other/x.ckpt" a.ckpt
    check 'is whole' prints whole "$dump" --verify "$other/x.ckpt"
    check 'from there' gives 0 "$edit" --name y -o y.ckpt "$other/x.ckpt"
else
    skip 'to another file system' 'no other one'
fi
rm -rf "$other"
mkdir small
if mount -t tmpfs -o size=64k none small 2>/dev/null; then
    check 'to a full disk' says 1 'No space left on device' "$edit" --name x -o small/x.ckpt a.ckpt
    check 'nothing is left there' sh -c '[ -z "$(ls -A small)" ]'
    umount small
else
    skip 'to a full disk' 'cannot mount'
fi

# Whoever has the old file open or mapped keeps it as it was.
mapped() {
    cp a.ckpt m.ckpt && exec 9<m.ckpt && "$edit" --redact-matching needle m.ckpt && cmp /proc/self/fd/9 original.ckpt && ! cmp -s m.ckpt original.ckpt
    status=$?
    exec 9<&-
    return $status
}
check 'the old file is replaced, not written to' mapped
check 'standard output that cannot be written to' says 1 'standard output: writing' sh -c '"$0" --dry-run --name x a.ckpt >/dev/full' "$edit"
check 'a future read-only feature' sh -c \
    '"$1" r.ckpt readonly; cp r.ckpt r.orig; "$0" --name x r.ckpt 2>err && exit 1; cmp r.ckpt r.orig && grep "can be dumped and verified, not edited" err || { cat err; exit 1; }' "$edit" "$make_image"
critical() { "$make_image" c.ckpt critical && "$edit" --name x c.ckpt && prints whole "$dump" --verify c.ckpt && strings c.ckpt | grep -q future; }
check 'critical records that nobody knows stay' critical
finish
