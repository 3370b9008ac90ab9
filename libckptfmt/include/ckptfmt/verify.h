/* Verifying: every byte of the file against its digest, every record against its schema and its references. */
#ifndef CKPTFMT_VERIFY_H
#define CKPTFMT_VERIFY_H

#include <ckptfmt/reader.h>

struct ckpt_fault {
    enum ckpt_status status;
    uint64_t offset;        /* in the file */
    uint32_t space;         /* 0 where the fault is not in pages */
    uint64_t address;
    const char *sentence;   /* what, where, why; borrowed for the call */
};

struct ckpt_verify_options {
    size_t struct_size;
    void *context;
    /* Each fault found; return false to stop. May be NULL. Called on the calling thread. */
    bool (*fault)(void *context, const struct ckpt_fault *fault);
    /* Bytes done of total; return false to stop. May be NULL. */
    bool (*progress)(void *context, uint64_t done, uint64_t total);
    unsigned threads;       /* 0: one per CPU */
};

CKPT_BEGIN_DECLS
/* CKPT_OK where nothing is wrong; otherwise the first fault's status, with its sentence on the reader. *faults counts them; may be NULL. */
CKPT_API enum ckpt_status ckpt_reader_verify(struct ckpt_reader *reader, const struct ckpt_verify_options *options, uint64_t *faults);
CKPT_END_DECLS

#endif
