/* The order of a thaw. Nothing is touched until everything is known: the last step is the plan's first call. */
#include "checkpt/thaw/thaw.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpt/resource/files.h"
#include "checkpt/thaw/order.h"
#include "checkpt/thaw/original_pid.h"
#include "checkpt/thaw/parents.h"
#include "checkpt/thaw/plan.h"
#include "checkpt/thaw/stored.h"

struct session {
    struct thaw thaw;
    struct model model;
    struct stored_index index;
    int file;
};

static bool unreadable(struct failure *why)
{
    failure_errno(why, "opening");
    why->exit_status = 2;
    return false;
}

/* Descriptors 0 to 2 are the program's, also where the caller has closed them. */
static int open_above_standard(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    int above = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(fd);
    return above;
}

static bool open_file(struct session *s, struct failure *why)
{
    struct stat status;
    const int *given = s->thaw.options.descriptor;
    s->file = given != NULL ? fcntl(*given, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) : open_above_standard(s->thaw.path);
    if (s->file < 0 && errno == ENXIO) {
        failure_set(why, "opening: it is a socket");
        why->exit_status = 2;
        return false;
    }
    if (s->file < 0 || fstat(s->file, &status) != 0)
        return unreadable(why);
    if (S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        return unreadable(why);
    }
    if (S_ISREG(status.st_mode))
        return true;
    failure_set(why, "opening: not a regular file; copy it into one first");
    why->exit_status = 2;
    return false;
}

static bool refused_by_reader(const struct session *s, enum ckpt_status status, const char *doing, struct failure *why)
{
    failure_set(why, "%s: %s", doing, ckpt_reader_error(s->thaw.reader));
    if (status == CKPT_IO)
        why->exit_status = 2;
    return false;
}

/* Where there is more than a piece of a head, something may be left. */
static bool not_opened(const struct session *s, enum ckpt_status status, struct failure *why)
{
    struct stat file;
    bool some = status == CKPT_TRUNCATED && fstat(s->file, &file) == 0 && file.st_size >= CKPT_PAGE_SIZE;
    failure_set(why, "opening: %s%s", ckpt_reader_error(s->thaw.reader), some ? "; way out: ckptedit --salvage, which makes an image of what is left" : "");
    if (status == CKPT_IO)
        why->exit_status = 2;
    return false;
}

/* Parents are looked for where the image is. */
static void look_beside(struct session *s)
{
    char *path = strdup(s->thaw.path);
    if (path != NULL)
        ckpt_reader_set_directory(s->thaw.reader, dirname(path));
    free(path);
}

static bool verified(void *context, uint64_t done, uint64_t total)
{
    progress_tell(context, "verifying", done, total);
    return true;
}

static enum ckpt_status verify(const struct thaw *thaw)
{
    const struct progress *progress = thaw->options.progress;
    const struct ckpt_verify_options options = {.struct_size = sizeof(options), .context = (void *)(uintptr_t)progress, .progress = verified};
    enum ckpt_status status = ckpt_reader_verify(thaw->reader, &options, NULL);
    progress_end(progress);
    return status;
}

static bool open_image(struct session *s, struct failure *why)
{
    if (!open_file(s, why))
        return false;
    s->thaw.reader = ckpt_reader_create();
    if (s->thaw.reader == NULL)
        return failure_set(why, "opening: out of memory");
    look_beside(s);
    enum ckpt_status status = ckpt_reader_open_fd(s->thaw.reader, s->file);
    if (status != CKPT_OK)
        return not_opened(s, status, why);
    status = ckpt_reader_resumable(s->thaw.reader);
    if (status != CKPT_OK)
        return refused_by_reader(s, status, "resuming", why);
    if (!stored_index_read(&s->index, s->thaw.reader, why) || !parents_are_there(s->thaw.reader, &s->index, why))
        return failure_prepend(why, "resuming");
    status = s->thaw.options.verify ? verify(&s->thaw) : CKPT_OK;
    if (status != CKPT_OK)
        return refused_by_reader(s, status, "verifying", why);
    return model_load(&s->model, s->thaw.reader, why);
}

static bool session_open(struct session *s, const char *path, const struct thaw_options *options, struct failure *why)
{
    *s = (struct session){.thaw = {.path = path, .image_fd = -1, .options = *options}, .file = -1};
    model_init(&s->model);
    s->thaw.model = &s->model;
    s->thaw.index = &s->index;
    if (!open_image(s, why))
        return false;
    if (options->stdio_of_image)
        files_take_back_standard(&s->model);
    return true;
}

