/* Looking through all stored memory, every space's chunks in order. A match may cross from one chunk into the next. */
#ifndef CKPTEDIT_SCAN_H
#define CKPTEDIT_SCAN_H

#include <ckptfmt/reader.h>

#include "cli/pattern.h"

typedef void scan_found(void *context, uint32_t space, uint64_t address, uint64_t length);

/* Hands every match to `found`. CKPT_OK, or a status with the sentence on the reader. */
enum ckpt_status scan_memory(struct ckpt_reader *reader, const struct pattern *pattern, scan_found *found, void *context);

#endif
