/* What the files of this victim share. */
#ifndef TESTS_VICTIMS_SOCKETS_H
#define TESTS_VICTIMS_SOCKETS_H

#include "tests/victims/victim.h"

/* sockets_options.c: options that are not the usual ones, held against what they were set to. */
void sockets_set_options(int fd);
void sockets_check_options(int fd);

/* sockets_listening.c: sockets that listen or are bound, and a thread that waits in accept(2). Connected to at the end only: a connection at its beginning stands in a freeze's way. */
struct sockets_listening {
    int tcp, tcp6, path, abstract, relative, udp, waited;
    int accepted[2]; /* a connection through `abstract`: its two ends */
};
void sockets_listen(struct sockets_listening *listening);
void sockets_check_listening(const struct sockets_listening *listening);
void sockets_finish_listening(const struct sockets_listening *listening);

/* sockets_datagrams.c: datagram sockets that have addresses, one of them connected to another; and sockets that are nothing yet. */
struct sockets_datagrams {
    int box, pen, udp, connected, tcp, bound, stream;
    bool has_empty; /* one of them; set beforehand */
};
void sockets_make_datagrams(struct sockets_datagrams *datagrams);
void sockets_check_datagrams(const struct sockets_datagrams *datagrams);
void sockets_finish_datagrams(const struct sockets_datagrams *datagrams);

#endif
