/* Redacting: bytes become zero in the stored pages, and a record says where. What the image does not store (a file's own pages, zeros) needs none of it. */
#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/procfs.h>

#include "ckptedit/descriptors.h"
#include "ckptedit/scan.h"
#include "cli/complain.h"
#include "schemas/image.pb-c.h"
#include "schemas/memory.pb-c.h"

static const char by_address[] = "ckptedit --redact", by_pattern[] = "ckptedit --redact-matching";

/* How many of the range's bytes are stored, in this image or a parent. */
static enum ckpt_status count_stored(struct ckpt_reader *reader, const struct redaction *r, uint64_t *stored)
{
    uint64_t i;
    struct ckpt_chunk chunk;
    enum ckpt_status status = ckpt_reader_seek_chunk(reader, r->space, r->address, &i);
    for (; status == CKPT_OK && i < ckpt_reader_footer(reader)->index_count; i++) {
        status = ckpt_reader_chunk(reader, i, &chunk);
        if (status != CKPT_OK || chunk.space != r->space || (chunk.address > r->address && chunk.address - r->address >= r->length))
            break;
        uint64_t begin = chunk.address > r->address ? chunk.address - r->address : 0;
        uint64_t end = chunk.address + chunk.length - r->address;
        *stored += (end < r->length ? end : r->length) - begin;
    }
    return status;
}

static int add_range(struct edit *edit, uint32_t space, uint64_t address, uint64_t length, uint64_t *stored)
{
    struct redaction redaction = {.space = space, .address = address, .length = length, .reason = by_address};
    uint64_t here = 0;
    if (count_stored(edit->records.reader, &redaction, &here) != CKPT_OK)
        return edit_malformed(edit);
    if (here > 0)
        redactions_add(&edit->redactions, &redaction);
    *stored += here;
    return CLI_FINE;
}

/* A private mapping's own pages are in the process's space; the content of memory files and the like is in a space of its own, where others see it too. */
static int redact_mapping(struct edit *edit, const Ckpt__Memory *memory, const Ckpt__Mapping *mapping, uint64_t address, uint64_t length, uint64_t *stored)
{
    struct record *record;
    int result = CLI_FINE;
    const Ckpt__File *file = mapping->file != 0 ? file_find(edit, mapping->file, &record, &result) : NULL;
    if (result == CLI_FINE)
        result = add_range(edit, memory->space, address, length, stored);
    if (result == CLI_FINE && file != NULL && file->space != 0)
        result = add_range(edit, file->space, mapping->offset + (address - mapping->start), length, stored);
    return result;
}

static const Ckpt__Mapping *mapping_at(const Ckpt__Memory *memory, uint64_t address)
{
    for (size_t i = 0; memory != NULL && i < memory->n_mappings; i++)
        if (memory->mappings[i]->end > address)
            return memory->mappings[i]->start <= address ? memory->mappings[i] : NULL;
    return NULL;
}

int edit_redact(struct edit *edit, const struct request *request)
{
    int result;
    struct record *record = edit_record(edit, CKPT__KIND__KIND_MEMORY, &result);
    const Ckpt__Memory *memory = record != NULL ? (const Ckpt__Memory *)record->message : NULL;
    uint64_t stored = 0;
    for (uint64_t done = 0; result == CLI_FINE && done < request->amount;) {
        uint64_t address = request->number + done, length = request->amount - done;
        const Ckpt__Mapping *mapping = mapping_at(memory, address);
        if (mapping == NULL)
            return edit_refuse(edit, request, "nothing is mapped at %" PRIx64 " (ckptdump --maps lists what is)", address);
        if (mapping->end - address < length)
            length = mapping->end - address;
        result = redact_mapping(edit, memory, mapping, address, length, &stored);
        done += length;
    }
    if (result == CLI_FINE && stored == 0)
        return edit_refuse(edit, request, "none of these bytes is stored in the image: they are zeros, or a file's own");
    if (result == CLI_FINE)
        edit_say(edit, "make %" PRIu64 " bytes at %" PRIx64 " zero, of which %" PRIu64 " are stored", request->amount, request->number, stored);
    return result;
}

/* The command line as the debugger's note has it goes with the pattern; what else says so, registers and names, is left, and said. */
static void redact_note(struct edit *edit, const struct request *request, struct record *record)
{
    struct elf_prpsinfo info;
    size_t at, length;
    const uint8_t *body = record->packed != NULL ? record->packed : record->note.body;
    size_t size = record->packed != NULL ? record->packed_length : record->note.length;
    if (body == NULL || !pattern_find(request->pattern, body, size, 0, &at, &length))
        return;
    bool command_line = strcmp(record->note.name, "CORE") == 0 && record->note.type == NT_PRPSINFO && size == sizeof(info);
    size_t from = offsetof(struct elf_prpsinfo, pr_psargs);
    uint8_t *new = command_line && pattern_find(request->pattern, body, size, from, &at, &length) ? malloc(size) : NULL;
    if (new != NULL) {
        memcpy(new, body, size);
        for (; pattern_find(request->pattern, body, size, from, &at, &length); from = pattern_next(request->pattern, at, length))
            memset(new + at, 0, length);
        record_replace(record, new, size);
        edit_say(edit, "make the pattern in the debugger's copy of the command line zero");
        return;
    }
    const char *kind = strcmp(record->note.name, CKPT_NOTE_NAME) == 0 ? ckpt_record_kind_name(record->note.type) : NULL;
    cli_complain("ckptedit", edit->path, "--redact-matching: the pattern is also in the %s %s at 0x%" PRIx64 ", which is no memory and stays",
                 kind != NULL ? "record" : "note", kind != NULL ? kind : record->note.name, record->note.offset);
}

static void found(void *context, uint32_t space, uint64_t address, uint64_t length)
{
    redactions_add(context, &(struct redaction){.space = space, .address = address, .length = length, .reason = by_pattern});
}

int edit_redact_matching(struct edit *edit, const struct request *request)
{
    struct redactions matches = {0};
    enum ckpt_status status = scan_memory(edit->records.reader, request->pattern, found, &matches);
    if (status == CKPT_OK && matches.count == 0) {
        redactions_deinit(&matches);
        return edit_refuse(edit, request, "it is nowhere in the stored memory");
    }
    redactions_merge(&matches);
    for (size_t i = 0; i < matches.count; i++) {
        const struct redaction *r = &matches.list[i];
        edit_say(edit, "make %" PRIu64 " bytes at %" PRIx64 " of space %u zero", r->length, r->address, r->space);
        redactions_add(&edit->redactions, r);
    }
    redactions_deinit(&matches);
    if (status != CKPT_OK)
        return edit_malformed(edit);
    for (size_t i = 0; i < edit->records.note_count; i++)
        if (!edit->records.list[i].dropped)
            redact_note(edit, request, &edit->records.list[i]);
    return CLI_FINE;
}

int edit_finish_redactions(struct edit *edit)
{
    redactions_merge(&edit->redactions);
    for (size_t i = 0; i < edit->redactions.count; i++) {
        const struct redaction *r = &edit->redactions.list[i];
        Ckpt__Redaction *record = message_create(&ckpt__redaction__descriptor);
        record->space = r->space;
        record->address = r->address;
        record->length = r->length;
        message_set_bytes(&record->reason, r->reason, strlen(r->reason));
        records_add(&edit->records, CKPT__KIND__KIND_REDACTION, false, record);
    }
    return CLI_FINE;
}
