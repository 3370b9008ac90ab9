/* Command line and environment lie in the program's memory, where it can change them; the kernel only knows where. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ckptdump/args.h"
#include "ckptdump/dump.h"
#include "ckptdump/memory.h"
#include "cli/text.h"

enum { ARGS_MAX = 16 << 20 }; /* twice what any kernel allows: 3/4 of an 8 MiB stack */

void args_deinit(struct args *args)
{
    free(args->bytes);
    *args = (struct args){0};
}

bool args_read(struct image *image, uint64_t start, uint64_t end, struct args *args)
{
    *args = (struct args){0};
    if (end <= start)
        return true;
    if (end - start > ARGS_MAX) {
        image_complain(image, "reading the command line: %" PRIx64 "-%" PRIx64 " is too long to be one", start, end);
        return false;
    }
    args->bytes = malloc((size_t)(end - start));
    if (args->bytes == NULL) {
        image_complain(image, "reading the command line: out of memory");
        return false;
    }
    while (args->length < end - start) {
        struct memory_run run;
        if (!memory_read(image, start + args->length, args->bytes + args->length, (size_t)(end - start) - args->length, &run))
            return false;
        args->complete = run.source == MEMORY_STORED || (args->complete && run.source == MEMORY_ZERO);
        args->length += run.length;
    }
    return true;
}

bool args_next(const struct args *args, size_t *at, const char **word, size_t *length)
{
    if (*at >= args->length)
        return false;
    *word = args->bytes + *at;
    *length = strnlen(*word, args->length - *at);
    *at += *length + 1;
    return true;
}

static bool read_part(struct dump *dump, bool environment, struct args *args)
{
    const Ckpt__Memory *memory = memory_of(&dump->image);
    *args = (struct args){0};
    if (memory == NULL || memory->layout == NULL)
        return true;
    const Ckpt__Layout *layout = memory->layout;
    return args_read(&dump->image, environment ? layout->env_start : layout->arg_start, environment ? layout->env_end : layout->arg_end, args);
}

static void show_part(struct dump *dump, bool environment)
{
    struct args args;
    size_t at = 0, length;
    const char *word;
    read_part(dump, environment, &args);
    while (args_next(&args, &at, &word, &length)) {
        cli_print_escaped(stdout, word, length);
        putchar('\n');
    }
    if (args.length == 0)
        show_none(environment ? "environment" : "arguments");
    args_deinit(&args);
}

static void json_part(struct dump *dump, bool environment)
{
    struct args args;
    size_t at = 0, length;
    const char *word;
    read_part(dump, environment, &args);
    cli_json_list(&dump->json, environment ? "environment" : "arguments");
    while (args_next(&args, &at, &word, &length))
        cli_json_text(&dump->json, NULL, word, length);
    cli_json_end_list(&dump->json);
    args_deinit(&args);
}

void show_args(struct dump *dump)
{
    show_part(dump, false);
}

void show_env(struct dump *dump)
{
    show_part(dump, true);
}

void json_args(struct dump *dump)
{
    json_part(dump, false);
}

void json_env(struct dump *dump)
{
    json_part(dump, true);
}
