#include <inttypes.h>
#include <string.h>

#include "cli/json.h"

/* proto3's rule: "start_code" is "startCode". */
const char *cli_json_name(char name[CLI_JSON_NAME], const char *snake)
{
    size_t length = 0;
    bool upper = false;
    for (; *snake != '\0' && length + 1 < CLI_JSON_NAME; snake++) {
        if (*snake == '_') {
            upper = true;
            continue;
        }
        name[length++] = upper && *snake >= 'a' && *snake <= 'z' ? (char)(*snake - 'a' + 'A') : *snake;
        upper = false;
    }
    name[length] = '\0';
    return name;
}

typedef void print_value(struct cli_json *json, const char *key, const ProtobufCFieldDescriptor *field, const void *value);

#define SCALAR(name, type, call)                                                                                                        \
    static void name(struct cli_json *json, const char *key, const ProtobufCFieldDescriptor *field, const void *value)                  \
    {                                                                                                                                   \
        (void)field;                                                                                                                    \
        type v;                                                                                                                         \
        memcpy(&v, value, sizeof(v));                                                                                                   \
        call;                                                                                                                           \
    }

static void print_i64(struct cli_json *json, const char *key, int64_t value)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRId64, value);
    cli_json_string(json, key, text);
}

SCALAR(value_int32, int32_t, cli_json_int(json, key, v))
SCALAR(value_uint32, uint32_t, cli_json_int(json, key, v))
SCALAR(value_int64, int64_t, print_i64(json, key, v))
SCALAR(value_uint64, uint64_t, cli_json_u64(json, key, v))
SCALAR(value_bool, protobuf_c_boolean, cli_json_bool(json, key, v != 0))
SCALAR(value_string, char *, cli_json_string(json, key, v != NULL ? v : ""))
SCALAR(value_bytes, ProtobufCBinaryData, cli_json_base64(json, key, v.data, v.len))
SCALAR(value_message, ProtobufCMessage *, cli_json_message(json, key, v))

static void value_enum(struct cli_json *json, const char *key, const ProtobufCFieldDescriptor *field, const void *value)
{
    int32_t number;
    memcpy(&number, value, sizeof(number));
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(field->descriptor, number);
    if (known != NULL)
        cli_json_string(json, key, known->name);
    else
        cli_json_int(json, key, number);
}

struct kind {
    print_value *print;
    size_t size;
};

/* No schema has floating point: such a field is left out. */
static const struct kind kinds[] = {
    [PROTOBUF_C_TYPE_INT32] = {value_int32, 4},     [PROTOBUF_C_TYPE_SINT32] = {value_int32, 4},
    [PROTOBUF_C_TYPE_SFIXED32] = {value_int32, 4},  [PROTOBUF_C_TYPE_UINT32] = {value_uint32, 4},
    [PROTOBUF_C_TYPE_FIXED32] = {value_uint32, 4},  [PROTOBUF_C_TYPE_INT64] = {value_int64, 8},
    [PROTOBUF_C_TYPE_SINT64] = {value_int64, 8},    [PROTOBUF_C_TYPE_SFIXED64] = {value_int64, 8},
    [PROTOBUF_C_TYPE_UINT64] = {value_uint64, 8},   [PROTOBUF_C_TYPE_FIXED64] = {value_uint64, 8},
    [PROTOBUF_C_TYPE_BOOL] = {value_bool, sizeof(protobuf_c_boolean)},
    [PROTOBUF_C_TYPE_ENUM] = {value_enum, 4},       [PROTOBUF_C_TYPE_STRING] = {value_string, sizeof(char *)},
    [PROTOBUF_C_TYPE_BYTES] = {value_bytes, sizeof(ProtobufCBinaryData)},
    [PROTOBUF_C_TYPE_MESSAGE] = {value_message, sizeof(void *)},
};

static bool is_default(const ProtobufCFieldDescriptor *field, const void *value, size_t size)
{
    static const char zeros[16];
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        const char *text;
        memcpy(&text, value, sizeof(text));
        return text == NULL || text[0] == '\0';
    }
    if (field->type == PROTOBUF_C_TYPE_BYTES) {
        ProtobufCBinaryData data;
        memcpy(&data, value, sizeof(data));
        return data.len == 0;
    }
    return memcmp(value, zeros, size) == 0;
}

static void print_list(struct cli_json *json, const char *key, const ProtobufCFieldDescriptor *field, const struct kind *kind,
                       const char *elements, size_t count)
{
    cli_json_list(json, key);
    for (size_t i = 0; i < count; i++)
        kind->print(json, NULL, field, elements + i * kind->size);
    cli_json_end_list(json);
}

static void print_field(struct cli_json *json, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const struct kind *kind = field->type < sizeof(kinds) / sizeof(kinds[0]) ? &kinds[field->type] : NULL;
    if (kind == NULL || kind->print == NULL)
        return;
    char name[CLI_JSON_NAME];
    const char *value = (const char *)message + field->offset;
    const char *key = cli_json_name(name, field->name);
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        size_t count;
        const char *elements;
        memcpy(&count, (const char *)message + field->quantifier_offset, sizeof(count));
        memcpy(&elements, value, sizeof(elements));
        if (count > 0)
            print_list(json, key, field, kind, elements, count);
    } else if (!is_default(field, value, kind->size)) {
        kind->print(json, key, field, value);
    }
}

void cli_json_message(struct cli_json *json, const char *key, const ProtobufCMessage *message)
{
    cli_json_object(json, key);
    for (unsigned i = 0; i < message->descriptor->n_fields; i++)
        print_field(json, message, &message->descriptor->fields[i]);
    cli_json_end_object(json);
}
