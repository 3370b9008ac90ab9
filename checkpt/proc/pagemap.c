#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "checkpt/proc/proc.h"
#include "checkpt/uapi.h"

enum { PAGE = 4096, REGIONS = 512, ENTRIES = 4096 };

/* Regions come split by category; runs are joined before they are handed on. */
struct joiner {
    bool (*each)(void *context, const struct proc_range *run);
    void *context;
    struct proc_range run;
};

static bool flush(struct joiner *j)
{
    bool more = j->run.start == j->run.end || j->each(j->context, &j->run);
    j->run.start = j->run.end;
    return more;
}

static bool join(struct joiner *j, uint64_t start, uint64_t end)
{
    if (j->run.start != j->run.end && j->run.end == start) {
        j->run.end = end;
        return true;
    }
    if (!flush(j))
        return false;
    j->run = (struct proc_range){start, end};
    return true;
}

static bool is_wanted(uint64_t categories, unsigned wanted)
{
    bool guard = (categories & PAGE_IS_GUARD) != 0, there = (categories & (PAGE_IS_PRESENT | PAGE_IS_SWAPPED)) != 0 && !guard;
    bool zero = (categories & PAGE_IS_PFNZERO) != 0, file = (categories & PAGE_IS_FILE) != 0;
    return ((wanted & PROC_PAGE_GUARD) && guard) || ((wanted & PROC_PAGE_PRESENT) && there && !zero) ||
           ((wanted & PROC_PAGE_PRIVATE) && there && !zero && !file);
}

/* Returns false with errno where the kernel has no such ioctl, or the walk failed. */
static bool scan_once(int fd, uint64_t start, uint64_t end, bool guards, struct page_region *regions, long *count, uint64_t *walked)
{
    uint64_t mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED | (guards ? PAGE_IS_GUARD : 0);
    struct pm_scan_arg arg;
    memset(&arg, 0, sizeof(arg));
    arg.size = sizeof(arg);
    arg.start = start;
    arg.end = end;
    arg.vec = (uintptr_t)regions;
    arg.vec_len = REGIONS;
    arg.category_anyof_mask = mask;
    arg.return_mask = mask | PAGE_IS_FILE | PAGE_IS_PFNZERO;
    *count = ioctl(fd, PAGEMAP_SCAN, &arg);
    *walked = arg.walk_end;
    return *count >= 0;
}

enum outcome { DONE, STOPPED, UNSUPPORTED, FAILED };

static enum outcome scan(int fd, uint64_t start, uint64_t end, unsigned wanted, bool guards, struct joiner *j)
{
    struct page_region regions[REGIONS];
    for (bool first = true; start < end; first = false) {
        long count;
        uint64_t walked;
        if (!scan_once(fd, start, end, guards, regions, &count, &walked))
            return first && (errno == ENOTTY || errno == EINVAL) ? UNSUPPORTED : FAILED;
        for (long i = 0; i < count; i++)
            if (is_wanted(regions[i].categories, wanted) && !join(j, regions[i].start, regions[i].end))
                return STOPPED;
        if (walked <= start)
            return FAILED;
        start = walked;
    }
    return flush(j) ? DONE : STOPPED;
}

/* Documentation/admin-guide/mm/pagemap.rst: bit 63 present, 62 swapped, 61 file-backed or shared, 58 guard. The zero page cannot be told apart
 * without rights, and is read as what it is. */
static enum outcome read_entries(int fd, uint64_t start, uint64_t end, unsigned wanted, struct joiner *j)
{
    uint64_t entries[ENTRIES];
    while (start < end) {
        size_t pages = (size_t)((end - start) / PAGE), count = pages < ENTRIES ? pages : ENTRIES;
        ssize_t n = pread(fd, entries, count * sizeof(entries[0]), (off_t)(start / PAGE * sizeof(entries[0])));
        if (n <= 0)
            return FAILED;
        for (size_t i = 0; i < (size_t)n / sizeof(entries[0]); i++, start += PAGE) {
            uint64_t e = entries[i];
            uint64_t categories = (e >> 63 & 1 ? PAGE_IS_PRESENT : 0u) | (e >> 62 & 1 ? PAGE_IS_SWAPPED : 0u) | (e >> 61 & 1 ? PAGE_IS_FILE : 0u) |
                                  (e >> 58 & 1 ? PAGE_IS_GUARD : 0u);
            if (is_wanted(categories, wanted) && !join(j, start, start + PAGE))
                return STOPPED;
        }
    }
    return flush(j) ? DONE : STOPPED;
}

bool proc_pages(int pagemap_fd, uint64_t start, uint64_t end, unsigned wanted, bool (*each)(void *context, const struct proc_range *run), void *context,
                struct failure *why)
{
    struct joiner j = {.each = each, .context = context};
    enum outcome outcome = scan(pagemap_fd, start, end, wanted, true, &j);
    if (outcome == UNSUPPORTED)
        outcome = scan(pagemap_fd, start, end, wanted, false, &j);
    if (outcome == UNSUPPORTED)
        outcome = read_entries(pagemap_fd, start, end, wanted, &j);
    if (outcome == FAILED)
        return failure_errno(why, "pagemap of %llx-%llx", (unsigned long long)start, (unsigned long long)end);
    return outcome == DONE;
}
