# The library as others meet it: installed, found by pkg-config, linked as .so. The example is built with nothing else and keeps what it is given.
. "$(dirname "$0")/../cli/tap.sh"
unset MAKEFLAGS MAKELEVEL MFLAGS
case $bin in */san/bin) skip 'chunkstore' 'the installed library has no sanitizer'; finish; exit 0 ;; esac
prefix=$work/usr
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig LD_LIBRARY_PATH=$prefix/lib
config=${bin%/bin}
config=${config##*/}

install_here() { make -s -C "$top" install CONFIG="$config" PREFIX="$prefix" >/dev/null; }
built_from_there() { ldd chunkstore | grep -q "libckptfmt.so.1 => $prefix/lib/libckptfmt.so.1"; }
build_generations() { gcc -std=gnu11 -Wall -Wextra -Werror $(pkg-config --cflags ckptfmt) -o generations "$top/tests/abi/generations.c" $(pkg-config --libs ckptfmt); }

check 'make install' install_here
check 'pkg-config knows it' prints 1.0.0 pkg-config --modversion ckptfmt
check 'its headers are the installed ones' prints "-I$prefix/include" pkg-config --cflags ckptfmt
check 'headers, schemas and libraries are there' test -e "$prefix/include/ckptfmt/schemas/memory.pb-c.h" -a -e "$prefix/share/ckptfmt/schemas/memory.proto" \
    -a -e "$prefix/lib/libckptfmt.a" -a -L "$prefix/lib/libckptfmt.so"
check 'the example builds' make -s -C "$top/examples/chunkstore" BUILD="$work" CFLAGS='-O2 -Wall -Wextra -Werror'
check 'with the installed library' built_from_there
check 'a program that writes builds' build_generations

# sharing LEVEL LEAST: four generations are kept, come back bit for bit, and share that much.
sharing() {
    mkdir "level$1" && ./generations "level$1" "$1" 4 && ./chunkstore "store$1" put "level$1"/*.ckpt || return 1
    for i in 1 2 3 4; do
        ./chunkstore "store$1" get "g$i.ckpt" "back$i.ckpt" && cmp "level$1/g$i.ckpt" "back$i.ckpt" || return 1
    done
    ./chunkstore "store$1" stat | tee stat
    awk -v least="$2" '$1 == "saved:" { found = $4 >= least } END { exit !found }' stat
}
check 'raw generations share their chunks' sharing 0 70
check 'packed generations share their chunks' sharing 3 70
check 'the store lists them' prints g4.ckpt: ./chunkstore store0 list
head -c 9000 level3/g1.ckpt >cut.ckpt
check 'a damaged image is not taken in' says 1 'cut.ckpt: truncated' ./chunkstore store3 put cut.ckpt
check 'nor its recipe' test ! -e store3/recipes/cut.ckpt -a -e store3/recipes/g1.ckpt

break_chunk() {
    file=$(find store0/chunks -type f -size +8k | head -n 1)
    printf XXXX | dd of="$file" bs=1 seek=5000 conv=notrunc 2>/dev/null
    for i in 1 2 3 4; do
        ./chunkstore store0 get "g$i.ckpt" broken.ckpt || { [ $? -eq 1 ] && [ ! -e broken.ckpt ] && return 0; }
        rm -f broken.ckpt
    done
    return 1
}
check 'a damaged chunk is noticed' break_chunk
check 'and no image is left that would have it' test ! -e broken.ckpt.new
check 'an unknown command is misuse' gives 2 ./chunkstore store0 frobnicate
finish
