/* The edits: each changes what is to be written, in memory. */
#ifndef CKPTEDIT_EDIT_H
#define CKPTEDIT_EDIT_H

#include "ckptedit/message.h"
#include "ckptedit/records.h"
#include "ckptedit/redactions.h"
#include "ckptedit/references.h"
#include "ckptedit/request.h"
#include "cli/options.h"

struct settings {
    struct cli_actions actions;
    const char *output;
    bool dry_run, force;
};

struct edit {
    const char *path;               /* of the image, for complaints */
    const struct settings *settings;
    struct records records;
    uint32_t process;               /* whose descriptors, signals … are edited: its image-local number */
    struct references open_files, files; /* ids that an edit took a reference from: they may have become unused */
    struct redactions redactions;
    uint32_t pages;                 /* CKPT_REWRITE_* */
    int32_t level;
};

request_apply edit_pid, edit_drop_fd, edit_fd, edit_move_path, edit_cwd, edit_name, edit_signal, edit_block, edit_drop_pending, edit_drop_timers,
    edit_rlimit, edit_retval, edit_comment, edit_redact, edit_redact_matching, edit_compress, edit_decompress, edit_flatten, edit_upgrade;

void edit_deinit(struct edit *edit);
/* Lets a reader look for parents where the image at `path` is. */
void edit_set_directory(struct ckpt_reader *reader, const char *path);
/* The first process of the image: whose image it is. */
uint32_t edit_root_process(const struct edit *edit);

/* Drops open files and files that lost their last reference. */
int edit_drop_unused(struct edit *edit);
/* The REDACTION records and what goes with them, once all ranges are known. */
int edit_finish_redactions(struct edit *edit);

/* The signals that are pending, not blocked, and would end or stop the program at once: bit n-1 for signal n. False after a complaint. */
bool edit_deadly_signals(struct edit *edit, uint64_t *signals);

/* One line of the dry run, "FILE: would …"; silent otherwise. */
void edit_say(const struct edit *edit, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "FILE: --OPTION VALUE: …". Returns CLI_FAILED. */
int edit_refuse(const struct edit *edit, const struct request *request, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same for what would make the image unresumable: with --force, CLI_FINE. */
int edit_refuse_fatal(const struct edit *edit, const struct request *request, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* After a malformed record. Returns CLI_FAILED. */
int edit_malformed(const struct edit *edit);
/* The record of the edited process, or NULL where there is none; *result is CLI_FAILED, after a complaint, where it is malformed. Borrowed until a record is added. */
struct record *edit_record(struct edit *edit, Ckpt__Kind kind, int *result);

#endif
