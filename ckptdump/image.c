#include "ckptdump/image.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ckptdump/foreign.h"
#include "cli/complain.h"
#include "cli/opening.h"
#include "cli/options.h"

static int refuse(const char *path, const char *why)
{
    cli_complain("ckptdump", path, "opening: %s", why);
    return CLI_MISUSE;
}

static int open_file(const char *path, int *fd)
{
    struct stat status;
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*fd < 0 && errno == ENXIO)
        return refuse(path, "it is a socket");
    if (*fd < 0 || fstat(*fd, &status) != 0)
        return refuse(path, strerror(errno));
    if (S_ISREG(status.st_mode) || S_ISBLK(status.st_mode))
        return CLI_FINE;
    bool passes = S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode);
    cli_complain("ckptdump", path, "opening: %s%s", cli_kind_of_file(status.st_mode), passes ? "; what comes out of it is read with: ckptdump - <FILE" : "");
    return CLI_MISUSE;
}

static int open_stream(struct image *image)
{
    struct ckpt_io io = input_stream(&image->input);
    image->stream = ckpt_stream_create();
    if (image->stream == NULL)
        return refuse(image->path, strerror(ENOMEM));
    enum ckpt_status status = ckpt_stream_open(image->stream, &io);
    if (status == CKPT_OK)
        return CLI_FINE;
    cli_complain("ckptdump", image->path, "opening: %s", ckpt_stream_error(image->stream));
    return status == CKPT_IO ? CLI_MISUSE : CLI_FAILED;
}

/* A pipe is copied, but where it is enough to see it pass: then *fd stays -1. */
static int open_pipe(struct image *image, bool once, int *fd)
{
    int error = input_begin(&image->input);
    if (error != 0)
        return refuse(image->path, strerror(-error));
    if (once && input_is_packed(&image->input))
        return open_stream(image);
    *fd = input_copy(&image->input);
    if (*fd >= 0)
        return CLI_FINE;
    cli_complain("ckptdump", image->path, "copying it to a file in $TMPDIR or /var/tmp, to read it at any place: %s", strerror(-*fd));
    return CLI_MISUSE;
}

static int open_reader(struct image *image, bool input, int fd)
{
    image->reader = ckpt_reader_create();
    if (image->reader == NULL)
        return refuse(image->path, strerror(ENOMEM));
    enum ckpt_status status = input ? ckpt_reader_open_fd(image->reader, fd) : ckpt_reader_open_path(image->reader, image->path);
    if (status == CKPT_OK) {
        const Ckpt__Image *record = image_record(image, CKPT__KIND__KIND_IMAGE);
        image->process = image->root = record != NULL && record->root_process != 0 ? record->root_process : 1;
        return CLI_FINE;
    }
    if ((status == CKPT_NOT_IMAGE || status == CKPT_TRUNCATED || status == CKPT_UNSUPPORTED) && foreign_is_core(fd)) {
        ckpt_reader_destroy(image->reader);
        image->reader = NULL;
        image->process = image->root = 1;
        return foreign_open(image, fd);
    }
    cli_complain("ckptdump", image->path, "opening: %s%s", ckpt_reader_error(image->reader), cli_opening_way_out(status, fd));
    return status == CKPT_IO ? CLI_MISUSE : CLI_FAILED;
}

/* The reader works on the descriptor of standard input, or on that of its copy. */
static int open_input(struct image *image, bool once, int *fd)
{
    if (input_is_pipe())
        return open_pipe(image, once, fd);
    *fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    return *fd >= 0 ? CLI_FINE : refuse(image->path, strerror(errno));
}

int image_open(struct image *image, const char *path, bool once)
{
    bool input = strcmp(path, "-") == 0;
    *image = (struct image){.path = input ? "standard input" : path, .input_fd = -1};
    int fd = -1, result = input ? open_input(image, once, &fd) : open_file(path, &fd);
    if (result == CLI_FINE && image->stream == NULL)
        result = open_reader(image, input, fd);
    if (input)
        image->input_fd = fd;
    else if (fd >= 0)
        close(fd);
    return result;
}

void image_deinit(struct image *image)
{
    for (size_t kind = 0; kind < IMAGE_KINDS; kind++) {
        struct image_list *list = &image->lists[kind];
        for (size_t i = 0; i < list->count; i++)
            protobuf_c_message_free_unpacked(list->messages[i], NULL);
        free(list->messages);
    }
    free(image->files);
    free(image->open_files);
    free(image->objects);
    ckpt_reader_destroy(image->reader);
    ckpt_stream_destroy(image->stream);
    foreign_destroy(image->foreign);
    if (image->input_fd >= 0)
        close(image->input_fd);
    *image = (struct image){.input_fd = -1};
}

void image_complain(struct image *image, const char *format, ...)
{
    char *sentence = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&sentence, format, args) < 0)
        sentence = NULL;
    va_end(args);
    cli_complain("ckptdump", image->path, "%s", sentence != NULL ? sentence : format);
    free(sentence);
    image->damaged = true;
}

bool image_note(struct image *image, size_t i, struct ckpt_note *note)
{
    if (image->foreign == NULL)
        return ckpt_reader_note(image->reader, i, note) == CKPT_OK;
    if (i < image->foreign->note_count)
        *note = image->foreign->notes[i];
    return i < image->foreign->note_count;
}

