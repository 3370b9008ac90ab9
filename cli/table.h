/* Aligned tables. Rows are kept until some thousands are there, then printed, so a table of any length takes little memory. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stddef.h>
#include <stdio.h>

#include "cli/text.h"

enum { CLI_TABLE_COLUMNS = 16 };

struct cli_column {
    const char *title; /* NULL ends the columns; "" for none */
    bool right;        /* aligned to the right */
};

struct cli_table {
    FILE *out;
    const struct cli_column *columns;
    size_t column_count;
    size_t widths[CLI_TABLE_COLUMNS];
    bool titled;          /* the titles are printed */
    struct cli_text cells; /* NUL-terminated cells, one after the other */
    size_t cell_count;
};

/* `columns` is borrowed. Titles are printed with the first row. */
void cli_table_init(struct cli_table *table, FILE *out, const struct cli_column *columns);
/* The next cell; rows fill up from left to right. Text is escaped. */
void cli_table_cell(struct cli_table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
void cli_table_bytes(struct cli_table *table, const void *bytes, size_t length);
/* Prints what is left. */
void cli_table_deinit(struct cli_table *table);

#endif
