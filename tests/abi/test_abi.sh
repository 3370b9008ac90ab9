# The library's promises to programs that are compiled already, and its headers by themselves.
. "$(dirname "$0")/../cli/tap.sh"
so=${bin%/bin}/lib/libckptfmt.so
generated=${bin%/bin}/gen
flags="-I$top/libckptfmt/include -I$generated -Wall -Wextra -Werror -pedantic"

# alone COMPILER STANDARD: every header compiles as the first of a file.
alone() {
    for header in "$top"/libckptfmt/include/ckptfmt/*.h; do
        printf '#include <ckptfmt/%s>\n' "${header##*/}" >"alone.$3"
        $1 "$2" $flags -fsyntax-only "alone.$3" || return 1
    done
}

exports() {
    nm -D --defined-only "$so" | awk '$2 != "A" { print $3 }' | sed 's/@.*//' | sort
}

no_strays() {
    exports | grep -v '^ckpt__[a-z0-9_]*$' >found
    diff "$top/tests/abi/exports.txt" found
}

# Every CKPT_API function of the headers is in the version script, and the other way round.
script_agrees() {
    cat "$top"/libckptfmt/include/ckptfmt/*.h | tr '\n' ' ' | grep -oE 'CKPT_API [^(]*\(' | grep -oE 'ckpt_[a-z_0-9]+\($' | tr -d '(' | sort >declared
    grep -oE '^ *ckpt_[a-z][a-z_0-9]*;' "$top/libckptfmt/libckptfmt.map" | tr -d ' ;' | sort >listed
    diff declared listed
}

# And in the man page.
all_described() {
    status=0
    for function in $(cat "$top/tests/abi/exports.txt"); do
        grep -qw "$function" "$top/docs/libckptfmt.3" || { echo "$function is not in libckptfmt.3"; status=1; }
    done
    return $status
}

# The archive's own names are gone, so that none meets a program's.
archive_is_clean() {
    nm --defined-only "${so%.so}.a" | awk '$2 ~ /[A-Z]/ { print $3 }' | grep -v '^ckpt_\|^__odr_asan\.\|^$' && return 1
    return 0
}

check 'sizes, offsets and numbers, in C' gcc -std=c11 $flags -c -o abi.o "$top/tests/abi/abi.c"
check 'sizes, offsets and numbers, in C++' g++ -std=c++11 $flags -x c++ -c -o abi.o "$top/tests/abi/abi.c"
check 'every header by itself, in C' alone gcc -std=c11 c
check 'every header by itself, in C++' alone g++ -std=c++11 cc
check 'a wrong number would be seen' sh -c "! sed 's/ckpt_chunk, space, 0/ckpt_chunk, space, 4/' '$top/tests/abi/abi.c' | gcc -std=c11 $flags -x c -fsyntax-only - 2>/dev/null"
check 'no exports but the pinned ones' no_strays
check 'headers and version script name the same functions' script_agrees
check 'the man page describes each' all_described
check 'the archive keeps its internal names to itself' archive_is_clean
check 'the soname' sh -c "readelf -d '$so' | grep -q 'SONAME.*\[libckptfmt.so.1\]'"
finish
