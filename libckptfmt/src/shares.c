#include "shares.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 2 * SHARES_WINDOW };

/* Numbers of chunks count from 1; number n lies in slot n % SHARES_WINDOW. */
struct shares {
    uint64_t count;
    struct ckpt_chunk slots[SHARES_WINDOW];
    uint64_t before[SHARES_WINDOW]; /* the number of an earlier chunk in the same bucket */
    uint64_t newest[BUCKETS];
};

struct shares *shares_create(void)
{
    return calloc(1, sizeof(struct shares));
}

void shares_destroy(struct shares *shares)
{
    free(shares);
}

static size_t bucket(const struct ckpt_chunk *chunk)
{
    uint32_t part;
    memcpy(&part, chunk->digest, sizeof(part));
    return part % BUCKETS;
}

static uint64_t oldest(const struct shares *shares)
{
    return shares->count > SHARES_WINDOW ? shares->count - SHARES_WINDOW + 1 : 1;
}

void shares_add(struct shares *shares, const struct ckpt_chunk *chunk)
{
    uint64_t number = ++shares->count;
    size_t b = bucket(chunk);
    shares->slots[number % SHARES_WINDOW] = *chunk;
    shares->before[number % SHARES_WINDOW] = shares->newest[b];
    shares->newest[b] = number;
}

static uint64_t find(const struct shares *shares, const struct ckpt_chunk *chunk)
{
    for (uint64_t n = shares->newest[bucket(chunk)]; n >= oldest(shares) && n > 0; n = shares->before[n % SHARES_WINDOW]) {
        const struct ckpt_chunk *found = &shares->slots[n % SHARES_WINDOW];
        if (found->length == chunk->length && memcmp(found->digest, chunk->digest, CKPT_DIGEST_SIZE) == 0)
            return n;
    }
    return 0;
}

const struct ckpt_chunk *shares_find(const struct shares *shares, const struct ckpt_chunk *chunk)
{
    uint64_t number = find(shares, chunk);
    return number > 0 ? &shares->slots[number % SHARES_WINDOW] : NULL;
}

bool shares_reaches(const struct shares *shares, const struct ckpt_chunk *chunk, size_t more)
{
    uint64_t number = find(shares, chunk);
    return number > 0 && number + SHARES_WINDOW > shares->count + more;
}

bool shares_holds(const struct shares *shares, const struct ckpt_chunk *chunk, const struct ckpt_chunk **source)
{
    uint64_t low = oldest(shares), high = shares->count + 1;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (shares->slots[middle % SHARES_WINDOW].offset >= chunk->offset)
            high = middle;
        else
            low = middle + 1;
    }
    if (low > shares->count)
        return false;
    const struct ckpt_chunk *found = &shares->slots[low % SHARES_WINDOW];
    *source = found;
    return found->offset == chunk->offset && found->codec == chunk->codec && found->length == chunk->length &&
           found->stored_length == chunk->stored_length && found->stored_check == chunk->stored_check &&
           memcmp(found->digest, chunk->digest, CKPT_DIGEST_SIZE) == 0;
}
