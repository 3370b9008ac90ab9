/* Text for people: untrusted names without control characters, sizes, times. */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A growing string. Zero-initialise; text is NULL while empty. Running out of memory ends the program with a sentence. */
struct cli_text {
    char *text;
    size_t length;
    size_t room;
};
void cli_text_deinit(struct cli_text *text);
void cli_text_clear(struct cli_text *text);
void cli_text_add(struct cli_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Adds bytes as they are. */
void cli_text_add_bytes(struct cli_text *text, const void *bytes, size_t length);
/* Adds bytes as a terminal may show them: control characters, backslashes and what is not UTF-8 as \n, \t, \\, \x1b …; other UTF-8 as it is. */
void cli_text_escape(struct cli_text *text, const void *bytes, size_t length);
/* The length of the well-formed UTF-8 sequence at `at`, 0 where there is none; *point is its code point. */
size_t cli_utf8_length(const uint8_t *at, size_t left, uint32_t *point);
/* C0, DEL and C1, line separators, and the marks that turn the direction of text: none may reach a terminal from a file. */
bool cli_is_control(uint32_t point);
/* The text, never NULL. Borrowed. */
const char *cli_text_get(const struct cli_text *text);

void cli_print_escaped(FILE *out, const void *bytes, size_t length);
/* The same as a shell word: 'quoted' where a shell needs it, $'…' where there is something to escape. */
void cli_print_shell_word(FILE *out, const void *bytes, size_t length);

enum { CLI_SIZE_TEXT = 32 };
/* "4.0 KiB", "1.5 GiB"; "4096" when exact. Returns `text`. */
const char *cli_size(char text[CLI_SIZE_TEXT], uint64_t bytes, bool exact);
/* "1.5 s", "20 ms", "2 h 3 min"; from nanoseconds. */
const char *cli_duration(char text[CLI_SIZE_TEXT], uint64_t nanoseconds);
enum { CLI_TIME_TEXT = 64 };
/* Local time with offset, "2026-11-24 13:01:02 +0100". */
const char *cli_time(char text[CLI_TIME_TEXT], int64_t seconds);

#endif
