# The format's figures beside the machine's limits, by turns: format.sh BUILD DIRECTORY. Each is the least and the median of several runs. It needs 3 GiB of DIRECTORY and of memory.
build=$(cd "$1" && pwd) && top=$(pwd) && mkdir -p "$2" && here=$(mktemp -d "$2/format.XXXXXX") && cd "$here" || exit 1
here=$(pwd) checkpt=$build/bin/checkpt dump=$build/bin/ckptdump turns=$build/bench/turns packing=$build/bench/packing
zstd=$(command -v zstd) xxh=$(command -v xxh128sum) redis=$(command -v redis-server) python=$(command -v python3)
threads=$(nproc) running=
leave() {
    for pid in $running; do kill -9 "$pid" 2>/dev/null; done
    cd / && rm -rf "$here"
}
trap leave EXIT
trap 'exit 1' INT TERM HUP
for needed in zstd xxhash python3; do
    case $needed in zstd) found=$zstd ;; xxhash) found=$xxh ;; *) found=$python ;; esac
    [ -n "$found" ] || { echo "figures of the format: none without the package $needed"; exit 0; }
done

# await NAME: until the file is there, or its program has ended.
await() {
    while [ ! -e "$1" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
    [ -e "$1" ]
}
# held KIND [ARGUMENT]: a program with such memory is there, as $pid.
held() {
    rm -f ready
    "$python" "$top/bench/memory.py" "$1" ready "${2-}" </dev/null >/dev/null 2>&1 &
    pid=$!
    running="$running $pid"
    await ready
}
ended() {
    kill -9 "$1"
    wait "$1" 2>/dev/null
    true
}
size() { stat -c %s "$1"; }
mib() { du -k "$1" | awk '{ printf "%.1f", $1 / 1024 }'; }
# Two lines of `turns`, ours first: ours, the other, and how many times as fast ours is, by least and by median.
line() { awk -v what="$1" -v unit="${2:-1}" -v rest="$3" 'NR == 1 { a = $1; am = $2 } NR == 2 { b = $1; bm = $2 }
    END { printf "%-46s %8.*f %8.*f %9.*f %8.*f %8.2f %6.2f  %s\n", what, a < 10, a / unit, am < 10, am / unit, b < 10, b / unit, bm < 10, bm / unit, b / a, bm / am, rest }'; }

# pack WHAT LEVEL RUNS: x.ckpt, by turns with the command.
pack() {
    "$turns" "$3" "$packing" pack x.ckpt packed.ckpt "$2" :: "$zstd" -q -f "-$2" "-T$threads" x.ckpt -o x.zst >times || return 1
    line "$1: pack, level $2" 1 "size $(awk -v a="$(size packed.ckpt)" -v b="$(size x.zst)" 'BEGIN { printf "%.1f %.1f MiB, %.3f", a / 1048576, b / 1048576, a / b }')" <times
}
kind() {
    "$checkpt" freeze -o x.ckpt "$2" || return 1
    ended "$2"
    pack "$1" 1 3
    pack "$1" 9 1
    pack "$1" 3 5 || return 1
    "$turns" 5 "$packing" unpack packed.ckpt back.ckpt :: "$zstd" -q -d -f x.zst -o back >times && line "$1: unpack into a file" <times
    "$turns" 5 "$dump" --verify packed.ckpt :: "$zstd" -q -t x.zst >times && line "$1: ckptdump --verify, zstd -t" <times
    rm -f back back.ckpt
}
echo "milliseconds, least and median; $threads CPUs"
printf '%-46s %17s %18s %15s\n' '' 'ours' 'the command' 'times as fast'
held heap && kind 'python heap' "$pid"
held text 200 && kind 'texts' "$pid"
if [ -n "$redis" ]; then
    "$redis" --port 0 --unixsocket "$here/socket" --save '' --appendonly no --dir "$here" </dev/null >redis.log 2>&1 &
    server=$! pid=$!
    running="$running $server"
    # Another program holds a copy of its memory, and says when it has made a step.
    await socket && "$python" "$top/bench/redis.py" socket 500 && held copy "$server" && ended "$server" && kind 'redis, 500 MB' "$pid"
else
    echo 'redis: no figures without the package redis-server'
fi

# The last of these memories once more.
# A pipe for each: what was resumed before may still write into its own.
cat >thaw <<'THAW'
#!/bin/sh
mkfifo "step.$$"
"$CHECKPT" -r packed.ckpt </dev/null >"step.$$" &
first=$(head -c 1 "step.$$")
rm "step.$$"
[ -n "$first" ]
THAW
chmod +x thaw && export CHECKPT="$checkpt"
"$turns" 5 "$here/thaw" :: "$zstd" -q -d -c x.zst >times && line 'the same: thaw to the first step, zstd -d' <times
"$turns" 5 "$dump" --verify x.ckpt :: "$xxh" -q x.ckpt >times && line 'the same, raw: ckptdump --verify, xxh128sum' <times
rm -f back
printf '%-46s %8s us\n' 'one page of the packed image' "$("$packing" page packed.ckpt 200)" 'one page of the raw image' "$("$packing" page x.ckpt 2000)"
rm -f ./*.ckpt ./*.zst

"$packing" sparse sparse.ckpt 100 && "$turns" 20 "$dump" sparse.ckpt >times &&
    awk '{ printf "%-46s %8.1f %8.1f ms, %.1f MiB of memory\n", "summary of a sparse image of 100 GiB", $1, $2, $3 }' times
rm -f sparse.ckpt

# changed SIGNAL WHAT: full and incremental, raw and compressed in small chunks.
frozen() { awk -v what="$1" -v size="$(mib "$2")" '{ printf "%-46s %8.0f %8.0f ms, %s MiB\n", what, $1, $2, size }' times; }
changed() {
    "$turns" 2 "$checkpt" freeze -o raw.ckpt "$pid" >times && frozen 'freeze of 1 GiB, raw' raw.ckpt
    "$turns" 2 "$checkpt" freeze --compress --chunk=64K -o packed.ckpt "$pid" >times && frozen 'freeze of 1 GiB, --compress --chunk=64K' packed.ckpt
    rm -f ready
    kill "-$1" "$pid" && await ready || return 1
    "$turns" 2 "$checkpt" freeze --parent raw.ckpt -o next.ckpt "$pid" >times && frozen "  1 % changed $2, raw" next.ckpt
    "$turns" 2 "$checkpt" freeze --compress --parent packed.ckpt -o next.ckpt "$pid" >times && frozen "  1 % changed $2, compressed" next.ckpt
}
if held filled 1024; then
    changed USR1 'in one piece'
    changed USR2 'page by page'
    ended "$pid"
fi
