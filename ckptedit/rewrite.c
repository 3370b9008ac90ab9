#include "ckptedit/rewrite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ckptfmt/edit.h>
#include <ckptfmt/verify.h>

#include "ckptedit/attributes.h"
#include "cli/complain.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/whole_file.h"

enum { COPY_BUFFER = 1 << 16 };

struct rewrite {
    const struct rewrite_job *job;
    bool in_place;           /* the image's own file is replaced */
    struct whole_file file;
    struct cli_progress progress;
    sigset_t signals, old_signals;
};

static int complain(const struct rewrite *w, const char *doing, int error)
{
    const char *subject = w->job->output != NULL ? w->job->output : w->job->path;
    bool elsewhere = error == -EACCES || error == -EPERM || error == -EROFS || error == -ENOSPC || error == -EDQUOT;
    const char *why = error == -EISDIR ? "it is a directory" : error == -EINVAL ? "it is not a regular file" : strerror(-error);
    cli_complain("ckptedit", subject, "%s: %s%s", doing, why, w->job->output == NULL && elsewhere ? "; -o OUT writes elsewhere" : "");
    return CLI_FAILED;
}

/* Progress, and whether somebody wants us to stop. */
static bool go_on(void *context, uint64_t done, uint64_t total)
{
    struct rewrite *w = context;
    sigset_t pending, wanted;
    cli_progress_update(&w->progress, done, total);
    return sigpending(&pending) != 0 || sigandset(&wanted, &pending, &w->signals) != 0 || sigisemptyset(&wanted);
}

static int copy_through_memory(int in, int out, uint64_t from, uint64_t to, uint64_t length)
{
    char buffer[COPY_BUFFER];
    while (length > 0) {
        ssize_t got = pread(in, buffer, length < sizeof(buffer) ? (size_t)length : sizeof(buffer), (off_t)from);
        if (got <= 0)
            return got == 0 ? -ENODATA : -errno;
        for (ssize_t put = 0; put < got;) {
            ssize_t n = pwrite(out, buffer + put, (size_t)(got - put), (off_t)to + put);
            if (n < 0)
                return -errno;
            put += n;
        }
        from += (uint64_t)got;
        to += (uint64_t)got;
        length -= (uint64_t)got;
    }
    return 0;
}

/* The kernel copies, or shares the blocks where the file system can. */
static int copy_data(int in, int out, uint64_t from, uint64_t to, uint64_t length)
{
    while (length > 0) {
        loff_t source = (loff_t)from, target = (loff_t)to;
        ssize_t n = copy_file_range(in, &source, out, &target, (size_t)length, 0);
        if (n < 0 && errno == EINTR)
            continue;
        bool cannot = n == 0 || errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS || errno == EPERM;
        if (n <= 0)
            return cannot ? copy_through_memory(in, out, from, to, length) : -errno;
        from += (uint64_t)n;
        to += (uint64_t)n;
        length -= (uint64_t)n;
    }
    return 0;
}

/* Holes stay holes. */
static int copy(void *context, uint64_t from, uint64_t to, uint64_t length)
{
    struct rewrite *w = context;
    int in = w->job->input;
    uint64_t end = from + length, shift = to - from;
    while (from < end) {
        off_t data = lseek(in, (off_t)from, SEEK_DATA);
        if (data < 0 && errno == ENXIO)
            return 0;
        if (data < 0)
            data = (off_t)from;
        off_t hole = lseek(in, data, SEEK_HOLE);
        uint64_t stop = hole < 0 || (uint64_t)hole > end ? end : (uint64_t)hole;
        if ((uint64_t)data >= end)
            return 0;
        int error = copy_data(in, w->file.fd, (uint64_t)data, (uint64_t)data + shift, stop - (uint64_t)data);
        if (error != 0)
            return error;
        from = stop;
    }
    return 0;
}

static enum ckpt_edit filter(void *context, const struct ckpt_note *note, const void **body, size_t *length)
{
    return records_filter(&((struct rewrite *)context)->job->edit->records, note, body, length);
}

static bool append(void *context, size_t i, struct ckpt_note *note)
{
    return records_append(&((struct rewrite *)context)->job->edit->records, i, note);
}

static bool change(void *context, const struct ckpt_chunk *chunk, uint8_t *bytes)
{
    return redactions_change(&((struct rewrite *)context)->job->edit->redactions, chunk, bytes);
}

