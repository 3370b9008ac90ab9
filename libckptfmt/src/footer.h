/* The last 256 bytes of an image. */
#ifndef CKPTFMT_FOOTER_H
#define CKPTFMT_FOOTER_H

#include "error.h"

#include <ckptfmt/format.h>

enum { FOOTER_ID_AT = 40 };

struct footer {
    struct ckpt_footer facts;
    uint8_t head_digest[CKPT_DIGEST_SIZE];
    uint8_t tail_digest[CKPT_DIGEST_SIZE];
    uint8_t index_digest[CKPT_DIGEST_SIZE];
};

void footer_encode(const struct footer *footer, uint8_t bytes[CKPT_FOOTER_SIZE]);
/* Whether these bytes begin as a footer does; nothing else is checked. */
bool footer_has_magic(const uint8_t bytes[CKPT_FOOTER_SIZE]);
/* What a reader must know of the facts: version, features, digest algorithm, page and chunk size. */
enum ckpt_status footer_check_facts(const struct ckpt_footer *facts, struct error *error);
/* Decodes and checks a footer that lies at the end of a file of `file_size` bytes: digest, version, features, and that the parts lie in order inside the
 * file. */
enum ckpt_status footer_decode(const uint8_t bytes[CKPT_FOOTER_SIZE], uint64_t file_size, struct footer *footer, struct error *error);

#endif
