/* Inotifies: watches with their numbers, masks and files; what happens to the files is reported. Between its rounds there is nothing to be read. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/victims/victim.h"

enum { GAPS = 200, TEXT = 4096, LINES = 16, PATIENCE_MS = 60000 };

static int made(int flags)
{
    int fd = inotify_init1(flags);
    demand(fd >= 0, "inotify: %s", strerror(errno));
    return fd;
}

static int watch(int fd, const char *path, uint32_t mask)
{
    int descriptor = inotify_add_watch(fd, path, mask);
    demand(descriptor >= 0, "watching %s: %s", path, strerror(errno));
    return descriptor;
}

static void touch(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    demand(fd >= 0 && write(fd, "x", 1) == 1 && ftruncate(fd, 1) == 0 && close(fd) == 0, "%s: %s", path, strerror(errno));
}

/* Numbers that were given and taken back. */
static void skip(int fd)
{
    char events[GAPS * sizeof(struct inotify_event)];
    for (int i = 0; i < GAPS; i++)
        demand(inotify_rm_watch(fd, watch(fd, "/", IN_ATTRIB)) == 0, "giving back a watch: %s", strerror(errno));
    demand(read(fd, events, sizeof(events)) == (ssize_t)sizeof(events), "what giving back leaves: %s", strerror(errno));
}

static void expect(int fd, int descriptor, uint32_t mask, const char *file, const char *which)
{
    enum { NAME = 16 }; /* names come in such portions: there is room for one event */
    _Alignas(struct inotify_event) char room[sizeof(struct inotify_event) + NAME];
    const struct inotify_event *event = (const void *)room;
    struct pollfd polled = {fd, POLLIN, 0}; /* whoever reads its fdinfo meanwhile has its file open, too, and closes it last */
    ssize_t length = poll(&polled, 1, PATIENCE_MS) == 1 ? read(fd, room, sizeof(struct inotify_event) + (file != NULL ? NAME : 0)) : -1;
    demand(length >= (ssize_t)sizeof(*event), "%s: reading: %s", which, strerror(errno));
    demand(event->wd == descriptor && event->mask == mask && (file == NULL ? event->len == 0 : event->len > 0 && strcmp(event->name, file) == 0),
           "%s: watch %d instead of %d, events %#x instead of %#x, name \"%s\"", which, event->wd, descriptor, event->mask, mask, event->len > 0 ? event->name : "");
}

static void expect_nothing(int fd, const char *which)
{
    char room[1024];
    ssize_t length = read(fd, room, sizeof(room));
    demand(length < 0 && errno == EAGAIN, "%s: there is an event: %#x", which, length > 0 ? ((const struct inotify_event *)(const void *)room)->mask : 0);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void describe(int fd, char text[TEXT])
{
    char name[48], line[512], *lines[LINES];
    size_t count = 0, length = 0;
    snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
    FILE *file = fopen(name, "re");
    demand(file != NULL, "%s: %s", name, strerror(errno));
    while (fgets(line, sizeof(line), file) != NULL && count < LINES)
        if (strncmp(line, "inotify ", 8) == 0)
            lines[count++] = strdup(line);
    fclose(file);
    qsort(lines, count, sizeof(lines[0]), compare_lines);
    for (size_t i = 0; i < count; i++) {
        length += (size_t)snprintf(text + length, TEXT - length, "%s", lines[i]);
        free(lines[i]);
    }
}

int main(int argc, char **argv)
{
    struct victim victim;
    char before[TEXT] = "", now[TEXT];
    victim_begin(&victim, argc, argv);
    demand((mkdir("watched", 0700) == 0 && mkdir("seen", 0700) == 0 && symlink("nowhere", "link") == 0), "%s", strerror(errno));
    touch("file");
    touch("once");
    touch("watched/name");
    touch("kept");
    demand(link("kept", "seen/other name") == 0, "%s", strerror(errno));
    int fd = made(IN_NONBLOCK), other = made(IN_NONBLOCK | IN_CLOEXEC), empty = made(0);
    int root = watch(fd, "/", IN_DELETE_SELF);
    int directory = watch(fd, "watched", IN_CLOSE_WRITE | IN_DELETE | IN_EXCL_UNLINK | IN_ONLYDIR);
    inotify_rm_watch(fd, root);
    expect(fd, root, IN_IGNORED, NULL, "a watch that is given back");
    skip(fd);
    int file = watch(fd, "file", IN_MODIFY), once = watch(fd, "once", IN_MODIFY | IN_ONESHOT), link_itself = watch(fd, "link", IN_ATTRIB | IN_DONT_FOLLOW);
    skip(fd);
    int seen = watch(fd, "seen", IN_CREATE | IN_DELETE), kept = watch(fd, "kept", IN_ATTRIB), same = watch(other, "watched", IN_CREATE);
    demand(directory == 2 && file == GAPS + 3 && once == file + 1 && link_itself == once + 1 && seen == link_itself + GAPS + 1 && kept == seen + 1 && same == 1,
           "the kernel gives numbers in another order");
    describe(fd, before);
    victim_ready(&victim);
    while (!victim_stopping()) {
        touch("watched/name");
        expect(fd, directory, IN_CLOSE_WRITE, "name", "a directory");
        touch("file");
        expect(fd, file, IN_MODIFY, NULL, "a file"); /* writing and cutting are one, as nothing comes in between */
        demand(lchown("link", getuid(), getgid()) == 0, "link: %s", strerror(errno));
        expect(fd, link_itself, IN_ATTRIB, NULL, "a link");
        demand(symlink("nowhere", "seen/new") == 0 && unlink("seen/new") == 0, "seen/new: %s", strerror(errno));
        expect(fd, seen, IN_CREATE, "new", "a new link");
        expect(fd, seen, IN_DELETE, "new", "a link that goes");
        demand(chmod("seen/other name", 0600) == 0, "kept: %s", strerror(errno));
        expect(fd, kept, IN_ATTRIB, NULL, "a file with two names");
        expect_nothing(fd, "all");
        expect_nothing(other, "the other");
        demand(fcntl(fd, F_GETFD) == 0 && fcntl(other, F_GETFD) == FD_CLOEXEC && (fcntl(empty, F_GETFL) & O_NONBLOCK) == 0, "its flags are not what they were");
        victim_progress(&victim);
    }
    describe(fd, now); /* only now: a file of /proc that is about a descriptor cannot be opened again before the descriptor is there */
    demand(strcmp(before, now) == 0, "it watched\n%sand watches\n%s", before, now);
    touch("once");
    expect(fd, once, IN_MODIFY, NULL, "one shot");
    expect(fd, once, IN_IGNORED, NULL, "one shot");
    expect_nothing(fd, "one shot");
    return victim_end();
}
