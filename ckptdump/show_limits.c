#include <inttypes.h>
#include <stdio.h>

#include "ckptdump/dump.h"
#include "cli/names.h"
#include "cli/table.h"
#include "schemas/limits.pb-c.h"

static void add_value(struct cli_table *table, uint64_t value)
{
    if (value == UINT64_MAX)
        cli_table_cell(table, "unlimited");
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
            add_value(&table, limits->limits[n]->soft);
            add_value(&table, limits->limits[n]->hard);
            cli_text_deinit(&name);
        }
        cli_table_deinit(&table);
    }
}

void json_limits(struct dump *dump)
{
    json_records(dump, "limits", CKPT__KIND__KIND_LIMITS);
}
