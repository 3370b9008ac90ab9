# Sourced by the tests here: TAP with a plan at the end, a directory of its own, the programs.
bin=$(cd "${CKPT_BIN:-build/release/bin}" && pwd) || exit 1
top=$(pwd)
dump=$bin/ckptdump edit=$bin/ckptedit make_image=${bin%/bin}/tests/make_image
# A sanitizer's finding must not look like a refusal.
export ASAN_OPTIONS=exitcode=99 UBSAN_OPTIONS=exitcode=99
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
count=0

# check NAME COMMAND…: the command succeeds.
check() {
    count=$((count + 1))
    name=$1
    shift
    if "$@" >"$work/.check" 2>&1; then
        echo "ok $count - $name"
    else
        echo "not ok $count - $name"
        echo "# $*"
        sed 's/^/# /' "$work/.check"
    fi
}

# gives STATUS COMMAND…: it exits like this.
gives() {
    wanted=$1
    shift
    "$@"
    status=$?
    [ "$status" -eq "$wanted" ] || { echo "exit status $status instead of $wanted"; return 1; }
}

# says STATUS TEXT COMMAND…: it exits like this, with one line on stderr that has the text.
says() {
    wanted=$1 text=$2
    shift 2
    "$@" >"$work/.out" 2>"$work/.err"
    status=$?
    cat "$work/.out" "$work/.err"
    [ "$status" -eq "$wanted" ] || { echo "exit status $status instead of $wanted"; return 1; }
    grep -qF -e "$text" "$work/.err" || { echo "stderr does not say: $text"; return 1; }
}

# prints TEXT COMMAND…: it succeeds with the text in its output.
prints() {
    text=$1
    shift
    "$@" >"$work/.out" 2>&1 || { cat "$work/.out"; return 1; }
    cat "$work/.out"
    grep -qF -e "$text" "$work/.out" || { echo "does not print: $text"; return 1; }
}

skip() {
    count=$((count + 1))
    echo "ok $count - $1 # SKIP $2"
}

finish() {
    echo "1..$count"
}
