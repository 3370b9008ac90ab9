#include "ckptdump/pattern.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *fail(char why[200], const char *sentence)
{
    snprintf(why, 200, "%s", sentence);
    return why;
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Pairs of hexadecimal digits, with or without blanks between them. */
static const char *init_hex(struct pattern *pattern, const char *text, char why[200])
{
    for (; *text != '\0'; text++) {
        if (isspace((unsigned char)*text))
            continue;
        int high = digit(text[0]), low = high >= 0 ? digit(text[1]) : -1;
        if (low < 0)
            return fail(why, "not pairs of hexadecimal digits");
        pattern->bytes[pattern->length++] = (uint8_t)(high << 4 | low);
        text++;
    }
    return pattern->length > 0 ? NULL : fail(why, "there is nothing to search for");
}

static const char *init_expression(struct pattern *pattern, const char *text, char why[200])
{
    int error = regcomp(&pattern->regex, text, REG_EXTENDED | REG_NEWLINE);
    if (error != 0) {
        regerror(error, &pattern->regex, why, 200);
        return why;
    }
    pattern->expression = true;
    regmatch_t match;
    if (regexec(&pattern->regex, "", 1, &match, REG_NOTBOL | REG_NOTEOL) == 0)
        return fail(why, "the expression matches nothing at all, so it is everywhere");
    return NULL;
}

const char *pattern_init(struct pattern *pattern, const char *text, char why[200])
{
    size_t length = strlen(text);
    *pattern = (struct pattern){.bytes = malloc(length + 1)};
    if (pattern->bytes == NULL)
        return fail(why, "out of memory");
    if (length == 0 || length > PATTERN_MAX)
        return fail(why, length == 0 ? "there is nothing to search for" : "longer than 16 KiB");
    if (strncmp(text, "re:", 3) == 0)
        return init_expression(pattern, text + 3, why);
    if (strncmp(text, "hex:", 4) == 0)
        return init_hex(pattern, text + 4, why);
    if (strncmp(text, "text:", 5) == 0)
        text += 5;
    pattern->length = strlen(text);
    memcpy(pattern->bytes, text, pattern->length);
    return pattern->length > 0 ? NULL : fail(why, "there is nothing to search for");
}

void pattern_deinit(struct pattern *pattern)
{
    if (pattern->expression)
        regfree(&pattern->regex);
    free(pattern->bytes);
    *pattern = (struct pattern){0};
}

size_t pattern_reach(const struct pattern *pattern)
{
    return pattern->expression ? PATTERN_MATCH_MAX : pattern->length;
}

/* A program's memory has no lines; ^ and $ are the bounds of lines of text in it, not of what we happen to look at. */
static bool find_expression(const struct pattern *pattern, const uint8_t *bytes, size_t from, size_t length, size_t *start, size_t *end)
{
    while (from < length) {
        regmatch_t match = {.rm_so = (regoff_t)from, .rm_eo = (regoff_t)length};
        if (regexec(&pattern->regex, (const char *)bytes, 1, &match, REG_STARTEND | REG_NOTBOL | REG_NOTEOL) != 0)
            return false;
        *start = (size_t)match.rm_so;
        *end = (size_t)match.rm_eo;
        if (*end > *start)
            return true;
        from = *end + 1;
    }
    return false;
}

bool pattern_find(const struct pattern *pattern, const uint8_t *bytes, size_t from, size_t length, size_t *start, size_t *end)
{
    if (pattern->expression)
        return find_expression(pattern, bytes, from, length, start, end);
    const uint8_t *found = from < length ? memmem(bytes + from, length - from, pattern->bytes, pattern->length) : NULL;
    if (found == NULL)
        return false;
    *start = (size_t)(found - bytes);
    *end = *start + pattern->length;
    return true;
}
