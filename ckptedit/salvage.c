#include "ckptedit/salvage.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ckptfmt/stream.h>
#include <ckptfmt/verify.h>

#include "ckptedit/rewrite.h"
#include "cli/complain.h"
#include "cli/text.h"

static bool is_whole(int fd)
{
    const struct ckpt_verify_options options = {.struct_size = sizeof(options)};
    struct ckpt_reader *reader = ckpt_reader_create();
    bool whole = reader != NULL && ckpt_reader_open_fd(reader, fd) == CKPT_OK && ckpt_reader_verify(reader, &options, NULL) == CKPT_OK;
    ckpt_reader_destroy(reader);
    return whole;
}

static void tell(const char *path, const struct settings *settings, const struct ckpt_salvage_report *report)
{
    char size[CLI_SIZE_TEXT];
    cli_print_escaped(stdout, path, strlen(path));
    printf(": %s %" PRIu64 " chunk%s of pages", settings->dry_run ? "would recover" : "recovered", report->chunks, report->chunks == 1 ? "" : "s");
    if (report->lost_chunks > 0)
        printf(", pass%s over %" PRIu64 " damaged one%s", settings->dry_run ? "" : "ed", report->lost_chunks, report->lost_chunks == 1 ? "" : "s");
    if (report->missing_ranges > 0)
        printf("; up to %s of memory %s missing, in %" PRIu64 " range%s", cli_size(size, report->missing_bytes, false),
               report->missing_bytes == 1 ? "is" : "are", report->missing_ranges, report->missing_ranges == 1 ? "" : "s");
    if (report->unverified_bytes > 0)
        printf("; %s cannot be verified: %s digests are lost", cli_size(size, report->unverified_bytes, false), report->unverified ? "its and the records'" : "its");
    else if (report->unverified)
        printf("; the records cannot be verified: their digest is lost");
    if (report->tail_lost)
        printf("; the records behind the pages are missing");
    if (report->whole)
        printf("; nothing is missing");
    printf("; reading stopped at 0x%" PRIx64 "\n", report->stopped_at);
}

static ssize_t discard(void *context, const void *buffer, size_t length)
{
    (void)context;
    (void)buffer;
    return (ssize_t)length;
}

static ssize_t discard_at(void *context, const void *buffer, size_t length, uint64_t offset)
{
    (void)offset;
    return discard(context, buffer, length);
}

static int try(const char *path, struct ckpt_stream *stream, struct ckpt_salvage_report *report)
{
    struct ckpt_io sink = {.struct_size = sizeof(sink), .write = discard, .write_at = discard_at};
    if (ckpt_stream_salvage(stream, &sink, report) == CKPT_OK)
        return CLI_FINE;
    cli_complain("ckptedit", path, "salvaging: %s", ckpt_stream_error(stream));
    return CLI_FAILED;
}

int salvage_file(const struct settings *settings, const char *path, int fd)
{
    struct ckpt_salvage_report report = {.struct_size = sizeof(report)};
    if (is_whole(fd)) {
        cli_complain("ckptedit", path, "salvaging: the image is whole: there is nothing to salvage");
        return CLI_FAILED;
    }
    struct ckpt_stream *stream = ckpt_stream_create();
    if (stream != NULL)
        ckpt_stream_allow_raw(stream);
    enum ckpt_status status = stream != NULL && lseek(fd, 0, SEEK_SET) == 0 ? ckpt_stream_open_fd(stream, fd) : CKPT_NO_MEMORY;
    int result = status == CKPT_OK ? CLI_FINE : status == CKPT_IO ? CLI_MISUSE : CLI_FAILED;
    if (status != CKPT_OK)
        cli_complain("ckptedit", path, "salvaging: %s", stream != NULL ? ckpt_stream_error(stream) : "out of memory");
    const struct rewrite_job job = {.path = path, .output = settings->output, .input = fd, .stream = stream, .report = &report};
    if (result == CLI_FINE)
        result = settings->dry_run ? try(path, stream, &report) : rewrite_image(&job);
    if (result == CLI_FINE)
        tell(path, settings, &report);
    ckpt_stream_destroy(stream);
    return result;
}
