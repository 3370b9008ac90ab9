/* The edits: each changes the records of an image in memory. */
#ifndef CKPTEDIT_EDIT_H
#define CKPTEDIT_EDIT_H

#include "ckptedit/records.h"
#include "cli/options.h"

struct settings {
    struct cli_list drop_fds;
    const char *output;
    bool dry_run;
};

struct edit {
    const char *path;               /* of the image, for complaints */
    const struct settings *settings;
    struct records records;
};

/* Says what it does (dry run) or would not do. Returns CLI_FINE, or the exit status after a complaint. */
typedef int edit_apply(struct edit *edit);

int edit_drop_fd(struct edit *edit);

/* One line of the dry run; silent otherwise. */
void edit_say(const struct edit *edit, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
