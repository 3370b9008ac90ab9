# ckptedit: descriptors pointed elsewhere, paths moved, the working directory.
. tests/cli/tap.sh
. "$top/tests/cli/edit.sh"
mkdir -p new/sub lib64 && head -c 70000 /dev/zero >new/data && echo text >new/sub/input && echo out >lib64/x
here=$(pwd -P)

check '--fd points a descriptor at a file' edits b.ckpt --fd 3=new/data
check 'its identity is recorded' judge b.ckpt \
    "(lambda f: (text(f['path']), f['inode'], f['size'], f['type'])==('$here/new/data', '$(stat -c %i new/data)', '70000', 'FILE_TYPE_REGULAR'))(file_of(n, 3)[1])"
check 'its time of change too' judge b.ckpt "file_of(n, 3)[1]['modified']['seconds']=='$(stat -c %Y new/data)'"
check 'flags and position stay' judge b.ckpt "all(file_of(n, 3)[0][k]==file_of(o, 3)[0][k] for k in ('flags', 'offset'))"
check 'the old file goes where nothing refers to it' judge b.ckpt "'/tmp/input' in paths(o) and '/tmp/input' not in paths(n)"
check 'pages, registers and the other descriptors stay' judge b.ckpt \
    "pages(o)==pages(n) and o['registers']==n['registers'] and all(file_of(o, i)==file_of(n, i) for i in (0, 5, 7))"
check 'fields that nobody knows stay' judge b.ckpt "o.unknown==n.unknown+1 and o.unknown>10"
check 'a build-id is recorded' edits e.ckpt --fd 3="$edit"
has_build_id() { readelf -n "$edit" | grep -q "Build ID: $("$dump" --json --fds e.ckpt | python3 -c "import base64,json,sys; print(next(base64.b64decode(f['buildId']).hex() for f in json.load(sys.stdin)['files'] if f.get('buildId')))")"; }
if readelf -n "$edit" | grep -q 'Build ID'; then check 'the right one' has_build_id; else skip 'the right one' 'ckptedit has no build-id'; fi

check '--fd of a shared open file' edits b.ckpt --fd 1=new/data
check 'makes it one of its own' judge b.ckpt "file_of(n, 1)[0]['id'] not in (file_of(n, 0)[0]['id'],) and file_of(n, 0)==file_of(n, 2)==file_of(o, 0)"
check 'which is not inherited' judge b.ckpt "'inherited' not in file_of(n, 1)[0] and file_of(n, 0)[0]['inherited']==1"
check 'its unknown fields are copied' judge b.ckpt "n.unknown==o.unknown+1"
check '--fd of an absent descriptor' says 1 'there are 0, 1, 2, 3, 5 and 7' "$edit" --fd 4=new/data a.ckpt
check '--fd to nothing' says 1 "$here/nothing: No such file or directory; the image could not be resumed like that (--force" "$edit" --fd 3=nothing a.ckpt
check '--fd to nothing by force' edits b.ckpt --force --fd 3=nothing
check 'has the path' judge b.ckpt "text(file_of(n, 3)[1]['path'])=='$here/nothing'"
check '--fd of a writer to a directory' says 1 'it is a directory, and the descriptor is open for writing' "$edit" --fd 5=new a.ckpt
mkfifo fifo
check '--fd to a FIFO' says 1 'it is a FIFO' "$edit" --fd 3=fifo a.ckpt
check '--fd of a reader to a directory' edits b.ckpt --fd 3=new
check 'begins at its beginning' judge b.ckpt "'offset' not in file_of(n, 3)[0]"
check '--fd without a path' says 2 "not a descriptor's number" "$edit" --fd 3 a.ckpt
check '--fd without a number' says 2 'not the number of a descriptor' "$edit" --fd x=new/data a.ckpt
check '--fd: a dry run' prints \
    "would point descriptor 3 at $here/new/data, a regular file of 70000 bytes, instead of /tmp/input, position 12345" "$edit" --dry-run --fd 3=new/data a.ckpt

