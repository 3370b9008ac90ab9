#include <inttypes.h>

#include "ckptdump/objects.h"
#include "schemas/pipes.pb-c.h"

void add_pipe_text(struct cli_text *text, struct image *image, const Ckpt__File *file, const ProtobufCMessage *object)
{
    const Ckpt__Pipe *pipe = (const Ckpt__Pipe *)object;
    (void)image;
    if (pipe->capacity != 0)
        cli_text_add(text, "holds %u", pipe->capacity);
    if (file->space != 0)
        cli_text_add(text, "%s%" PRIu64 " bytes unread", text->length > 0 ? "; " : "", file->size);
    if (pipe->n_packets > 0)
        cli_text_add(text, " in space %u, %zu packet%s", file->space, pipe->n_packets, pipe->n_packets == 1 ? "" : "s");
    else if (file->space != 0)
        cli_text_add(text, " in space %u", file->space);
}
