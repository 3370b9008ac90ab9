/* Verifying what opening did not. Head, tail and footer were checked when the image was opened; their records and references are checked here, then
 * index and pages. */
#include "adopt.h"
#include "verify_state.h"

enum { PROGRESS_STEP = 64 << 20 };

void verify_fault(struct verify *v, const struct error *error, enum ckpt_status status, uint64_t offset, const struct ckpt_chunk *chunk)
{
    if (v->stopped)
        return;
    if (v->faults++ == 0) {
        v->first = status;
        v->first_error = *error;
    }
    struct ckpt_fault f = {.status = status, .offset = offset, .space = chunk != NULL ? chunk->space : 0,
                           .address = chunk != NULL ? chunk->address : 0, .sentence = error->sentence};
    if (v->options.fault != NULL && !v->options.fault(v->options.context, &f))
        v->stopped = true;
}

void verify_record_fault(struct verify *v, enum ckpt_status status, uint64_t offset)
{
    verify_fault(v, &v->reader->error, status, offset, NULL);
}

void verify_progress(struct verify *v, uint64_t bytes)
{
    v->done += bytes;
    if (v->options.progress == NULL || v->done - v->reported < PROGRESS_STEP)
        return;
    v->reported = v->done;
    if (!v->options.progress(v->options.context, v->done, v->total))
        v->stopped = true;
}

bool verify_begin(struct verify *v, const struct ckpt_verify_options *options)
{
    if (adopt_options(&v->options, sizeof(v->options), options))
        return true;
    error_set(&v->reader->error, CKPT_INVALID, "struct ckpt_verify_options has an impossible size, or asks for what this library does not know");
    return false;
}

enum ckpt_status verify_end(struct verify *v, uint64_t *faults)
{
    if (v->options.progress != NULL && !v->stopped)
        v->options.progress(v->options.context, v->done > v->total ? v->done : v->total, v->done > v->total ? v->done : v->total);
    if (faults != NULL)
        *faults = v->faults;
    if (v->faults > 0)
        v->reader->error = v->first_error;
    return v->first;
}

enum ckpt_status ckpt_reader_verify(struct ckpt_reader *r, const struct ckpt_verify_options *options, uint64_t *faults)
{
    struct verify v = {.reader = r, .first = CKPT_OK, .total = r->file_size};
    if (!r->opened)
        return error_set(&r->error, CKPT_INVALID, "verifying a reader that is not open");
    if (!verify_begin(&v, options))
        return CKPT_INVALID;
    verify_records(&v, r);
    if (!v.stopped)
        verify_pages(&v);
    return verify_end(&v, faults);
}
