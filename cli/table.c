#include "cli/table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_KEPT = 2048 };

void cli_table_init(struct cli_table *table, FILE *out, const struct cli_column *columns)
{
    *table = (struct cli_table){.out = out, .columns = columns};
    while (table->column_count < CLI_TABLE_COLUMNS && columns[table->column_count].title != NULL) {
        table->widths[table->column_count] = strlen(columns[table->column_count].title);
        table->column_count++;
    }
}

/* Columns on a terminal, near enough: code points. */
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++)
        width += (*text & 0xc0) != 0x80;
    return width;
}

static void print_cell(const struct cli_table *table, size_t column, const char *text)
{
    size_t width = width_of(text), wide = table->widths[column];
    int padding = wide > width ? (int)(wide - width) : 0;
    bool last = column + 1 == table->column_count;
    if (table->columns[column].right)
        fprintf(table->out, "%*s%s", padding, "", text);
    else if (last)
        fputs(text, table->out);
    else
        fprintf(table->out, "%s%*s", text, padding, "");
    fputs(last ? "\n" : "  ", table->out);
}

static void print_titles(struct cli_table *table)
{
    bool any = false;
    for (size_t i = 0; i < table->column_count; i++)
        any |= table->columns[i].title[0] != '\0';
    for (size_t i = 0; any && i < table->column_count; i++)
        print_cell(table, i, table->columns[i].title);
    table->titled = true;
}

static void flush(struct cli_table *table)
{
    if (table->cell_count == 0)
        return;
    const char *cell = table->cells.text;
    for (size_t i = 0; i < table->cell_count; i++, cell += strlen(cell) + 1) {
        size_t column = i % table->column_count, width = width_of(cell);
        bool free_end = column + 1 == table->column_count && !table->columns[column].right;
        if (!free_end && width > table->widths[column])
            table->widths[column] = width;
    }
    if (!table->titled)
        print_titles(table);
    cell = table->cells.text;
    for (size_t i = 0; i < table->cell_count; i++, cell += strlen(cell) + 1)
        print_cell(table, i % table->column_count, cell);
    cli_text_clear(&table->cells);
    table->cell_count = 0;
}

void cli_table_bytes(struct cli_table *table, const void *bytes, size_t length)
{
    if (table->cell_count == table->column_count * ROWS_KEPT)
        flush(table);
    cli_text_escape(&table->cells, bytes, length);
    cli_text_add(&table->cells, "%c", '\0');
    table->cell_count++;
}

void cli_table_cell(struct cli_table *table, const char *format, ...)
{
    char *cell = NULL;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&cell, format, args);
    va_end(args);
    if (length < 0)
        cli_table_bytes(table, format, strlen(format));
    else
        cli_table_bytes(table, cell, (size_t)length);
    if (length >= 0)
        free(cell);
}

void cli_table_deinit(struct cli_table *table)
{
    if (table->cell_count % table->column_count == 0)
        flush(table);
    cli_text_deinit(&table->cells);
}
