#include "ckptedit/descriptors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ckptedit/identity.h"
#include "cli/text.h"

/* "there are 0, 1, 2 and 5" */
static int complain_absent(const struct edit *edit, const struct request *request, const Ckpt__Descriptors *all)
{
    struct cli_text list = {0};
    for (size_t i = 0; all != NULL && i < all->n_descriptors; i++)
        cli_text_add(&list, "%s%u", i == 0 ? "" : i + 1 == all->n_descriptors ? " and " : ", ", all->descriptors[i]->number);
    if (list.length == 0)
        cli_text_add(&list, "none left");
    edit_refuse(edit, request, "there is no such descriptor; there are %s", cli_text_get(&list));
    cli_text_deinit(&list);
    return CLI_FAILED;
}

Ckpt__Descriptors *descriptors_find(struct edit *edit, const struct request *request, struct record **record, size_t *at, int *result)
{
    *record = edit_record(edit, CKPT__KIND__KIND_DESCRIPTORS, result);
    if (*result != CLI_FINE)
        return NULL;
    Ckpt__Descriptors *all = *record != NULL ? (Ckpt__Descriptors *)(*record)->message : NULL;
    for (size_t i = 0; all != NULL && i < all->n_descriptors; i++)
        if (all->descriptors[i]->number == request->number) {
            *at = i;
            return all;
        }
    *result = complain_absent(edit, request, all);
    return NULL;
}

Ckpt__OpenFile *open_file_find(struct edit *edit, uint32_t id, struct record **record, int *result)
{
    enum ckpt_status status = CKPT_OK;
    for (size_t i = 0; (*record = records_next(&edit->records, CKPT__KIND__KIND_OPEN_FILE, &i, &status)) != NULL;)
        if (((Ckpt__OpenFile *)(*record)->message)->id == id)
            return (Ckpt__OpenFile *)(*record)->message;
    *result = status == CKPT_OK ? CLI_FINE : edit_malformed(edit);
    return NULL;
}

Ckpt__File *file_find(struct edit *edit, uint32_t id, struct record **record, int *result)
{
    enum ckpt_status status = CKPT_OK;
    for (size_t i = 0; (*record = records_next(&edit->records, CKPT__KIND__KIND_FILE, &i, &status)) != NULL;)
        if (((Ckpt__File *)(*record)->message)->id == id)
            return (Ckpt__File *)(*record)->message;
    *result = status == CKPT_OK ? CLI_FINE : edit_malformed(edit);
    return NULL;
}

uint32_t open_file_next_id(struct edit *edit, int *result)
{
    enum ckpt_status status = CKPT_OK;
    const struct record *record;
    uint32_t highest = 0;
    for (size_t i = 0; (record = records_next(&edit->records, CKPT__KIND__KIND_OPEN_FILE, &i, &status)) != NULL;) {
        uint32_t id = ((const Ckpt__OpenFile *)record->message)->id;
        highest = id > highest ? id : highest;
    }
    *result = status == CKPT_OK ? CLI_FINE : edit_malformed(edit);
    return highest + 1;
}

uint32_t file_next_id(struct edit *edit, int *result)
{
    enum ckpt_status status = CKPT_OK;
    const struct record *record;
    uint32_t highest = 0;
    for (size_t i = 0; (record = records_next(&edit->records, CKPT__KIND__KIND_FILE, &i, &status)) != NULL;) {
        uint32_t id = ((const Ckpt__File *)record->message)->id;
        highest = id > highest ? id : highest;
    }
    *result = status == CKPT_OK ? CLI_FINE : edit_malformed(edit);
    return highest + 1;
}

size_t open_file_sharers(struct edit *edit, uint32_t id, int *result)
{
    enum ckpt_status status = CKPT_OK;
    const struct record *record;
    size_t count = 0;
    for (size_t i = 0; (record = records_next(&edit->records, CKPT__KIND__KIND_DESCRIPTORS, &i, &status)) != NULL;) {
        const Ckpt__Descriptors *all = (const Ckpt__Descriptors *)record->message;
        for (size_t n = 0; n < all->n_descriptors; n++)
            count += all->descriptors[n]->open_file == id;
    }
    *result = status == CKPT_OK ? CLI_FINE : edit_malformed(edit);
    return count;
}

static void remember(struct references *released, uint32_t id)
{
    if (id == 0 || references_add(released, id))
        return;
    fputs("ckptedit: out of memory\n", stderr);
    exit(1);
}

void open_file_released(struct edit *edit, uint32_t id)
{
    remember(&edit->open_files, id);
}

void file_released(struct edit *edit, uint32_t id)
{
    remember(&edit->files, id);
}

static bool same(const Ckpt__File *a, const Ckpt__File *b)
{
    bool times = a->modified != NULL && b->modified != NULL && a->modified->seconds == b->modified->seconds && a->modified->nanoseconds == b->modified->nanoseconds;
    return times && a->device == b->device && a->inode == b->inode && a->size == b->size && a->type == b->type && !a->deleted && a->space == 0 &&
           message_bytes_are(&a->path, b->path.data, b->path.len);
}

uint32_t file_add(struct edit *edit, Ckpt__File *file, int *result)
{
    enum ckpt_status status = CKPT_OK;
    const struct record *record;
    for (size_t i = 0; (record = records_next(&edit->records, CKPT__KIND__KIND_FILE, &i, &status)) != NULL;) {
        uint32_t id = ((const Ckpt__File *)record->message)->id;
        if (!same((const Ckpt__File *)record->message, file))
            continue;
        protobuf_c_message_free_unpacked(&file->base, NULL);
        *result = CLI_FINE;
        return id;
    }
    uint32_t id = file_next_id(edit, result);
    file->id = id;
    records_add(&edit->records, CKPT__KIND__KIND_FILE, true, file);
    return id;
}

Ckpt__File *file_look_at(struct edit *edit, const struct request *request, const char *path, int *result)
{
    char absolute[PATH_MAX];
    int error = identity_path(path, absolute);
    if (error != 0) {
        *result = edit_refuse(edit, request, "%s", strerror(-error));
        return NULL;
    }
    Ckpt__File *file = message_create(&ckpt__file__descriptor);
    error = identity_read(file, absolute);
    *result = error == 0 ? CLI_FINE : edit_refuse_fatal(edit, request, "%s: %s", absolute, strerror(-error));
    if (*result != CLI_FINE) {
        protobuf_c_message_free_unpacked(&file->base, NULL);
        return NULL;
    }
    if (error != 0) /* forced: a path, and nothing known of what it leads to */
        message_set_bytes(&file->path, absolute, strlen(absolute));
    return file;
}