bool image_next_note(struct image *image, struct note_cursor *cursor, struct ckpt_note *note)
{
    while (image_note(image, cursor->next, note)) {
        bool ours = strcmp(note->name, CKPT_NOTE_NAME) == 0;
        cursor->next++;
        if (ours && note->segment == CKPT_SEGMENT_PROCESS && note->type == CKPT_NOTE_PROCESS && note->length >= sizeof(cursor->process))
            memcpy(&cursor->process, note->body, sizeof(cursor->process));
        if (note->segment != CKPT_SEGMENT_PROCESS)
            cursor->process = image->root;
        if (!ours)
            return true;
    }
    return false;
}

static bool add_record(struct image *image, struct image_list *list, const struct ckpt_note *note)
{
    ProtobufCMessage *message = NULL;
    if (ckpt_reader_unpack(image->reader, note, &message) != CKPT_OK) {
        image_complain(image, "reading records: %s", ckpt_reader_error(image->reader));
        return true;
    }
    if ((list->count & (list->count + 1)) == 0) { /* room doubles at 0, 1, 3, 7 … */
        ProtobufCMessage **bigger = realloc(list->messages, (list->count * 2 + 1) * sizeof(*bigger));
        if (bigger == NULL) {
            protobuf_c_message_free_unpacked(message, NULL);
            return false;
        }
        list->messages = bigger;
    }
    list->messages[list->count++] = message;
    return true;
}

const struct image_list *image_records(struct image *image, Ckpt__Kind kind)
{
    struct image_list *list = &image->lists[kind];
    if (list->loaded)
        return list;
    list->loaded = true;
    struct ckpt_note note;
    for (size_t i = 0; ckpt_reader_find_record(image->reader, (uint32_t)kind, &i, &note) == CKPT_OK; i++)
        if (!add_record(image, list, &note)) {
            image_complain(image, "reading records: out of memory");
            break;
        }
    return list;
}

const void *image_record(struct image *image, Ckpt__Kind kind)
{
    const struct image_list *list = image_records(image, kind);
    return list->count > 0 ? list->messages[0] : NULL;
}

const Ckpt__Process *image_process(struct image *image, uint32_t process)
{
    const struct image_list *list = image_records(image, CKPT__KIND__KIND_PROCESS);
    for (size_t i = 0; i < list->count; i++) {
        const Ckpt__Process *one = (const void *)list->messages[i];
        if (one->process == process)
            return one;
    }
    return NULL;
}

int32_t image_pid(struct image *image, uint32_t process)
{
    const Ckpt__Process *one = image_process(image, process);
    return one != NULL ? one->pid : (int32_t)process;
}

int image_select(struct image *image, uint64_t pid)
{
    const struct image_list *list = image_records(image, CKPT__KIND__KIND_PROCESS);
    char pids[200] = "";
    for (size_t i = 0; i < list->count; i++) {
        const Ckpt__Process *one = (const void *)list->messages[i];
        size_t used = strlen(pids);
        if ((uint64_t)one->pid == pid) {
            image->process = one->process;
            return CLI_FINE;
        }
        if (used < sizeof(pids) - 20)
            snprintf(pids + used, sizeof(pids) - used, "%s%d", used > 0 ? ", " : "", one->pid);
    }
    cli_complain("ckptdump", image->path, "--pid=%" PRIu64 ": there is no such process in it; there %s %s", pid, list->count == 1 ? "is" : "are", pids);
    return CLI_MISUSE;
}

static int compare_files(const void *a, const void *b)
{
    uint32_t x = (*(Ckpt__File *const *)a)->id, y = (*(Ckpt__File *const *)b)->id;
    return (x > y) - (x < y);
}

static int compare_open_files(const void *a, const void *b)
{
    uint32_t x = (*(Ckpt__OpenFile *const *)a)->id, y = (*(Ckpt__OpenFile *const *)b)->id;
    return (x > y) - (x < y);
}

static void *sorted(struct image *image, const struct image_list *list, int (*compare)(const void *, const void *))
{
    void **copy = malloc(list->count * sizeof(*copy));
    if (copy == NULL) {
        image_complain(image, "reading records: out of memory");
        return NULL;
    }
    memcpy(copy, list->messages, list->count * sizeof(*copy));
    qsort(copy, list->count, sizeof(*copy), compare);
    return copy;
}

const Ckpt__File *image_file(struct image *image, uint32_t id)
{
    const struct image_list *list = image_records(image, CKPT__KIND__KIND_FILE);
    if (id == 0 || list->count == 0)
        return NULL;
    if (image->files == NULL && (image->files = sorted(image, list, compare_files)) == NULL)
        return NULL;
    const Ckpt__File wanted = {.id = id}, *key = &wanted;
    Ckpt__File **found = bsearch(&key, image->files, list->count, sizeof(*image->files), compare_files);
    return found != NULL ? *found : NULL;
}

const Ckpt__OpenFile *image_open_file(struct image *image, uint32_t id)
{
    const struct image_list *list = image_records(image, CKPT__KIND__KIND_OPEN_FILE);
    if (id == 0 || list->count == 0)
        return NULL;
    if (image->open_files == NULL && (image->open_files = sorted(image, list, compare_open_files)) == NULL)
        return NULL;
    const Ckpt__OpenFile wanted = {.id = id}, *key = &wanted;
    Ckpt__OpenFile **found = bsearch(&key, image->open_files, list->count, sizeof(*image->open_files), compare_open_files);
    return found != NULL ? *found : NULL;
}
