#include "ckptdump/schema.h"

#include <stdio.h>
#include <string.h>

#include <ckptfmt/record.h>

#include "ckptdump/image.h"
#include "cli/json.h"

enum { TYPES_MAX = 64 };

/* Made of the schemas' comments when this is built. */
static const struct {
    const char *type, *field, *meaning;
} meanings[] = {
#include "schema_meanings.h"
};

/* Members of the object that each file becomes, by view. A type in brackets is a list. */
static const struct {
    const char *view, *member, *type, *meaning;
} members[] = {
    {"", "file", "string", "the name of the file"},
    {"summary", "image", "Image", ""},
    {"summary", "imageId", "hex", "what other images name this one by"},
    {"summary", "fileSize", "uint64", "bytes"},
    {"summary", "processes", "[Process]", ""},
    {"summary", "arguments", "[string]", "the command line"},
    {"summary", "resumable", "bool", "nothing in the image forbids a thaw"},
    {"summary", "obstacle", "string", "what forbids it"},
    {"summary", "threads", "[Thread]", ""},
    {"summary, fds", "descriptors", "[Descriptors]", ""},
    {"summary, fds", "openFiles", "[OpenFile]", ""},
    {"summary, fds, maps", "files", "[File]", ""},
    {"summary, fds", "sockets", "[Socket]", ""},
    {"summary, fds", "eventfds", "[Eventfd]", ""},
    {"summary, fds", "timerfds", "[Timerfd]", ""},
    {"summary, fds", "signalfds", "[Signalfd]", ""},
    {"summary, fds", "epolls", "[Epoll]", ""},
    {"summary, fds", "inotifies", "[Inotify]", ""},
    {"summary, fds", "pipes", "[Pipe]", ""},
    {"summary, signals", "signalActions", "[SignalActions]", ""},
    {"summary, signals", "pendingSignals", "[PendingSignals]", ""},
    {"args", "arguments", "[string]", "the command line of the process"},
    {"env", "environment", "[string]", "as its memory has it"},
    {"threads", "threads", "[Thread]", ""},
    {"regs", "registers", "[object]", "process, tid, each register as a hexadecimal string, xsave (bytes): the XSAVE area"},
    {"auxv", "auxv", "[object]", "type, name, value of each entry"},
    {"maps", "memory", "[Memory]", ""},
    {"timers", "timers", "[Timers]", ""},
    {"limits", "limits", "[Limits]", ""},
    {"notes", "notes", "[object]", "offset, segment, owner, type, name, critical, length; record (a message) or body (bytes)"},
    {"index", "index", "[object]", "space, address, length, offset, storedLength, codec (raw, zstd, parent), digest (XXH3-128, hex)"},
    {"hex", "hex", "[object]", "address, length, source (stored, zeros, file, absent, kernel, unmapped), bytes; file and offset for file"},
    {"strings", "strings", "[object]", "process, address, space, mapping, text"},
    {"search", "search", "[object]", "process, address, space, mapping, bytes, before, after"},
    {"backtrace", "backtrace", "[object]", "process, tid, frames (pc, symbol, offset or inlined, source, line, mapping), stopped; or unusableFile and reason"},
    {"diff", "diff", "[object]", "section, change (removed, added, changed), subject, old, new; of memory process, start, end, mapping"},
    {"diff", "differs", "bool", ""},
    {"verify", "faults", "[object]", "status, offset, space, address, sentence"},
    {"verify", "whole", "bool", "there are no faults"},
};

static const struct {
    const char *type, *json;
} types[] = {
    [PROTOBUF_C_TYPE_INT32] = {"int32", "number"}, [PROTOBUF_C_TYPE_SINT32] = {"sint32", "number"}, [PROTOBUF_C_TYPE_SFIXED32] = {"sfixed32", "number"},
    [PROTOBUF_C_TYPE_INT64] = {"int64", "string"}, [PROTOBUF_C_TYPE_SINT64] = {"sint64", "string"}, [PROTOBUF_C_TYPE_SFIXED64] = {"sfixed64", "string"},
    [PROTOBUF_C_TYPE_UINT32] = {"uint32", "number"}, [PROTOBUF_C_TYPE_FIXED32] = {"fixed32", "number"}, [PROTOBUF_C_TYPE_UINT64] = {"uint64", "string"},
    [PROTOBUF_C_TYPE_FIXED64] = {"fixed64", "string"}, [PROTOBUF_C_TYPE_FLOAT] = {"float", "number"}, [PROTOBUF_C_TYPE_DOUBLE] = {"double", "number"},
    [PROTOBUF_C_TYPE_BOOL] = {"bool", "boolean"}, [PROTOBUF_C_TYPE_ENUM] = {"enum", "string"}, [PROTOBUF_C_TYPE_STRING] = {"string", "string"},
    [PROTOBUF_C_TYPE_BYTES] = {"bytes", "string (base64)"}, [PROTOBUF_C_TYPE_MESSAGE] = {"message", "object"},
};

