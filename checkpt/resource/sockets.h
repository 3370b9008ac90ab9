/* The program's own sockets. What the files of this resource share. */
#ifndef CHECKPT_RESOURCE_SOCKETS_H
#define CHECKPT_RESOURCE_SOCKETS_H

#include <sys/socket.h>

#include "checkpt/proc/unix_sockets.h"
#include "checkpt/resource/all.h"
#include "checkpt/resource/object.h"
#include "cli/socket_names.h"
#include "schemas/sockets.pb-c.h"

enum { SOCKETS_NO_RECEIVE = 1, SOCKETS_NO_SEND = 2 /* Socket.shutdown */ };

/* sockets_survey.c: what is known of sockets as such. Looked at when it is first asked for, and again whenever the program's descriptors have been. */
struct sockets_survey {
    const struct proc_fd *fds;         /* those of then */
    bool was_stopped;
    bool is_known;                     /* list is: else the sentence is why not */
    struct proc_unix_sockets list;
    struct failure why;
};
const struct sockets_survey *sockets_survey(const struct freeze *freeze);
/* The program's first descriptor of a socket, NULL: it has none. */
const struct proc_fd *sockets_fd(const struct freeze *freeze, uint64_t inode);

/* sockets_look.c: one socket, from outside, by a duplicate of the program's descriptor. */
struct sockets_look {
    int family, type, protocol;
    bool is_listening;
    bool is_connected;                   /* to an address, or to a socket without one */
    bool is_named;
    bool is_over;                        /* a connection that was, and is none any more */
    bool is_connecting;
    struct sockaddr_storage name, remote;
    socklen_t name_length, remote_length; /* 0: none */
};
bool sockets_look_at(int fd, struct sockets_look *look, struct failure *why);

/* sockets_fate.c */
struct files_fate sockets_fate(const struct freeze *freeze, const struct proc_fd *fd, struct arena *arena);

/* sockets_options.c. Those of `fd` that differ from a new socket's. */
bool sockets_collect_options(int fd, Ckpt__Socket *record, struct arena *arena, struct failure *why);
/* NULL: it has none that differs. */
const Ckpt__SocketOption *sockets_option(const Ckpt__Socket *record, uint32_t level, uint32_t name);
/* One that can be set again. *is_late: only when everything else is done, what was unread included. */
bool sockets_is_option(const Ckpt__SocketOption *option, bool *is_late);
void sockets_plan_option(struct plan *plan, const char *what, uint32_t fd, const Ckpt__SocketOption *option);
/* Sets it at once. False with errno set. */
bool sockets_set_option(int fd, const Ckpt__SocketOption *option);

/* sockets_queue.c: what is unread in a socket of the program, which keeps it. */
bool sockets_collect_queue(struct freeze *freeze, uint32_t number, int fd, const struct sockets_look *look, Ckpt__Socket *record, struct failure *why);

/* sockets_collect.c, sockets_check.c, sockets_make.c, sockets_plan.c */
bool sockets_collect(struct freeze *freeze, struct failure *why);
void sockets_check(struct thaw *thaw, struct findings *findings);
bool sockets_make(struct making *making, const Ckpt__File *file, struct failure *why);
bool sockets_plan(struct thaw *thaw, struct failure *why);
/* Has `from` send what was unread in a socket to it, which is `to` now. */
void sockets_plan_messages(struct plan *plan, const Ckpt__Socket *record, uint32_t from, uint32_t to);
/* Whether a datagram that was unread can be sent again, to a socket that is none of a pair: who sent it is the program's, or has no address. */
bool sockets_can_be_sent(const struct model *model, const Ckpt__Socket *record, const Ckpt__SocketMessage *message);
/* sockets_path.c: what there is at the path of its address. */
enum sockets_place { SOCKETS_FREE, SOCKETS_LEFT_OVER /* the program's, or of its owner, and nobody has it any more */, SOCKETS_IN_USE, SOCKETS_TAKEN /* by something else */ };
enum sockets_place sockets_look_at_path(const struct thaw *thaw, const Ckpt__Socket *record);

/* sockets_record.c: NULL where there is none. */
Ckpt__Socket *sockets_record(const struct model *model, uint32_t file);
/* The socket at the other end, where both are made. */
Ckpt__Socket *sockets_peer(const struct model *model, const Ckpt__Socket *record);
/* Whether it is one of two that are made together, or of which the other is closed. */
bool sockets_is_pair(const struct model *model, const Ckpt__Socket *record);
/* The program's own unix socket of that name, and the one that listens. */
Ckpt__Socket *sockets_of_name(const struct model *model, const ProtobufCBinaryData *name, uint32_t type);
Ckpt__Socket *sockets_listener(const struct model *model, const ProtobufCBinaryData *name, uint32_t type);
/* Its first descriptor; UINT32_MAX: none that is made. */
uint32_t sockets_number(const struct model *model, const Ckpt__Socket *record);
/* "unix stream socket /run/x.sock" */
void sockets_add_name(struct cli_text *text, const Ckpt__Socket *record);
/* The file that its name made, to be made anew: its path, cut off at its NUL. NULL: its name is no path. */
const char *sockets_path(const Ckpt__Socket *record, char buffer[128]);

#endif
