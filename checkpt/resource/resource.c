#include "checkpt/resource/resource.h"

#include <stdarg.h>
#include <stdio.h>

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

/* Files come behind memory: a file that is mapped and open is one record. Credentials behind threads, some of which may have their own. */
const struct resource_ops *const resources[] = {
    &image_resource, &process_resource, &limits_resource, &threads_resource, &credentials_resource,
    &memory_resource, &files_resource, &sockets_resource, &signals_resource, &timers_resource,
    &eventfd_resource, &timerfd_resource, &signalfd_resource, &epoll_resource, &inotify_resource,
};
const size_t resource_count = sizeof(resources) / sizeof(resources[0]);
