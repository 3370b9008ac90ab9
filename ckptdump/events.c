#include "ckptdump/objects.h"

#include <inttypes.h>

#include "ckptdump/file_text.h"
#include "cli/names.h"
#include "schemas/epoll.pb-c.h"
#include "schemas/eventfd.pb-c.h"
#include "schemas/inotify.pb-c.h"
#include "schemas/signalfd.pb-c.h"
#include "schemas/timerfd.pb-c.h"

enum { SHOWN = 16 }; /* of what an epoll or inotify watches */

void add_eventfd_text(struct cli_text *text, struct image *image, const Ckpt__File *file, const ProtobufCMessage *message)
{
    const Ckpt__Eventfd *eventfd = (const void *)message;
    (void)image;
    (void)file;
    cli_text_add(text, "count %" PRIu64 "%s", eventfd->count, eventfd->semaphore ? ", semaphore" : eventfd->semaphore_unknown ? ", perhaps a semaphore" : "");
}

void add_timerfd_text(struct cli_text *text, struct image *image, const Ckpt__File *file, const ProtobufCMessage *message)
{
    const Ckpt__Timerfd *timerfd = (const void *)message;
    char duration[CLI_SIZE_TEXT];
    (void)image;
    (void)file;
    cli_add_name(text, cli_clocks, (uint64_t)timerfd->clock);
    if (timerfd->remaining > 0)
        cli_text_add(text, ", %s left%s", cli_duration(duration, timerfd->remaining), timerfd->moment != 0 ? " to its moment" : "");
    else
        cli_text_add(text, ", %s", timerfd->ticks > 0 ? "expired" : "disarmed");
    if (timerfd->interval > 0)
        cli_text_add(text, ", every %s", cli_duration(duration, timerfd->interval));
    if (timerfd->ticks > 0)
        cli_text_add(text, ", %" PRIu64 " unread", timerfd->ticks);
}

void add_signalfd_text(struct cli_text *text, struct image *image, const Ckpt__File *file, const ProtobufCMessage *message)
{
    (void)image;
    (void)file;
    cli_add_signal_set(text, ((const Ckpt__Signalfd *)(const void *)message)->mask);
}

void add_epoll_text(struct cli_text *text, struct image *image, const Ckpt__File *file, const ProtobufCMessage *message)
{
    const Ckpt__Epoll *epoll = (const void *)message;
    (void)image;
    (void)file;
    for (size_t i = 0; i < epoll->n_registrations && i < SHOWN; i++) {
        cli_text_add(text, "%s%u ", i == 0 ? "" : ", ", epoll->registrations[i]->number);
        cli_add_bits(text, cli_epoll_events, epoll->registrations[i]->events, "0");
    }
    if (epoll->n_registrations > SHOWN)
        cli_text_add(text, ", and %zu more", epoll->n_registrations - SHOWN);
    cli_text_add(text, "%s", epoll->n_registrations > 0 ? "" : "watches nothing");
}

void add_inotify_text(struct cli_text *text, struct image *image, const Ckpt__File *file, const ProtobufCMessage *message)
{
    const Ckpt__Inotify *inotify = (const void *)message;
    (void)file;
    for (size_t i = 0; i < inotify->n_watches && i < SHOWN; i++) {
        cli_text_add(text, "%s%u ", i == 0 ? "" : ", ", inotify->watches[i]->descriptor);
        add_file_path(text, image_file(image, inotify->watches[i]->file));
        cli_text_add(text, " ");
        cli_add_bits(text, cli_inotify_events, inotify->watches[i]->mask, "0");
    }
    if (inotify->n_watches > SHOWN)
        cli_text_add(text, ", and %zu more", inotify->n_watches - SHOWN);
    cli_text_add(text, "%s", inotify->n_watches > 0 ? "" : "watches nothing");
}
