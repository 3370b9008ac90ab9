#include "ckptdump/scan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "ckptdump/pages.h"
#include "cli/progress.h"

struct scan {
    struct window window;
    scan_look *look;
    uint8_t *bytes;      /* room for what is carried, and a chunk or zeros */
    size_t zeros, carried;
    uint64_t end;        /* address behind the bytes that were looked at */
};

/* Whether nothing stored means zeros here: memory of a process that is not in a file, or content of a space that is no process's memory. */
static bool is_zero(const struct scan *scan, uint32_t space, uint64_t address)
{
    const struct place *place = places_find(scan->window.places, space, address);
    if (scan->window.dump->image.foreign != NULL)
        return false;
    if (place == NULL || place->memory->space != space)
        return place != NULL;
    return !place->mapping->special && (place->file == NULL || place->file->space != 0);
}

/* Looks at what is carried and `length` new bytes behind it. */
static void look_at(struct scan *scan, uint32_t space, uint64_t address, size_t length, bool last)
{
    scan->window.bytes = scan->bytes;
    scan->window.length = scan->carried + length;
    scan->window.carried = scan->carried;
    scan->window.space = space;
    scan->window.address = address - scan->carried;
    scan->window.last = last;
    size_t keep = scan->look(&scan->window);
    scan->carried = last || keep >= SCAN_CARRY_MAX ? 0 : keep;
    memmove(scan->bytes, scan->bytes + scan->window.length - scan->carried, scan->carried);
    scan->end = address + length;
}

static void look_at_zeros(struct scan *scan, uint32_t space, uint64_t address, uint64_t length, bool last)
{
    memset(scan->bytes + scan->carried, 0, (size_t)length);
    look_at(scan, space, address, (size_t)length, last);
}

/* From where we are to the next chunk of the same space: nothing, zeros that join the two, or zeros that end the one and begin the other. */
static void cross_gap(struct scan *scan, uint32_t space, uint64_t from, uint64_t to)
{
    bool few = to - from <= scan->zeros * 2;
    if (few && from < to && is_zero(scan, space, from) && is_zero(scan, space, to - 1)) {
        look_at_zeros(scan, space, from, to - from, false);
    } else if (from < to) {
        if (from > 0 && scan->zeros > 0 && is_zero(scan, space, from))
            look_at_zeros(scan, space, from, few ? to - from : scan->zeros, true);
        scan->carried = 0;
        if (!few && scan->zeros > 0 && is_zero(scan, space, to - scan->zeros))
            look_at_zeros(scan, space, to - scan->zeros, scan->zeros, false);
    }
}

static bool reserve(struct scan *scan, uint64_t length)
{
    uint8_t *bigger = realloc(scan->bytes, SCAN_CARRY_MAX * 4 + (size_t)length);
    if (bigger == NULL) {
        image_complain(&scan->window.dump->image, "reading memory: out of memory");
        return false;
    }
    scan->bytes = bigger;
    return true;
}

static bool is_followed(const struct scan *scan, const struct ckpt_chunk *chunk, const struct ckpt_chunk *next)
{
    uint64_t end = chunk->address + chunk->length;
    return (next != NULL && next->space == chunk->space && next->address == end) || (scan->zeros > 0 && is_zero(scan, chunk->space, end));
}

/* `next` is the chunk behind it, or NULL. */
static void scan_chunk(struct scan *scan, const struct ckpt_chunk *chunk, const struct ckpt_chunk *next)
{
    uint64_t end = chunk->address + chunk->length;
    if (!reserve(scan, chunk->length))
        return;
    cross_gap(scan, chunk->space, scan->window.space == chunk->space ? scan->end : 0, chunk->address);
    if (pages_bytes(&scan->window.dump->image, chunk, scan->bytes + scan->carried)) {
        look_at(scan, chunk->space, chunk->address, (size_t)chunk->length, !is_followed(scan, chunk, next));
    } else {
        look_at(scan, chunk->space, chunk->address, 0, true);
        scan->end = end;
    }
    if ((next == NULL || next->space != chunk->space) && scan->zeros > 0 && is_zero(scan, chunk->space, end))
        look_at_zeros(scan, chunk->space, end, scan->zeros, true);
}

static void scan_chunks(struct scan *scan, struct cli_progress *progress)
{
    struct image *image = &scan->window.dump->image;
    struct ckpt_chunk chunk = {0}, next = {0};
    uint64_t count = pages_count(image), done = 0;
    bool more = count > 0 && pages_chunk(image, 0, &next);
    for (uint64_t i = 1; more; i++) {
        chunk = next;
        more = i < count && pages_chunk(image, i, &next);
        scan_chunk(scan, &chunk, more ? &next : NULL);
        done += chunk.length;
        cli_progress_update(progress, done, 0);
    }
}

void scan_memory(struct dump *dump, size_t zeros, scan_look *look, void *context)
{
    struct places places;
    struct cli_text what = {0};
    struct cli_progress progress;
    if (!places_init(&places, &dump->image))
        return;
    struct scan scan = {.window = {.dump = dump, .places = &places, .context = context}, .look = look, .zeros = zeros};
    cli_text_add(&what, "searching %s", dump->image.path);
    cli_progress_init(&progress, "ckptdump", cli_text_get(&what));
    scan_chunks(&scan, &progress);
    cli_progress_finish(&progress);
    cli_text_deinit(&what);
    free(scan.bytes);
    places_deinit(&places);
}

void scan_add_address(struct cli_text *text, const struct window *window, size_t at)
{
    const struct place *place = places_find(window->places, window->space, window->address + at);
    cli_text_add(text, "%012" PRIx64, place != NULL ? place_address(place, window->address + at) : window->address + at);
}

void scan_add_name(struct cli_text *text, const struct window *window, size_t at)
{
    struct image *image = &window->dump->image;
    const struct place *place = places_find(window->places, window->space, window->address + at);
    const Ckpt__Process *process = place != NULL ? image_process(image, place->memory->process) : NULL;
    struct cli_text name = {0};
    if (process != NULL && image_records(image, CKPT__KIND__KIND_PROCESS)->count > 1)
        cli_text_add(text, "%d ", process->pid);
    place_add_name(&name, image, place, window->space);
    cli_text_add_bytes(text, cli_text_get(&name), name.length);
    cli_text_deinit(&name);
}

void scan_json_place(const struct window *window, size_t at)
{
    struct cli_json *json = &window->dump->json;
    const struct place *place = places_find(window->places, window->space, window->address + at);
    struct cli_text name = {0};
    if (place != NULL)
        cli_json_int(json, "process", place->memory->process);
    cli_json_u64(json, "address", place != NULL ? place_address(place, window->address + at) : window->address + at);
    cli_json_int(json, "space", window->space);
    place_add_name(&name, &window->dump->image, place, window->space);
    cli_json_text(json, "mapping", cli_text_get(&name), name.length);
    cli_text_deinit(&name);
}
