/* The auxiliary vector that the program was started with. */
#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ckptdump/dump.h"
#include "cli/names.h"
#include "cli/table.h"

#define NAME(constant) {(uint64_t)(constant), #constant}

static const struct cli_name entries[] = {
    NAME(AT_NULL), NAME(AT_IGNORE), NAME(AT_EXECFD), NAME(AT_PHDR), NAME(AT_PHENT), NAME(AT_PHNUM), NAME(AT_PAGESZ), NAME(AT_BASE), NAME(AT_FLAGS),
    NAME(AT_ENTRY), NAME(AT_NOTELF), NAME(AT_UID), NAME(AT_EUID), NAME(AT_GID), NAME(AT_EGID), NAME(AT_PLATFORM), NAME(AT_HWCAP), NAME(AT_CLKTCK),
    NAME(AT_SECURE), NAME(AT_BASE_PLATFORM), NAME(AT_RANDOM), NAME(AT_HWCAP2), {27, "AT_RSEQ_FEATURE_SIZE"}, {28, "AT_RSEQ_ALIGN"}, {29, "AT_HWCAP3"},
    {30, "AT_HWCAP4"}, NAME(AT_EXECFN), NAME(AT_SYSINFO), NAME(AT_SYSINFO_EHDR), NAME(AT_MINSIGSTKSZ), {0, NULL},
};

/* Entries whose values are numbers, not addresses or bits. */
static bool is_count(uint64_t type)
{
    static const uint8_t counts[] = {AT_EXECFD, AT_PHENT, AT_PHNUM, AT_PAGESZ, AT_UID, AT_EUID, AT_GID, AT_EGID, AT_CLKTCK,
                                     AT_SECURE, 27, 28, AT_MINSIGSTKSZ};
    for (size_t i = 0; i < sizeof(counts); i++)
        if (counts[i] == type)
            return true;
    return false;
}

struct entry {
    uint64_t type, value;
};

static bool find_vector(struct image *image, struct ckpt_note *note)
{
    struct note_cursor cursor = {0};
    while (image_next_note(image, &cursor, note))
        if (cursor.process == image->process && note->type == NT_AUXV && strcmp(note->name, "CORE") == 0)
            return true;
    return false;
}

static bool next_entry(const struct ckpt_note *note, size_t *at, struct entry *entry)
{
    if (note->length - *at < sizeof(*entry))
        return false;
    memcpy(entry, note->body + *at, sizeof(*entry));
    *at += sizeof(*entry);
    return entry->type != AT_NULL;
}

void show_auxv(struct dump *dump)
{
    static const struct cli_column columns[] = {{"entry", 0}, {"value", 0}, {0}};
    struct ckpt_note note;
    struct cli_table table;
    struct entry entry;
    if (!find_vector(&dump->image, &note)) {
        show_none("auxiliary vector");
        return;
    }
    cli_table_init(&table, stdout, columns);
    for (size_t at = 0; next_entry(&note, &at, &entry);) {
        struct cli_text name = {0};
        cli_add_name(&name, entries, entry.type);
        cli_table_cell(&table, "%s", cli_text_get(&name));
        cli_table_cell(&table, is_count(entry.type) ? "%" PRIu64 : "0x%" PRIx64, entry.value);
        cli_text_deinit(&name);
    }
    cli_table_deinit(&table);
}

void json_auxv(struct dump *dump)
{
    struct ckpt_note note;
    struct entry entry;
    bool found = find_vector(&dump->image, &note);
    cli_json_list(&dump->json, "auxv");
    for (size_t at = 0; found && next_entry(&note, &at, &entry);) {
        const char *name = cli_name(entries, entry.type);
        cli_json_object(&dump->json, NULL);
        cli_json_u64(&dump->json, "type", entry.type);
        if (name != NULL)
            cli_json_string(&dump->json, "name", name);
        cli_json_u64(&dump->json, "value", entry.value);
        cli_json_end_object(&dump->json);
    }
    cli_json_end_list(&dump->json);
}
