/* What to look for in memory: TEXT (its bytes), "hex:6e 65 65 64", "re:EXPRESSION" or "regex:EXPRESSION" (POSIX extended, over bytes; '.' and lists match neither newlines nor NULs, '^' and '$'
 * match beside newlines), or "text:TEXT" where the text begins like one of these. At most 16 KiB. */
#ifndef CLI_PATTERN_H
#define CLI_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/text.h"

struct pattern;

/* NULL where it is none, with the reason added to `why`. */
struct pattern *pattern_create(const char *text, struct cli_text *why);
void pattern_destroy(struct pattern *pattern);

/* The first match that begins at or behind `from` in the bytes. Not empty. What precedes `from` tells whether a line begins there. */
bool pattern_find(const struct pattern *pattern, const uint8_t *bytes, size_t length, size_t from, size_t *at, size_t *match_length);
/* Where to look on behind a match: matches of text may overlap, those of a regular expression follow each other. */
size_t pattern_next(const struct pattern *pattern, size_t at, size_t match_length);
/* For who reads memory piece by piece: a match that begins in a piece's last so many bytes may need the next piece to be found whole. Longer ones may be cut. */
size_t pattern_reach(const struct pattern *pattern);
/* How long every match is; 0 where they differ. */
size_t pattern_length(const struct pattern *pattern);

#endif
