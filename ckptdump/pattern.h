/* What --search looks for: "TEXT", "hex:de ad be ef", or "re:EXPRESSION" (a POSIX extended one, over bytes). */
#ifndef CKPTDUMP_PATTERN_H
#define CKPTDUMP_PATTERN_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PATTERN_MAX = 16 << 10, PATTERN_MATCH_MAX = 4096 };

struct pattern {
    bool expression;
    regex_t regex;
    uint8_t *bytes; /* of text and hex */
    size_t length;
};

/* NULL, or why the text is no pattern: `why` is filled and returned. Deinit in any case. */
const char *pattern_init(struct pattern *pattern, const char *text, char why[200]);
void pattern_deinit(struct pattern *pattern);
/* How many bytes a match may have. */
size_t pattern_reach(const struct pattern *pattern);
/* The first match in bytes[from, length), which is not empty. */
bool pattern_find(const struct pattern *pattern, const uint8_t *bytes, size_t from, size_t length, size_t *start, size_t *end);

#endif
