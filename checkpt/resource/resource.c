#include "checkpt/resource/resource.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "checkpt/resource/all.h"

void findings_add(struct findings *findings, enum verdict verdict, const char *subject, const char *way_out, const char *format, ...)
{
    char sentence[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof(sentence), format, args);
    va_end(args);
    if ((findings->count & (findings->count - 1)) == 0)
        findings->list = arena_grow(findings->arena, findings->list, findings->count, findings->count == 0 ? 1 : findings->count * 2,
                                    sizeof(*findings->list));
    findings->list[findings->count++] = (struct finding){
        .verdict = verdict,
        .subject = arena_printf(findings->arena, "%s", subject),
        .sentence = arena_printf(findings->arena, "%s", sentence),
        .way_out = way_out != NULL ? arena_printf(findings->arena, "%s", way_out) : NULL,
    };
    findings->refused += verdict == VERDICT_REFUSED;
}

void freeze_add_content(struct freeze *freeze, Ckpt__File *file, const void *bytes, uint64_t length)
{
    struct arena *arena = &freeze->model->arena;
    uint64_t whole = (length + CKPT_PAGE_SIZE - 1) / CKPT_PAGE_SIZE * CKPT_PAGE_SIZE;
    void *copy = arena_alloc(arena, whole);
    memcpy(copy, bytes, length);
    file->space = freeze->model->next_space++;
    file->size = length;
    if ((freeze->content_count & (freeze->content_count - 1)) == 0)
        freeze->contents = arena_grow(arena, freeze->contents, freeze->content_count, freeze->content_count == 0 ? 1 : freeze->content_count * 2,
                                      sizeof(*freeze->contents));
    freeze->contents[freeze->content_count++] = (struct freeze_content){file->space, copy, whole};
}

/* Spaces ascend. */
const struct freeze_content *freeze_content(const struct freeze *freeze, uint32_t space)
{
    size_t low = 0, high = freeze->content_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (freeze->contents[middle].space < space)
            low = middle + 1;
        else
            high = middle;
    }
    return low < freeze->content_count && freeze->contents[low].space == space ? &freeze->contents[low] : NULL;
}

/* Files come behind memory: a file that is mapped and open is one record. Objects behind the files that stand for them. Credentials behind threads, some of which may have their own. */
const struct resource_ops *const resources[] = {
    &image_resource, &process_resource, &limits_resource, &threads_resource, &credentials_resource,
    &memory_resource, &files_resource, &pipes_resource, &sockets_resource, &signals_resource, &timers_resource,
    &eventfd_resource, &timerfd_resource, &signalfd_resource, &epoll_resource, &inotify_resource,
};
const size_t resource_count = sizeof(resources) / sizeof(resources[0]);
