#include <inttypes.h>
#include <stdio.h>

#include "ckptdump/dump.h"
#include "ckptdump/file_text.h"
#include "ckptdump/memory.h"
#include "ckptdump/range.h"
#include "cli/complain.h"
#include "cli/text.h"

enum { HEX_LENGTH = 256, HEX_LINE = 16, BLOCK = 65536 };

int check_hex(const struct settings *settings)
{
    uint64_t address, length = HEX_LENGTH;
    if (settings->hex == NULL || (range_parse(settings->hex, &address, &length) && length > 0))
        return CLI_GO;
    cli_complain("ckptdump", NULL, "--hex=%s: not an address in hexadecimal, or one, a comma and a length", settings->hex);
    return CLI_MISUSE;
}

static void print_absent(const struct memory_run *run, uint64_t address)
{
    static const char *const sentences[] = {[MEMORY_ZERO] = "of zeros", [MEMORY_ABSENT] = "not in the core file",
                                            [MEMORY_KERNEL] = "of the kernel's own, not in the image", [MEMORY_UNMAPPED] = "not mapped"};
    char size[CLI_SIZE_TEXT];
    printf("%012" PRIx64 "  %s ", address, cli_size(size, run->length, false));
    if (run->source != MEMORY_FILE) {
        puts(sentences[run->source]);
        return;
    }
    struct cli_text path = {0};
    add_file_path(&path, run->file);
    fputs("not in the image but in ", stdout);
    cli_print_escaped(stdout, cli_text_get(&path), path.length);
    printf(" at 0x%" PRIx64 "\n", run->file_offset);
    cli_text_deinit(&path);
}

static void print_line(uint64_t address, const uint8_t *bytes, size_t length)
{
    printf("%012" PRIx64 " ", address);
    for (size_t i = 0; i < HEX_LINE; i++)
        if (i < length)
            printf("%s%02x", i % 8 == 0 ? "  " : " ", bytes[i]);
        else
            printf("%s  ", i % 8 == 0 ? "  " : " ");
    fputs("  |", stdout);
    for (size_t i = 0; i < length; i++)
        putchar(bytes[i] >= ' ' && bytes[i] <= '~' ? bytes[i] : '.');
    puts("|");
}

static void print_run(struct dump *dump, uint64_t address, const uint8_t *bytes, const struct memory_run *run)
{
    (void)dump;
    if (run->source != MEMORY_STORED) {
        print_absent(run, address);
        return;
    }
    for (size_t at = 0; at < run->length; at += HEX_LINE)
        print_line(address + at, bytes + at, run->length - at < HEX_LINE ? (size_t)run->length - at : HEX_LINE);
}

static void json_run(struct dump *dump, uint64_t address, const uint8_t *bytes, const struct memory_run *run)
{
    static const char *const sources[] = {[MEMORY_STORED] = "stored", [MEMORY_ZERO] = "zeros", [MEMORY_FILE] = "file", [MEMORY_ABSENT] = "absent",
                                          [MEMORY_KERNEL] = "kernel", [MEMORY_UNMAPPED] = "unmapped"};
    struct cli_json *json = &dump->json;
    cli_json_object(json, NULL);
    cli_json_u64(json, "address", address);
    cli_json_u64(json, "length", run->length);
    cli_json_string(json, "source", sources[run->source]);
    if (run->source == MEMORY_FILE) {
        cli_json_int(json, "file", run->file->id);
        cli_json_u64(json, "offset", run->file_offset);
    }
    if (run->source == MEMORY_STORED)
        cli_json_base64(json, "bytes", bytes, (size_t)run->length);
    cli_json_end_object(json);
}

typedef void use_run(struct dump *dump, uint64_t address, const uint8_t *bytes, const struct memory_run *run);

/* What is not stored comes whole, the rest in blocks. */
static void read_range(struct dump *dump, use_run *use)
{
    uint8_t block[BLOCK];
    uint64_t address = 0, length = HEX_LENGTH;
    range_parse(dump->settings->hex, &address, &length);
    for (uint64_t done = 0; done < length && address + done >= address;) {
        struct memory_run run;
        if (!memory_locate(&dump->image, address + done, length - done, &run))
            return;
        if (run.source == MEMORY_STORED && !memory_read(&dump->image, address + done, block, run.length < BLOCK ? (size_t)run.length : BLOCK, &run))
            return;
        use(dump, address + done, block, &run);
        done += run.length;
    }
}

void show_hex(struct dump *dump)
{
    read_range(dump, print_run);
}

void json_hex(struct dump *dump)
{
    cli_json_list(&dump->json, "hex");
    read_range(dump, json_run);
    cli_json_end_list(&dump->json);
}
