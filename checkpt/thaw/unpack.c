#include "checkpt/thaw/unpack.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "checkpt/thaw/plan_state.h"

static void close_views(struct unpack *unpack)
{
    for (size_t i = 0; i < unpack->view_count; i++)
        munmap(unpack->views[i].at, unpack->views[i].length);
    unpack->view_count = 0;
}

void unpack_deinit(struct unpack *unpack)
{
    close_views(unpack);
    free(unpack->views);
    free(unpack->list);
    *unpack = (struct unpack){.thaw = unpack->thaw};
}

void unpack_add(struct unpack *unpack, uint32_t space, uint64_t address, uint64_t length, void *to)
{
    unpack->list = plan_room(unpack->list, &unpack->room, unpack->count + 1, sizeof(*unpack->list));
    unpack->list[unpack->count++] = (struct ckpt_fill){.space = space, .address = address, .length = length, .memory = to};
}

void *unpack_view(struct unpack *unpack, int fd, uint64_t offset, uint64_t length, struct failure *why)
{
    void *at = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset);
    if (at == MAP_FAILED) {
        failure_errno(why, "memory for %" PRIu64 " bytes of unpacked pages", length);
        return NULL;
    }
    unpack->views = plan_room(unpack->views, &unpack->view_room, unpack->view_count + 1, sizeof(*unpack->views));
    unpack->views[unpack->view_count++] = (struct unpack_view){at, length};
    return at;
}

static int compare(const void *a, const void *b)
{
    const struct ckpt_fill *x = a, *y = b;
    if (x->space != y->space)
        return x->space < y->space ? -1 : 1;
    return (x->address > y->address) - (x->address < y->address);
}

/* Ascending, and one where one ends as the next begins: a chunk that lies in several is unpacked once. */
static void join(struct unpack *unpack)
{
    size_t kept = 0;
    qsort(unpack->list, unpack->count, sizeof(*unpack->list), compare);
    for (size_t i = 0; i < unpack->count; i++) {
        const struct ckpt_fill *next = &unpack->list[i];
        struct ckpt_fill *last = kept > 0 ? &unpack->list[kept - 1] : NULL;
        if (last != NULL && last->space == next->space && last->address + last->length == next->address &&
            (char *)last->memory + last->length == (char *)next->memory)
            last->length += next->length;
        else
            unpack->list[kept++] = *next;
    }
    unpack->count = kept;
}

static bool tell(void *context, uint64_t done, uint64_t total)
{
    progress_tell(context, "unpacking memory", done, total);
    return true;
}

bool unpack_run(struct unpack *unpack, struct failure *why)
{
    struct thaw *thaw = unpack->thaw;
    const struct progress *progress = thaw->options.progress;
    const struct ckpt_fill_options options = {.struct_size = sizeof(options), .context = (void *)(uintptr_t)progress, .progress = tell};
    if (unpack->count == 0)
        return true;
    join(unpack);
    enum ckpt_status status = ckpt_reader_fill(thaw->reader, unpack->list, unpack->count, &options);
    progress_end(progress);
    close_views(unpack);
    unpack->count = 0;
    return status == CKPT_OK || failure_set(why, "%s", ckpt_reader_error(thaw->reader));
}
