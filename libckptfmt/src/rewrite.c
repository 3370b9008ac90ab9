#include <inttypes.h>

#include "adopt.h"
#include "io.h"
#include "rewrite_state.h"

bool rewrite_go_on(struct rewrite *w, uint64_t done, uint64_t total)
{
    return w->options.progress == NULL || w->options.progress(w->options.context, done, total);
}

enum ckpt_status rewrite_stopped(struct rewrite *w)
{
    return error_set(&w->reader->error, CKPT_REFUSED, "writing pages: stopped as asked");
}

uint32_t rewrite_level(const struct rewrite *w)
{
    return w->options.level > 0 ? (uint32_t)w->options.level : CKPT_COMPRESSION_DEFAULT;
}

static enum ckpt_status check(struct rewrite *w)
{
    struct error *error = &w->reader->error;
    uint32_t both = CKPT_REWRITE_COMPRESS | CKPT_REWRITE_DECOMPRESS, known = both | CKPT_REWRITE_FLATTEN;
    uint64_t unknown = w->reader->footer.facts.read_only_features & ~(CKPT_FEATURE_REDACTED | CKPT_FEATURE_SALVAGED);
    bool anew = (w->options.pages & CKPT_REWRITE_COMPRESS) != 0 && w->sink.write != NULL;
    if (!w->reader->opened || (w->sink.write_at == NULL && !anew))
        return error_set(error, CKPT_INVALID, "editing needs an open image and a file that can seek to write to");
    if ((w->options.pages & both) == both || (w->options.pages & ~known) != 0)
        return error_set(error, CKPT_INVALID, "rewriting pages in a way that does not exist: 0x%x", w->options.pages);
    if (unknown != 0)
        return error_set(error, CKPT_UNSUPPORTED, "read-only feature bits 0x%" PRIx64 " are not known to this library: the image can be dumped "
                         "and verified, not edited", unknown);
    return CKPT_OK;
}

/* Raw and packed images have chunks of different sizes, unless somebody chose another or a parent's decide. */
static void settle_chunk_size(struct rewrite *w)
{
    const struct ckpt_footer *old = &w->reader->footer.facts;
    struct ckpt_footer *f = &w->footer.facts;
    bool was_packed = (old->incompatible_features & CKPT_FEATURE_PACKED) != 0;
    if ((f->incompatible_features & CKPT_FEATURE_PARENT) != 0)
        return;
    bool is_default = was_packed ? old->chunk_size == CKPT_CHUNK_SIZE_PACKED || old->chunk_size == CKPT_CHUNK_SIZE_MAX : old->chunk_size == CKPT_CHUNK_SIZE_DEFAULT;
    if ((w->options.pages & CKPT_REWRITE_COMPRESS) != 0 && is_default)
        f->chunk_size = ckpt_default_chunk_size(rewrite_level(w));
    if ((w->options.pages & CKPT_REWRITE_DECOMPRESS) != 0 && was_packed && is_default)
        f->chunk_size = CKPT_CHUNK_SIZE_DEFAULT;
}

static void settle_features(struct rewrite *w)
{
    struct ckpt_footer *f = &w->footer.facts;
    f->read_only_features |= w->options.read_only_features;
    if (w->options.pages & CKPT_REWRITE_COMPRESS)
        f->incompatible_features |= CKPT_FEATURE_PACKED;
    if (w->options.pages & CKPT_REWRITE_DECOMPRESS)
        f->incompatible_features &= ~CKPT_FEATURE_PACKED;
    if (w->options.pages & CKPT_REWRITE_FLATTEN)
        f->incompatible_features &= ~CKPT_FEATURE_PARENT;
    settle_chunk_size(w);
}

enum ckpt_status ckpt_reader_rewrite(struct ckpt_reader *reader, const struct ckpt_io *sink, const struct ckpt_rewrite_options *options)
{
    struct rewrite w = {.reader = reader, .footer = reader->footer};
    if (!io_adopt(&w.sink, sink))
        return error_set(&reader->error, CKPT_INVALID, "struct ckpt_io has an impossible size");
    if (!adopt_options(&w.options, sizeof(w.options), options))
        return error_set(&reader->error, CKPT_INVALID, "struct ckpt_rewrite_options has an impossible size, or asks for what this library does not know");
    enum ckpt_status status = check(&w);
    if (status == CKPT_OK)
        status = ckpt_reader_check_index(reader);
    settle_features(&w);
    if (status == CKPT_OK)
        status = rewrite_notes(&w);
    bool same = w.footer.facts.incompatible_features == reader->footer.facts.incompatible_features;
    bool anew = !same || (w.options.pages & CKPT_REWRITE_COMPRESS) != 0 || w.options.change != NULL;
    if (status == CKPT_OK)
        status = anew ? rewrite_build(&w) : rewrite_copy(&w);
    note_area_deinit(&w.head);
    note_area_deinit(&w.process);
    note_area_deinit(&w.tail);
    return status;
}
