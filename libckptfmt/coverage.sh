#!/bin/sh
# Prints the share of lines that ran, for each file below DIRECTORY of objects made with --coverage, and in all.
for data in "$1"/*.gcda; do
    gcov -n "$data" 2>/dev/null | awk '
        /^File .libckptfmt\/src/ { file = $2; gsub(/\x27|libckptfmt\/src\//, "", file) }
        /^Lines executed/ && file != "" { split($2, a, ":"); sub(/%/, "", a[2]); print file, a[2], $4; file = "" }'
done | grep '[.]c ' | sort -u | awk '
    { printf "%6.1f %%  %5d lines  %s\n", $2, $3, $1; run += $2 * $3 / 100; all += $3 }
    END { printf "%6.1f %%  %5d lines  in all\n", 100 * run / all, all; exit !(all > 0) }'
