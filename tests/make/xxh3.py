"""XXH3 with seed 0 and the default secret, of 64 and 128 bits, from its specification (xxHash doc/xxhash_spec.md)."""

import struct

M32 = (1 << 32) - 1
M64 = (1 << 64) - 1
M128 = (1 << 128) - 1
P32_1, P32_2, P32_3 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
P64_1, P64_2, P64_3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
P64_4, P64_5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
PRIME_MX1, PRIME_MX2 = 0x165667919E3779F9, 0x9FB21C651E98DF25

SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e")

STRIPE, LANES, CONSUMED = 64, 8, 8
STRIPES_PER_BLOCK = (len(SECRET) - STRIPE) // CONSUMED


def u32(data, at):
    return int.from_bytes(data[at:at + 4], "little")


def u64(data, at):
    return int.from_bytes(data[at:at + 8], "little")


def swap32(x):
    return int.from_bytes(x.to_bytes(4, "little"), "big")


def swap64(x):
    return int.from_bytes(x.to_bytes(8, "little"), "big")


def rotl32(x, r):
    return (x << r | x >> (32 - r)) & M32


def fold(a, b):
    product = a * b
    return (product & M64) ^ (product >> 64)


def avalanche(h):
    h ^= h >> 37
    h = h * PRIME_MX1 & M64
    return h ^ h >> 32


def avalanche64(h):
    h ^= h >> 33
    h = h * P64_2 & M64
    h ^= h >> 29
    h = h * P64_3 & M64
    return h ^ h >> 32


def mix16(data, at, secret_at):
    return fold(u64(data, at) ^ u64(SECRET, secret_at), u64(data, at + 8) ^ u64(SECRET, secret_at + 8))


def accumulators(data):
    """The eight lanes after all of an input of more than 240 bytes."""
    acc = [P32_3, P64_1, P64_2, P64_3, P64_4, P32_2, P64_5, P32_1]
    secret = [struct.unpack_from("<8Q", SECRET, i * CONSUMED) for i in range(STRIPES_PER_BLOCK)]
    last_secret = struct.unpack_from("<8Q", SECRET, len(SECRET) - STRIPE)
    swapped = (1, 0, 3, 2, 5, 4, 7, 6)

    def accumulate(words, key):
        for i in range(LANES):
            value = words[i]
            mixed = value ^ key[i]
            acc[swapped[i]] = (acc[swapped[i]] + value) & M64
            acc[i] = (acc[i] + (mixed & M32) * (mixed >> 32)) & M64

    stripes = (len(data) - 1) // STRIPE
    for number in range(stripes):
        accumulate(struct.unpack_from("<8Q", data, number * STRIPE), secret[number % STRIPES_PER_BLOCK])
        if number % STRIPES_PER_BLOCK == STRIPES_PER_BLOCK - 1:
            for i in range(LANES):
                acc[i] = (acc[i] ^ acc[i] >> 47 ^ last_secret[i]) * P32_1 & M64
    accumulate(struct.unpack_from("<8Q", data, len(data) - STRIPE), struct.unpack_from("<8Q", SECRET, len(SECRET) - STRIPE - 7))
    return acc


def merge(acc, secret_at, start):
    total = start
    for i in range(4):
        total += fold(acc[2 * i] ^ u64(SECRET, secret_at + 16 * i), acc[2 * i + 1] ^ u64(SECRET, secret_at + 16 * i + 8))
    return avalanche(total & M64)


def short64(data):
    n = len(data)
    if n == 0:
        return avalanche64(u64(SECRET, 56) ^ u64(SECRET, 64))
    if n <= 3:
        combined = data[n - 1] | n << 8 | data[0] << 16 | data[n >> 1] << 24
        return avalanche64(combined ^ (u32(SECRET, 0) ^ u32(SECRET, 4)))
    if n <= 8:
        h = (u32(data, n - 4) | u32(data, 0) << 32) ^ u64(SECRET, 8) ^ u64(SECRET, 16)
        h ^= (h << 49 | h >> 15) & M64 ^ (h << 24 | h >> 40) & M64
        h = h * PRIME_MX2 & M64
        h ^= (h >> 35) + n
        h = h * PRIME_MX2 & M64
        return h ^ h >> 28
    low = u64(data, 0) ^ u64(SECRET, 24) ^ u64(SECRET, 32)
    high = u64(data, n - 8) ^ u64(SECRET, 40) ^ u64(SECRET, 48)
    return avalanche((n + swap64(low) + high + fold(low, high)) & M64)


