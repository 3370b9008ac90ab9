/* A socket again, and the one at its other end with it. It is made above the program's numbers, so that nothing is in the way of whatever else it takes, and gets its own at the
 * end. What takes others that are made already is sockets_plan.c's. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "checkpt/resource/file_record.h"
#include "checkpt/resource/making.h"
#include "checkpt/resource/sockets.h"
#include "schemas/record.pb-c.h"

/* Two ends, and the connection that is accepted. An end without a record is closed as soon as the other needs it no more. */
enum { ONE, OTHER };
struct ends {
    struct making *making;
    const Ckpt__Socket *records[2];
    int numbers[2];
    const Ckpt__File *file;     /* for sentences */
};

static bool make_spares(struct ends *ends, struct failure *why)
{
    ends->numbers[ONE] = making_spare(ends->making, ONE, why);
    ends->numbers[OTHER] = ends->numbers[ONE] >= 0 ? making_spare(ends->making, OTHER, why) : -1;
    return ends->numbers[OTHER] >= 0;
}

static const char *about(const struct ends *ends, const char *doing)
{
    return making_about_file(ends->making, ends->file, doing);
}

static void plan_socketpair(struct ends *ends, const Ckpt__Socket *kind)
{
    struct plan *plan = ends->making->thaw->plan;
    uint32_t given[2] = {making_lowest(ends->making, 0), making_lowest(ends->making, 1)};
    uint32_t data = plan_data(plan, NULL, sizeof(given), sizeof(uint32_t));
    PLAN_CALL(plan, about(ends, "making both ends"), SYS_socketpair, PLAN_NUMBER(kind->family), PLAN_NUMBER(kind->type | SOCK_CLOEXEC), PLAN_NUMBER(kind->protocol),
              PLAN_DATA(data));
    making_move(ends->making, about(ends, "moving one end"), given[ONE], ends->numbers[ONE]);
    making_move(ends->making, about(ends, "moving the other end"), given[OTHER], ends->numbers[OTHER]);
}

static void plan_socket(struct ends *ends, const Ckpt__Socket *kind, int flags, int to)
{
    uint32_t given = making_lowest(ends->making, 0);
    PLAN_EXPECT(ends->making->thaw->plan, given, about(ends, "making it"), SYS_socket, PLAN_NUMBER(kind->family), PLAN_NUMBER(kind->type | (uint32_t)(SOCK_CLOEXEC | flags)),
                PLAN_NUMBER(kind->protocol));
    making_move(ends->making, about(ends, "moving it"), given, to);
}

static void plan_options(const struct ends *ends, const Ckpt__Socket *record, int number)
{
    bool is_late;
    for (size_t i = 0; i < record->n_options; i++)
        if (sockets_is_option(record->options[i], &is_late) && !is_late)
            sockets_plan_option(ends->making->thaw->plan, about(ends, "setting an option"), (uint32_t)number, record->options[i]);
}

