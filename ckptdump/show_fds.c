#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "ckptdump/dump.h"
#include "ckptdump/file_text.h"
#include "ckptdump/objects.h"
#include "cli/names.h"
#include "cli/table.h"

static void add_locks(struct cli_text *text, size_t count, Ckpt__Lock **locks)
{
    static const char *const types[] = {"posix", "ofd", "flock", "lease"};
    for (size_t i = 0; i < count; i++) {
        const Ckpt__Lock *lock = locks[i];
        bool known = lock->type >= 0 && (size_t)lock->type < sizeof(types) / sizeof(types[0]);
        cli_text_add(text, "%s %s-lock %s", text->length > 0 ? "," : "", known ? types[lock->type] : "unknown", lock->write ? "write" : "read");
        if (lock->start != 0 || lock->length != 0)
            cli_text_add(text, " %" PRIu64 "+%" PRIu64, lock->start, lock->length);
    }
}

/* What is worth saying beside the columns: sharing, inheritance, locks. */
static void add_remarks(struct cli_text *text, const Ckpt__Descriptors *all, size_t index, const Ckpt__OpenFile *open_file)
{
    const Ckpt__Descriptor *d = all->descriptors[index];
    for (size_t i = 0; i < index && i < 64; i++) /* the usual sharers are the standard streams; a long table is not searched */
        if (all->descriptors[i]->open_file == d->open_file) {
            cli_text_add(text, " (same open file as %u)", all->descriptors[i]->number);
            break;
        }
    if (open_file != NULL && open_file->inherited > 0 && open_file->inherited - 1 != d->number && d->number > STDERR_FILENO)
        cli_text_add(text, " (inherited as %u)", open_file->inherited - 1);
    struct cli_text locks = {0};
    add_locks(&locks, d->n_locks, d->locks);
    if (open_file != NULL)
        add_locks(&locks, open_file->n_locks, open_file->locks);
    if (locks.length > 0)
        cli_text_add(text, " (%s)", cli_text_get(&locks) + 1);
    cli_text_deinit(&locks);
}

static void add_descriptor(struct dump *dump, struct cli_table *table, const Ckpt__Descriptors *all, size_t index)
{
    const Ckpt__Descriptor *d = all->descriptors[index];
    const Ckpt__OpenFile *open_file = image_open_file(&dump->image, d->open_file);
    const Ckpt__File *file = open_file != NULL ? image_file(&dump->image, open_file->file) : NULL;
    struct cli_text flags = {0}, path = {0};
    if (open_file != NULL)
        cli_add_open_flags(&flags, open_file->flags);
    if (d->close_on_exec)
        cli_text_add(&flags, "|O_CLOEXEC");
    add_file_path(&path, file);
    objects_add(&path, &dump->image, file);
    add_remarks(&path, all, index, open_file);
    cli_table_cell(table, "%u", d->number);
    cli_table_cell(table, "%s", file_type_name(file != NULL ? file->type : CKPT__FILE_TYPE__FILE_TYPE_UNSPECIFIED));
    cli_table_cell(table, "%" PRIu64, open_file != NULL ? open_file->offset : 0);
    cli_table_cell(table, "%s", cli_text_get(&flags));
    cli_table_bytes(table, cli_text_get(&path), path.length);
    cli_text_deinit(&flags);
    cli_text_deinit(&path);
}

void show_fds(struct dump *dump)
{
    static const struct cli_column columns[] = {{"fd", 1}, {"type", 0}, {"offset", 1}, {"flags", 0}, {"path", 0}, {0}};
    const struct image_list *lists = image_records(&dump->image, CKPT__KIND__KIND_DESCRIPTORS);
    size_t total = 0;
    for (size_t i = 0; i < lists->count; i++) {
        const Ckpt__Descriptors *all = (const void *)lists->messages[i];
        if (lists->count > 1)
            printf("process %u:\n", all->process);
        struct cli_table table;
        cli_table_init(&table, stdout, columns);
        for (size_t n = 0; n < all->n_descriptors; n++)
            add_descriptor(dump, &table, all, n);
        cli_table_deinit(&table);
        total += all->n_descriptors;
    }
    if (total == 0)
        show_none("descriptors");
}

void json_fds(struct dump *dump)
{
    json_records(dump, "descriptors", CKPT__KIND__KIND_DESCRIPTORS);
    json_records(dump, "openFiles", CKPT__KIND__KIND_OPEN_FILE);
    if (!dump->settings->maps) /* which has them too */
        json_records(dump, "files", CKPT__KIND__KIND_FILE);
    objects_json(dump);
}
