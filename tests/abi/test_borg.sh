# Plain backups of successive raw images: pages lie at multiples of a page, zeros are holes, nothing but what changed is new, so deduplicating archives need no plug-in.
. "$(dirname "$0")/../cli/tap.sh"
if ! command -v borg >/dev/null; then
    skip 'successive raw images share in a borg archive' 'borg is not installed'
    finish
    exit
fi
export BORG_BASE_DIR=$work BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes
mkdir -p include/ckptfmt images
ln -s "${bin%/bin}/gen/schemas" include/ckptfmt/schemas
sanitize=
case $bin in */san/bin) sanitize=-fsanitize=address,undefined ;; esac
build() {
    gcc -std=gnu11 $sanitize -Iinclude -I"$top/libckptfmt/include" -o generations "$top/tests/abi/generations.c" "${bin%/bin}/lib/libckptfmt.a" \
        -lprotobuf-c -lxxhash -lzstd -lpthread
}

# archive PARAMETERS MOST: six images of a program that changes a little become an archive of at most that share (in percent) of their bytes after compression.
archive() {
    borg init -e none "repository-$1" || return 1
    for i in 1 2 3 4 5 6; do
        borg create --chunker-params "$1" "repository-$1::g$i" "images/g$i.ckpt" || return 1
    done
    borg info --json "repository-$1" >info.json
    python3 - "$2" <<'END'
import json, sys
stats = json.load(open('info.json'))['cache']['stats']
share = 100 * stats['unique_csize'] / stats['total_csize']
print('%d of %d bytes, %.1f %%' % (stats['unique_csize'], stats['total_csize'], share))
sys.exit(share > float(sys.argv[1]))
END
}

generate() { build && ./generations images 0 6; }
check 'a program writes six generations' generate
check 'pieces of 64 KiB: nearly all is shared' archive fixed,65536 30
check 'as borg cuts by itself, in pieces of 2 MiB: most is' archive default 85
finish
