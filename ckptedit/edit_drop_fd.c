/* Dropping descriptors, and with the last descriptor of an open file the open file, and with the last reference to a file the file. Pages that were the content of such a
 * file stay: pages are copied as they lie. */
#include <stdlib.h>
#include <string.h>

#include "ckptedit/edit.h"
#include "ckptedit/references.h"
#include "cli/complain.h"
#include "cli/text.h"
#include "schemas/files.pb-c.h"

static int malformed(const struct edit *edit)
{
    cli_complain("ckptedit", edit->path, "dropping descriptors: %s", ckpt_reader_error(edit->records.reader));
    return CLI_FAILED;
}

/* "there are 0, 1, 2 and 5" */
static int complain_absent(const struct edit *edit, uint64_t number, const Ckpt__Descriptors *all)
{
    struct cli_text list = {0};
    for (size_t i = 0; i < all->n_descriptors; i++)
        cli_text_add(&list, "%s%u", i == 0 ? "" : i + 1 == all->n_descriptors ? " and " : ", ", all->descriptors[i]->number);
    if (all->n_descriptors == 0)
        cli_text_add(&list, "none left");
    cli_complain("ckptedit", edit->path, "dropping descriptor %llu: there is no such descriptor; there are %s", (unsigned long long)number,
                 cli_text_get(&list));
    cli_text_deinit(&list);
    return CLI_FAILED;
}

static void remove_descriptor(Ckpt__Descriptors *all, size_t i)
{
    protobuf_c_message_free_unpacked(&all->descriptors[i]->base, NULL);
    memmove(&all->descriptors[i], &all->descriptors[i + 1], (all->n_descriptors - i - 1) * sizeof(all->descriptors[0]));
    all->n_descriptors--;
}

static bool given_before(const struct cli_list *list, size_t i, uint64_t number)
{
    for (size_t n = 0; n < i; n++) {
        uint64_t before;
        if (cli_number(list->values[n], &before) && before == number)
            return true;
    }
    return false;
}

static int drop(const struct edit *edit, struct record *record, uint64_t number)
{
    Ckpt__Descriptors *all = (Ckpt__Descriptors *)record->message;
    for (size_t i = 0; i < all->n_descriptors; i++)
        if (all->descriptors[i]->number == number) {
            edit_say(edit, "drop descriptor %llu", (unsigned long long)number);
            remove_descriptor(all, i);
            record->changed = true;
            return CLI_FINE;
        }
    return complain_absent(edit, number, all);
}

static enum ckpt_status drop_unused_open_files(struct edit *edit)
{
    struct references used = {0};
    enum ckpt_status status = references_to_open_files(&used, &edit->records);
    struct record *record;
    for (size_t i = 0; status == CKPT_OK && (record = records_next(&edit->records, CKPT__KIND__KIND_OPEN_FILE, &i, &status)) != NULL;) {
        const Ckpt__OpenFile *open_file = (const Ckpt__OpenFile *)record->message;
        if (references_has(&used, open_file->id))
            continue;
        edit_say(edit, "drop open file %u, which no descriptor refers to any more", open_file->id);
        record->dropped = true;
    }
    references_deinit(&used);
    return status;
}

static enum ckpt_status drop_unused_files(struct edit *edit)
{
    struct references used = {0};
    enum ckpt_status status = references_to_files(&used, &edit->records);
    struct record *record;
    for (size_t i = 0; status == CKPT_OK && (record = records_next(&edit->records, CKPT__KIND__KIND_FILE, &i, &status)) != NULL;) {
        const Ckpt__File *file = (const Ckpt__File *)record->message;
        if (references_has(&used, file->id))
            continue;
        edit_say(edit, "drop file %u, %.*s, which nothing refers to any more", file->id, (int)(file->path.len < 4096 ? file->path.len : 4096),
                 (const char *)file->path.data);
        record->dropped = true;
    }
    references_deinit(&used);
    return status;
}

int edit_drop_fd(struct edit *edit)
{
    const struct cli_list *list = &edit->settings->drop_fds;
    enum ckpt_status status = CKPT_OK;
    size_t i = 0;
    struct record *record = records_next(&edit->records, CKPT__KIND__KIND_DESCRIPTORS, &i, &status);
    if (record == NULL && status != CKPT_OK)
        return malformed(edit);
    static const Ckpt__Descriptors none = CKPT__DESCRIPTORS__INIT;
    for (size_t n = 0; n < list->count; n++) {
        uint64_t number = 0;
        if (!cli_number(list->values[n], &number) || given_before(list, n, number))
            continue;
        int result = record != NULL ? drop(edit, record, number) : complain_absent(edit, number, &none);
        if (result != CLI_FINE)
            return result;
    }
    status = drop_unused_open_files(edit);
    if (status == CKPT_OK)
        status = drop_unused_files(edit);
    return status == CKPT_OK ? CLI_FINE : malformed(edit);
}
