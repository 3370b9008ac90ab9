# A small real image, cut at every length and with flipped bits: always a sentence and exit status 1 or 2, never a crash (ALL=1 for every length).
. tests/engine/engine.sh
damage=${bin%/bin}/tests/damage
check 'a small program starts' start tiny
check 'it is frozen for good' freeze_exit
size=$(stat -c %s "$dir/x.ckpt")
lengths=$([ -n "$ALL" ] && echo 1 || echo $((1 + size / 3000)))
check "ckptdump --verify refuses every length" "$damage" cut "$lengths" "$dir/x.ckpt" "$dump" --verify
check "ckptdump refuses every length" "$damage" cut $((lengths * 4)) "$dir/x.ckpt" "$dump"
check "checkpt check refuses every length" "$damage" cut "$lengths" "$dir/x.ckpt" "$checkpt" check
check "checkpt check --verify finds 3000 flipped bits" "$damage" flip 3000 "$dir/x.ckpt" "$checkpt" check --verify
check "ckptdump --verify finds 3000 flipped bits" "$damage" flip 3000 "$dir/x.ckpt" "$dump" --verify
check "checkpt check survives 1000 flipped bits" "$damage" survive 1000 "$dir/x.ckpt" "$checkpt" check
check 'the image is still what it was' prints whole "$dump" --verify "$dir/x.ckpt"
check 'it can be resumed' resume
check 'it ends well' whole
finish
