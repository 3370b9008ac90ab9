#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ckptdump/dump.h"
#include "cli/table.h"

static const char *const segments[] = {[CKPT_SEGMENT_HEAD] = "head", [CKPT_SEGMENT_PROCESS] = "process", [CKPT_SEGMENT_TAIL] = "tail"};

static const struct {
    const char *owner;
    uint32_t type;
    const char *name;
} debugger_notes[] = {
    {"CORE", NT_PRSTATUS, "PRSTATUS"}, {"CORE", NT_FPREGSET, "FPREGSET"}, {"CORE", NT_PRPSINFO, "PRPSINFO"}, {"CORE", NT_AUXV, "AUXV"},
    {"CORE", NT_SIGINFO, "SIGINFO"}, {"CORE", NT_FILE, "FILE"}, {"LINUX", NT_X86_XSTATE, "X86_XSTATE"},
    {CKPT_NOTE_NAME, CKPT_NOTE_PROCESS, "PROCESS_NOTES"},
};

static bool is_record(const struct ckpt_note *note)
{
    return strcmp(note->name, CKPT_NOTE_NAME) == 0 && note->type != CKPT_NOTE_PROCESS;
}

static const char *note_name(const struct ckpt_note *note)
{
    if (is_record(note))
        return ckpt_record_kind_name(note->type);
    for (size_t i = 0; i < sizeof(debugger_notes) / sizeof(debugger_notes[0]); i++)
        if (debugger_notes[i].type == note->type && strcmp(debugger_notes[i].owner, note->name) == 0)
            return debugger_notes[i].name;
    return NULL;
}

void show_notes(struct dump *dump)
{
    static const struct cli_column columns[] = {{"offset", 1}, {"where", 0}, {"owner", 0}, {"type", 1}, {"length", 1}, {"what", 0}, {0}};
    struct cli_table table;
    struct ckpt_note note;
    cli_table_init(&table, stdout, columns);
    for (size_t i = 0; image_note(&dump->image, i, &note); i++) {
        const char *name = note_name(&note);
        char size[CLI_SIZE_TEXT];
        cli_table_cell(&table, "0x%" PRIx64, note.offset);
        cli_table_cell(&table, "%s", segments[note.segment]);
        cli_table_cell(&table, "%s", note.name);
        cli_table_cell(&table, is_record(&note) ? "%" PRIu32 : "0x%" PRIx32, note.type);
        cli_table_cell(&table, "%s", dump_size(dump, size, note.length));
        cli_table_cell(&table, "%s%s", name != NULL ? name : "(unknown)", note.critical ? "" : is_record(&note) ? " (may be ignored)" : "");
    }
    cli_table_deinit(&table);
}

static void json_body(struct dump *dump, const struct ckpt_note *note)
{
    ProtobufCMessage *message = NULL;
    if (!is_record(note) || ckpt_record_descriptor(note->type) == NULL) {
        cli_json_base64(&dump->json, "body", note->body, note->length);
        return;
    }
    if (ckpt_reader_unpack(dump->image.reader, note, &message) != CKPT_OK) {
        image_complain(&dump->image, "reading records: %s", ckpt_reader_error(dump->image.reader));
        return;
    }
    cli_json_message(&dump->json, "record", message);
    protobuf_c_message_free_unpacked(message, NULL);
}

void json_notes(struct dump *dump)
{
    struct ckpt_note note;
    cli_json_list(&dump->json, "notes");
    for (size_t i = 0; image_note(&dump->image, i, &note); i++) {
        cli_json_object(&dump->json, NULL);
        cli_json_u64(&dump->json, "offset", note.offset);
        cli_json_string(&dump->json, "segment", segments[note.segment]);
        cli_json_string(&dump->json, "owner", note.name);
        cli_json_int(&dump->json, "type", note.type);
        if (note_name(&note) != NULL)
            cli_json_string(&dump->json, "name", note_name(&note));
        cli_json_bool(&dump->json, "critical", note.critical);
        cli_json_u64(&dump->json, "length", note.length);
        json_body(dump, &note);
        cli_json_end_object(&dump->json);
    }
    cli_json_end_list(&dump->json);
}