static int write_image(struct rewrite *w)
{
    struct edit *edit = w->job->edit;
    bool redacts = edit->redactions.count > 0;
    struct ckpt_rewrite_options options = {.struct_size = sizeof(options), .context = w, .note = filter, .copy = copy, .progress = go_on, .append = append,
                                           .change = redacts ? change : NULL, .read_only_features = redacts ? CKPT_FEATURE_REDACTED : 0,
                                           .pages = edit->pages, .level = edit->level};
    struct ckpt_reader *reader = edit->records.reader;
    struct ckpt_io sink;
    int error = ckpt_io_from_fd(&sink, w->file.fd);
    if (error != 0)
        return complain(w, "writing", error);
    if (!records_pack(&edit->records))
        return complain(w, "packing records", -ENOMEM);
    enum ckpt_status status = ckpt_reader_rewrite(reader, &sink, &options);
    ckpt_io_close(&sink);
    cli_progress_finish(&w->progress);
    if (status == CKPT_OK)
        return CLI_FINE;
    cli_complain("ckptedit", w->job->path, "editing: %s", ckpt_reader_error(reader));
    return CLI_FAILED;
}

static int write_salvaged(struct rewrite *w)
{
    struct ckpt_io sink;
    int error = ckpt_io_from_fd(&sink, w->file.fd);
    if (error != 0)
        return complain(w, "writing", error);
    enum ckpt_status status = ckpt_stream_salvage(w->job->stream, &sink, w->job->report);
    ckpt_io_close(&sink);
    if (status == CKPT_OK)
        return CLI_FINE;
    cli_complain("ckptedit", w->job->path, "salvaging: %s", ckpt_stream_error(w->job->stream));
    return CLI_FAILED;
}

/* What was written, as a reader will find it. A fault is most often the old image's, copied. */
static int verify_image(struct rewrite *w)
{
    struct ckpt_verify_options options = {.struct_size = sizeof(options), .context = w, .progress = go_on};
    struct ckpt_reader *reader = ckpt_reader_create();
    if (reader == NULL)
        return complain(w, "verifying what was written", -ENOMEM);
    edit_set_directory(reader, w->job->path);
    enum ckpt_status status = ckpt_reader_open_fd(reader, w->file.fd);
    if (status == CKPT_OK)
        status = ckpt_reader_verify(reader, &options, NULL);
    cli_progress_finish(&w->progress);
    bool stopped = !go_on(w, 0, 0);
    if (status != CKPT_OK)
        cli_complain("ckptedit", w->job->path, "editing: verifying what was written: %s; nothing was changed ('ckptdump --verify' lists the faults of an image)",
                     ckpt_reader_error(reader));
    else if (stopped)
        cli_complain("ckptedit", w->job->path, "editing: stopped by a signal; nothing was changed");
    ckpt_reader_destroy(reader);
    return status == CKPT_OK && !stopped ? CLI_FINE : CLI_FAILED;
}

/* A file that replaces another one has its mode, owner and attributes; one of our own making has our owner. */
static int keep_owner(struct rewrite *w)
{
    struct stat old, new;
    if (fstat(w->job->input, &old) != 0 || fstat(w->file.fd, &new) != 0)
        return complain(w, "looking at its mode", -errno);
    bool other = old.st_uid != new.st_uid || old.st_gid != new.st_gid;
    if (w->in_place && other && fchown(w->file.fd, old.st_uid, old.st_gid) != 0)
        return complain(w, "keeping its owner", -errno);
    if (fchmod(w->file.fd, old.st_mode & (w->in_place ? 07777 : 0777)) != 0)
        return complain(w, "keeping its mode", -errno);
    int error = w->in_place ? attributes_copy(w->job->input, w->file.fd) : 0;
    return error == 0 ? CLI_FINE : complain(w, "keeping its extended attributes", error);
}

static bool is_in_place(const struct rewrite_job *job)
{
    struct stat in, out;
    return job->output == NULL || (fstat(job->input, &in) == 0 && stat(job->output, &out) == 0 && in.st_dev == out.st_dev && in.st_ino == out.st_ino);
}

static int run(struct rewrite *w)
{
    const char *path = w->job->output != NULL ? w->job->output : w->job->path;
    int error = whole_file_create(&w->file, path, 0600);
    if (error != 0)
        return complain(w, w->file.doing, error);
    int result = w->job->stream != NULL ? write_salvaged(w) : write_image(w);
    if (result == CLI_FINE)
        result = verify_image(w);
    if (result == CLI_FINE)
        result = keep_owner(w);
    if (result != CLI_FINE)
        return result;
    error = whole_file_commit(&w->file);
    return error == 0 ? CLI_FINE : complain(w, w->file.doing, error);
}

int rewrite_image(const struct rewrite_job *job)
{
    struct rewrite w = {.job = job, .in_place = is_in_place(job), .file = {.fd = -1, .directory = -1}};
    sigemptyset(&w.signals);
    sigaddset(&w.signals, SIGINT);
    sigaddset(&w.signals, SIGTERM);
    sigaddset(&w.signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &w.signals, &w.old_signals);
    cli_progress_init(&w.progress, "ckptedit", job->path);
    int result = run(&w);
    cli_progress_finish(&w.progress);
    whole_file_close(&w.file);
    sigprocmask(SIG_SETMASK, &w.old_signals, NULL);
    return result;
}
