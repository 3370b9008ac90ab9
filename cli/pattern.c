#include "cli/pattern.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

enum { REGEX_REACH = 4096, REASON_TEXT = 256 };

struct pattern {
    uint8_t *bytes; /* NULL: a regular expression */
    size_t length;
    regex_t regex;
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

static bool set_regex(struct pattern *pattern, const char *text, struct cli_text *why)
{
    char reason[REASON_TEXT];
    int error = regcomp(&pattern->regex, text, REG_EXTENDED | REG_NEWLINE);
    if (error == 0)
        return true;
    regerror(error, &pattern->regex, reason, sizeof(reason));
    cli_text_add(why, "not a regular expression: %s", reason);
    pattern->bytes = malloc(1); /* nothing to regfree() */
    return false;
}

struct pattern *pattern_create(const char *text, struct cli_text *why)
{
    static const struct {
        const char *prefix;
        bool (*set)(struct pattern *pattern, const char *text, struct cli_text *why);
    } kinds[] = {{"hex:", set_hex}, {"regex:", set_regex}, {"text:", set_text}, {"", set_text}};
    struct pattern *pattern = calloc(1, sizeof(*pattern));
    size_t i = 0;
    while (strncmp(text, kinds[i].prefix, strlen(kinds[i].prefix)) != 0)
        i++;
    if (pattern != NULL && kinds[i].set(pattern, text + strlen(kinds[i].prefix), why))
        return pattern;
    if (pattern == NULL)
        refuse(why, "out of memory");
    pattern_destroy(pattern);
    return NULL;
}

void pattern_destroy(struct pattern *pattern)
{
    if (pattern == NULL)
        return;
    if (pattern->bytes == NULL)
        regfree(&pattern->regex);
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

/* An empty match is passed over, and so is what it stands before. */
static bool find_regex(const struct pattern *pattern, const uint8_t *bytes, size_t length, size_t from, size_t *at, size_t *match_length)
{
    while (from < length) {
        regmatch_t match = {.rm_so = 0, .rm_eo = (regoff_t)(length - from)};
        bool line = from > 0 && bytes[from - 1] == '\n';
        if (regexec(&pattern->regex, (const char *)bytes + from, 1, &match, REG_STARTEND | REG_NOTEOL | (line ? 0 : REG_NOTBOL)) != 0)
            return false;
        *at = from + (size_t)match.rm_so;
        *match_length = (size_t)(match.rm_eo - match.rm_so);
        if (*match_length > 0)
            return true;
        from = *at + 1;
    }
    return false;
}

bool pattern_find(const struct pattern *pattern, const uint8_t *bytes, size_t length, size_t from, size_t *at, size_t *match_length)
{
    if (from >= length)
        return false;
    return pattern->bytes != NULL ? find_bytes(pattern, bytes, length, from, at, match_length) : find_regex(pattern, bytes, length, from, at, match_length);
}

size_t pattern_next(const struct pattern *pattern, size_t at, size_t match_length)
{
    return pattern->bytes != NULL ? at + 1 : at + match_length;
}

size_t pattern_reach(const struct pattern *pattern)
{
    return pattern->bytes != NULL ? pattern->length - 1 : REGEX_REACH;
}
