#include "ckptdump/events.h"

#include <inttypes.h>

#include "ckptdump/file_text.h"
#include "cli/names.h"
#include "schemas/epoll.pb-c.h"
#include "schemas/eventfd.pb-c.h"
#include "schemas/inotify.pb-c.h"
#include "schemas/signalfd.pb-c.h"
#include "schemas/timerfd.pb-c.h"

enum { SHOWN = 16 }; /* of what an epoll or inotify watches */

static void add_eventfd(struct cli_text *text, struct image *image, const void *message)
{
    const Ckpt__Eventfd *eventfd = message;
    (void)image;
    cli_text_add(text, " (count %" PRIu64 "%s)", eventfd->count, eventfd->semaphore ? ", semaphore" : eventfd->semaphore_unknown ? ", perhaps a semaphore" : "");
}

static void add_timerfd(struct cli_text *text, struct image *image, const void *message)
{
    const Ckpt__Timerfd *timerfd = message;
    char duration[CLI_SIZE_TEXT];
    (void)image;
    cli_text_add(text, " (");
    cli_add_name(text, cli_clocks, (uint64_t)timerfd->clock);
    if (timerfd->remaining > 0)
        cli_text_add(text, ", %s left%s", cli_duration(duration, timerfd->remaining), timerfd->moment != 0 ? " to its moment" : "");
    else
        cli_text_add(text, ", %s", timerfd->ticks > 0 ? "expired" : "disarmed");
    if (timerfd->interval > 0)
        cli_text_add(text, ", every %s", cli_duration(duration, timerfd->interval));
    if (timerfd->ticks > 0)
        cli_text_add(text, ", %" PRIu64 " unread", timerfd->ticks);
    cli_text_add(text, ")");
}

static void add_signalfd(struct cli_text *text, struct image *image, const void *message)
{
    (void)image;
    cli_text_add(text, " (");
    cli_add_signal_set(text, ((const Ckpt__Signalfd *)message)->mask);
    cli_text_add(text, ")");
}

static void add_epoll(struct cli_text *text, struct image *image, const void *message)
{
    const Ckpt__Epoll *epoll = message;
    (void)image;
    for (size_t i = 0; i < epoll->n_registrations && i < SHOWN; i++) {
        cli_text_add(text, "%s%u ", i == 0 ? " (" : ", ", epoll->registrations[i]->number);
        cli_add_bits(text, cli_epoll_events, epoll->registrations[i]->events, "0");
    }
    if (epoll->n_registrations > SHOWN)
        cli_text_add(text, ", and %zu more", epoll->n_registrations - SHOWN);
    cli_text_add(text, "%s", epoll->n_registrations > 0 ? ")" : " (watches nothing)");
}

static void add_inotify(struct cli_text *text, struct image *image, const void *message)
{
    const Ckpt__Inotify *inotify = message;
    for (size_t i = 0; i < inotify->n_watches && i < SHOWN; i++) {
        cli_text_add(text, "%s%u ", i == 0 ? " (" : ", ", inotify->watches[i]->descriptor);
        add_file_path(text, image_file(image, inotify->watches[i]->file));
        cli_text_add(text, " ");
        cli_add_bits(text, cli_inotify_events, inotify->watches[i]->mask, "0");
    }
    if (inotify->n_watches > SHOWN)
        cli_text_add(text, ", and %zu more", inotify->n_watches - SHOWN);
    cli_text_add(text, "%s", inotify->n_watches > 0 ? ")" : " (watches nothing)");
}

/* Every such message begins with `file`. */
struct of_file {
    ProtobufCMessage base;
    uint32_t file;
};

void add_event_state(struct cli_text *text, struct image *image, const Ckpt__File *file)
{
    static const struct {
        Ckpt__Kind kind;
        void (*add)(struct cli_text *text, struct image *image, const void *message);
    } kinds[] = {
        {CKPT__KIND__KIND_EVENTFD, add_eventfd}, {CKPT__KIND__KIND_TIMERFD, add_timerfd}, {CKPT__KIND__KIND_SIGNALFD, add_signalfd},
        {CKPT__KIND__KIND_EPOLL, add_epoll},     {CKPT__KIND__KIND_INOTIFY, add_inotify},
    };
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]) && file->type == CKPT__FILE_TYPE__FILE_TYPE_ANONYMOUS_INODE; k++) {
        const struct image_list *list = image_records(image, kinds[k].kind);
        for (size_t i = 0; i < list->count; i++) {
            if (((const struct of_file *)(const void *)list->messages[i])->file != file->id)
                continue;
            kinds[k].add(text, image, list->messages[i]);
            return;
        }
    }
}
