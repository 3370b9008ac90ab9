# Images that no freeze made: the independent maker writes them from text, and a thaw makes programs of them.
. tests/engine/engine.sh
made=$work/made
mkdir "$made" || exit 1
make_it() { sed "s/^chunk_size.*/chunk_size 4096\n$2/" "$top/tests/make/images/hello.txt" >"$made/$1.txt" && python3 -B "$top/tests/make/maker.py" "$made/$1.txt" "$made/$1.ckpt"; }
says_hello() { timeout 60 "$@" >"$made/out" 2>"$made/err"; status=$?; cat "$made/out" "$made/err"; [ $status -eq 7 ] && [ "$(cat "$made/out")" = 'hello from a text file' ] && [ ! -s "$made/err" ]; }
for form in raw: 'packed:packed zstd' 'frames:packed frame'; do
    image=${form%%:*}
    check "$image: made" make_it "$image" "${form#*:}"
    check "$image: nothing stands in the way" eval '"$checkpt" check "$made/$image.ckpt" | grep -q "nothing stands in the way"'
    check "$image: a program that never ran says hello" says_hello "$checkpt" -r "$made/$image.ckpt"
    check "$image: from a pipe" eval 'cat "$made/$image.ckpt" | says_hello "$checkpt" -r -'
done
# What ckptedit changes is what runs.
moved() { "$edit" --name other --retval 5 --compress -o "$made/edited.ckpt" "$made/raw.ckpt" && says_hello "$checkpt" -r "$made/edited.ckpt"; }
check 'an edited one' moved
redacted() { "$edit" --redact-matching 'text file' -o "$made/red.ckpt" "$made/raw.ckpt" && timeout 60 "$checkpt" -r --redacted-ok "$made/red.ckpt" | tr '\0' . | grep -qx 'hello from a \.\{9\}'; }
check 'a redacted one' redacted
finish
