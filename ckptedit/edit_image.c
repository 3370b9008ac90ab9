/* What the image says of itself. */
#include <inttypes.h>
#include <string.h>

#include "ckptedit/edit.h"
#include "schemas/image.pb-c.h"

/* The library does not open an image without one. */
static Ckpt__Image *image_of(struct edit *edit, int *result)
{
    enum ckpt_status status = CKPT_OK;
    size_t i = 0;
    struct record *record = records_next(&edit->records, CKPT__KIND__KIND_IMAGE, &i, &status);
    *result = record != NULL ? CLI_FINE : edit_malformed(edit);
    if (record == NULL)
        return NULL;
    record->changed = true;
    return (Ckpt__Image *)record->message;
}

int edit_retval(struct edit *edit, const struct request *request)
{
    int result;
    Ckpt__Image *image = image_of(edit, &result);
    if (image == NULL)
        return result;
    edit_say(edit, "let sys_checkpoint() return %" PRId64 " in the resumed program instead of %" PRId32, request->count, image->retval);
    image->retval = (int32_t)request->count;
    return CLI_FINE;
}

int edit_comment(struct edit *edit, const struct request *request)
{
    int result;
    Ckpt__Image *image = image_of(edit, &result);
    if (image == NULL)
        return result;
    edit_say(edit, "%s the comment%s%s", request->value[0] != '\0' ? "set" : "remove", request->value[0] != '\0' ? ": " : "", request->value);
    message_set_bytes(&image->comment, request->value, strlen(request->value));
    return CLI_FINE;
}

int edit_compress(struct edit *edit, const struct request *request)
{
    edit->level = request->value != NULL ? (int32_t)request->count : CKPT_COMPRESSION_DEFAULT;
    edit->pages = (edit->pages & ~(uint32_t)CKPT_REWRITE_DECOMPRESS) | CKPT_REWRITE_COMPRESS;
    edit_say(edit, "compress the pages, at level %" PRId32, edit->level);
    return CLI_FINE;
}

int edit_decompress(struct edit *edit, const struct request *request)
{
    (void)request;
    edit->pages = (edit->pages & ~(uint32_t)CKPT_REWRITE_COMPRESS) | CKPT_REWRITE_DECOMPRESS;
    edit_say(edit, "store the pages as they are, without compression");
    return CLI_FINE;
}

int edit_flatten(struct edit *edit, const struct request *request)
{
    (void)request;
    const struct ckpt_footer *footer = ckpt_reader_footer(edit->records.reader);
    edit->pages |= CKPT_REWRITE_FLATTEN;
    if ((footer->incompatible_features & CKPT_FEATURE_PARENT) != 0)
        edit_say(edit, "store what lies in other images");
    else
        edit_say(edit, "store nothing more, since nothing lies in another image");
    return CLI_FINE;
}

/* Writing is always in the newest version that this program knows. */
int edit_upgrade(struct edit *edit, const struct request *request)
{
    (void)request;
    const struct ckpt_footer *footer = ckpt_reader_footer(edit->records.reader);
    int newest = CKPT_FORMAT_MINOR;
    bool old = (int)footer->version_minor < newest;
    edit_say(edit, "write format %d.%d%s", CKPT_FORMAT_MAJOR, old ? newest : (int)footer->version_minor, old ? "" : ", in which it is already");
    return CLI_FINE;
}