def xxh3_64(data):
    n = len(data)
    if n <= 16:
        return short64(data)
    if n > 240:
        return merge(accumulators(data), 11, n * P64_1 & M64)
    acc = n * P64_1
    if n <= 128:
        for i in range((n - 1) // 32, -1, -1):
            acc += mix16(data, 16 * i, 32 * i) + mix16(data, n - 16 * (i + 1), 32 * i + 16)
        return avalanche(acc & M64)
    for i in range(8):
        acc += mix16(data, 16 * i, 16 * i)
    acc = avalanche(acc & M64)
    for i in range(8, n // 16):
        acc += mix16(data, 16 * i, 16 * (i - 8) + 3)
    return avalanche((acc + mix16(data, n - 16, 136 - 17)) & M64)


def short128(data):
    n = len(data)
    if n == 0:
        return avalanche64(u64(SECRET, 64) ^ u64(SECRET, 72)), avalanche64(u64(SECRET, 80) ^ u64(SECRET, 88))
    if n <= 3:
        low = data[n - 1] | n << 8 | data[0] << 16 | data[n >> 1] << 24
        high = rotl32(swap32(low), 13)
        return avalanche64(low ^ (u32(SECRET, 0) ^ u32(SECRET, 4))), avalanche64(high ^ (u32(SECRET, 8) ^ u32(SECRET, 12)))
    if n <= 8:
        mixed = (u32(data, 0) | u32(data, n - 4) << 32) ^ u64(SECRET, 16) ^ u64(SECRET, 24)
        product = mixed * (P64_1 + (n << 2)) & M128
        low, high = product & M64, product >> 64
        high = (high + (low << 1)) & M64
        low ^= high >> 3
        low ^= low >> 35
        low = low * PRIME_MX2 & M64
        low ^= low >> 28
        return low, avalanche(high)
    first, last = u64(data, 0), u64(data, n - 8)
    mixed = first ^ last ^ u64(SECRET, 32) ^ u64(SECRET, 40)
    other = last ^ u64(SECRET, 48) ^ u64(SECRET, 56)
    product = mixed * P64_1
    low, high = product & M64, product >> 64
    low = (low + ((n - 1) << 54)) & M64
    high = (high + (other & ~M32) + (other & M32) * P32_2) & M64
    low ^= swap64(high)
    product = low * P64_2
    return avalanche(product & M64), avalanche(((product >> 64) + high * P64_2) & M64)


def end128(low, high, n):
    return avalanche((low + high) & M64), -avalanche((low * P64_1 + high * P64_4 + n * P64_2) & M64) & M64


def middle128(data):
    n = len(data)
    low, high = n * P64_1 & M64, 0

    def mix32(one, two, secret_at):
        nonlocal low, high
        low = (low + mix16(data, one, secret_at)) & M64
        low ^= (u64(data, two) + u64(data, two + 8)) & M64
        high = (high + mix16(data, two, secret_at + 16)) & M64
        high ^= (u64(data, one) + u64(data, one + 8)) & M64

    if n <= 128:
        for i in range((n - 1) // 32, -1, -1):
            mix32(16 * i, n - 16 * (i + 1), 32 * i)
        return end128(low, high, n)
    for i in range(4):
        mix32(32 * i, 32 * i + 16, 32 * i)
    low, high = avalanche(low), avalanche(high)
    for i in range(4, n // 32):
        mix32(32 * i, 32 * i + 16, 3 + 32 * (i - 4))
    mix32(n - 16, n - 32, 136 - 17 - 16)
    return end128(low, high, n)


def xxh3_128(data):
    """16 bytes, in canonical form: the high half first, big-endian."""
    n = len(data)
    if n <= 16:
        low, high = short128(data)
    elif n <= 240:
        low, high = middle128(data)
    else:
        acc = accumulators(data)
        low = merge(acc, 11, n * P64_1 & M64)
        high = merge(acc, len(SECRET) - STRIPE - 11, ~(n * P64_2) & M64)
    return high.to_bytes(8, "big") + low.to_bytes(8, "big")
