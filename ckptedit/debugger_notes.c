#include "ckptedit/debugger_notes.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>

static bool is_core(const struct record *record, uint32_t type)
{
    return strcmp(record->note.name, "CORE") == 0 && record->note.type == type;
}

/* What it will be, as far as edits have come. */
static const uint8_t *body_of(const struct record *record, size_t *length)
{
    *length = record->packed != NULL ? record->packed_length : record->note.length;
    return record->packed != NULL ? record->packed : record->note.body;
}

void debugger_notes_name(struct records *records, int32_t pid, const char *name)
{
    for (size_t i = 0; i < records->note_count; i++) {
        struct record *record = &records->list[i];
        struct elf_prpsinfo info;
        size_t length;
        const uint8_t *body = body_of(record, &length);
        if (!is_core(record, NT_PRPSINFO) || length != sizeof(info))
            continue;
        memcpy(&info, body, sizeof(info));
        uint8_t *new = info.pr_pid == pid ? malloc(sizeof(info)) : NULL;
        if (new == NULL)
            continue;
        memset(info.pr_fname, 0, sizeof(info.pr_fname));
        memcpy(info.pr_fname, name, strnlen(name, sizeof(info.pr_fname) - 1));
        memcpy(new, &info, sizeof(info));
        record_replace(record, new, sizeof(info));
    }
}

/* NT_FILE: count, page size, then start, end and offset of each mapping, then the names, one NUL after each. Where the names begin; 0 where it is none. */
static size_t names_offset(const uint8_t *body, size_t length, uint64_t *count)
{
    if (length < 16)
        return 0;
    memcpy(count, body, sizeof(*count));
    bool fits = *count <= (length - 16) / 24 && (length == 16 + *count * 24 || body[length - 1] == '\0');
    return fits ? 16 + *count * 24 : 0;
}

struct names {
    char *bytes;
    size_t length;
};

static bool add_name(struct names *names, const char *name)
{
    size_t length = strlen(name) + 1;
    char *bigger = realloc(names->bytes, names->length + length);
    if (bigger == NULL)
        return false;
    memcpy(bigger + names->length, name, length);
    names->bytes = bigger;
    names->length += length;
    return true;
}

static bool move_names(struct names *names, const char *at, const char *end, debugger_notes_rename *rename, void *context, bool *moved)
{
    bool fine = true;
    for (; fine && at < end; at += strlen(at) + 1) {
        char *new = rename(context, at);
        fine = add_name(names, new != NULL ? new : at);
        *moved |= new != NULL;
        free(new);
    }
    return fine;
}

static void move_note(struct record *record, debugger_notes_rename *rename, void *context)
{
    size_t length;
    uint64_t count;
    const uint8_t *body = body_of(record, &length);
    size_t offset = names_offset(body, length, &count);
    if (offset == 0)
        return;
    struct names names = {0};
    bool moved = false;
    bool fine = move_names(&names, (const char *)body + offset, (const char *)body + length, rename, context, &moved);
    uint8_t *new = fine && moved ? malloc(offset + names.length) : NULL;
    if (new != NULL) {
        memcpy(new, body, offset);
        memcpy(new + offset, names.bytes, names.length);
        record_replace(record, new, offset + names.length);
    }
    free(names.bytes);
}

void debugger_notes_move(struct records *records, debugger_notes_rename *rename, void *context)
{
    for (size_t i = 0; i < records->note_count; i++)
        if (is_core(&records->list[i], NT_FILE))
            move_note(&records->list[i], rename, context);
}
