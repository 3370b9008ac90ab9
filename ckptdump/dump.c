#include "ckptdump/dump.h"

#include <stdio.h>

#include "cli/text.h"

void json_records(struct dump *dump, const char *key, Ckpt__Kind kind)
{
    const struct image_list *list = image_records(&dump->image, kind);
    cli_json_list(&dump->json, key);
    for (size_t i = 0; i < list->count; i++)
        cli_json_message(&dump->json, NULL, list->messages[i]);
    cli_json_end_list(&dump->json);
}

const char *dump_size(const struct dump *dump, char *text, uint64_t bytes)
{
    return cli_size(text, bytes, dump->settings->exact);
}

void show_none(const char *what)
{
    printf("no %s\n", what);
}
