#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

#include "ckptdump/dump.h"
#include "ckptdump/file_text.h"
#include "ckptdump/stored.h"
#include "cli/table.h"

static void add_mapping(struct dump *dump, struct cli_table *table, const Ckpt__Memory *memory, const Ckpt__Mapping *m, uint64_t stored)
{
    const Ckpt__File *file = image_file(&dump->image, m->file);
    char size[CLI_SIZE_TEXT];
    struct cli_text name = {0};
    cli_table_cell(table, "%08" PRIx64 "-%08" PRIx64, m->start, m->end);
    cli_table_cell(table, "%c%c%c%c", m->protection & PROT_READ ? 'r' : '-', m->protection & PROT_WRITE ? 'w' : '-',
                   m->protection & PROT_EXEC ? 'x' : '-', m->flags & MAP_SHARED ? 's' : 'p');
    cli_table_cell(table, "%08" PRIx64, m->offset);
    cli_table_cell(table, "%02x:%02x", file != NULL ? major(file->device) : 0, file != NULL ? minor(file->device) : 0);
    cli_table_cell(table, "%" PRIu64, file != NULL ? file->inode : 0);
    cli_table_cell(table, "%s", stored == 0 ? "-" : dump_size(dump, size, stored));
    add_mapping_name(&name, memory, m, file);
    cli_table_bytes(table, cli_text_get(&name), name.length);
    cli_text_deinit(&name);
}

void show_maps(struct dump *dump)
{
    static const struct cli_column columns[] = {{"address", 0}, {"perm", 0}, {"offset", 0}, {"dev", 0}, {"inode", 0}, {"stored", 1}, {"path", 0}, {0}};
    const struct image_list *memories = image_records(&dump->image, CKPT__KIND__KIND_MEMORY);
    struct stored stored;
    if (memories->count == 0)
        show_none("mappings");
    if (!stored_init(&stored, &dump->image)) {
        stored_deinit(&stored);
        return;
    }
    for (size_t i = 0; i < memories->count; i++) {
        const Ckpt__Memory *memory = (const void *)memories->messages[i];
        if (memories->count > 1)
            printf("process %u:\n", memory->process);
        struct cli_table table;
        cli_table_init(&table, stdout, columns);
        for (size_t n = 0; n < memory->n_mappings; n++)
            add_mapping(dump, &table, memory, memory->mappings[n], stored_of_mapping(&stored, &dump->image, memory, memory->mappings[n]));
        cli_table_deinit(&table);
    }
    stored_deinit(&stored);
}

void json_maps(struct dump *dump)
{
    json_records(dump, "memory", CKPT__KIND__KIND_MEMORY);
    json_records(dump, "files", CKPT__KIND__KIND_FILE);
}
