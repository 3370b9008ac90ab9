#include <stdlib.h>
#include <string.h>

#include "rewrite_state.h"
#include "schemas/image.pb-c.h"
#include "schemas/record.pb-c.h"

static enum ckpt_status out_of_memory(struct rewrite *w, size_t length)
{
    return error_set(&w->reader->error, CKPT_NO_MEMORY, "note of %zu bytes: out of memory", length);
}

static enum ckpt_status add(struct rewrite *w, const struct ckpt_note *note, const void *body, size_t length)
{
    struct note_area *const areas[] = {[CKPT_SEGMENT_HEAD] = &w->head, [CKPT_SEGMENT_PROCESS] = &w->process, [CKPT_SEGMENT_TAIL] = &w->tail};
    bool added = note_append(areas[note->segment], note->name, note->type | (note->critical ? CKPT_RECORD_CRITICAL : 0), body, length);
    return added ? CKPT_OK : out_of_memory(w, length);
}

static bool image_fits(const Ckpt__Image *image, const struct ckpt_footer *f)
{
    return image->incompatible_features == f->incompatible_features && image->read_only_features == f->read_only_features &&
           image->compatible_features == f->compatible_features && image->version_major == f->version_major && image->version_minor == f->version_minor &&
           image->page_size == f->page_size && image->chunk_size == f->chunk_size;
}

/* protobuf-c keeps the fields that it does not know. */
static enum ckpt_status add_changed_image(struct rewrite *w, const struct ckpt_note *note, Ckpt__Image *image)
{
    const struct ckpt_footer *f = &w->footer.facts;
    bool drops_parents = (f->incompatible_features & CKPT_FEATURE_PARENT) == 0;
    size_t parents = image->n_parents;
    image->version_major = f->version_major;
    image->version_minor = f->version_minor;
    image->incompatible_features = f->incompatible_features;
    image->read_only_features = f->read_only_features;
    image->compatible_features = f->compatible_features;
    image->page_size = f->page_size;
    image->chunk_size = f->chunk_size;
    if (drops_parents)
        image->n_parents = 0;
    size_t length = ckpt__image__get_packed_size(image);
    uint8_t *body = malloc(length > 0 ? length : 1);
    if (body != NULL)
        ckpt__image__pack(image, body);
    image->n_parents = parents;
    enum ckpt_status status = body != NULL ? add(w, note, body, length) : out_of_memory(w, length);
    free(body);
    return status;
}

static enum ckpt_status add_image(struct rewrite *w, const struct ckpt_note *note, const void *body, size_t length)
{
    Ckpt__Image *image = (Ckpt__Image *)ckpt_record_unpack(CKPT__KIND__KIND_IMAGE, body, length);
    if (image == NULL)
        return error_set(&w->reader->error, CKPT_INVALID, "the edited IMAGE record does not follow its schema");
    enum ckpt_status status = image_fits(image, &w->footer.facts) ? add(w, note, body, length) : add_changed_image(w, note, image);
    protobuf_c_message_free_unpacked(&image->base, NULL);
    return status;
}

static enum ckpt_status filter(struct rewrite *w, const struct ckpt_note *note)
{
    const void *body = note->body;
    size_t length = note->length;
    enum ckpt_edit edit = w->options.note != NULL ? w->options.note(w->options.context, note, &body, &length) : CKPT_EDIT_KEEP;
    bool is_image = note->type == CKPT__KIND__KIND_IMAGE && strcmp(note->name, CKPT_NOTE_NAME) == 0;
    if (is_image)
        return edit != CKPT_EDIT_DROP ? add_image(w, note, body, length) : error_set(&w->reader->error, CKPT_INVALID, "the IMAGE record cannot be dropped");
    return edit != CKPT_EDIT_DROP ? add(w, note, body, length) : CKPT_OK;
}

enum ckpt_status rewrite_notes(struct rewrite *w)
{
    enum ckpt_status status = CKPT_OK;
    for (size_t i = 0; i < w->reader->note_count && status == CKPT_OK; i++)
        status = filter(w, &w->reader->notes[i]);
    for (size_t i = 0; status == CKPT_OK && w->options.append != NULL; i++) {
        struct ckpt_note note = {.segment = CKPT_SEGMENT_TAIL, .name = CKPT_NOTE_NAME};
        if (!w->options.append(w->options.context, i, &note))
            break;
        status = note.segment <= CKPT_SEGMENT_TAIL ? add(w, &note, note.body, note.length)
                                                   : error_set(&w->reader->error, CKPT_INVALID, "a note for segment %d", (int)note.segment);
    }
    return status;
}
