#include "cli/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void cli_text_deinit(struct cli_text *text)
{
    free(text->text);
    *text = (struct cli_text){0};
}

void cli_text_clear(struct cli_text *text)
{
    text->length = 0;
    if (text->text != NULL)
        text->text[0] = '\0';
}

static void reserve(struct cli_text *text, size_t more)
{
    if (text->room - text->length > more)
        return;
    size_t room = text->room == 0 ? 64 : text->room;
    while (room - text->length <= more)
        room *= 2;
    char *bigger = realloc(text->text, room);
    if (bigger == NULL) {
        fputs("out of memory\n", stderr);
        exit(1);
    }
    text->text = bigger;
    text->room = room;
}

void cli_text_add_bytes(struct cli_text *text, const void *bytes, size_t length)
{
    if (length == 0)
        return;
    reserve(text, length);
    memcpy(text->text + text->length, bytes, length);
    text->length += length;
    text->text[text->length] = '\0';
}

void cli_text_add(struct cli_text *text, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length >= 0) {
        reserve(text, (size_t)length);
        vsnprintf(text->text + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
}

const char *cli_text_get(const struct cli_text *text)
{
    return text->text != NULL ? text->text : "";
}

size_t cli_utf8_length(const uint8_t *at, size_t left, uint32_t *point)
{
    static const struct {
        uint8_t mask, lead;
        uint32_t least;
    } forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    for (size_t more = 0; more < sizeof(forms) / sizeof(forms[0]); more++) {
        if ((at[0] & forms[more].mask) != forms[more].lead)
            continue;
        if (more >= left)
            return 0;
        *point = at[0] & (uint8_t)~forms[more].mask;
        for (size_t i = 1; i <= more; i++) {
            if ((at[i] & 0xc0) != 0x80)
                return 0;
            *point = *point << 6 | (at[i] & 0x3fu);
        }
        bool surrogate = *point >= 0xd800 && *point <= 0xdfff;
        return *point < forms[more].least || *point > 0x10ffff || surrogate ? 0 : more + 1;
    }
    return 0;
}

bool cli_is_control(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) ||
           point == 0x200e || point == 0x200f || point == 0xfeff;
}

static void escape_byte(struct cli_text *text, uint8_t byte)
{
    static const struct {
        char byte, letter;
    } short_forms[] = {{'\n', 'n'}, {'\t', 't'}, {'\r', 'r'}, {'\\', '\\'}};
    for (size_t i = 0; i < sizeof(short_forms) / sizeof(short_forms[0]); i++)
        if (byte == (uint8_t)short_forms[i].byte) {
            cli_text_add(text, "\\%c", short_forms[i].letter);
            return;
        }
    cli_text_add(text, "\\x%02x", byte);
}

void cli_text_escape(struct cli_text *text, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    while (length > 0) {
        uint32_t point = 0;
        size_t run = cli_utf8_length(at, length, &point);
        if (run > 0 && !cli_is_control(point) && point != '\\') {
            cli_text_add_bytes(text, at, run);
        } else {
            run = run == 0 ? 1 : run;
            for (size_t i = 0; i < run; i++)
                escape_byte(text, at[i]);
        }
        at += run;
        length -= run;
    }
}

void cli_print_escaped(FILE *out, const void *bytes, size_t length)
{
    struct cli_text text = {0};
    cli_text_escape(&text, bytes, length);
    fputs(cli_text_get(&text), out);
    cli_text_deinit(&text);
}

void cli_print_shell_word(FILE *out, const void *bytes, size_t length)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=+@%,";
    struct cli_text text = {0};
    cli_text_escape(&text, bytes, length);
    const char *word = cli_text_get(&text);
    if (strlen(word) > length || memchr(bytes, '\\', length) != NULL) {
        fputs("$'", out);
        for (; *word != '\0'; word++) /* what cli_text_escape() leaves alone, but a quoted word ends at */
            fprintf(out, *word == '\'' ? "\\'" : "%c", *word);
        fputc('\'', out);
    } else if (length > 0 && strspn(word, plain) == length) {
        fputs(word, out);
    } else {
        fputc('\'', out);
        for (; *word != '\0'; word++)
            *word == '\'' ? fputs("'\\''", out) : fputc(*word, out);
        fputc('\'', out);
    }
    cli_text_deinit(&text);
}

const char *cli_size(char text[CLI_SIZE_TEXT], uint64_t bytes, bool exact)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (exact || bytes < 1024) {
        snprintf(text, CLI_SIZE_TEXT, exact ? "%" PRIu64 : "%" PRIu64 " B", bytes);
        return text;
    }
    double value = (double)bytes / 1024;
    size_t unit = 0;
    for (; value >= 1023.95 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
        value /= 1024;
    snprintf(text, CLI_SIZE_TEXT, "%.1f %s", value, units[unit]);
    return text;
}

const char *cli_duration(char text[CLI_SIZE_TEXT], uint64_t ns)
{
    static const uint64_t second = 1000000000;
    if (ns < 1000)
        snprintf(text, CLI_SIZE_TEXT, "%" PRIu64 " ns", ns);
    else if (ns < 1000000)
        snprintf(text, CLI_SIZE_TEXT, "%.4g us", (double)ns / 1e3);
    else if (ns < second)
        snprintf(text, CLI_SIZE_TEXT, "%.4g ms", (double)ns / 1e6);
    else if (ns < 60 * second)
        snprintf(text, CLI_SIZE_TEXT, "%.4g s", (double)ns / 1e9);
    else if (ns < 3600 * second)
        snprintf(text, CLI_SIZE_TEXT, "%" PRIu64 " min %" PRIu64 " s", ns / second / 60, ns / second % 60);
    else
        snprintf(text, CLI_SIZE_TEXT, "%" PRIu64 " h %" PRIu64 " min", ns / second / 3600, ns / second / 60 % 60);
    return text;
}

const char *cli_time(char text[CLI_TIME_TEXT], int64_t seconds)
{
    time_t when = (time_t)seconds;
    struct tm local;
    if (localtime_r(&when, &local) == NULL || strftime(text, CLI_TIME_TEXT, "%Y-%m-%d %H:%M:%S %z", &local) == 0)
        snprintf(text, CLI_TIME_TEXT, "%" PRId64 " s after 1970", seconds);
    return text;
}
