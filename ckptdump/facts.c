#include "ckptdump/facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct facts_section facts_sections[] = {
    {"identity", collect_identity}, {"threads", collect_threads}, {"descriptors", collect_descriptors}, {"signals", collect_signals},
    {"mappings", collect_mappings}, {0},
};

static char *take(struct cli_text *text)
{
    char *taken = text->text != NULL ? text->text : strdup("");
    *text = (struct cli_text){0};
    if (taken == NULL) {
        fputs("out of memory\n", stderr);
        exit(1);
    }
    return taken;
}

void facts_add(struct facts *facts, uint64_t order, struct cli_text *key, struct cli_text *value)
{
    if ((facts->count & (facts->count + 1)) == 0) { /* room doubles at 0, 1, 3, 7 … */
        struct fact *bigger = realloc(facts->list, (facts->count * 2 + 1) * sizeof(*bigger));
        if (bigger == NULL) {
            fputs("out of memory\n", stderr);
            exit(1);
        }
        facts->list = bigger;
    }
    facts->list[facts->count++] = (struct fact){order, take(key), take(value)};
}

static int compare(const void *a, const void *b)
{
    const struct fact *x = a, *y = b;
    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    int keys = strcmp(x->key, y->key);
    return keys != 0 ? keys : strcmp(x->value, y->value);
}

void facts_sort(struct facts *facts)
{
    if (facts->count > 0)
        qsort(facts->list, facts->count, sizeof(*facts->list), compare);
}

void facts_deinit(struct facts *facts)
{
    for (size_t i = 0; i < facts->count; i++) {
        free(facts->list[i].key);
        free(facts->list[i].value);
    }
    free(facts->list);
    *facts = (struct facts){0};
}

void facts_begin_key(struct image *image, uint32_t process, struct cli_text *key)
{
    if (image_records(image, CKPT__KIND__KIND_PROCESS)->count > 1)
        cli_text_add(key, "pid %d ", image_pid(image, process));
}
