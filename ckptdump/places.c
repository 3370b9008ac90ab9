#include "ckptdump/places.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "ckptdump/file_text.h"
#include "ckptdump/memory.h"

enum { LOOK_BACK = 256 }; /* mappings of one file may overlap; more of them than this are not searched */

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->space != y->space)
        return x->space < y->space ? -1 : 1;
    return (x->start > y->start) - (x->start < y->start);
}

static void add(struct places *places, struct image *image, const Ckpt__Memory *memory, const Ckpt__Mapping *mapping)
{
    const Ckpt__File *file = image_file(image, mapping->file);
    struct place place = {memory->space, mapping->start, mapping->end, memory, mapping, file};
    if ((mapping->flags & MAP_SHARED) == 0)
        places->list[places->count++] = place;
    if (file == NULL || file->space == 0)
        return;
    place.space = file->space;
    place.start = mapping->offset;
    place.end = mapping->offset + (mapping->end - mapping->start);
    places->list[places->count++] = place;
}

bool places_init(struct places *places, struct image *image)
{
    const struct image_list *memories = image_records(image, CKPT__KIND__KIND_MEMORY);
    size_t most = 1;
    for (size_t i = 0; i < memories->count; i++)
        most += 2 * ((const Ckpt__Memory *)(const void *)memories->messages[i])->n_mappings;
    *places = (struct places){.list = malloc(most * sizeof(*places->list))};
    if (places->list == NULL) {
        image_complain(image, "reading mappings: out of memory");
        return false;
    }
    for (size_t i = 0; i < memories->count; i++) {
        const Ckpt__Memory *memory = (const void *)memories->messages[i];
        for (size_t n = 0; n < memory->n_mappings; n++)
            add(places, image, memory, memory->mappings[n]);
    }
    qsort(places->list, places->count, sizeof(*places->list), compare_places);
    return true;
}

void places_deinit(struct places *places)
{
    free(places->list);
    *places = (struct places){0};
}

const struct place *places_find(const struct places *places, uint32_t space, uint64_t address)
{
    size_t low = 0, high = places->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct place *place = &places->list[middle];
        if (place->space > space || (place->space == space && place->start > address))
            high = middle;
        else
            low = middle + 1;
    }
    const struct place *found = NULL;
    for (size_t i = low; i > 0 && low - i < LOOK_BACK && places->list[i - 1].space == space; i--)
        if (places->list[i - 1].end > address)
            found = &places->list[i - 1];
    return found;
}

uint64_t place_address(const struct place *place, uint64_t address)
{
    return place->mapping->start + (address - place->start);
}

static const Ckpt__File *file_of_space(struct image *image, uint32_t space)
{
    const struct image_list *files = image_records(image, CKPT__KIND__KIND_FILE);
    for (size_t i = 0; i < files->count; i++) {
        const Ckpt__File *file = (const void *)files->messages[i];
        if (file->space == space)
            return file;
    }
    return NULL;
}

void place_add_name(struct cli_text *text, struct image *image, const struct place *place, uint32_t space)
{
    const Ckpt__File *file = place == NULL ? file_of_space(image, space) : NULL;
    if (place != NULL) {
        add_mapping_name(text, place->memory, place->mapping, place->file);
        if (text->length == 0)
            cli_text_add(text, "[anon]");
        return;
    }
    cli_text_add(text, "space %u", space);
    if (file != NULL) {
        cli_text_add(text, " of ");
        add_file_path(text, file);
    }
}
