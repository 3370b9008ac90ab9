#include <fcntl.h>
#include <linux/limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checkpt/resource/file_record.h"
#include "checkpt/resource/making.h"
#include "checkpt/resource/pipes.h"

enum { AT_ONCE = 65536, PERMISSIONS = 07777, MADE_WITH = 0600 /* by pipe2(2) */ };

/* One pipe that is made. */
struct work {
    struct making *making;
    struct plan *plan;
    const Ckpt__File *file;
    const Ckpt__Pipe *pipe; /* NULL: nothing is known of it but its name */
};

static const char *about(struct work *w, const char *doing)
{
    return making_about_file(w->making, w->file, doing);
}

static void copy_piece(struct work *w, int to, const struct pipes_piece *piece)
{
    int content = w->making->thaw->content[w->file->id - 1];
    uint64_t end = piece->offset + piece->length, most = piece->length < AT_ONCE ? piece->length : AT_ONCE;
    uint32_t room = plan_data(w->plan, NULL, most, sizeof(uint64_t));
    for (uint64_t at = piece->offset; at < end;) {
        uint64_t length = end - at < most ? end - at : most;
        PLAN_EXPECT(w->plan, length, about(w, "what was unread in it"), SYS_pread64, PLAN_NUMBER(content), PLAN_DATA(room), PLAN_NUMBER(length), PLAN_NUMBER(at));
        PLAN_EXPECT(w->plan, length, about(w, "what was unread in it"), SYS_write, PLAN_NUMBER(to), PLAN_DATA(room), PLAN_NUMBER(length));
        at += length;
    }
}

/* The kernel puts a small packet to the end of a stream that was written, but not of one that was spliced. */
static void splice_piece(struct work *w, int to, const struct pipes_piece *piece)
{
    int content = w->making->thaw->content[w->file->id - 1];
    uint32_t offset = plan_data(w->plan, &piece->offset, sizeof(piece->offset), sizeof(piece->offset));
    PLAN_EXPECT(w->plan, piece->length, about(w, "what was unread in it"), SYS_splice, PLAN_NUMBER(content), PLAN_DATA(offset), PLAN_NUMBER(to), PLAN_NUMBER(0),
                PLAN_NUMBER(piece->length), PLAN_NUMBER(0));
}

/* `to` is O_NONBLOCK: what does not fit fails instead of standing still for ever. */
static void plan_queue(struct work *w, int to)
{
    struct pipes_piece piece = {0};
    bool packets = false;
    while (w->pipe != NULL && w->file->space != 0 && pipes_next_piece(w->file, w->pipe, &piece)) {
        if (piece.is_packet != packets)
            PLAN_CALL(w->plan, about(w, "a writer of packets, or of a stream"), SYS_fcntl, PLAN_NUMBER(to), PLAN_NUMBER(F_SETFL),
                      PLAN_NUMBER(O_NONBLOCK | (piece.is_packet ? O_DIRECT : 0)));
        packets = piece.is_packet;
        if (pipes_is_before_packet(w->pipe, &piece))
            splice_piece(w, to, &piece);
        else
            copy_piece(w, to, &piece);
    }
    if (packets)
        PLAN_CALL(w->plan, about(w, "a writer of a stream"), SYS_fcntl, PLAN_NUMBER(to), PLAN_NUMBER(F_SETFL), PLAN_NUMBER(O_NONBLOCK));
}

static void plan_capacity(struct work *w, uint32_t fd)
{
    if (w->pipe != NULL && w->pipe->capacity != 0)
        PLAN_EXPECT(w->plan, w->pipe->capacity, about(w, "its capacity"), SYS_fcntl, PLAN_NUMBER(fd), PLAN_NUMBER(F_SETPIPE_SZ), PLAN_NUMBER(w->pipe->capacity));
}

static void open_anew(struct work *w, const Ckpt__OpenFile *open_file, const char *path)
{
    uint32_t given = making_lowest(w->making, 0), data = plan_data(w->plan, path, strlen(path) + 1, 1);
    uint32_t kept = open_file->flags & ((open_file->flags & O_PATH) != 0 ? O_PATH : O_ACCMODE);
    PLAN_EXPECT(w->plan, given, about(w, "opening it"), SYS_openat, PLAN_NUMBER(AT_FDCWD), PLAN_DATA(data), PLAN_NUMBER(kept | O_NONBLOCK | O_CLOEXEC));
    making_place(w->making, open_file, given, O_NONBLOCK);
}

/* Each of the two that pipe2(2) makes is one that the program had from there: those that it opened later are known by O_LARGEFILE. */
static bool is_made_with_it(const Ckpt__OpenFile *open_file, uint32_t access, bool taken)
{
    enum { LARGE = 0100000 }; /* O_LARGEFILE is 0 to programs of 64 bits */
    return !taken && (open_file->flags & (O_ACCMODE | O_PATH | LARGE)) == access;
}

