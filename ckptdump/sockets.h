/* Sockets for people: what is worth saying beside their names. */
#ifndef CKPTDUMP_SOCKETS_H
#define CKPTDUMP_SOCKETS_H

#include "ckptdump/image.h"
#include "cli/text.h"

/* Adds " (tcp socket, 127.0.0.1:6379, listening, SO_REUSEADDR)" and the like; nothing for other files. Not escaped. */
void add_socket_state(struct cli_text *text, struct image *image, const Ckpt__File *file);

#endif