/* A file that is left over of the program's is in the way: sockets_check() has seen that it is no other. Nobody may use the new one before it has its mode. */
static void plan_bind_path(const struct ends *ends, const Ckpt__Socket *record, int number, uint32_t address, const char *path)
{
    enum { PERMISSIONS = 07777, NOBODY = 0777 };
    struct plan *plan = ends->making->thaw->plan;
    const Ckpt__SocketPath *file = record->path;
    const Ckpt__File *cwd = model_file(ends->making->thaw->model, ends->making->thaw->model->process.cwd);
    char directory[PATH_MAX];
    uint32_t name = plan_data(plan, path, strlen(path) + 1, 1);
    if (path[0] != '/' && cwd != NULL) {
        file_path(cwd, directory);
        PLAN_CALL(plan, about(ends, "going to where its address begins"), SYS_chdir, PLAN_DATA(plan_data(plan, directory, strlen(directory) + 1, 1)));
    }
    if (sockets_look_at_path(ends->making->thaw, record) == SOCKETS_LEFT_OVER)
        PLAN_CALL(plan, about(ends, "removing what is left of it"), SYS_unlinkat, PLAN_NUMBER(AT_FDCWD), PLAN_DATA(name), PLAN_NUMBER(0));
    PLAN_CALL(plan, about(ends, "nobody may use it yet"), SYS_umask, PLAN_NUMBER(NOBODY));
    PLAN_CALL(plan, about(ends, "binding it to its address"), SYS_bind, PLAN_NUMBER(number), PLAN_DATA(address), PLAN_NUMBER(record->name.len));
    if (file->gone) {
        PLAN_CALL(plan, about(ends, "removing its name again"), SYS_unlinkat, PLAN_NUMBER(AT_FDCWD), PLAN_DATA(name), PLAN_NUMBER(0));
        return;
    }
    if (file->uid != geteuid() || file->gid != getegid())
        PLAN_TRY(plan, about(ends, "its owner"), SYS_fchownat, PLAN_NUMBER(AT_FDCWD), PLAN_DATA(name), PLAN_NUMBER(file->uid), PLAN_NUMBER(file->gid),
                 PLAN_NUMBER(AT_SYMLINK_NOFOLLOW));
    PLAN_CALL(plan, about(ends, "its mode"), SYS_fchmodat, PLAN_NUMBER(AT_FDCWD), PLAN_DATA(name), PLAN_NUMBER(file->mode & PERMISSIONS));
}

static void plan_bind(const struct ends *ends, const Ckpt__Socket *record, int number)
{
    struct plan *plan = ends->making->thaw->plan;
    char path[128];
    if (record->name.len == 0)
        return;
    uint32_t address = plan_data(plan, record->name.data, record->name.len, sizeof(uint64_t));
    if (sockets_path(record, path) != NULL && record->path != NULL)
        plan_bind_path(ends, record, number, address, path);
    else
        PLAN_CALL(plan, about(ends, "binding it to its address"), SYS_bind, PLAN_NUMBER(number), PLAN_DATA(address), PLAN_NUMBER(record->name.len));
}

static void place(const struct ends *ends, const Ckpt__Socket *record, int number, uint32_t flags)
{
    const Ckpt__File *file = model_file(ends->making->thaw->model, record->file);
    making_place(ends->making, making_next(ends->making, file, NULL), (uint32_t)number, flags);
}

/* What the one that is closed had sent before; and what it had not read made the other fail. */
static void plan_hang_up(const struct ends *ends, const Ckpt__Socket *record, int number, int gone)
{
    struct plan *plan = ends->making->thaw->plan;
    static const char unread = 0;
    sockets_plan_messages(plan, record, (uint32_t)gone, (uint32_t)number);
    if (record->reset)
        PLAN_EXPECT(plan, 1, about(ends, "leaving something unread"), SYS_sendto, PLAN_NUMBER(number), PLAN_DATA(plan_data(plan, &unread, sizeof(unread), 1)),
                    PLAN_NUMBER(1), PLAN_NUMBER(MSG_NOSIGNAL | MSG_DONTWAIT), PLAN_NUMBER(0), PLAN_NUMBER(0));
    PLAN_CALL(plan, about(ends, "closing the other end"), SYS_close, PLAN_NUMBER(gone));
}

static void finish(const struct ends *ends, uint32_t flags)
{
    for (int i = ONE; i <= OTHER; i++)
        if (ends->records[i] != NULL)
            plan_options(ends, ends->records[i], ends->numbers[i]);
    for (int i = ONE; i <= OTHER; i++)
        if (ends->records[i] == NULL)
            plan_hang_up(ends, ends->records[1 - i], ends->numbers[1 - i], ends->numbers[i]);
    for (int i = ONE; i <= OTHER; i++)
        if (ends->records[i] != NULL)
            place(ends, ends->records[i], ends->numbers[i], flags);
}

static bool make_pair(struct ends *ends, struct failure *why)
{
    if (!make_spares(ends, why))
        return false;
    plan_socketpair(ends, ends->records[ONE]);
    for (int i = ONE; i <= OTHER; i++)
        if (ends->records[i] != NULL)
            plan_bind(ends, ends->records[i], ends->numbers[i]);
    finish(ends, O_RDWR);
    return true;
}

