/* Epolls that watch epolls. The kernel refuses loops, and more than five in a row (EP_MAX_NESTS): no freeze finds such, but an image may say so. */
#include "checkpt/resource/epoll.h"

enum { DEEPEST = 5 };

/* One more step of each: how many are below it, as far as is known. */
static void deepen(const struct model *model, const struct model_objects *records, uint32_t *below, const uint32_t *record_of)
{
    for (size_t i = 0; i < records->count; i++) {
        const Ckpt__Epoll *epoll = (const Ckpt__Epoll *)records->list[i];
        for (size_t k = 0; k < epoll->n_registrations; k++) {
            const Ckpt__OpenFile *target = model_open_file(model, epoll->registrations[k]->open_file);
            uint32_t record = target != NULL && target->inherited == 0 && target->file != 0 ? record_of[target->file - 1] : 0;
            if (record != 0 && below[i] < below[record - 1] + 1)
                below[i] = below[record - 1] + 1;
        }
    }
}

bool epoll_is_nested_too_deep(const struct model *model)
{
    const struct model_objects *records = model_objects(model, CKPT__KIND__KIND_EPOLL);
    struct arena arena = {0};
    bool too_deep = false;
    uint32_t *below = arena_alloc(&arena, (records->count + 1) * sizeof(*below)), *record_of = arena_alloc(&arena, (model->file_count + 1) * sizeof(*record_of));
    for (uint32_t i = 0; i < records->count; i++)
        if (((const Ckpt__Epoll *)records->list[i])->file != 0)
            record_of[((const Ckpt__Epoll *)records->list[i])->file - 1] = i + 1;
    for (unsigned step = 0; step <= DEEPEST; step++)
        deepen(model, records, below, record_of);
    for (size_t i = 0; i < records->count; i++)
        too_deep |= below[i] >= DEEPEST;
    arena_deinit(&arena);
    return too_deep;
}
