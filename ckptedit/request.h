/* What was asked for: the edits of the command line, understood before any file is opened. */
#ifndef CKPTEDIT_REQUEST_H
#define CKPTEDIT_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/pattern.h"
#include "cli/text.h"

struct edit;

/* One edit. What the fields mean is the edit's own business. */
struct request {
    const struct edit_kind *kind;
    const char *value;      /* as given; NULL: none */
    uint64_t number;        /* descriptor, signal, resource, address */
    uint64_t amount;        /* length, soft limit */
    uint64_t most;          /* hard limit */
    bool has_most;
    int64_t count;          /* level, thread, process, return value; signed */
    bool on;                /* to block, to ignore */
    const char *name;       /* the part before '=', and its length */
    size_t name_length;
    const char *target;     /* the part behind */
    struct pattern *pattern; /* to be destroyed with the request */
};

/* Understands request->value. False, with the reason added to `why`, where it cannot. */
typedef bool request_parse(struct request *request, struct cli_text *why);
/* Says what it does (dry run) and does it in memory, or says why not. Returns CLI_FINE, or the exit status after a complaint. */
typedef int request_apply(struct edit *edit, const struct request *request);

struct edit_kind {
    const char *option; /* its name, without dashes */
    request_parse *parse; /* NULL: there is nothing to understand */
    request_apply *apply;
};

request_parse parse_descriptor, parse_descriptor_path, parse_paths, parse_directory, parse_name, parse_action, parse_block, parse_unblock, parse_signal, parse_limit,
    parse_retval, parse_range, parse_pattern, parse_level, parse_pid;

#endif
