#include "cli/pattern.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

enum { REGEX_REACH = 4096, PATTERN_MOST = 16 << 10, REASON_TEXT = 256 };

struct pattern {
    uint8_t *bytes;
    size_t length;
    struct re_pattern_buffer *regex; /* NULL: the bytes */
};

static bool refuse(struct cli_text *why, const char *sentence)
{
    cli_text_add(why, "%s", sentence);
    return false;
}

static int digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c | 0x20) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

static bool set_hex(struct pattern *pattern, const char *text, struct cli_text *why)
{
    pattern->bytes = malloc(strlen(text) / 2 + 1);
    while (pattern->bytes != NULL && *text != '\0') {
        if (*text == ' ') {
            text++;
            continue;
        }
        int high = digit(text[0]), low = high >= 0 ? digit(text[1]) : -1;
        if (low < 0)
            return refuse(why, "not bytes in hexadecimal, two digits each");
        pattern->bytes[pattern->length++] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    return pattern->length > 0 || refuse(why, "no bytes to look for");
}

static bool set_text(struct pattern *pattern, const char *text, struct cli_text *why)
{
    pattern->length = strlen(text);
    pattern->bytes = (uint8_t *)strdup(text);
    return (pattern->bytes != NULL && pattern->length > 0) || refuse(why, "no text to look for");
}

/* A piece of memory neither begins nor ends a line. */
static bool set_regex(struct pattern *pattern, const char *text, struct cli_text *why)
{
    char reason[REASON_TEXT];
    struct re_pattern_buffer *regex = calloc(1, sizeof(*regex));
    int error = regex != NULL ? regcomp(regex, text, REG_EXTENDED | REG_NEWLINE) : REG_ESPACE;
    if (error == 0) {
        regex->not_bol = regex->not_eol = 1;
        pattern->regex = regex;
        return true;
    }
    regerror(error, regex, reason, sizeof(reason));
    cli_text_add(why, "not a regular expression: %s", reason);
    free(regex);
    return false;
}

struct pattern *pattern_create(const char *text, struct cli_text *why)
{
    static const struct {
        const char *prefix;
        bool (*set)(struct pattern *pattern, const char *text, struct cli_text *why);
    } kinds[] = {{"hex:", set_hex}, {"re:", set_regex}, {"regex:", set_regex}, {"text:", set_text}, {"", set_text}};
    struct pattern *pattern = strlen(text) <= PATTERN_MOST ? calloc(1, sizeof(*pattern)) : NULL;
    size_t i = 0;
    while (strncmp(text, kinds[i].prefix, strlen(kinds[i].prefix)) != 0)
        i++;
    if (pattern != NULL && kinds[i].set(pattern, text + strlen(kinds[i].prefix), why))
        return pattern;
    if (pattern == NULL)
        refuse(why, strlen(text) <= PATTERN_MOST ? "out of memory" : "longer than 16 KiB");
    pattern_destroy(pattern);
    return NULL;
}

void pattern_destroy(struct pattern *pattern)
{
    if (pattern == NULL)
        return;
    if (pattern->regex != NULL)
        regfree(pattern->regex);
    free(pattern->regex);
    free(pattern->bytes);
    free(pattern);
}

static bool find_bytes(const struct pattern *pattern, const uint8_t *bytes, size_t length, size_t from, size_t *at, size_t *match_length)
{
    const uint8_t *found = memmem(bytes + from, length - from, pattern->bytes, pattern->length);
    if (found == NULL)
        return false;
    *at = (size_t)(found - bytes);
    *match_length = pattern->length;
    return true;
}

/* GNU's own functions, because regexec() is for text that ends with a NUL. An empty match is passed over, and so is what it stands before. */
static bool find_regex(const struct pattern *pattern, const uint8_t *bytes, size_t length, size_t from, size_t *at, size_t *match_length)
{
    for (; from < length; from = *at + 1) {
        long place = re_search(pattern->regex, (const char *)bytes, (regoff_t)length, (regoff_t)from, (regoff_t)(length - from), NULL);
        if (place < 0)
            return false;
        *at = (size_t)place;
        long matched = re_match(pattern->regex, (const char *)bytes, (regoff_t)length, (regoff_t)place, NULL);
        *match_length = matched > 0 ? (size_t)matched : 0;
        if (matched > 0)
            return true;
    }
    return false;
}

bool pattern_find(const struct pattern *pattern, const uint8_t *bytes, size_t length, size_t from, size_t *at, size_t *match_length)
{
    if (from >= length)
        return false;
    return pattern->regex == NULL ? find_bytes(pattern, bytes, length, from, at, match_length) : find_regex(pattern, bytes, length, from, at, match_length);
}

size_t pattern_next(const struct pattern *pattern, size_t at, size_t match_length)
{
    return pattern->regex == NULL ? at + 1 : at + match_length;
}

size_t pattern_reach(const struct pattern *pattern)
{
    return pattern->regex == NULL ? pattern->length - 1 : REGEX_REACH;
}

size_t pattern_length(const struct pattern *pattern)
{
    return pattern->length;
}
