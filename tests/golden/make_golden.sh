#!/bin/sh
# make_golden.sh PROGRAMS VICTIM: makes 1.0/ anew. Only together with an entry in the format's list of changes, and never after a release.
set -eu
programs=$(cd "$1" && pwd) victim=$(realpath "$2")
top=$(cd "$(dirname "$0")/../.." && pwd)
golden=$top/tests/golden/1.0
if [ -n "$(git -C "$top" tag -l 'v[0-9]*')" ]; then
    echo "make golden: a version was released: its golden files stay as they are" >&2
    exit 1
fi
if git -C "$top" diff --quiet HEAD -- libckptfmt/FORMAT.md; then
    echo "make golden: libckptfmt/FORMAT.md is as it was: add an entry to its list of changes that says why the golden files change" >&2
    exit 1
fi
work=$(mktemp -d) pid=
trap 'rm -rf "$work"; [ -z "$pid" ] || kill $pid' EXIT
for source in "$top"/tests/golden/sources/*.txt; do
    python3 -B "$top/tests/make/maker.py" "$source" "$work/$(basename "$source" .txt).ckpt"
done
mkdir "$work/run"
cp "$victim" "$work/run/tiny"
# With no descriptor and no environment of ours.
python3 -c 'import os, sys; os.closerange(3, 4096); os.execve(sys.argv[1], sys.argv[1:], {})' "$work/run/tiny" "$work/run" </dev/null >/dev/null 2>&1 &
pid=$!
while [ ! -e "$work/run/progress" ]; do kill -0 $pid; done
timeout 60 "$programs/checkpt" freeze -o "$work/frozen.ckpt" $pid
timeout 60 "$programs/checkpt" freeze --compress -o "$work/frozen_packed.ckpt" $pid
cd "$work"
mkdir -p "$golden"
rm -f "$golden"/*.ckpt "$golden"/*.json
for image in *.ckpt; do
    "$programs/ckptdump" --verify "$image"
    "$programs/ckptdump" --json --notes --index "$image" >"$golden/${image%.ckpt}.json"
    install -m 644 "$image" "$golden/$image"
done
