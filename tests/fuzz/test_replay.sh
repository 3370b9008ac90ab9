# The fuzz targets over seeds, over the stored corpus, and over what was once found, without libFuzzer.
. tests/cli/tap.sh
python3 -B "$top/tests/fuzz/seeds.py" seeds || exit 1
for target in verify stream record edit; do
    for directory in "$work/seeds/$target" "$top/tests/fuzz/corpus/$target" "$top/tests/fuzz/found/$target"; do
        [ -d "$directory" ] && check "$target: $(basename "$(dirname "$directory")")" timeout 300 "${bin%/bin}/tests/replay_$target" "$target" "$directory"
    done
done
finish
