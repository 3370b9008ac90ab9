#include "ckptdump/objects.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    Ckpt__Kind kind;
    const char *member; /* of --json */
    add_object_text *add;
} kinds[] = {
    {CKPT__KIND__KIND_PIPE, "pipes", add_pipe_text},          {CKPT__KIND__KIND_SOCKET, "sockets", add_socket_text},
    {CKPT__KIND__KIND_EVENTFD, "eventfds", add_eventfd_text},
    {CKPT__KIND__KIND_TIMERFD, "timerfds", add_timerfd_text}, {CKPT__KIND__KIND_SIGNALFD, "signalfds", add_signalfd_text},
    {CKPT__KIND__KIND_EPOLL, "epolls", add_epoll_text},       {CKPT__KIND__KIND_INOTIFY, "inotifies", add_inotify_text},
};

/* Field 1 of each of them: schemas/README.md. */
static uint32_t file_of(const ProtobufCMessage *object)
{
    uint32_t file;
    memcpy(&file, (const char *)object + protobuf_c_message_descriptor_get_field(object->descriptor, 1)->offset, sizeof(file));
    return file;
}

static int compare(const void *a, const void *b)
{
    const struct image_object *x = a, *y = b;
    return (x->file > y->file) - (x->file < y->file);
}

static void collect(struct image *image)
{
    size_t count = 0;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        count += image_records(image, kinds[i].kind)->count;
    image->objects_known = true;
    image->objects = malloc((count + 1) * sizeof(*image->objects));
    if (image->objects == NULL) {
        image_complain(image, "reading records: out of memory");
        return;
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const struct image_list *list = image_records(image, kinds[i].kind);
        for (size_t k = 0; k < list->count; k++)
            image->objects[image->object_count++] = (struct image_object){file_of(list->messages[k]), (uint32_t)i, list->messages[k]};
    }
    if (image->object_count > 0)
        qsort(image->objects, image->object_count, sizeof(*image->objects), compare);
}

void objects_add(struct cli_text *text, struct image *image, const Ckpt__File *file)
{
    if (!image->objects_known)
        collect(image);
    if (file == NULL || image->object_count == 0)
        return;
    const struct image_object wanted = {.file = file->id};
    const struct image_object *found = bsearch(&wanted, image->objects, image->object_count, sizeof(*image->objects), compare);
    struct cli_text said = {0};
    if (found != NULL)
        kinds[found->sort].add(&said, image, file, found->message);
    if (said.length > 0)
        cli_text_add(text, " (%s)", cli_text_get(&said));
    cli_text_deinit(&said);
}

void objects_json(struct dump *dump)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        json_records(dump, kinds[i].member, kinds[i].kind);
}
