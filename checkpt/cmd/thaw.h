/* What thaw and check have in common. */
#ifndef CHECKPT_CMD_THAW_H
#define CHECKPT_CMD_THAW_H

#include "checkpt/cmd/cmd.h"
#include "checkpt/thaw/input.h"
#include "checkpt/thaw/thaw.h"

/* The options that both understand; commas included. */
#define THAW_OPTIONS \
    {.name = "pid", .type = CLI_FLAG, .offset = offsetof(struct settings, pid), .help = "with its old process id and thread ids, as a child that is waited for"}, \
    {.name = "copy", .type = CLI_FLAG, .offset = offsetof(struct settings, copy), .help = "read all memory, so that the file may change or go away"}, \
    {.name = "verify", .type = CLI_FLAG, .offset = offsetof(struct settings, verify), .help = "check every byte of the file before anything else"}, \
    {.name = "redacted-ok", .type = CLI_FLAG, .offset = offsetof(struct settings, redacted_ok), \
     .help = "resume it though parts of its memory were redacted (ckptedit --redact)"}, \
    {.name = "incomplete-ok", .type = CLI_FLAG, .offset = offsetof(struct settings, incomplete_ok), \
     .help = "resume it though parts of it could not be salvaged (ckptedit --salvage)"}, \
    {.name = "changed", .type = CLI_STRING, .offset = offsetof(struct settings, changed), .metavar = "POLICY", .choices = "refuse ignore truncate", \
     .help = "files that changed since the freeze"}, \
    {.name = "stdio", .type = CLI_STRING, .offset = offsetof(struct settings, stdio), .metavar = "WHOSE", .choices = "caller image", \
     .help = "whose descriptors 0 to 2 are: the caller's, or the files of the image"}, \
    {.name = "credentials", .type = CLI_STRING, .offset = offsetof(struct settings, credentials), .metavar = "WHOSE", .choices = "caller image", \
     .help = "whose user, groups and capabilities it has: the caller's, or those of the image"},

/* The engine's options out of the command line's. */
struct thaw_options thaw_options_of(const struct settings *settings);
/* The operand "-" is standard input: `options` gets its descriptor, *path what to call it. The caller closes `input`, which outlives the options. */
bool thaw_open_operand(const char **path, struct input *input, struct thaw_options *options, struct failure *why);

#endif
