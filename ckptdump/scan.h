/* All stored memory from end to end: each stored byte once, in the order of spaces and addresses, in windows of bounded size. Where chunks
 * are neighbours, or zeros that are not stored lie between them, what one window leaves is carried into the next, so that nothing is missed at a boundary. */
#ifndef CKPTDUMP_SCAN_H
#define CKPTDUMP_SCAN_H

#include "ckptdump/dump.h"
#include "ckptdump/places.h"

struct window {
    struct dump *dump;
    const struct places *places;
    void *context;
    const uint8_t *bytes;
    size_t length;
    size_t carried;   /* the first of them, which the last call asked for again */
    uint32_t space;
    uint64_t address; /* of bytes[0], in the space */
    bool last;        /* nothing follows directly: nothing can be carried */
};

/* Looks at a window, and returns how many bytes at its end it wants to see again, before the next ones: fewer than SCAN_CARRY_MAX. */
typedef size_t scan_look(const struct window *window);
enum { SCAN_CARRY_MAX = 64 << 10 };

/* `zeros`: how many of the zeros around stored memory are shown too. Complains where memory cannot be read. */
void scan_memory(struct dump *dump, size_t zeros, scan_look *look, void *context);

/* Where something was found: "0000007ffe12" or, in memory that no process maps, an address in the space, and a name ("[heap]");
 * in images of several processes with the process. */
void scan_add_address(struct cli_text *text, const struct window *window, size_t at);
void scan_add_name(struct cli_text *text, const struct window *window, size_t at);
/* The same as members of the current JSON object. */
void scan_json_place(const struct window *window, size_t at);

#endif
