/* What a program's code printed, caught in memory, and what may be said of it. */
#ifndef FUZZ_PRINTED_H
#define FUZZ_PRINTED_H

#include <stdbool.h>
#include <stdio.h>

struct printed {
    FILE *out, *err; /* while it is going on: those that are put back */
    char *text;      /* of stdout */
    size_t length;
};
/* Until printed_end(), stdout is caught, and nobody hears stderr. */
void printed_begin(struct printed *printed);
void printed_end(struct printed *printed);
void printed_deinit(struct printed *printed);

/* Well-formed UTF-8 without control characters but newlines: what names in an image say cannot reach a terminal. */
bool printed_is_harmless(const struct printed *printed);
/* One JSON value. */
bool printed_is_json(const struct printed *printed);

#endif
