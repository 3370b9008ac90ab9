#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ckptdump/dump.h"
#include "ckptdump/scan.h"
#include "cli/complain.h"
#include "cli/pattern.h"
#include "cli/table.h"

enum { BEFORE = 16, AFTER = 32, SHOWN = 64 }; /* bytes around a hit, and at most of it */

struct search {
    struct pattern *pattern;
    struct cli_table table;
    size_t context; /* bytes at the beginning of what is carried that were searched already */
    uint64_t hits;
};

int check_search(const struct settings *settings)
{
    struct cli_text why = {0};
    struct pattern *pattern = settings->search != NULL ? pattern_create(settings->search, &why) : NULL;
    bool fine = settings->search == NULL || pattern != NULL;
    if (!fine)
        cli_complain("ckptdump", NULL, "--search=%s: %s", settings->search, cli_text_get(&why));
    pattern_destroy(pattern);
    cli_text_deinit(&why);
    return fine ? CLI_GO : CLI_MISUSE;
}

/* Bytes as a dump's right column has them. */
static void add_context(struct cli_text *text, const struct window *window, size_t start, size_t end)
{
    size_t from = start > BEFORE ? start - BEFORE : 0;
    size_t shown = end - start < SHOWN ? end : start + SHOWN;
    size_t to = window->length - shown > AFTER ? shown + AFTER : window->length;
    for (size_t i = from; i < to; i++) {
        cli_text_add(text, "%s", i == start ? "[" : i == shown ? "]" : "");
        cli_text_add(text, "%c", window->bytes[i] >= ' ' && window->bytes[i] <= '~' ? window->bytes[i] : '.');
    }
    cli_text_add(text, "%s", to == shown ? "]" : "");
}

static void show_hit(struct search *search, const struct window *window, size_t start, size_t end)
{
    struct cli_text address = {0}, name = {0}, context = {0};
    scan_add_address(&address, window, start);
    scan_add_name(&name, window, start);
    add_context(&context, window, start, end);
    cli_table_cell(&search->table, "%s", cli_text_get(&address));
    cli_table_bytes(&search->table, cli_text_get(&name), name.length);
    struct cli_table *table = &search->table;
    cli_table_cell(table, "%s", cli_text_get(&context));
    cli_text_deinit(&address);
    cli_text_deinit(&name);
    cli_text_deinit(&context);
}

static void json_hit(const struct window *window, size_t start, size_t end)
{
    struct cli_json *json = &window->dump->json;
    size_t from = start > BEFORE ? start - BEFORE : 0, to = window->length - end > AFTER ? end + AFTER : window->length;
    cli_json_object(json, NULL);
    scan_json_place(window, start);
    cli_json_base64(json, "bytes", window->bytes + start, end - start);
    cli_json_base64(json, "before", window->bytes + from, start - from);
    cli_json_base64(json, "after", window->bytes + end, to - end);
    cli_json_end_object(json);
}

/* Matches that begin too near the end to be seen whole, with what follows them, are left to the next window. */
static size_t look(const struct window *window)
{
    struct search *search = window->context;
    size_t from = window->carried > 0 ? search->context : 0, ahead = pattern_reach(search->pattern) + AFTER;
    size_t limit = window->last ? window->length : window->length > ahead ? window->length - ahead : 0;
    size_t at, length;
    if (limit < from)
        limit = from;
    while (pattern_find(search->pattern, window->bytes, window->length, from, &at, &length) && at < limit) {
        if (window->dump->settings->json)
            json_hit(window, at, at + length);
        else
            show_hit(search, window, at, at + length);
        search->hits++;
        from = pattern_next(search->pattern, at, length);
    }
    size_t next = from > limit ? from : limit, keep = next > BEFORE ? next - BEFORE : 0;
    search->context = next - keep;
    return window->length - keep;
}

static void search_all(struct dump *dump, struct search *search)
{
    struct cli_text why = {0};
    search->pattern = pattern_create(dump->settings->search, &why);
    if (search->pattern != NULL)
        scan_memory(dump, pattern_length(search->pattern), look, search);
    else
        image_complain(&dump->image, "--search: %s", cli_text_get(&why));
    pattern_destroy(search->pattern);
    cli_text_deinit(&why);
}

void show_search(struct dump *dump)
{
    static const struct cli_column columns[] = {{"address", 0}, {"mapping", 0}, {"bytes", 0}, {0}};
    struct search search = {0};
    cli_table_init(&search.table, stdout, columns);
    search_all(dump, &search);
    cli_table_deinit(&search.table);
    if (search.hits == 0)
        puts("not found in stored memory");
}

void json_search(struct dump *dump)
{
    struct search search = {0};
    cli_json_list(&dump->json, "search");
    search_all(dump, &search);
    cli_json_end_list(&dump->json);
}