check '--move-path' edits b.ckpt --move-path /tmp="$here/new/sub"
check 'moves what lies below' judge b.ckpt "'$here/new/sub/input' in paths(n) and '/tmp/input' not in paths(n) and '/usr/bin/prog' in paths(n)"
check 'identity of what is there' judge b.ckpt "file_of(n, 3)[1]['inode']=='$(stat -c %i new/sub/input)' and file_of(n, 3)[1]['size']=='5'"
check 'a deleted file stays deleted' judge b.ckpt "file_of(n, 5)[1]['deleted'] and text(file_of(n, 5)[1]['path'])=='$here/new/sub/output'"
check 'a memory file has no path' says 1 'no file has this path' "$edit" --move-path /memfd:shared=/x a.ckpt
check '--move-path of a mapped file' edits b.ckpt --move-path /usr/bin=/nowhere/there
check 'keeps the identity where nothing is' judge b.ckpt "next(f for f in n['files'] if f['id']==1)['inode']=='101' and '/nowhere/there/prog' in paths(n)"
check "debuggers' names move along" judge b.ckpt "b'/nowhere/there/prog\0/memfd:shared (deleted)\0' in n.raw and b'/usr/bin/prog\0' not in n.raw"
check 'only at the boundary of a component' says 1 'no file has this path or lies below it; there are /usr/bin/prog' "$edit" --move-path /usr/b=/x a.ckpt
check 'a file by its own path' edits b.ckpt --move-path /usr/bin/prog=/usr/bin/other/
check 'no slash at its end' judge b.ckpt "'/usr/bin/other' in paths(n)"
check 'everything from /' edits b.ckpt --move-path /=/root/there
check 'is below' judge b.ckpt "'/root/there/usr/bin/prog' in paths(n) and '/root/there/tmp/input' in paths(n)"
check 'and back' edits b.ckpt --move-path /=/root/there --move-path /root/there=/
check 'in order' judge b.ckpt "paths(n)==paths(o) and n.unknown==o.unknown"
check 'another type of file' says 1 'it is of another type than the file of then; the image could not be resumed' "$edit" --move-path /tmp/input=/ a.ckpt
check 'no absolute path' says 2 'not two absolute paths' "$edit" --move-path tmp=/x a.ckpt
check '--move-path: a dry run' prints \
    'would move /usr/bin/prog to /x/prog, keeping its identity since nothing is there now' "$edit" --dry-run --move-path /usr/bin=/x a.ckpt

# A library of another build is another library; 0x400000 is mapped from /usr/bin/prog.
builds() {
    edits c.ckpt --force --move-path /usr/bin/prog="$edit" && "$edit" -o d.ckpt --move-path "$edit=$edit" c.ckpt || return 1
    says 1 'it is another build of the program or library' "$edit" -o d.ckpt --move-path "$edit=$dump" c.ckpt && "$edit" --force -o d.ckpt --move-path "$edit=$dump" c.ckpt
}
if readelf -n "$edit" | grep -q 'Build ID'; then check 'another build of a mapped file' builds; else skip 'another build of a mapped file' 'ckptedit has no build-id'; fi

check '--cwd' edits b.ckpt --cwd new
check 'has the identity of the directory' judge b.ckpt \
    "any(text(f['path'])=='$here/new' and f['inode']=='$(stat -c %i new)' and f['type']=='FILE_TYPE_DIRECTORY' for f in n['files'])"
check '--cwd to a file' says 1 'is no directory' "$edit" --cwd new/data a.ckpt
check '--cwd to nothing' says 1 'No such file' "$edit" --cwd nothing a.ckpt
check '--cwd: a dry run' prints "would make $here/new the working directory" "$edit" --dry-run --cwd new a.ckpt
check 'an edit that fails leaves none of those before it' says 1 'there is no such descriptor' "$edit" --fd 3=new/data --cwd new --drop-fd 99 a.ckpt
check 'nothing was changed' alone
check 'edits are made in order' says 1 'there are 0, 1, 2, 5 and 7' "$edit" --drop-fd 3 --fd 3=new/data a.ckpt
check 'two on one descriptor' edits b.ckpt --fd 3=new/data --fd 3=new/sub/input
check 'the last one counts' judge b.ckpt "text(file_of(n, 3)[1]['path'])=='$here/new/sub/input' and '$here/new/data' not in paths(n)"
finish
