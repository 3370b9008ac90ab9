#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>

#include "ckptdump/dump.h"
#include "cli/names.h"
#include "cli/table.h"
#include "schemas/limits.pb-c.h"

/* Those that count bytes. */
static bool is_size(uint32_t resource)
{
    static const uint32_t sizes[] = {RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_CORE, RLIMIT_RSS, RLIMIT_MEMLOCK, RLIMIT_AS, RLIMIT_MSGQUEUE};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        if (sizes[i] == resource)
            return true;
    return false;
}

static void add_value(const struct dump *dump, struct cli_table *table, uint32_t resource, uint64_t value)
{
    char size[CLI_SIZE_TEXT];
    if (value == UINT64_MAX)
        cli_table_cell(table, "unlimited");
    else if (is_size(resource) && value > 0)
        cli_table_cell(table, "%s", dump_size(dump, size, value));
    else
        cli_table_cell(table, "%" PRIu64, value);
}

void show_limits(struct dump *dump)
{
    static const struct cli_column columns[] = {{"limit", 0}, {"soft", 1}, {"hard", 1}, {0}};
    const struct image_list *lists = image_records(&dump->image, CKPT__KIND__KIND_LIMITS);
    if (lists->count == 0)
        show_none("limits");
    for (size_t i = 0; i < lists->count; i++) {
        const Ckpt__Limits *limits = (const void *)lists->messages[i];
        struct cli_table table;
        cli_table_init(&table, stdout, columns);
        for (size_t n = 0; n < limits->n_limits; n++) {
            struct cli_text name = {0};
            cli_add_name(&name, cli_limits, limits->limits[n]->resource);
            cli_table_cell(&table, "%s", cli_text_get(&name));
            add_value(dump, &table, limits->limits[n]->resource, limits->limits[n]->soft);
            add_value(dump, &table, limits->limits[n]->resource, limits->limits[n]->hard);
            cli_text_deinit(&name);
        }
        cli_table_deinit(&table);
    }
}

void json_limits(struct dump *dump)
{
    json_records(dump, "limits", CKPT__KIND__KIND_LIMITS);
}
