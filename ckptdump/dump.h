/* What every view gets, and the table of views. */
#ifndef CKPTDUMP_DUMP_H
#define CKPTDUMP_DUMP_H

#include "ckptdump/image.h"
#include "cli/json.h"
#include "cli/options.h"

struct settings {
    bool summary, maps, fds, signals, threads, regs, args, env, auxv, timers, limits, notes, index, backtrace, verify;
    const char *hex, *strings, *search, *extract, *core, *diff; /* NULL: not asked for */
    bool json, exact, schema;
    const char *output;
    uint64_t pid; /* NO_PID: the first process */
};
#define NO_PID UINT64_MAX

struct dump {
    const struct settings *settings;
    struct image image;
    struct cli_json json;
    bool differs;    /* --diff found something */
    bool unreadable; /* the other file of --diff could not be read at all */
};

/* A view: `show` writes it to stdout for people, `json` adds members to the current JSON object. Failures are complained of and mark
 * the image damaged. */
struct view {
    const char *name;
    size_t offset;                               /* of its bool, or of its argument, in struct settings */
    bool argument;
    int (*check)(const struct settings *settings); /* of the argument: CLI_GO, or CLI_MISUSE after a complaint; may be NULL */
    void (*show)(struct dump *dump);
    void (*json)(struct dump *dump);             /* NULL: it has no such form */
    bool bare;                                   /* it prints what nothing else may stand beside, or names the file by itself: no title */
    bool foreign;                                /* ordinary core files have it too */
};
extern const struct view views[]; /* ends with a NULL name */
bool view_is_chosen(const struct view *view, const struct settings *settings);

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

void show_auxv(struct dump *dump);
void json_auxv(struct dump *dump);
void show_backtrace(struct dump *dump);
void json_backtrace(struct dump *dump);
int check_hex(const struct settings *settings);
void show_hex(struct dump *dump);
void json_hex(struct dump *dump);
int check_strings(const struct settings *settings);
void show_strings(struct dump *dump);
void json_strings(struct dump *dump);
int check_search(const struct settings *settings);
void show_search(struct dump *dump);
void json_search(struct dump *dump);
void show_diff(struct dump *dump);
void json_diff(struct dump *dump);
int check_extract(const struct settings *settings);
void show_extract(struct dump *dump);
void show_core(struct dump *dump);

/* A list of all records of a kind under `key`. */
void json_records(struct dump *dump, const char *key, Ckpt__Kind kind);
/* "bytes" as --bytes asks: text for a size. Returns `text`. */
const char *dump_size(const struct dump *dump, char *text, uint64_t bytes);
/* Prints "word: nothing" for an empty view. */
void show_none(const char *what);

#endif
