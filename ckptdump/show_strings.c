/* Text in stored memory. A piece may cross from one chunk, or one mapping, into the next. */
#include <stdio.h>

#include "ckptdump/dump.h"
#include "ckptdump/scan.h"
#include "cli/complain.h"

enum { LEAST = 4, PIECE_MAX = 32 << 10 }; /* longer text comes in pieces */

int check_strings(const struct settings *settings)
{
    uint64_t least;
    const char *text = settings->strings;
    if (text == NULL || text[0] == '\0' || (cli_number(text, &least) && least > 0 && least <= PIECE_MAX))
        return CLI_GO;
    cli_complain("ckptdump", NULL, "--strings=%s: not a number of bytes from 1 to %d", text, PIECE_MAX);
    return CLI_MISUSE;
}

static void found(const struct window *window, size_t start, size_t end)
{
    const char *bytes = (const char *)window->bytes + start;
    if (window->dump->settings->json) {
        cli_json_object(&window->dump->json, NULL);
        scan_json_place(window, start);
        cli_json_text(&window->dump->json, "text", bytes, end - start);
        cli_json_end_object(&window->dump->json);
        return;
    }
    struct cli_text address = {0};
    if (places_find(window->places, window->space, window->address + start) == NULL)
        cli_text_add(&address, "space %u ", window->space);
    scan_add_address(&address, window, start);
    printf("%s  %.*s\n", cli_text_get(&address), (int)(end - start), bytes);
    cli_text_deinit(&address);
}

static size_t look(const struct window *window)
{
    uint64_t least = *(const uint64_t *)window->context;
    size_t start = 0;
    for (size_t i = 0; i <= window->length; i++) {
        if (i < window->length && window->bytes[i] >= ' ' && window->bytes[i] <= '~')
            continue;
        if (i == window->length && !window->last && i - start < PIECE_MAX)
            return i - start;
        if (i - start >= least)
            found(window, start, i);
        start = i + 1;
    }
    return 0;
}

static void strings(struct dump *dump)
{
    uint64_t least = LEAST;
    if (dump->settings->strings[0] != '\0')
        cli_number(dump->settings->strings, &least);
    scan_memory(dump, 0, look, &least);
}

void show_strings(struct dump *dump)
{
    strings(dump);
}

void json_strings(struct dump *dump)
{
    cli_json_list(&dump->json, "strings");
    strings(dump);
    cli_json_end_list(&dump->json);
}