/* Messages and enums that were met, in order, so that each is told once. */
struct schema {
    struct cli_json json;
    const ProtobufCMessageDescriptor *messages[TYPES_MAX];
    const ProtobufCEnumDescriptor *enums[TYPES_MAX];
    size_t message_count, enum_count;
};

/* Without the package. */
static const char *short_name(const char *name)
{
    return strncmp(name, "ckpt.", 5) == 0 ? name + 5 : name;
}

static const char *meaning_of(const char *type, const char *field)
{
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
        if (strcmp(meanings[i].type, type) == 0 && strcmp(meanings[i].field, field) == 0)
            return meanings[i].meaning;
    return "";
}

static void meet_message(struct schema *schema, const ProtobufCMessageDescriptor *message)
{
    for (size_t i = 0; i < schema->message_count; i++)
        if (schema->messages[i] == message)
            return;
    if (schema->message_count < TYPES_MAX)
        schema->messages[schema->message_count++] = message;
}

static void meet_enum(struct schema *schema, const ProtobufCEnumDescriptor *type)
{
    for (size_t i = 0; i < schema->enum_count; i++)
        if (schema->enums[i] == type)
            return;
    if (schema->enum_count < TYPES_MAX)
        schema->enums[schema->enum_count++] = type;
}

static void print_field(struct schema *schema, const char *message, const ProtobufCFieldDescriptor *field)
{
    struct cli_json *json = &schema->json;
    char name[CLI_JSON_NAME];
    const char *type = types[field->type].type;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        const ProtobufCMessageDescriptor *other = field->descriptor;
        meet_message(schema, other);
        type = short_name(other->name);
    } else if (field->type == PROTOBUF_C_TYPE_ENUM) {
        const ProtobufCEnumDescriptor *other = field->descriptor;
        meet_enum(schema, other);
        type = short_name(other->name);
    }
    cli_json_object(json, NULL);
    cli_json_string(json, "name", cli_json_name(name, field->name));
    cli_json_int(json, "number", field->id);
    cli_json_string(json, "type", type);
    cli_json_bool(json, "list", field->label == PROTOBUF_C_LABEL_REPEATED);
    cli_json_string(json, "json", types[field->type].json);
    cli_json_string(json, "meaning", meaning_of(message, field->name));
    cli_json_end_object(json);
}

static void print_message(struct schema *schema, const ProtobufCMessageDescriptor *message)
{
    const char *name = short_name(message->name);
    cli_json_object(&schema->json, NULL);
    cli_json_string(&schema->json, "name", name);
    cli_json_string(&schema->json, "meaning", meaning_of(name, ""));
    cli_json_list(&schema->json, "fields");
    for (unsigned i = 0; i < message->n_fields; i++)
        print_field(schema, name, &message->fields[i]);
    cli_json_end_list(&schema->json);
    cli_json_end_object(&schema->json);
}

static void print_enum(struct schema *schema, const ProtobufCEnumDescriptor *type)
{
    const char *name = short_name(type->name);
    cli_json_object(&schema->json, NULL);
    cli_json_string(&schema->json, "name", name);
    cli_json_string(&schema->json, "meaning", meaning_of(name, ""));
    cli_json_list(&schema->json, "values");
    for (unsigned i = 0; i < type->n_values; i++) {
        cli_json_object(&schema->json, NULL);
        cli_json_string(&schema->json, "name", type->values[i].name);
        cli_json_int(&schema->json, "number", type->values[i].value);
        cli_json_string(&schema->json, "meaning", meaning_of(name, type->values[i].name));
        cli_json_end_object(&schema->json);
    }
    cli_json_end_list(&schema->json);
    cli_json_end_object(&schema->json);
}

static void print_members(struct cli_json *json)
{
    cli_json_list(json, "members");
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        cli_json_object(json, NULL);
        cli_json_string(json, "views", members[i].view);
        cli_json_string(json, "name", members[i].member);
        cli_json_string(json, "type", members[i].type);
        cli_json_string(json, "meaning", members[i].meaning);
        cli_json_end_object(json);
    }
    cli_json_end_list(json);
}

void schema_print(void)
{
    struct schema schema = {0};
    cli_json_init(&schema.json, stdout);
    cli_json_object(&schema.json, NULL);
    print_members(&schema.json);
    for (uint32_t kind = 1; kind < IMAGE_KINDS; kind++)
        if (ckpt_record_descriptor(kind) != NULL)
            meet_message(&schema, ckpt_record_descriptor(kind));
    cli_json_list(&schema.json, "messages");
    for (size_t i = 0; i < schema.message_count; i++) /* grows while it is told */
        print_message(&schema, schema.messages[i]);
    cli_json_end_list(&schema.json);
    cli_json_list(&schema.json, "enums");
    for (size_t i = 0; i < schema.enum_count; i++)
        print_enum(&schema, schema.enums[i]);
    cli_json_end_list(&schema.json);
    cli_json_end_object(&schema.json);
    cli_json_finish(&schema.json);
}
