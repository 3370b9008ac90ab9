#include "checkpt/cmd/call_resident.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpt/include/sys/resident.h"
#include "checkpt/resident/registry.h"

/* What the process executes, under a name that leads to that file still. */
static bool find_binary(const struct call_resident *call, char path[PATH_MAX], struct registry_result *result, struct failure *why)
{
    char link[32];
    struct stat executed, named;
    snprintf(link, sizeof(link), "/proc/%d/exe", call->process);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    path[length > 0 ? length : 0] = '\0';
    if (length > 0 && stat(link, &executed) == 0 && stat(path, &named) == 0 && executed.st_dev == named.st_dev && executed.st_ino == named.st_ino)
        return true;
    result->error = ENOENT;
    return failure_set(why, "its binary has been removed or replaced");
}

static bool do_register(struct registry *registry, const struct call_resident *call, int32_t *returned, struct registry_result *result, struct failure *why)
{
    char path[PATH_MAX];
    uint32_t id;
    if (!find_binary(call, path, result, why))
        return false;
    const struct registry_add add = {
        .binary = path, .pid = call->process, .kind = START_ENTRY, .entry = (uint64_t)call->value, .caller = call->caller,
    };
    if (!registry_register(registry, &add, &id, result, why))
        return false;
    *returned = (int32_t)id;
    return true;
}

/* A binary that has been removed is resident still: it is looked for as what is executed. */
static bool do_unregister(struct registry *registry, const struct call_resident *call, int32_t *returned, struct registry_result *result, struct failure *why)
{
    char link[32];
    size_t count;
    if (call->value == 0 || call->value < RESIDENT_ALL) {
        result->error = ENOENT;
        return failure_set(why, "no resident program has id %d", (int)call->value);
    }
    snprintf(link, sizeof(link), "/proc/%d/exe", call->process);
    if (!registry_remove(registry, call->value > 0 ? (uint32_t)call->value : 0, call->value == RESIDENT_SELF ? link : NULL, &count, result, why))
        return false;
    *returned = (int32_t)count;
    return true;
}

int call_resident(const struct call_resident *call, struct failure *why)
{
    struct registry registry;
    struct registry_result result = {0};
    int32_t returned = 0;
    bool registers = call->number == SYS_exec_sys_register;
    bool done = registry_open(&registry, &result, why) &&
                (registers ? do_register(&registry, call, &returned, &result, why) : do_unregister(&registry, call, &returned, &result, why));
    registry_close(&registry);
    if (!done)
        return result.error != 0 ? result.error : why->error != 0 ? why->error : EBUSY;
    return pwrite(call->fd, &returned, sizeof(returned), 0) == (ssize_t)sizeof(returned) ? 0 : EIO;
}
