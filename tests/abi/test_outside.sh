# Programs of others: only what is installed, only the standard of their language, I/O of their own.
. "$(dirname "$0")/../cli/tap.sh"
unset MAKEFLAGS MAKELEVEL MFLAGS
case $bin in */san/bin) skip 'programs of others' 'the installed library has no sanitizer'; finish; exit 0 ;; esac
prefix=$work/usr
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig LD_LIBRARY_PATH=$prefix/lib
config=${bin%/bin}
config=${config##*/}
make -s -C "$top" install CONFIG="$config" PREFIX="$prefix" >/dev/null || exit 1
"$make_image" raw.ckpt && "$make_image" packed.ckpt packed || exit 1

# The library's own names need nothing but the standard; the I/O of the program itself needs POSIX's types.
build_c() { gcc -std=c99 -pedantic -pedantic-errors -Wall -Wextra -Werror $(pkg-config --cflags ckptfmt) -o outside "$top/tests/abi/outside.c" $(pkg-config --libs ckptfmt); }
build_cc() { g++ -std=c++11 -pedantic -pedantic-errors -Wall -Wextra -Werror $(pkg-config --cflags ckptfmt) -o outside++ "$top/tests/abi/outside.cc" $(pkg-config --libs ckptfmt); }
check 'in C99' build_c
check 'in C++11' build_cc
all_of() { ./outside "$1" >out; cat out; grep -q '^verify: ok, 0 faults' out && grep -q '^page: stored, 4096 bytes' out && grep -q '^process: pid 4711' out; }
check 'a raw image' all_of raw.ckpt
check 'no stream, and why' grep -q '^stream: unsupported, 0 pages: a raw image cannot be read from a pipe' out
check 'a packed one' all_of packed.ckpt
same_pages() { [ "$(sed -n 's/^pages: \([0-9]*\) .*/\1/p' out)" = "$(sed -n 's/^stream: end, \([0-9]*\) pages$/\1/p' out)" ]; }
check 'in one pass the same pages' same_pages
damaged() { cp packed.ckpt d.ckpt && printf X | dd of=d.ckpt bs=1 seek=$(($("$dump" --index --bytes packed.ckpt | awk 'NR == 2 { print $4 }') + 20)) conv=notrunc status=none && ./outside d.ckpt >out; cat out; grep -q '^fault: corrupt: ' out && grep -q '^verify: corrupt, ' out; }
check 'a damaged one' damaged
copied() { ./outside++ "$1" copy.ckpt && cmp "$1" copy.ckpt; }
check 'a copy of a raw image, by C++' copied raw.ckpt
check 'and of a packed one' copied packed.ckpt
refused() { ./outside++ d.ckpt copy.ckpt 2>err; [ $? -eq 1 ] && cat err && grep -q '^outside++: .*pages' err; }
check 'a damaged one, by C++' refused
finish
