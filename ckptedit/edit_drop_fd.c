/* Dropping descriptors, and with the last descriptor of an open file the open file, and with the last reference to a file the file. Pages that were the content of such a
 * file stay: pages are copied as they lie. */
#include <string.h>

#include "ckptedit/descriptors.h"
#include "ckptedit/references.h"
#include "schemas/epoll.pb-c.h"
#include "schemas/record.pb-c.h"

/* The same descriptor, twice in one call: it is gone already, as asked. */
static bool dropped_before(const struct edit *edit, const struct request *request)
{
    const struct cli_actions *actions = &edit->settings->actions;
    for (size_t i = 0; i < actions->count && actions->list[i].value != request->value; i++) {
        uint64_t number;
        if (strcmp(actions->list[i].option->name, request->kind->option) == 0 && cli_number(actions->list[i].value, &number) && number == request->number)
            return true;
    }
    return false;
}

int edit_drop_fd(struct edit *edit, const struct request *request)
{
    if (dropped_before(edit, request))
        return CLI_FINE;
    struct record *record;
    size_t at;
    int result;
    Ckpt__Descriptors *all = descriptors_find(edit, request, &record, &at, &result);
    if (all == NULL)
        return result;
    edit_say(edit, "drop descriptor %u", all->descriptors[at]->number);
    open_file_released(edit, all->descriptors[at]->open_file);
    message_remove(&all->descriptors, &all->n_descriptors, at);
    record->changed = true;
    return CLI_FINE;
}

/* As in the kernel: what no descriptor leads to any more is not watched any more. */
static enum ckpt_status drop_registrations(struct edit *edit)
{
    enum ckpt_status status = CKPT_OK;
    struct record *record;
    int result;
    references_sort(&edit->open_files);
    for (size_t i = 0; (record = records_next(&edit->records, CKPT__KIND__KIND_EPOLL, &i, &status)) != NULL;) {
        Ckpt__Epoll *epoll = (Ckpt__Epoll *)record->message;
        for (size_t k = epoll->n_registrations; k-- > 0;) {
            const Ckpt__EpollRegistration *registration = epoll->registrations[k];
            if (!references_has(&edit->open_files, registration->open_file) || open_file_sharers(edit, registration->open_file, &result) > 0)
                continue;
            edit_say(edit, "drop what the epoll of file %u watches as descriptor %u", epoll->file, registration->number);
            message_remove(&epoll->registrations, &epoll->n_registrations, k);
            record->changed = true;
        }
    }
    return status;
}

static enum ckpt_status drop_open_files(struct edit *edit)
{
    struct references used = {0};
    enum ckpt_status status = references_to_open_files(&used, &edit->records);
    struct record *record;
    references_sort(&edit->open_files);
    for (size_t i = 0; status == CKPT_OK && (record = records_next(&edit->records, CKPT__KIND__KIND_OPEN_FILE, &i, &status)) != NULL;) {
        const Ckpt__OpenFile *open_file = (const Ckpt__OpenFile *)record->message;
        if (!references_has(&edit->open_files, open_file->id) || references_has(&used, open_file->id))
            continue;
        edit_say(edit, "drop open file %u, which no descriptor refers to any more", open_file->id);
        file_released(edit, open_file->file);
        record->dropped = true;
    }
    references_deinit(&used);
    return status;
}

static enum ckpt_status drop_objects(struct edit *edit, uint32_t file)
{
    enum ckpt_status status = CKPT_OK;
    for (size_t k = 0; k < ckpt__kind__descriptor.n_values && status == CKPT_OK; k++) {
        Ckpt__Kind kind = (Ckpt__Kind)ckpt__kind__descriptor.values[k].value;
        struct record *record;
        for (size_t i = 0; references_is_object(kind) && (record = records_next(&edit->records, kind, &i, &status)) != NULL;)
            record->dropped |= references_own_file(record->message) == file;
    }
    return status;
}

static enum ckpt_status drop_files(struct edit *edit)
{
    struct references used = {0};
    enum ckpt_status status = references_to_files(&used, &edit->records);
    struct record *record;
    references_sort(&edit->files);
    for (size_t i = 0; status == CKPT_OK && (record = records_next(&edit->records, CKPT__KIND__KIND_FILE, &i, &status)) != NULL;) {
        const Ckpt__File *file = (const Ckpt__File *)record->message;
        if (!references_has(&edit->files, file->id) || references_has(&used, file->id))
            continue;
        edit_say(edit, "drop file %u, %.*s, which nothing refers to any more", file->id, (int)(file->path.len < 4096 ? file->path.len : 4096),
                 (const char *)file->path.data);
        record->dropped = true;
        status = drop_objects(edit, file->id);
    }
    references_deinit(&used);
    return status;
}

int edit_drop_unused(struct edit *edit)
{
    enum ckpt_status status = CKPT_OK;
    if (edit->open_files.count > 0)
        status = drop_registrations(edit);
    if (status == CKPT_OK && edit->open_files.count > 0)
        status = drop_open_files(edit);
    if (status == CKPT_OK && edit->files.count > 0)
        status = drop_files(edit);
    references_deinit(&edit->open_files);
    references_deinit(&edit->files);
    return status == CKPT_OK ? CLI_FINE : edit_malformed(edit);
}