static void session_close(struct session *s)
{
    for (size_t i = 0; s->thaw.content != NULL && i < s->model.file_count; i++)
        if (s->thaw.content[i] >= 0)
            close(s->thaw.content[i]);
    if (s->thaw.image_fd >= 0)
        close(s->thaw.image_fd);
    plan_destroy(s->thaw.plan);
    stored_index_deinit(&s->index);
    ckpt_reader_destroy(s->thaw.reader);
    if (s->file >= 0)
        close(s->file);
    model_deinit(&s->model);
}

static void check(struct session *s, struct findings *findings)
{
    for (size_t i = 0; i < resource_count; i++)
        if (resources[i]->check != NULL)
            resources[i]->check(&s->thaw, findings);
    if (s->thaw.options.keep_pid)
        original_pid_check(&s->thaw, findings);
}

/* Making the program may take more than it may have itself: its own limits are the plan's last word. */
static void raise_limits(const struct model *model)
{
    static const __rlimit_resource_t raised[] = {RLIMIT_NOFILE, RLIMIT_MEMLOCK, RLIMIT_AS, RLIMIT_DATA};
    for (size_t i = 0; i < sizeof(raised) / sizeof(raised[0]) && model->limits.n_limits > 0; i++) {
        struct rlimit limit;
        if (getrlimit(raised[i], &limit) != 0 || limit.rlim_cur == limit.rlim_max)
            continue;
        limit.rlim_cur = limit.rlim_max;
        setrlimit(raised[i], &limit);
    }
}

/* The image's own place is above the program's descriptors; the others of the plan's own come behind it. What is to be 0 to 2 is opened as another first, and pipes come in pairs, for
 * which there may be no room below. */
static bool choose_descriptors(struct session *s, struct failure *why)
{
    enum { SCRATCH = 2 };
    const Ckpt__Descriptors *program = &s->model.descriptors;
    s->thaw.high = STDERR_FILENO + 1 + SCRATCH;
    if (program->n_descriptors > 0 && program->descriptors[program->n_descriptors - 1]->number > STDERR_FILENO)
        s->thaw.high = (int)program->descriptors[program->n_descriptors - 1]->number + 1 + SCRATCH;
    s->thaw.image_fd = fcntl(s->file, F_DUPFD_CLOEXEC, s->thaw.high);
    if (s->thaw.image_fd < 0)
        return failure_errno(why, "descriptor %d, above the program's (raise the limit with ulimit -n)", s->thaw.high);
    s->thaw.next_high = s->thaw.image_fd + 1;
    return true;
}

static bool make_plan(struct session *s, struct failure *why)
{
    struct thaw *thaw = &s->thaw;
    raise_limits(&s->model);
    if (!choose_descriptors(s, why))
        return false;
    thaw->content = arena_alloc(&s->model.arena, (s->model.file_count + 1) * sizeof(*thaw->content));
    memset(thaw->content, -1, (s->model.file_count + 1) * sizeof(*thaw->content));
    thaw->thread_slots = arena_alloc(&s->model.arena, s->model.thread_count * sizeof(*thaw->thread_slots));
    thaw->plan = plan_create();
    return order_plan(thaw, why) && plan_seal(thaw->plan, why);
}

static bool check_and_tell(struct session *s, void (*tell)(void *context, const struct finding *finding), void *context, struct failure *why)
{
    struct arena arena = {0};
    struct findings findings = {.arena = &arena};
    check(s, &findings);
    bool fine = findings.refused == 0;
    for (size_t i = 0; i < findings.count; i++) {
        const struct finding *finding = &findings.list[i];
        if (tell != NULL && (finding->verdict == VERDICT_REFUSED || (fine && finding->verdict == VERDICT_LOST)))
            tell(context, finding);
    }
    if (!fine)
        failure_set(why, "%s", "");
    arena_deinit(&arena);
    return fine;
}

static void resume(void *context, struct failure *why)
{
    struct session *s = context;
    if (make_plan(s, why))
        plan_run(s->thaw.plan, s->thaw.path, why);
}

bool thaw_program(const char *path, const struct thaw_options *options, void (*tell)(void *context, const struct finding *finding),
                  void *context, struct failure *why)
{
    struct session s;
    if (session_open(&s, path, options, why) && check_and_tell(&s, tell, context, why)) {
        if (options->keep_pid)
            original_pid_run(&s.thaw, resume, &s, why);
        else
            resume(&s, why);
    }
    session_close(&s);
    return false;
}

bool thaw_check(const char *path, const struct thaw_options *options, struct findings *findings, FILE *plan, struct failure *why)
{
    struct session s;
    bool done = session_open(&s, path, options, why);
    if (done)
        check(&s, findings);
    if (done && plan != NULL && findings->refused == 0) {
        done = make_plan(&s, why);
        if (done)
            plan_print(s.thaw.plan, plan);
    }
    session_close(&s);
    return done;
}
