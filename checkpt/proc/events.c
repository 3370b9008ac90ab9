/* What fdinfo tells of descriptors that report events: proc_pid_fdinfo(5). */
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "checkpt/proc/array.h"
#include "checkpt/proc/lines.h"
#include "checkpt/proc/proc.h"

enum { NANOSECONDS = 1000000000, KERNEL_MINOR_BITS = 20 };

static bool open_lines(struct proc_lines *lines, int directory, uint32_t number, struct failure *why)
{
    char name[32];
    snprintf(name, sizeof(name), "fdinfo/%u", number);
    return proc_lines_open(lines, directory, name, why);
}

bool proc_eventfd(int directory, uint32_t number, struct proc_eventfd *eventfd, struct failure *why)
{
    struct proc_lines lines;
    struct proc_eventfd read = {0};
    unsigned long long count;
    unsigned semaphore;
    bool found = false;
    if (!open_lines(&lines, directory, number, why))
        return false;
    for (const char *line; (line = proc_lines_next(&lines)) != NULL;) {
        if (sscanf(line, "eventfd-count: %llx", &count) == 1) {
            read.count = count;
            found = true;
        } else if (sscanf(line, "eventfd-semaphore: %u", &semaphore) == 1) {
            read.tells_semaphore = true;
            read.semaphore = semaphore != 0;
        }
    }
    proc_lines_close(&lines);
    if (!found)
        return failure_set(why, "the kernel does not tell its count");
    *eventfd = read;
    return true;
}

static bool read_timerfd(const char *line, struct proc_timerfd *timerfd)
{
    int clock;
    unsigned flags;
    unsigned long long ticks, seconds, nanoseconds;
    if (sscanf(line, "clockid: %d", &clock) == 1)
        timerfd->clock = clock;
    else if (sscanf(line, "ticks: %llu", &ticks) == 1)
        timerfd->ticks = ticks;
    else if (sscanf(line, "settime flags: %o", &flags) == 1)
        timerfd->flags = flags;
    else if (sscanf(line, "it_value: (%llu, %llu)", &seconds, &nanoseconds) == 2)
        timerfd->remaining = seconds * NANOSECONDS + nanoseconds;
    else if (sscanf(line, "it_interval: (%llu, %llu)", &seconds, &nanoseconds) == 2)
        timerfd->interval = seconds * NANOSECONDS + nanoseconds;
    else
        return false;
    return true;
}

bool proc_timerfd(int directory, uint32_t number, struct proc_timerfd *timerfd, struct failure *why)
{
    enum { LINES = 5 };
    struct proc_lines lines;
    struct proc_timerfd read = {0};
    unsigned found = 0;
    if (!open_lines(&lines, directory, number, why))
        return false;
    for (const char *line; (line = proc_lines_next(&lines)) != NULL;)
        found += read_timerfd(line, &read);
    proc_lines_close(&lines);
    if (found != LINES)
        return failure_set(why, "the kernel does not tell how it is set");
    *timerfd = read;
    return true;
}

bool proc_signalfd(int directory, uint32_t number, uint64_t *mask, struct failure *why)
{
    struct proc_lines lines;
    unsigned long long value = 0;
    bool found = false;
    if (!open_lines(&lines, directory, number, why))
        return false;
    for (const char *line; (line = proc_lines_next(&lines)) != NULL;)
        found |= sscanf(line, "sigmask: %llx", &value) == 1;
    proc_lines_close(&lines);
    if (!found)
        return failure_set(why, "the kernel does not tell its mask");
    *mask = value;
    return true;
}

/* The kernel's own form of a device number; not all file systems show the same by stat(2). */
static uint64_t device_of(unsigned long kernels)
{
    return makedev((unsigned)(kernels >> KERNEL_MINOR_BITS), (unsigned)(kernels & ((1u << KERNEL_MINOR_BITS) - 1)));
}

bool proc_epoll(int directory, uint32_t number, struct arena *arena, struct proc_registration **registrations, size_t *count, struct failure *why)
{
    struct proc_lines lines;
    struct proc_array array = {.element = sizeof(struct proc_registration)};
    struct proc_registration read;
    unsigned long long data;
    unsigned long inode;
    int target;
    if (!open_lines(&lines, directory, number, why))
        return false;
    for (const char *line; (line = proc_lines_next(&lines)) != NULL;) {
        if (sscanf(line, "tfd: %d events: %x data: %llx pos:%*d ino:%lx", &target, &read.events, &data, &inode) != 4)
            continue;
        read.number = (uint32_t)target;
        read.data = data;
        read.inode = inode;
        read.order = (uint32_t)array.count;
        *(struct proc_registration *)proc_array_add(&array) = read;
    }
    proc_lines_close(&lines);
    *registrations = proc_array_keep(&array, arena, count);
    return true;
}

static void read_handle(const char *line, struct arena *arena, struct proc_watch *watch)
{
    const char *place = strstr(line, "fhandle-bytes:");
    unsigned size, type, byte;
    int length;
    if (place == NULL || sscanf(place, "fhandle-bytes:%x fhandle-type:%x f_handle:%n", &size, &type, &length) != 2 || size > PROC_HANDLE_MAX)
        return;
    uint8_t *handle = arena_alloc(arena, size + 1);
    for (unsigned i = 0; i < size; i++) {
        if (sscanf(place + length + 2 * i, "%2x", &byte) != 1)
            return;
        handle[i] = (uint8_t)byte;
    }
    watch->handle = handle;
    watch->handle_size = size;
    watch->handle_type = (int32_t)type;
}

bool proc_inotify(int directory, uint32_t number, struct arena *arena, struct proc_watch **watches, size_t *count, struct failure *why)
{
    struct proc_lines lines;
    struct proc_array array = {.element = sizeof(struct proc_watch)};
    unsigned long inode, device;
    if (!open_lines(&lines, directory, number, why))
        return false;
    for (const char *line; (line = proc_lines_next(&lines)) != NULL;) {
        struct proc_watch read = {0};
        if (sscanf(line, "inotify wd:%x ino:%lx sdev:%lx mask:%x", &read.descriptor, &inode, &device, &read.mask) != 4)
            continue;
        read.inode = inode;
        read.device = device_of(device);
        read_handle(line, arena, &read);
        *(struct proc_watch *)proc_array_add(&array) = read;
    }
    proc_lines_close(&lines);
    *watches = proc_array_keep(&array, arena, count);
    return true;
}
