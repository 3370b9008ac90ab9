/* Memory as it was: from the image, or from the mapped file where that is still the same. Nothing is made up: it is all or nothing. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>
#include <unistd.h>

#include "ckptdump/backing.h"
#include "ckptdump/dump.h"
#include "ckptdump/file_text.h"
#include "ckptdump/memory.h"
#include "ckptdump/range.h"
#include "cli/complain.h"
#include "cli/progress.h"
#include "cli/whole_file.h"

enum { BLOCK = 65536 };

int check_extract(const struct settings *settings)
{
    uint64_t address, length = 0;
    if (settings->extract == NULL || (range_parse(settings->extract, &address, &length) && length > 0)) {
        if (settings->output == NULL || settings->extract != NULL)
            return CLI_GO;
        cli_complain("ckptdump", NULL, "--output: nothing goes there without --extract");
        return CLI_MISUSE;
    }
    cli_complain("ckptdump", NULL, "--extract=%s: not an address in hexadecimal, a comma and a length", settings->extract);
    return CLI_MISUSE;
}

/* Why the bytes of a run cannot be had; NULL where they can. */
static const char *obstacle(struct backing *backing, const struct memory_run *run)
{
    static const char *const sentences[] = {[MEMORY_ABSENT] = "is not in the core file", [MEMORY_KERNEL] = "is the kernel's own, and not in the image",
                                            [MEMORY_UNMAPPED] = "is not mapped"};
    if (run->source == MEMORY_STORED || run->source == MEMORY_ZERO)
        return NULL;
    if (run->source != MEMORY_FILE)
        return sentences[run->source];
    return backing_open(backing, run->file) < 0 ? backing->why : NULL;
}

static void complain(struct dump *dump, const struct backing *backing, uint64_t address, const struct memory_run *run)
{
    struct cli_text path = {0};
    if (run->source == MEMORY_FILE) {
        add_file_path(&path, run->file);
        image_complain(&dump->image, "extracting: memory at 0x%" PRIx64 " is in %s, not in the image, and that cannot be used: %s", address,
                       cli_text_get(&path), backing->why);
    } else {
        image_complain(&dump->image, "extracting: memory at 0x%" PRIx64 " (0x%" PRIx64 " bytes) %s", address, run->length, obstacle(NULL, run));
    }
    cli_text_deinit(&path);
}

/* Before anything is written. */
static bool can_extract(struct dump *dump, struct backing *backing, uint64_t address, uint64_t length)
{
    for (uint64_t done = 0; done < length;) {
        struct memory_run run;
        if (address + done < address) {
            image_complain(&dump->image, "extracting: 0x%" PRIx64 " bytes from 0x%" PRIx64 " on reach beyond the end of all memory", length, address);
            return false;
        }
        if (!memory_locate(&dump->image, address + done, length - done, &run))
            return false;
        if (obstacle(backing, &run) != NULL) {
            complain(dump, backing, address + done, &run);
            return false;
        }
        done += run.length;
    }
    return true;
}

static void complain_of_writing(struct dump *dump, int error)
{
    const char *output = dump->settings->output;
    if (error != EPIPE)
        cli_complain("ckptdump", output != NULL ? output : "standard output", "writing: %s", strerror(error));
    dump->image.damaged = true;
    if (output == NULL) { /* said once is enough */
        __fpurge(stdout);
        clearerr(stdout);
    }
}

/* Passes over zeros, however many: a file need not have them. */
static bool skip_zeros(struct dump *dump, uint64_t address, uint64_t length, FILE *out, uint64_t *skipped)
{
    struct memory_run run;
    *skipped = 0;
    if (!memory_locate(&dump->image, address, length, &run))
        return false;
    if (run.source == MEMORY_ZERO && fseeko(out, (off_t)run.length, SEEK_CUR) == 0)
        *skipped = run.length;
    return true;
}

static bool copy(struct dump *dump, struct backing *backing, uint64_t address, uint64_t length, FILE *out)
{
    uint8_t block[BLOCK];
    struct cli_progress progress;
    cli_progress_init(&progress, "ckptdump", "extracting");
    bool fine = true, sparse = dump->settings->output != NULL;
    for (uint64_t done = 0; fine && done < length;) {
        struct memory_run run;
        uint64_t skipped = 0;
        fine = !sparse || skip_zeros(dump, address + done, length - done, out, &skipped);
        done += skipped;
        if (skipped > 0 || !fine)
            continue;
        fine = memory_read(&dump->image, address + done, block, length - done < BLOCK ? (size_t)(length - done) : BLOCK, &run);
        if (fine && run.source == MEMORY_FILE && !backing_read(backing, run.file, run.file_offset, block, (size_t)run.length)) {
            complain(dump, backing, address + done, &run);
            fine = false;
        }
        if (fine && fwrite(block, 1, (size_t)run.length, out) != run.length) {
            complain_of_writing(dump, errno);
            fine = false;
        }
        done += fine ? run.length : 0;
        cli_progress_update(&progress, done, length);
    }
    cli_progress_finish(&progress);
    return fine;
}

static void extract_to_file(struct dump *dump, struct backing *backing, uint64_t address, uint64_t length)
{
    struct whole_file file;
    const char *path = dump->settings->output;
    int error = whole_file_create(&file, path, 0666);
    FILE *out = error == 0 ? fdopen(dup(file.fd), "w") : NULL;
    bool fine = out != NULL;
    if (fine && (length > INT64_MAX || ftruncate(file.fd, (off_t)length) != 0)) { /* first: it may be more than a file can have */
        error = length > INT64_MAX ? -EFBIG : -errno;
        file.doing = "writing";
        fine = false;
    }
    fine = fine && copy(dump, backing, address, length, out);
    if (fine && fflush(out) != 0) {
        error = errno != 0 ? -errno : -EIO;
        file.doing = "writing";
    }
    if (error == 0 && out == NULL) {
        error = -errno;
        file.doing = "creating";
    }
    if (out != NULL)
        fclose(out);
    if (error == 0 && fine)
        error = whole_file_commit(&file);
    if (error != 0)
        cli_complain("ckptdump", path, "%s: %s", file.doing, strerror(-error));
    dump->image.damaged |= error != 0;
    whole_file_close(&file);
}

void show_extract(struct dump *dump)
{
    uint64_t address = 0, length = 0;
    struct backing backing;
    backing_init(&backing);
    range_parse(dump->settings->extract, &address, &length);
    if (can_extract(dump, &backing, address, length)) {
        if (dump->settings->output != NULL)
            extract_to_file(dump, &backing, address, length);
        else
            copy(dump, &backing, address, length, stdout);
    }
    backing_deinit(&backing);
}
