/* How a file is written for people: its path, or what it is where it has none that helps. */
#ifndef CKPTDUMP_FILE_TEXT_H
#define CKPTDUMP_FILE_TEXT_H

#include "cli/text.h"
#include "schemas/files.pb-c.h"
#include "schemas/memory.pb-c.h"

/* Adds "/tmp/x (deleted)"; NULL: "(unknown file)". Not escaped: tables and cli_print_escaped() do that. */
void add_file_path(struct cli_text *text, const Ckpt__File *file);
/* Adds what /proc/PID/maps has in its last column; nothing for nameless memory. Not escaped. `file` may be NULL. */
void add_mapping_name(struct cli_text *text, const Ckpt__Memory *memory, const Ckpt__Mapping *mapping, const Ckpt__File *file);
/* "regular", "directory"…; borrowed. */
const char *file_type_name(Ckpt__FileType type);

#endif
