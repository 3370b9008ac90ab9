# Two small images, cut at every length and with every bit flipped: always the right sentence, and nothing made of them that looks sound.
. tests/cli/tap.sh
for image in small_raw small_packed; do
    python3 -B "$top/tests/make/maker.py" "$top/tests/malformed/$image.txt" $image.ckpt || exit 1
done
"${bin%/bin}/tests/damage_image" small_raw.ckpt small_packed.ckpt
