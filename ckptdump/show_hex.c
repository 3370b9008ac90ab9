#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ckptdump/dump.h"
#include "ckptdump/memory.h"
#include "cli/complain.h"
#include "cli/text.h"

enum { HEX_LENGTH = 256, HEX_LINE = 16, BLOCK = 65536 };

/* "ADDR" or "ADDR,LEN"; a bare address is hexadecimal, as /proc/PID/maps writes it. */
static bool parse_range(const char *text, uint64_t *address, uint64_t *length)
{
    int end = 0;
    bool found = sscanf(text, "%" SCNx64 "%n", address, &end) == 1 && text[0] != '-';
    return found && (text[end] == '\0' || (text[end] == ',' && cli_number(text + end + 1, length)));
}

int check_hex(const struct settings *settings)
{
    const char *const values[] = {settings->hex, settings->extract};
    const char *const names[] = {"hex", "extract"};
    for (size_t i = 0; i < 2; i++) {
        uint64_t address, length = 0;
        if (values[i] == NULL || (parse_range(values[i], &address, &length) && (i == 0 || length > 0)))
            continue;
        cli_complain("ckptdump", NULL, "--%s=%s: not an address in hexadecimal%s a length", names[i], values[i], i == 0 ? ", or one, a comma and" : ", a comma and");
        return CLI_MISUSE;
    }
    return CLI_GO;
}

static void print_absent(const struct memory_run *run, uint64_t address)
{
    char size[CLI_SIZE_TEXT];
    printf("%012" PRIx64 "  %s ", address, cli_size(size, run->length, false));
    if (run->source == MEMORY_UNMAPPED) {
        puts("not mapped");
    } else if (run->source == MEMORY_ZERO) {
        puts("of zeros");
    } else if (run->file == NULL) {
        puts("of the kernel's own, not in the image");
    } else {
        fputs("not in the image but in ", stdout);
        cli_print_escaped(stdout, run->file->path.data, run->file->path.len);
        printf(" at 0x%" PRIx64 "\n", run->file_offset);
    }
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

static void print_run(uint64_t address, const uint8_t *bytes, const struct memory_run *run)
{
    if (run->source != MEMORY_STORED) {
        print_absent(run, address);
        return;
    }
    for (size_t at = 0; at < run->length; at += HEX_LINE)
        print_line(address + at, bytes + at, run->length - at < HEX_LINE ? run->length - at : HEX_LINE);
}

/* Hands the range's runs to `use` one after the other. What nothing is stored of comes whole, the rest in blocks. */
static void read_range(struct dump *dump, uint64_t address, uint64_t length, void (*use)(uint64_t, const uint8_t *, const struct memory_run *))
{
    uint8_t block[BLOCK];
    for (uint64_t done = 0; done < length && address + done >= address;) {
        struct memory_run run;
        uint64_t left = length - done;
        if (!memory_read(&dump->image, address + done, block, left < BLOCK ? (size_t)left : BLOCK, &run))
            return;
        use(address + done, block, &run);
        done += run.length;
    }
}

void show_hex(struct dump *dump)
{
    uint64_t address = 0, length = HEX_LENGTH;
    parse_range(dump->settings->hex, &address, &length);
    read_range(dump, address, length, print_run);
}

static void write_run(uint64_t address, const uint8_t *bytes, const struct memory_run *run)
{
    if (run->source == MEMORY_UNMAPPED || run->source == MEMORY_FILE)
        cli_complain("ckptdump", NULL, "extracting: 0x%zx bytes at 0x%" PRIx64 " are not in the image: zeros stand for them", run->length, address);
    fwrite(bytes, 1, run->length, stdout);
}

void show_extract(struct dump *dump)
{
    uint64_t address = 0, length = 0;
    parse_range(dump->settings->extract, &address, &length);
    read_range(dump, address, length, write_run);
}
