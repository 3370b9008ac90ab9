/* Locks on files: of the process (POSIX), of an open file (OFD, flock, leases). */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checkpt/resource/file_record.h"
#include "checkpt/resource/files.h"
#include "checkpt/thaw/plan.h"

static struct flock range_of(const Ckpt__Lock *lock)
{
    return (struct flock){
        .l_type = lock->write ? F_WRLCK : F_RDLCK,
        .l_whence = SEEK_SET,
        .l_start = (off_t)lock->start,
        .l_len = (off_t)lock->length,
    };
}

/* A lock of an open file of ours collides with everybody's; asking takes none. */
static void check_range(struct findings *findings, const char *subject, int fd, const Ckpt__Lock *lock)
{
    struct flock range = range_of(lock);
    if (fcntl(fd, F_OFD_GETLK, &range) != 0 || range.l_type == F_UNLCK)
        return;
    if (range.l_pid > 0)
        findings_add(findings, VERDICT_REFUSED, subject, "end that process, or wait for it", "process %d holds a lock that the program had", range.l_pid);
    else
        findings_add(findings, VERDICT_REFUSED, subject, "end who holds it, or wait for it", "somebody holds a lock that the program had");
}

static void check_whole(struct findings *findings, const char *subject, int fd, const Ckpt__Lock *lock)
{
    if (flock(fd, (lock->write ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        findings_add(findings, VERDICT_REFUSED, subject, "end who holds it, or wait for it", "somebody holds a lock (flock) that the program had");
}

/* Only the owner of a file, or who has CAP_LEASE, gets one; a read lease wants no writers, a write lease nobody else at all. */
static void check_lease(struct findings *findings, const char *subject, int fd, const Ckpt__Lock *lock)
{
    if (fcntl(fd, F_SETLEASE, lock->write ? F_WRLCK : F_RDLCK) == 0)
        fcntl(fd, F_SETLEASE, F_UNLCK);
    else if (errno == EAGAIN)
        findings_add(findings, VERDICT_REFUSED, subject, "end who has it open, or wait for it", "somebody has it open, and the program had a %s lease on it",
                     lock->write ? "write" : "read");
    else
        findings_add(findings, VERDICT_REFUSED, subject, "a caller who owns the file, or has CAP_LEASE", "the program had a lease on it: %s", strerror(errno));
}

static void check_locks(struct findings *findings, const Ckpt__File *file, Ckpt__Lock *const *locks, size_t count)
{
    char path[PATH_MAX], subject[PATH_MAX + 8];
    if (count == 0 || file == NULL || file->space != 0 || file->deleted)
        return;
    file_path(file, path);
    snprintf(subject, sizeof(subject), "file %s", path);
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    for (size_t i = 0; i < count && fd >= 0; i++) {
        if (locks[i]->type == CKPT__LOCK__TYPE__POSIX || locks[i]->type == CKPT__LOCK__TYPE__OFD)
            check_range(findings, subject, fd, locks[i]);
        else if (locks[i]->type == CKPT__LOCK__TYPE__FLOCK)
            check_whole(findings, subject, fd, locks[i]);
        else
            check_lease(findings, subject, fd, locks[i]);
    }
    if (fd >= 0)
        close(fd);
}

void files_check_locks(struct thaw *thaw, struct findings *findings)
{
    const struct model *model = thaw->model;
    for (size_t i = 0; i < model->open_file_count; i++) {
        const Ckpt__OpenFile *open_file = model->open_files[i];
        if (open_file->inherited == 0)
            check_locks(findings, model_file(model, open_file->file), open_file->locks, open_file->n_locks);
    }
    for (size_t i = 0; i < model->descriptors.n_descriptors; i++) {
        const Ckpt__Descriptor *descriptor = model->descriptors.descriptors[i];
        const Ckpt__OpenFile *open_file = model_open_file(model, descriptor->open_file);
        if (open_file->inherited == 0)
            check_locks(findings, model_file(model, open_file->file), descriptor->locks, descriptor->n_locks);
    }
}

static void plan_range(struct plan *plan, const char *what, uint32_t number, int command, const Ckpt__Lock *lock)
{
    struct flock range = range_of(lock);
    uint32_t data = plan_data(plan, &range, sizeof(range), sizeof(uint64_t));
    PLAN_CALL(plan, what, SYS_fcntl, PLAN_NUMBER(number), PLAN_NUMBER(command), PLAN_DATA(data));
}

void files_plan_locks(struct thaw *thaw, uint32_t number, Ckpt__Lock *const *locks, size_t count)
{
    char what[64];
    snprintf(what, sizeof(what), "fd %u: locking its file", number);
    for (size_t i = 0; i < count; i++) {
        switch (locks[i]->type) {
        case CKPT__LOCK__TYPE__POSIX:
            plan_range(thaw->plan, what, number, F_SETLK, locks[i]);
            break;
        case CKPT__LOCK__TYPE__OFD:
            plan_range(thaw->plan, what, number, F_OFD_SETLK, locks[i]);
            break;
        case CKPT__LOCK__TYPE__FLOCK:
            PLAN_CALL(thaw->plan, what, SYS_flock, PLAN_NUMBER(number), PLAN_NUMBER((locks[i]->write ? LOCK_EX : LOCK_SH) | LOCK_NB));
            break;
        default:
            PLAN_CALL(thaw->plan, what, SYS_fcntl, PLAN_NUMBER(number), PLAN_NUMBER(F_SETLEASE), PLAN_NUMBER(locks[i]->write ? F_WRLCK : F_RDLCK));
        }
    }
}
