#include "cli/json.h"

#include <inttypes.h>
#include <string.h>

#include "cli/text.h"

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

/* What is not UTF-8 becomes U+FFFD, as proto3's mapping has no other form; what a terminal must not see is escaped. */
static void print_string(FILE *out, const uint8_t *bytes, size_t length)
{
    fputc('"', out);
    for (size_t i = 0, run; i < length; i += run) {
        uint32_t point = 0;
        run = cli_utf8_length(bytes + i, length - i, &point);
        if (run == 0) {
            fputs("\xef\xbf\xbd", out);
            run = 1;
        } else if (cli_is_control(point)) {
            fprintf(out, "\\u%04x", point);
        } else {
            if (point == '"' || point == '\\')
                fputc('\\', out);
            fwrite(bytes + i, 1, run, out);
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
