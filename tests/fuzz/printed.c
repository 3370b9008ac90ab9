#include "tests/fuzz/printed.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

void printed_begin(struct printed *printed)
{
    *printed = (struct printed){.out = stdout, .err = stderr};
    stdout = open_memstream(&printed->text, &printed->length);
    FUZZ_ENSURE(stdout != NULL);
    stderr = fopen("/dev/null", "w");
    FUZZ_ENSURE(stderr != NULL);
}

void printed_end(struct printed *printed)
{
    fclose(stderr);
    stderr = printed->err;
    fclose(stdout);
    stdout = printed->out;
}

void printed_deinit(struct printed *printed)
{
    free(printed->text);
    *printed = (struct printed){0};
}

/* How long the sequence at `at` is, and its code point; 0 where it is none. */
static size_t utf8(const uint8_t *at, size_t left, uint32_t *point)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = at[0] < 0x80 ? 1 : at[0] >> 5 == 6 ? 2 : at[0] >> 4 == 14 ? 3 : at[0] >> 3 == 30 ? 4 : 0;
    if (length == 0 || length > left)
        return 0;
    *point = length == 1 ? at[0] : at[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        *point = *point << 6 | (at[i] & 0x3f);
    }
    return *point < least[length] || *point > 0x10ffff || (*point >= 0xd800 && *point < 0xe000) ? 0 : length;
}

/* Controls, and what turns the direction of text. */
static bool is_harmful(uint32_t point)
{
    return (point < 0x20 && point != '\n') || (point >= 0x7f && point < 0xa0) || (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

bool printed_is_harmless(const struct printed *printed)
{
    const uint8_t *at = (const uint8_t *)printed->text;
    for (size_t i = 0, length; i < printed->length; i += length) {
        uint32_t point;
        length = utf8(at + i, printed->length - i, &point);
        if (length == 0 || is_harmful(point))
            return false;
    }
    return true;
}

/* Behind a string that begins at `at`; NULL where it does not end or has an escape that there is not. */
static const char *skip_string(const char *at)
{
    for (at++; *at != '"'; at++) {
        if ((uint8_t)*at < 0x20)
            return NULL;
        if (*at != '\\')
            continue;
        at++;
        if (*at == 'u' ? strspn(at + 1, "0123456789abcdefABCDEF") < 4 : *at == '\0' || strchr("\"\\/bfnrt", *at) == NULL)
            return NULL;
    }
    return at + 1;
}

/* Every value stands where one may, and brackets are paired: what the printer can get wrong. */
bool printed_is_json(const struct printed *printed)
{
    enum { DEPTH = 64 };
    char open[DEPTH];
    size_t depth = 0;
    bool value = false; /* one just ended */
    const char *at = printed->text;
    for (; at != NULL && *at != '\0'; at += strspn(at, " \n")) {
        if (*at == '{' || *at == '[') {
            if (value || depth == DEPTH)
                return false;
            open[depth++] = *at++;
        } else if (*at == '}' || *at == ']') {
            if (depth == 0 || open[--depth] != (*at == '}' ? '{' : '['))
                return false;
            value = true;
            at++;
        } else if (*at == ',' || *at == ':') {
            if (!value || depth == 0 || (*at == ':' && open[depth - 1] != '{'))
                return false;
            value = false;
            at++;
        } else if (value) {
            return false;
        } else {
            at = *at == '"' ? skip_string(at) : at + strspn(at, "-0123456789truefalsn");
            value = true;
        }
    }
    return at != NULL && depth == 0 && value;
}
