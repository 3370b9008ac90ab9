/* Objects of the kernel that descriptors lead to and that have a record of their own beside their FILE: pipes and their like. To add one: a line in objects.c, what is to be said of it, its member of --json in schema.c. */
#ifndef CKPTDUMP_OBJECTS_H
#define CKPTDUMP_OBJECTS_H

#include "ckptdump/dump.h"
#include "cli/text.h"

/* What is said of one beside its name: "65536 bytes, 12 of them unread". */
typedef void add_object_text(struct cli_text *text, struct image *image, const Ckpt__File *file, const ProtobufCMessage *object);
add_object_text add_pipe_text, add_socket_text, add_eventfd_text, add_timerfd_text, add_signalfd_text, add_epoll_text, add_inotify_text;

/* " (TEXT)", where the FILE is an object and there is something to say. */
void objects_add(struct cli_text *text, struct image *image, const Ckpt__File *file);
/* All of them, a list for each kind, in the object that --json makes. */
void objects_json(struct dump *dump);

#endif
