#include "checkpt/tracee/text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* 6.11, include/uapi/linux/fs.h: asks for one mapping, where reading maps of a program with many takes milliseconds */
struct query {
    __u64 size, flags, address;
    __u64 start, end, protection, page_size, offset, inode;
    __u32 major, minor, name_size, build_id_size;
    __u64 name, build_id;
};
enum { QUERY_READABLE = 1, QUERY_WRITABLE = 2, QUERY_EXECUTABLE = 4, QUERY_SHARED = 8, QUERY_OR_NEXT = 16 };
#define QUERY _IOWR('f', 17, struct query)

void text_list_init(struct text_list *list, int directory)
{
    *list = (struct text_list){.directory = directory, .maps = openat(directory, "maps", O_RDONLY | O_CLOEXEC)};
}

void text_list_deinit(struct text_list *list)
{
    if (list->maps >= 0)
        close(list->maps);
    arena_deinit(&list->arena);
}

static bool next_of_all(struct text_list *list, uint64_t address, struct text *text)
{
    struct failure ignored;
    if (list->all == NULL && !proc_maps(list->directory, &list->arena, &list->all, &list->count, &ignored))
        return false;
    for (size_t i = 0; i < list->count; i++) {
        const struct proc_mapping *mapping = &list->all[i];
        if (mapping->end <= address || (mapping->protection & (PROT_READ | PROT_EXEC)) != (PROT_READ | PROT_EXEC))
            continue;
        *text = (struct text){mapping->start, mapping->end, mapping->inode == 0, mapping->shared, (mapping->protection & PROT_WRITE) != 0};
        return true;
    }
    return false;
}

bool text_next(struct text_list *list, uint64_t address, struct text *text)
{
    struct query query = {.size = sizeof(query), .flags = QUERY_READABLE | QUERY_EXECUTABLE | QUERY_OR_NEXT, .address = address};
    if (list->maps >= 0 && ioctl(list->maps, QUERY, &query) == 0) {
        *text = (struct text){query.start, query.end, query.inode == 0, (query.protection & QUERY_SHARED) != 0, (query.protection & QUERY_WRITABLE) != 0};
        return true;
    }
    if (list->maps >= 0 && errno == ENOENT)
        return false;
    return next_of_all(list, address, text);
}

uint64_t text_vdso(int directory)
{
    struct arena arena = {0};
    void *auxv;
    size_t size;
    uint64_t address = 0;
    struct failure ignored;
    if (proc_auxv(directory, &arena, &auxv, &size, &ignored))
        for (size_t i = 0; i + 16 <= size; i += 16) {
            uint64_t entry[2];
            memcpy(entry, (char *)auxv + i, sizeof(entry));
            if (entry[0] == AT_SYSINFO_EHDR)
                address = entry[1];
        }
    arena_deinit(&arena);
    return address;
}
