/* What every view gets, and the table of views. */
#ifndef CKPTDUMP_DUMP_H
#define CKPTDUMP_DUMP_H

#include "ckptdump/image.h"
#include "cli/json.h"
#include "cli/options.h"

struct settings {
    bool summary, maps, fds, signals, threads, regs, args, env, timers, limits, notes, index;
    bool json, verify, exact;
    const char *hex, *extract, *search;
    bool strings;
};

struct dump {
    const struct settings *settings;
    struct image image;
    struct cli_json json;
};

/* A view: `show` writes it to stdout for people, `json` adds members to the current JSON object. Failures are complained of and mark
 * the image damaged. */
struct view {
    const char *name;
    size_t offset; /* of its bool in struct settings */
    void (*show)(struct dump *dump);
    void (*json)(struct dump *dump);
};
extern const struct view views[]; /* ends with a NULL name */

void show_summary(struct dump *dump);
void json_summary(struct dump *dump);
void show_maps(struct dump *dump);
void json_maps(struct dump *dump);
void show_fds(struct dump *dump);
void json_fds(struct dump *dump);
void show_signals(struct dump *dump);
void json_signals(struct dump *dump);
void show_threads(struct dump *dump);
void json_threads(struct dump *dump);
void show_regs(struct dump *dump);
void json_regs(struct dump *dump);
void show_args(struct dump *dump);
void json_args(struct dump *dump);
void show_env(struct dump *dump);
void json_env(struct dump *dump);
void show_timers(struct dump *dump);
void json_timers(struct dump *dump);
void show_limits(struct dump *dump);
void json_limits(struct dump *dump);
void show_notes(struct dump *dump);
void json_notes(struct dump *dump);
void show_index(struct dump *dump);
void json_index(struct dump *dump);
void show_verify(struct dump *dump);
void json_verify(struct dump *dump);

/* The same for views that have an argument, which is checked first: CLI_GO, or CLI_MISUSE after a complaint. */
int check_hex(const struct settings *settings);
void show_hex(struct dump *dump);
void show_extract(struct dump *dump);
void show_strings(struct dump *dump);
void show_search(struct dump *dump);

/* A list of all records of a kind under `key`. */
void json_records(struct dump *dump, const char *key, Ckpt__Kind kind);
/* "bytes" as --bytes asks: text for a size. Returns `text`. */
const char *dump_size(const struct dump *dump, char *text, uint64_t bytes);
/* Prints "word: nothing" for an empty view. */
void show_none(const char *what);

#endif
