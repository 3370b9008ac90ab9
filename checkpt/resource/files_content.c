/* What a file without a name was besides its bytes. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checkpt/resource/files.h"
#include "checkpt/thaw/plan.h"

enum { PERMISSIONS = 07777, MADE_WITH = 0777 /* by memfd_create(2) */ };

/* Another's file stays the caller's unless the caller may give it away. */
static void plan_owner(struct plan *plan, const Ckpt__File *file, int content, const char *what)
{
    if (file->uid != geteuid() || file->gid != getegid())
        PLAN_TRY(plan, what, SYS_fchown, PLAN_NUMBER(content), PLAN_NUMBER(file->uid), PLAN_NUMBER(file->gid));
}

static void plan_time(struct plan *plan, const Ckpt__File *file, int content, const char *what)
{
    if (file->modified == NULL)
        return;
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = file->modified->seconds, .tv_nsec = file->modified->nanoseconds}};
    uint32_t data = plan_data(plan, times, sizeof(times), sizeof(uint64_t));
    PLAN_CALL(plan, what, SYS_utimensat, PLAN_NUMBER(content), PLAN_NUMBER(0), PLAN_DATA(data), PLAN_NUMBER(0));
}

/* Images from before owners were recorded have no files of anybody but root's. The mode behind the owner: chown(2) takes set-id bits away. */
void files_plan_attributes(struct plan *plan, const Ckpt__File *file, int content)
{
    enum { SHOWN = 100 };
    char what[160];
    snprintf(what, sizeof(what), "file %.*s: its mode, owner and time", file->path.len < SHOWN ? (int)file->path.len : SHOWN, (const char *)file->path.data);
    if (file->type == CKPT__FILE_TYPE__FILE_TYPE_SHARED_MEMORY || !S_ISREG(file->mode))
        return;
    plan_owner(plan, file, content, what);
    if ((file->mode & PERMISSIONS) != MADE_WITH)
        PLAN_CALL(plan, what, SYS_fchmod, PLAN_NUMBER(content), PLAN_NUMBER(file->mode & PERMISSIONS));
    plan_time(plan, file, content, what);
}
