/* Every resource there is; each in the file of its name. */
#ifndef CHECKPT_RESOURCE_ALL_H
#define CHECKPT_RESOURCE_ALL_H

#include "checkpt/resource/resource.h"

extern const struct resource_ops image_resource, process_resource, credentials_resource, limits_resource, threads_resource, memory_resource,
    files_resource, pipes_resource, sockets_resource, signals_resource, timers_resource, eventfd_resource, timerfd_resource, signalfd_resource, epoll_resource, inotify_resource;

struct object;
extern const struct object pipes_object, eventfd_object, timerfd_object, signalfd_object, epoll_object, inotify_object, sockets_object;

#endif
