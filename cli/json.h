/* JSON, pretty-printed as it is made, and protobuf messages by reflection in proto3's JSON mapping: lowerCamelCase names, 64-bit
 * integers as strings, bytes as base64, enums by name, fields at their default left out. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct cli_json {
    FILE *out;
    unsigned depth;
    bool begun; /* something stands in the current object or list */
};

void cli_json_init(struct cli_json *json, FILE *out);
/* A key of an object; every value may be preceded by one (NULL: a list's element, or the top). */
void cli_json_object(struct cli_json *json, const char *key);
void cli_json_end_object(struct cli_json *json);
void cli_json_list(struct cli_json *json, const char *key);
void cli_json_end_list(struct cli_json *json);
void cli_json_string(struct cli_json *json, const char *key, const char *value);
/* Text of unknown encoding: what is not UTF-8 comes out as U+FFFD. */
void cli_json_text(struct cli_json *json, const char *key, const void *bytes, size_t length);
void cli_json_base64(struct cli_json *json, const char *key, const void *bytes, size_t length);
void cli_json_bool(struct cli_json *json, const char *key, bool value);
void cli_json_int(struct cli_json *json, const char *key, int64_t value); /* a JSON number: 32-bit values */
void cli_json_u64(struct cli_json *json, const char *key, uint64_t value); /* a string, as proto3 says */
void cli_json_hex(struct cli_json *json, const char *key, const void *bytes, size_t length);
void cli_json_message(struct cli_json *json, const char *key, const ProtobufCMessage *message);
enum { CLI_JSON_NAME = 128 };
/* The member that a field becomes: "startCode" for "start_code". Returns `name`. */
const char *cli_json_name(char name[CLI_JSON_NAME], const char *field);
/* The final newline. */
void cli_json_finish(struct cli_json *json);

#endif
