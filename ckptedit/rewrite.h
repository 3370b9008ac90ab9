/* The transaction: a new image is written without a name, verified, made durable, and renamed over the old one or to OUT. */
#ifndef CKPTEDIT_REWRITE_H
#define CKPTEDIT_REWRITE_H

#include "ckptedit/edit.h"

struct rewrite_job {
    const char *path;        /* of the image */
    const char *output;      /* NULL: the image itself is replaced; mode and owner stay */
    int input;               /* descriptor of the image */
    struct edit *edit;       /* records, redactions and what is to become of the pages */
    struct ckpt_stream *stream; /* salvage: copied from here, instead of the above; opened and not read from */
    struct ckpt_salvage_report *report; /* what that found */
};

/* Returns CLI_FINE, or CLI_FAILED after a complaint, with no trace left. SIGINT, SIGTERM and SIGHUP are held back until there is no trace either. */
int rewrite_image(const struct rewrite_job *job);

#endif
