/* From OTHER to the file: what only one has, what both have and is not the same. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ckptdump/changes.h"
#include "ckptdump/dump.h"
#include "ckptdump/facts.h"
#include "ckptdump/file_text.h"
#include "ckptdump/memory.h"
#include "cli/table.h"

struct diff {
    struct dump *dump;
    struct image other;
    struct cli_table table;
    const char *section;
    uint64_t differences; /* in this section */
    uint64_t bytes;       /* of memory */
};

static const struct cli_column columns[] = {{"", 0}, {"", 0}, {"", 0}, {0}};

static void begin_section(struct diff *diff, const char *name)
{
    diff->section = name;
    diff->differences = 0;
    cli_table_init(&diff->table, stdout, columns);
}

static void end_section(struct diff *diff)
{
    cli_table_deinit(&diff->table);
}

/* `old` or `new` may be NULL. */
static void tell(struct diff *diff, const char *key, const char *old, const char *new)
{
    static const char *const changes[] = {"removed", "added", "changed"};
    static const char *const signs[] = {"-", "+", "~"};
    size_t kind = new == NULL ? 0 : old == NULL ? 1 : 2;
    diff->dump->differs = true;
    if (diff->dump->settings->json) {
        struct cli_json *json = &diff->dump->json;
        cli_json_object(json, NULL);
        cli_json_string(json, "section", diff->section);
        cli_json_string(json, "change", changes[kind]);
        cli_json_text(json, "subject", key, strlen(key));
        if (old != NULL)
            cli_json_text(json, "old", old, strlen(old));
        if (new != NULL)
            cli_json_text(json, "new", new, strlen(new));
        cli_json_end_object(json);
        return;
    }
    if (diff->differences++ == 0)
        printf("%s:\n", diff->section);
    cli_table_cell(&diff->table, "  %s", signs[kind]);
    cli_table_cell(&diff->table, "%s", key);
    if (kind == 2)
        cli_table_cell(&diff->table, "%s -> %s", old[0] != '\0' ? old : "(none)", new[0] != '\0' ? new : "(none)");
    else
        cli_table_cell(&diff->table, "%s", kind == 0 ? old : new);
}

static int compare(const struct fact *a, const struct fact *b)
{
    if (a->order != b->order)
        return a->order < b->order ? -1 : 1;
    return strcmp(a->key, b->key);
}

static void compare_section(struct diff *diff, const struct facts_section *section)
{
    struct facts old = {0}, new = {0};
    section->collect(&diff->other, &old);
    section->collect(&diff->dump->image, &new);
    facts_sort(&old);
    facts_sort(&new);
    begin_section(diff, section->name);
    for (size_t i = 0, n = 0; i < old.count || n < new.count;) {
        int order = i == old.count ? 1 : n == new.count ? -1 : compare(&old.list[i], &new.list[n]);
        if (order < 0)
            tell(diff, old.list[i].key, old.list[i].value, NULL);
        else if (order > 0)
            tell(diff, new.list[n].key, NULL, new.list[n].value);
        else if (strcmp(old.list[i].value, new.list[n].value) != 0)
            tell(diff, old.list[i].key, old.list[i].value, new.list[n].value);
        i += order <= 0;
        n += order >= 0;
    }
    end_section(diff);
    facts_deinit(&old);
    facts_deinit(&new);
}

static void add_change(void *context, uint64_t start, uint64_t end, const Ckpt__Mapping *mapping)
{
    struct diff *diff = context;
    struct image *image = &diff->other;
    struct cli_text key = {0}, name = {0}, value = {0};
    char size[CLI_SIZE_TEXT];
    facts_begin_key(image, image->process, &key);
    cli_text_add(&key, "%08" PRIx64 "-%08" PRIx64, start, end);
    add_mapping_name(&name, memory_of(image), mapping, image_file(image, mapping->file));
    cli_text_add(&value, "%s of %08" PRIx64 "-%08" PRIx64 " %s", dump_size(diff->dump, size, end - start), mapping->start, mapping->end,
                 name.length > 0 ? cli_text_get(&name) : "[anon]");
    diff->bytes += end - start;
    diff->dump->differs = true;
    if (diff->dump->settings->json) {
        struct cli_json *json = &diff->dump->json;
        cli_json_object(json, NULL);
        cli_json_string(json, "section", diff->section);
        cli_json_string(json, "change", "changed");
        cli_json_int(json, "process", image->process);
        cli_json_u64(json, "start", start);
        cli_json_u64(json, "end", end);
        cli_json_text(json, "mapping", cli_text_get(&name), name.length);
        cli_json_end_object(json);
    } else {
        if (diff->differences++ == 0)
            printf("%s:\n", diff->section);
        cli_table_cell(&diff->table, "  ~");
        cli_table_cell(&diff->table, "%s", cli_text_get(&key));
        cli_table_cell(&diff->table, "%s", cli_text_get(&value));
    }
    cli_text_deinit(&key);
    cli_text_deinit(&name);
    cli_text_deinit(&value);
}

static void compare_memory(struct diff *diff)
{
    struct image *image = &diff->dump->image;
    const struct image_list *memories = image_records(&diff->other, CKPT__KIND__KIND_MEMORY);
    begin_section(diff, "memory");
    for (size_t i = 0; i < memories->count; i++) {
        image->process = diff->other.process = ((const Ckpt__Memory *)(const void *)memories->messages[i])->process;
        changes_find(&diff->other, image, add_change, diff);
    }
    end_section(diff);
    if (diff->bytes > 0 && !diff->dump->settings->json) {
        char size[CLI_SIZE_TEXT];
        printf("  %s of memory differ\n", dump_size(diff->dump, size, diff->bytes));
    }
}

static void compare_all(struct dump *dump)
{
    struct diff diff = {.dump = dump};
    int result = image_open(&diff.other, dump->settings->diff, false);
    if (result == CLI_FINE) {
        for (const struct facts_section *section = facts_sections; section->name != NULL; section++)
            compare_section(&diff, section);
        compare_memory(&diff);
    }
    dump->image.damaged |= result == CLI_FAILED || diff.other.damaged;
    dump->unreadable |= result == CLI_MISUSE;
    image_deinit(&diff.other);
}

void show_diff(struct dump *dump)
{
    compare_all(dump);
    if (!dump->differs && !dump->image.damaged && !dump->unreadable)
        puts("the same");
}

void json_diff(struct dump *dump)
{
    cli_json_list(&dump->json, "diff");
    compare_all(dump);
    cli_json_end_list(&dump->json);
    cli_json_bool(&dump->json, "differs", dump->differs);
}
