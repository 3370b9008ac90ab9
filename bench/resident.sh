# From the start of a program to its first output (or, where it has none, to its end): ordinary and resident by turns. resident.sh BUILD DIRECTORY
build=$(cd "$1" && pwd) && top=$(pwd) && mkdir -p "$2/resident" && cd "$2/resident" || exit 1
checkpt=$build/bin/checkpt starts=$build/bench/starts
export CHECKPT_PROGRAM="$checkpt" CHECKPT_MESSAGES=1
if [ "$(id -u)" -ne 0 ] || [ -z "$(grep -s enabled /proc/sys/fs/binfmt_misc/status)" ]; then
    echo "resident programs: no figures without root and binfmt_misc"
    exit 0
fi
here=$(pwd)
leave() {
    for program in "$here"/*.resident; do "$checkpt" resident -d "$program" >/dev/null 2>&1; done
    cd / && rm -rf "$here"
}
trap leave EXIT
trap 'exit 1' INT TERM HUP

# A program with 100 libraries and 100,000 relocations that each look up a symbol.
heavy() {
    libraries=
    for i in $(seq 100); do
        awk -v lib="$i" 'BEGIN { for (i = 0; i < 50; i++) printf "void f%d_%d(void) {}\n", lib, i
            printf "void *table%d[] = {", lib; for (i = 0; i < 1000; i++) printf "f%d_%d,", lib, i % 50; print "};" }' >lib.c
        cc -O1 -w -shared -fPIC -o "libheavy$i.so" lib.c || return 1
        libraries="$libraries -lheavy$i"
    done
    printf '#include <unistd.h>\nint main(void) { return write(1, "x", 1) != 1; }\n' >main.c
    cc -o heavy main.c -L. -Wl,--no-as-needed $libraries -Wl,-rpath,"$here"
}
line() { printf '%-52s %10s us %10s us %8s\n' "$1" "$2" "$3" "$(awk -v a="$2" -v b="$3" 'BEGIN { printf "%.1f", a / b }')"; }
# figure WHAT PROGRAM COUNT ARG…
figure() {
    what=$1 program=$2 count=$3
    shift 3
    # The ordinary copy does not begin like the other, so that the kernel loads it itself: the address that is changed means nothing to it.
    cp "$program" one.ordinary && printf ordinary | dd of=one.ordinary bs=1 seek=88 conv=notrunc 2>/dev/null
    cp "$program" one.resident && "$checkpt" resident "$here/one.resident" >/dev/null || return 1
    times=$("$starts" "$count" "$here/one.ordinary" "$@" :: "$here/one.resident" "$@") && line "$what" $times
    "$checkpt" resident -d "$here/one.resident" >/dev/null
}
printf '%-52s %13s %13s %8s\n' 'start to first output, or to the end' ordinary resident times
figure '/bin/true' /bin/true 500
figure "python3 -c 'print(1)'" /usr/bin/python3.11 100 -c 'print(1)'
heavy && figure '100 libraries, 100,000 relocations' heavy 100
[ ! -x /usr/bin/protoc ] || figure 'protoc --version (C++)' /usr/bin/protoc 100 --version

# Warm applications. warm WHAT MODULES
[ -e "$build/python/_checkpt_resident.so" ] || exit 0
export PYTHONPATH="$build/python:$top/python"
warm() {
    "$checkpt" resident -d "$here/app.resident" >/dev/null 2>&1
    cat >app.py <<APP
import $2
import sys
import checkpt_resident
def main():
    print(1, flush=True)
    if sys.argv[-1] == 'wait':
        sys.stdin.read()
if sys.argv[-1] == 'register':
    checkpt_resident.register(main)
else:
    main()
APP
    cp /usr/bin/python3.11 app.ordinary && rm -f app.resident && ./app.ordinary -m checkpt_resident app.resident && "$here/app.resident" app.py register || return 1
    times=$("$starts" 50 "$here/app.ordinary" app.py :: "$here/app.resident" app.py) && line "$1" $times
}
warm 'a python application with standard modules' \
    'asyncio, ctypes, decimal, email.mime.text, http.server, multiprocessing, sqlite3, ssl, unittest.mock, urllib.request, xmlrpc.client, xml.dom.minidom'
/usr/bin/python3.11 -c 'import numpy' 2>/dev/null && warm 'a python application with numpy' 'numpy, numpy.fft, numpy.linalg, numpy.polynomial, numpy.random, numpy.testing'
# memory COMMAND…: of a hundred at a time, the sum of their proportional shares.
memory() {
    mkfifo stop
    : >pids
    for i in $(seq 100); do
        "$@" wait <stop >>ready & echo $! >>pids
    done
    exec 9>stop
    while [ "$(wc -l <ready)" -lt 100 ]; do sleep 0.1; done
    for pid in $(cat pids); do sed -n 's/^Pss: *\([0-9]*\) kB/\1/p' "/proc/$pid/smaps_rollup"; done | awk '{ sum += $1 } END { printf "%.0f", sum / 1024 }'
    exec 9>&-
    wait
    rm -f stop ready pids
}
ordinary=$(memory "$here/app.ordinary" app.py) resident=$(memory "$here/app.resident" app.py)
printf '%-52s %9s MiB %9s MiB %8s\n' 'a hundred of these at a time: memory' "$ordinary" "$resident" "$(awk -v a="$ordinary" -v b="$resident" 'BEGIN { printf "%.1f", a / b }')"