static bool make_alone(struct ends *ends, struct failure *why)
{
    const Ckpt__Socket *record = ends->records[ONE];
    int number = making_spare(ends->making, ONE, why);
    if (number < 0)
        return false;
    plan_socket(ends, record, 0, number);
    plan_options(ends, record, number);
    plan_bind(ends, record, number);
    place(ends, record, number, O_RDWR);
    return true;
}

/* Nobody else may come in between: a listening socket without a backlog takes one connection, and who comes second is turned away. */
static void plan_connection(struct ends *ends, const Ckpt__Socket *listener, uint32_t listening)
{
    struct plan *plan = ends->making->thaw->plan;
    uint32_t address = plan_data(plan, listener->name.data, listener->name.len, sizeof(uint64_t));
    PLAN_CALL(plan, about(ends, "having it listen"), SYS_listen, PLAN_NUMBER(listening), PLAN_NUMBER(0));
    PLAN_CALL(plan, about(ends, "connecting to it before anybody else"), SYS_connect, PLAN_NUMBER(ends->numbers[OTHER]), PLAN_DATA(address),
              PLAN_NUMBER(listener->name.len));
    PLAN_EXPECT(plan, making_lowest(ends->making, 0), about(ends, "accepting it"), SYS_accept4, PLAN_NUMBER(listening), PLAN_NUMBER(0), PLAN_NUMBER(0),
                PLAN_NUMBER(SOCK_CLOEXEC | SOCK_NONBLOCK));
    making_move(ends->making, about(ends, "moving it"), making_lowest(ends->making, 0), ends->numbers[ONE]);
}

/* The end that was accepted is ONE. */
static bool make_accepted(struct ends *ends, const Ckpt__Socket *listener, struct failure *why)
{
    const struct making *m = ends->making;
    const Ckpt__File *file = model_file(m->thaw->model, listener->file);
    const Ckpt__OpenFile *open_file = making_next(m, file, NULL);
    if (m->first[open_file->id - 1] < 0 && !sockets_make(ends->making, file, why))
        return false;
    if (!make_spares(ends, why))
        return false;
    plan_socket(ends, listener, SOCK_NONBLOCK, ends->numbers[OTHER]);
    if (ends->records[OTHER] != NULL)
        plan_bind(ends, ends->records[OTHER], ends->numbers[OTHER]);
    plan_connection(ends, listener, (uint32_t)m->first[open_file->id - 1]);
    finish(ends, O_RDWR | O_NONBLOCK);
    return true;
}

/* Names that came from a listening socket: a connection's accepted end has that one's; the end that it was to, where only that one is left, knows it. */
static bool make_connected(struct ends *ends, struct failure *why)
{
    const struct model *model = ends->making->thaw->model;
    for (int i = ONE; i <= OTHER; i++) {
        const Ckpt__Socket *accepted = ends->records[i];
        const Ckpt__Socket *listener = accepted == NULL ? sockets_listener(model, &ends->records[1 - i]->remote, ends->records[1 - i]->type)
                                                        : sockets_listener(model, &accepted->name, accepted->type);
        if (listener == NULL || listener->type == SOCK_DGRAM)
            continue;
        ends->records[i] = ends->records[ONE];
        ends->records[ONE] = accepted;
        return make_accepted(ends, listener, why);
    }
    return make_pair(ends, why);
}

bool sockets_make(struct making *making, const Ckpt__File *file, struct failure *why)
{
    const struct model *model = making->thaw->model;
    const Ckpt__Socket *record = sockets_record(model, file->id), *peer = record != NULL ? sockets_peer(model, record) : NULL;
    struct ends ends = {.making = making, .records = {record, peer}, .file = file};
    if (record == NULL)
        return failure_set(why, "there is no SOCKET record of it");
    return sockets_is_pair(model, record) ? make_connected(&ends, why) : make_alone(&ends, why);
}