static void plan_ends(struct work *w, int reader, int writer)
{
    char names[2][32];
    bool reader_taken = false, writer_taken = false;
    snprintf(names[0], sizeof(names[0]), "/proc/self/fd/%d", reader);
    snprintf(names[1], sizeof(names[1]), "/proc/self/fd/%d", writer);
    for (const Ckpt__OpenFile *open_file = NULL; (open_file = making_next(w->making, w->file, open_file)) != NULL;) {
        bool is_reader = is_made_with_it(open_file, O_RDONLY, reader_taken), is_writer = is_made_with_it(open_file, O_WRONLY, writer_taken);
        reader_taken |= is_reader;
        writer_taken |= is_writer;
        if (is_reader || is_writer)
            making_place(w->making, open_file, (uint32_t)(is_reader ? reader : writer), O_NONBLOCK);
        else
            open_anew(w, open_file, names[(open_file->flags & O_ACCMODE) != O_RDONLY]);
    }
}

/* Another's stays the caller's unless the caller may give it away. */
static void plan_attributes(struct work *w, int fd)
{
    if ((w->file->mode & PERMISSIONS) != MADE_WITH)
        PLAN_CALL(w->plan, about(w, "its mode"), SYS_fchmod, PLAN_NUMBER(fd), PLAN_NUMBER(w->file->mode & PERMISSIONS));
    if (w->file->uid != geteuid() || w->file->gid != getegid())
        PLAN_TRY(w->plan, about(w, "its owner"), SYS_fchown, PLAN_NUMBER(fd), PLAN_NUMBER(w->file->uid), PLAN_NUMBER(w->file->gid));
}

/* The spare ones go: an end that nobody has any more must be gone when the next pipe is made, too. */
static void close_both(struct work *w, int one, int other)
{
    PLAN_CALL(w->plan, about(w, "closing what it was made as"), SYS_close, PLAN_NUMBER(one));
    PLAN_CALL(w->plan, about(w, "closing what it was made as"), SYS_close, PLAN_NUMBER(other));
}

static bool make_pipe(struct work *w, struct failure *why)
{
    struct making *m = w->making;
    int reader = making_spare(m, 0, why), writer = reader < 0 ? -1 : making_spare(m, 1, why);
    if (writer < 0)
        return false;
    uint32_t numbers[2] = {making_lowest(m, 0), making_lowest(m, 1)}, data = plan_data(w->plan, NULL, sizeof(int[2]), sizeof(int));
    PLAN_CALL(w->plan, about(w, "making it anew"), SYS_pipe2, PLAN_DATA(data), PLAN_NUMBER(O_CLOEXEC | O_NONBLOCK));
    making_move(m, about(w, "its end to read from"), numbers[0], reader);
    making_move(m, about(w, "its end to write to"), numbers[1], writer);
    plan_capacity(w, (uint32_t)writer);
    plan_queue(w, writer);
    plan_ends(w, reader, writer);
    plan_attributes(w, reader);
    close_both(w, reader, writer);
    return true;
}

struct uses {
    bool reads, writes;
    uint32_t any; /* OPEN_FILE that does, as id */
};

static struct uses uses_of(const struct work *w)
{
    struct uses uses = {0};
    for (const Ckpt__OpenFile *open_file = NULL; (open_file = making_next(w->making, w->file, open_file)) != NULL;) {
        uint32_t access = open_file->flags & O_ACCMODE;
        if ((open_file->flags & O_PATH) != 0)
            continue;
        uses.reads |= access != O_WRONLY;
        uses.writes |= access != O_RDONLY;
        uses.any = open_file->id;
    }
    return uses;
}

static void hold(struct work *w, const char *path, uint32_t access, int held)
{
    uint32_t given = making_lowest(w->making, 0), data = plan_data(w->plan, path, strlen(path) + 1, 1);
    PLAN_EXPECT(w->plan, given, about(w, "opening it"), SYS_openat, PLAN_NUMBER(AT_FDCWD), PLAN_DATA(data), PLAN_NUMBER(access | O_NONBLOCK | O_CLOEXEC));
    making_move(w->making, about(w, "keeping it open"), given, held);
}

/* A reader that has seen no writer yet must not see ours come and go: poll(2) would tell it. */
static bool make_fifo(struct work *w, struct failure *why)
{
    char path[PATH_MAX];
    struct making *m = w->making;
    struct uses uses = uses_of(w);
    bool is_held = uses.writes || w->file->space != 0 || (w->pipe != NULL && w->pipe->hung_up);
    int held = is_held ? making_spare(m, 0, why) : -1;
    if (is_held && held < 0)
        return false;
    file_path(w->file, path);
    if (is_held)
        hold(w, path, uses.reads || w->file->space != 0 ? O_RDWR : O_RDONLY, held);
    for (const Ckpt__OpenFile *open_file = NULL; (open_file = making_next(m, w->file, open_file)) != NULL;)
        open_anew(w, open_file, path);
    if (uses.reads || uses.writes)
        plan_capacity(w, is_held ? (uint32_t)held : (uint32_t)m->first[uses.any - 1]);
    plan_queue(w, held);
    if (is_held)
        PLAN_CALL(w->plan, about(w, "keeping it open no longer"), SYS_close, PLAN_NUMBER(held));
    return true;
}

bool pipes_make(struct making *making, const Ckpt__File *file, struct failure *why)
{
    struct work w = {.making = making, .plan = making->thaw->plan, .file = file, .pipe = pipes_record(making->thaw->model, file)};
    return pipes_has_name(file) ? make_fifo(&w, why) : make_pipe(&w, why);
}
