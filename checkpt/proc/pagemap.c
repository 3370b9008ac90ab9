#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "checkpt/proc/proc.h"
#include "checkpt/uapi.h"

enum { PAGE = 4096, REGIONS = 512, ENTRIES = 2048 };

/* Runs come in pieces; adjoining ones are handed out as one. */
struct runs {
    struct proc_range pending; /* empty where start == end */
    bool (*each)(void *context, const struct proc_range *run);
    void *context;
};

static bool flush(struct runs *runs, struct failure *why)
{
    if (runs->pending.start == runs->pending.end)
        return true;
    /* `each` says why where it can: the sentence is only a fallback, for those whose context has no failure. */
    if (!runs->each(runs->context, &runs->pending))
        return why->sentence[0] != '\0' ? false : failure_set(why, "looking for pages: stopped");
    runs->pending.start = runs->pending.end;
    return true;
}

static bool add(struct runs *runs, uint64_t start, uint64_t end, struct failure *why)
{
    if (start == runs->pending.end && runs->pending.start != runs->pending.end) {
        runs->pending.end = end;
        return true;
    }
    if (!flush(runs, why))
        return false;
    runs->pending = (struct proc_range){start, end};
    return true;
}

/* Guard pages count as swapped, and zero pages as present, in PAGEMAP_SCAN. */
static void choose(struct pm_scan_arg *scan, unsigned wanted, bool knows_guard)
{
    scan->return_mask = PAGE_IS_WPALLOWED;
    if (wanted == PROC_PAGE_GUARD) {
        scan->category_mask = PAGE_IS_GUARD;
        return;
    }
    scan->category_anyof_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED;
    scan->category_mask = PAGE_IS_PFNZERO;
    if ((wanted & PROC_PAGE_PRESENT) == 0)
        scan->category_mask |= PAGE_IS_FILE;
    if ((wanted & PROC_PAGE_GUARD) == 0 && knows_guard)
        scan->category_mask |= PAGE_IS_GUARD;
    scan->category_inverted = scan->category_mask;
}

enum outcome { DONE, FAILED, UNSUPPORTED };

static enum outcome scan_range(int fd, uint64_t start, uint64_t end, unsigned wanted, bool knows_guard, struct runs *runs, struct failure *why)
{
    struct page_region regions[REGIONS];
    struct pm_scan_arg scan = {.size = sizeof(scan), .end = end, .vec = (uint64_t)(uintptr_t)regions, .vec_len = REGIONS};
    choose(&scan, wanted, knows_guard);
    for (scan.start = start; scan.start < end; scan.start = scan.walk_end) {
        int n = ioctl(fd, PAGEMAP_SCAN, &scan);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && scan.start == start && (errno == ENOTTY || errno == EINVAL))
            return UNSUPPORTED;
        if (n < 0) {
            failure_errno(why, "looking for the pages of %llx-%llx", (unsigned long long)scan.start, (unsigned long long)end);
            return FAILED;
        }
        for (int i = 0; i < n; i++)
            if (!add(runs, regions[i].start, regions[i].end, why))
                return FAILED;
        if (scan.walk_end <= scan.start)
            break;
    }
    return DONE;
}

/* Documentation/admin-guide/mm/pagemap.rst. Without the page's number the zero page looks like one of the program's own: it is taken along then. */
static bool is_wanted(uint64_t entry, unsigned wanted)
{
    bool present = entry >> 63 & 1, swapped = entry >> 62 & 1, file = entry >> 61 & 1, guard = entry >> 58 & 1;
    if (guard)
        return (wanted & PROC_PAGE_GUARD) != 0;
    if (!present && !swapped)
        return false;
    return (wanted & PROC_PAGE_PRESENT) != 0 || ((wanted & PROC_PAGE_PRIVATE) != 0 && !file);
}

static bool read_range(int fd, uint64_t start, uint64_t end, unsigned wanted, struct runs *runs, struct failure *why)
{
    uint64_t entries[ENTRIES];
    while (start < end) {
        uint64_t left = (end - start) / PAGE;
        size_t count = left < ENTRIES ? (size_t)left : ENTRIES;
        ssize_t n = pread(fd, entries, count * sizeof(*entries), (off_t)(start / PAGE * sizeof(*entries)));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failure_errno(why, "looking for the pages of %llx-%llx", (unsigned long long)start, (unsigned long long)end);
        size_t got = (size_t)n / sizeof(*entries);
        if (got == 0)
            break; /* beyond the end of the address space: the process has exited */
        for (size_t i = 0; i < got; i++, start += PAGE)
            if (is_wanted(entries[i], wanted) && !add(runs, start, start + PAGE, why))
                return false;
    }
    return true;
}

bool proc_pages(int pagemap_fd, uint64_t start, uint64_t end, unsigned wanted, bool (*each)(void *context, const struct proc_range *run), void *context,
                struct failure *why)
{
    struct runs runs = {.each = each, .context = context};
    why->sentence[0] = '\0';
    enum outcome outcome = scan_range(pagemap_fd, start, end, wanted, true, &runs, why);
    if (outcome == UNSUPPORTED && wanted != PROC_PAGE_GUARD) /* 6.7 to 6.14 know no guard pages here */
        outcome = scan_range(pagemap_fd, start, end, wanted, false, &runs, why);
    if (outcome == UNSUPPORTED)
        outcome = read_range(pagemap_fd, start, end, wanted, &runs, why) ? DONE : FAILED;
    return outcome == DONE && flush(&runs, why);
}
