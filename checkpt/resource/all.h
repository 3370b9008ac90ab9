/* Every resource there is; each in the file of its name. */
#ifndef CHECKPT_RESOURCE_ALL_H
#define CHECKPT_RESOURCE_ALL_H

#include "checkpt/resource/resource.h"

extern const struct resource_ops image_resource, process_resource, credentials_resource, limits_resource, threads_resource, memory_resource,
    files_resource, signals_resource, timers_resource;

#endif
