# What `make bench-format` measures with: it does what it says. The figures are not judged.
. tests/cli/tap.sh
bench=${bin%/bin}/bench
same_chunks() {
    "$dump" --index back.ckpt | awk '{ print $1, $2, $3, $NF }' >back && "$dump" --index sparse.ckpt | awk '{ print $1, $2, $3, $NF }' >there && cmp back there
}
is_number() {
    "$@" >number && grep -qx '[0-9][0-9]*' number
}
lines() {
    expected=$1
    shift
    "$@" >times && [ "$(grep -cE '^[0-9]+\.[0-9]+ [0-9]+\.[0-9]+ [0-9]+\.[0-9]$' times)" -eq "$expected" ] && [ "$(wc -l <times)" -eq "$expected" ]
}
check 'a sparse image of 100 GiB' "$bench/packing" sparse sparse.ckpt 100
check 'it is whole' prints whole "$dump" --verify sparse.ckpt
check 'it is as long as that' test "$(stat -c %s sparse.ckpt)" -gt $((100 << 30))
check 'it takes little' test "$(du -m sparse.ckpt | cut -f1)" -lt 100
check 'it is packed' "$bench/packing" pack sparse.ckpt packed.ckpt 3
check 'what it becomes is whole' prints whole "$dump" --verify packed.ckpt
check 'and unpacked' "$bench/packing" unpack packed.ckpt back.ckpt
check 'to the same chunks' same_chunks
check 'pages cost something' is_number "$bench/packing" page packed.ckpt 50
check 'one command' lines 1 "$bench/turns" 3 /bin/true
check 'two by turns' lines 2 "$bench/turns" 3 /bin/true :: "$dump" sparse.ckpt
check 'one that fails is told' says 1 'turns: /bin/false: it failed' "$bench/turns" 3 /bin/true :: /bin/false
check 'what is not an image is told' says 1 'packing: number: ' "$bench/packing" page number 1
finish
