#include "cli/json.h"

#include <inttypes.h>
#include <string.h>

static void indent(const struct cli_json *json)
{
    fprintf(json->out, "\n%*s", (int)(json->depth * 2), "");
}

static void print_string(FILE *out, const uint8_t *bytes, size_t length);

/* What comes before every value: comma, line, key. */
static void begin_value(struct cli_json *json, const char *key)
{
    if (json->begun)
        fputc(',', json->out);
    if (json->depth > 0)
        indent(json);
    json->begun = true;
    if (key != NULL) {
        print_string(json->out, (const uint8_t *)key, strlen(key));
        fputs(": ", json->out);
    }
}

static void open_group(struct cli_json *json, const char *key, char bracket)
{
    begin_value(json, key);
    fputc(bracket, json->out);
    json->depth++;
    json->begun = false;
}

static void close_group(struct cli_json *json, char bracket)
{
    json->depth--;
    if (json->begun)
        indent(json);
    fputc(bracket, json->out);
    json->begun = true;
}

void cli_json_init(struct cli_json *json, FILE *out)
{
    *json = (struct cli_json){.out = out};
}

void cli_json_object(struct cli_json *json, const char *key)
{
    open_group(json, key, '{');
}

void cli_json_end_object(struct cli_json *json)
{
    close_group(json, '}');
}

void cli_json_list(struct cli_json *json, const char *key)
{
    open_group(json, key, '[');
}

void cli_json_end_list(struct cli_json *json)
{
    close_group(json, ']');
}

void cli_json_finish(struct cli_json *json)
{
    fputc('\n', json->out);
}

/* The length of a well-formed UTF-8 sequence of at least two bytes, or 0. */
static size_t utf8_sequence(const uint8_t *at, size_t left)
{
    size_t length = at[0] >= 0xf0 && at[0] <= 0xf4 ? 4 : at[0] >= 0xe0 && at[0] < 0xf0 ? 3 : at[0] >= 0xc2 && at[0] < 0xe0 ? 2 : 0;
    if (length == 0 || length > left)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xf0 && at[1] < 0x90);
    bool beyond = (at[0] == 0xed && at[1] >= 0xa0) || (at[0] == 0xf4 && at[1] >= 0x90);
    return overlong || beyond ? 0 : length;
}

static void print_string(FILE *out, const uint8_t *bytes, size_t length)
{
    fputc('"', out);
    for (size_t i = 0; i < length; i++) {
        size_t sequence = bytes[i] >= 0x80 ? utf8_sequence(bytes + i, length - i) : 0;
        if (sequence > 0) {
            fwrite(bytes + i, 1, sequence, out);
            i += sequence - 1;
        } else if (bytes[i] >= 0x80) {
            fputs("\xef\xbf\xbd", out);
        } else if (bytes[i] == '"' || bytes[i] == '\\') {
            fprintf(out, "\\%c", bytes[i]);
        } else if (bytes[i] < 0x20 || bytes[i] == 0x7f) {
            fprintf(out, "\\u%04x", bytes[i]);
        } else {
            fputc(bytes[i], out);
        }
    }
    fputc('"', out);
}

void cli_json_string(struct cli_json *json, const char *key, const char *value)
{
    cli_json_text(json, key, value, strlen(value));
}

void cli_json_text(struct cli_json *json, const char *key, const void *bytes, size_t length)
{
    begin_value(json, key);
    print_string(json->out, bytes, length);
}

void cli_json_base64(struct cli_json *json, const char *key, const void *bytes, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *in = bytes;
    begin_value(json, key);
    fputc('"', json->out);
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t group = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) | (left > 2 ? in[i + 2] : 0u);
        fputc(digits[group >> 18], json->out);
        fputc(digits[group >> 12 & 63], json->out);
        fputc(left > 1 ? digits[group >> 6 & 63] : '=', json->out);
        fputc(left > 2 ? digits[group & 63] : '=', json->out);
    }
    fputc('"', json->out);
}

void cli_json_hex(struct cli_json *json, const char *key, const void *bytes, size_t length)
{
    const uint8_t *in = bytes;
    begin_value(json, key);
    fputc('"', json->out);
    for (size_t i = 0; i < length; i++)
        fprintf(json->out, "%02x", in[i]);
    fputc('"', json->out);
}

void cli_json_bool(struct cli_json *json, const char *key, bool value)
{
    begin_value(json, key);
    fputs(value ? "true" : "false", json->out);
}

void cli_json_int(struct cli_json *json, const char *key, int64_t value)
{
    begin_value(json, key);
    fprintf(json->out, "%" PRId64, value);
}

void cli_json_u64(struct cli_json *json, const char *key, uint64_t value)
{
    begin_value(json, key);
    fprintf(json->out, "\"%" PRIu64 "\"", value);
}
