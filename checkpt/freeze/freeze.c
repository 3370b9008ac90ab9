/* The order of a freeze: a table of steps, each with its undo. Undoing runs backwards over the steps that were begun, also after success. */
#include "checkpt/freeze/freeze.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "checkpt/freeze/interrupt.h"
#include "checkpt/freeze/look.h"
#include "checkpt/freeze/session.h"
#include "checkpt/tracee/tracee.h"

enum { MODE_AUTO = 0, MODE_STOP = 1, MODE_FORK = 2 };
enum { RETVAL = 1 }; /* what sys_checkpoint() returns in a resumed program, unless who resumes it says otherwise */
enum { FORK_ABOVE = 8 << 20 }; /* less than this is copied sooner than a snapshot is made and reaped */

static bool look(struct session *s, struct failure *why)
{
    return look_before(&s->freeze, why);
}

static void unlook(struct session *s)
{
    if (s->freeze.directory >= 0)
        close(s->freeze.directory);
}

static bool is_wanted(const struct session *s, const struct resource_ops *resource)
{
    return !s->request->options.memory_only || !resource->beside_memory;
}

static bool explain(struct session *s, struct failure *why)
{
    struct findings findings = {.arena = &s->model.arena};
    for (size_t i = 0; i < resource_count; i++)
        if (resources[i]->explain != NULL && is_wanted(s, resources[i]))
            resources[i]->explain(&s->freeze, &findings);
    if (findings.refused == 0)
        return true;
    why->sentence[0] = '\0';
    why->exit_status = 1;
    for (size_t i = 0; i < findings.count; i++) {
        const struct finding *finding = &findings.list[i];
        if (finding->verdict != VERDICT_REFUSED)
            continue;
        if (s->request->refused != NULL)
            s->request->refused(s->request->context, finding);
        else
            return failure_set(why, "%s: %s", finding->subject, finding->sentence);
    }
    return false;
}

static bool is_mapped(const struct freeze *freeze, const struct stat *file)
{
    for (size_t i = 0; i < freeze->map_count; i++)
        if (freeze->maps[i].inode == file->st_ino && freeze->maps[i].device == file->st_dev)
            return true;
    return false;
}

/* What was opened only for writing is opened once more. */
static bool may_replace_descriptor(const struct session *s, struct failure *why)
{
    char name[32];
    snprintf(name, sizeof(name), "/proc/self/fd/%d", s->output.fd);
    int fd = s->parent != NULL ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    bool may = session_may_replace(s, fd, why);
    if (fd >= 0)
        close(fd);
    return may;
}

static bool may_replace_file(const struct session *s, struct failure *why)
{
    struct stat status;
    bool is_file = s->parent != NULL && stat(s->path, &status) == 0 && S_ISREG(status.st_mode);
    int fd = is_file ? open(s->path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : -1;
    bool may = session_may_replace(s, fd, why);
    if (fd >= 0)
        close(fd);
    return may;
}

/* Writing to what the program's own memory is mapped from would destroy it. */
static bool open_descriptor(struct session *s, struct failure *why)
{
    struct stat status;
    s->path = "the image's descriptor";
    if (!output_open_descriptor(&s->output, *s->request->descriptor, why))
        return false;
    if (fstat(s->output.fd, &status) != 0)
        return failure_errno(why, "%s", s->path);
    if (is_mapped(&s->freeze, &status)) {
        output_forget(&s->output);
        errno = ETXTBSY;
        return failure_errno(why, "the program's memory is mapped from the very file that is to be written: write to a new one, and rename it over the old one or remove "
                                  "the old one first");
    }
    if (!s->output.is_stream && !may_replace_descriptor(s, why)) {
        output_forget(&s->output);
        return false;
    }
    s->freeze.sink = (struct freeze_sink){.is_descriptor = true, .device = status.st_dev, .inode = status.st_ino};
    return s->output.is_stream || ftruncate(s->output.fd, 0) == 0 || failure_errno(why, "%s", s->path);
}

void freeze_default_name(char *name, const char *comm)
{
    snprintf(name, FREEZE_NAME_MAX, "%s.ckpt", comm);
    for (char *c = name; *c != '\0'; c++)
        if (*c == '/' || (unsigned char)*c < ' ')
            *c = '_';
}

static bool open_output(struct session *s, struct failure *why)
{
    if (s->request->descriptor != NULL)
        return open_descriptor(s, why);
    s->path = s->request->output;
    if (s->path == NULL) {
        char *name = arena_alloc(&s->model.arena, FREEZE_NAME_MAX);
        freeze_default_name(name, s->freeze.stat.comm);
        s->path = name;
    }
    return may_replace_file(s, why) && output_open(&s->output, s->path, why);
}

static void close_output(struct session *s)
{
    output_abandon(&s->output);
}

static bool begin(const struct session *s, struct failure *why)
{
    const struct freeze_guard *guard = s->request->guard;
    return guard == NULL || guard->begin(guard->context, why);
}

static bool is_allowed(const struct session *s, struct failure *why)
{
    const struct freeze_guard *guard = s->request->guard;
    return guard == NULL || guard->allows(guard->context, s->freeze.directory, s->freeze.tracee, s->snapshot, why);
}

/* Calls that cannot be interrupted are waited for, so that a program is mostly caught behind its longest one; how long it is let go on differs each time. */
static void let_go_on(struct session *s, int times, bool is_thawed)
{
    enum { DIFFERENT = 64, STEP = 30000, WHOLE = 1000000 };
    const struct timespec moment = {.tv_nsec = is_thawed ? times % DIFFERENT * STEP : WHOLE};
    tracee_detach(s->freeze.tracee);
    nanosleep(&moment, NULL);
}

static bool is_moment(const struct session *s)
{
    for (size_t i = 0; i < resource_count; i++)
        if (resources[i]->is_moment != NULL && is_wanted(s, resources[i]) && !resources[i]->is_moment(&s->freeze))
            return false;
    return true;
}

/* A program that is just being thawed is not itself yet: it is let go on, and looked at again. So is one that is in the midst of something, but not
 * for long: whether that stands in the way is said when it is collected. */
static bool attach(struct session *s, struct failure *why)
{
    enum { TRIES = 2000, MOMENTS = 400 };
    bool ever_changed = false;
    s->freeze.tracee = tracee_create(s->request->pid);
    for (int i = 0; i < TRIES; i++) {
        bool changed;
        if (!interrupt_none(why) || !begin(s, why) || !tracee_attach(s->freeze.tracee, why) || !is_allowed(s, why) || !look_again(&s->freeze, &changed, why))
            return false;
        ever_changed = ever_changed || changed;
        bool is_thawed = look_is_thawed(&s->freeze);
        if (is_thawed && (i >= MOMENTS || is_moment(s)))
            return !ever_changed || explain(s, why);
        let_go_on(s, i, is_thawed);
    }
    return failure_set(why, "it is being thawed, and does not come to an end with that");
}

static void detach(struct session *s)
{
    if (s->freeze.tracee != NULL)
        tracee_detach(s->freeze.tracee);
    tracee_destroy(s->freeze.tracee);
}

/* Calls inside write a few bytes into the vdso's padding, so it is read before; what a killed checkpt left there is none of the kernel's. */
static bool read_vdso(struct session *s, struct failure *why)
{
    for (size_t i = 0; i < s->freeze.map_count; i++) {
        const struct proc_mapping *mapping = &s->freeze.maps[i];
        if (strcmp(mapping->path, "[vdso]") != 0)
            continue;
        void *bytes = arena_alloc(&s->model.arena, mapping->end - mapping->start);
        s->vdso = bytes;
        if (!tracee_read(s->freeze.tracee, mapping->start, bytes, mapping->end - mapping->start, why))
            return false;
        tracee_clean_text(bytes, mapping->end - mapping->start);
        return true;
    }
    return true;
}

static bool collect(struct session *s, struct failure *why)
{
    if (!read_vdso(s, why) || !tracee_calls_begin(s->freeze.tracee, why))
        return false;
    for (size_t i = 0; i < resource_count; i++)
        if (resources[i]->collect != NULL && is_wanted(s, resources[i]) && !resources[i]->collect(&s->freeze, why))
            return failure_prepend(why, "%s", resources[i]->name);
    return interrupt_none(why);
}

/* What a snapshot does not carry must not change while it is copied. */
static bool can_fork(const struct session *s)
{
    for (size_t i = 0; i < s->model.file_count; i++)
        if (s->model.files[i]->space != 0 && freeze_content(&s->freeze, s->model.files[i]->space) == NULL)
            return false;
    for (size_t i = 0; i < s->model.memory.n_mappings; i++)
        if ((s->model.memory.mappings[i]->advice & (CKPT__ADVICE__ADVICE_DONTFORK | CKPT__ADVICE__ADVICE_WIPEONFORK)) != 0)
            return false;
    return true;
}

static uint64_t private_bytes(const struct session *s)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < s->model.memory.n_mappings; i++) {
        const Ckpt__Mapping *m = s->model.memory.mappings[i];
        if ((m->flags & MAP_SHARED) == 0 && (m->protection & PROT_WRITE) != 0)
            bytes += m->end - m->start;
    }
    return bytes;
}

static bool wants_fork(const struct session *s)
{
    const struct freeze_options *options = &s->request->options;
    if (options->exit || options->mode == MODE_STOP)
        return false;
    return options->mode == MODE_FORK || private_bytes(s) > FORK_ABOVE;
}

/* Without --exit a large program is copied from a snapshot while it runs on. Where the snapshot cannot be made it is copied standing still. */
static bool snapshot(struct session *s, struct failure *why)
{
    struct failure ignored;
    if (wants_fork(s) && can_fork(s) && !tracee_fork(s->freeze.tracee, &s->snapshot, &ignored))
        s->snapshot = 0;
    if (!tracee_calls_end(s->freeze.tracee, why) || !is_allowed(s, why))
        return false;
    if (s->snapshot != 0)
        tracee_detach(s->freeze.tracee);
    return interrupt_none(why);
}

static void reap(struct session *s)
{
    struct failure ignored;
    if (s->snapshot != 0)
        tracee_reap(s->freeze.tracee, s->snapshot, &ignored);
    s->snapshot = 0;
}

/* Making the file durable takes longer than all the rest: the program is not kept waiting for that. */
static bool copy(struct session *s, struct failure *why)
{
    bool done = session_copy(s, why);
    extents_deinit(&s->extents);
    if (!s->request->options.exit)
        tracee_detach(s->freeze.tracee);
    return done;
}

static bool commit(struct session *s, struct failure *why)
{
    return interrupt_none(why) && output_commit(&s->output, s->path, why);
}

/* Only now: the file is safe. */
static bool finish(struct session *s, struct failure *why)
{
    const struct freeze_guard *guard = s->request->guard;
    if (!s->request->options.exit)
        return true;
    return (guard == NULL || guard->stored(guard->context, why)) && tracee_kill(s->freeze.tracee, why);
}

static const struct {
    bool (*step)(struct session *session, struct failure *why);
    void (*undo)(struct session *session);
} steps[] = {
    {look, unlook}, {explain, NULL}, {session_open_parent, session_close_parent}, {open_output, close_output}, {attach, detach}, {collect, NULL}, {snapshot, reap}, {copy, NULL}, {commit, NULL},
    {finish, NULL},
};

static void session_init(struct session *s, const struct freeze_request *request)
{
    *s = (struct session){.request = request, .output = OUTPUT_CLOSED};
    model_init(&s->model);
    s->freeze.pid = request->pid;
    s->freeze.directory = -1;
    s->freeze.options = request->options;
    s->freeze.caller = request->caller;
    s->freeze.is_guarded = request->guard != NULL;
    s->freeze.asker = s->freeze.is_guarded ? request->guard->asker : getpid();
    s->freeze.model = &s->model;
    s->model.image.retval = RETVAL;
}

bool freeze_program(const struct freeze_request *request, char *written, struct failure *why)
{
    struct session s;
    enum { COUNT = sizeof(steps) / sizeof(steps[0]) };
    size_t begun = 0;
    bool done = true;
    session_init(&s, request);
    interrupt_begin(&s.signals);
    for (; begun < COUNT && done; begun++)
        done = steps[begun].step(&s, why);
    while (begun-- > 0)
        if (steps[begun].undo != NULL)
            steps[begun].undo(&s);
    interrupt_end(&s.signals);
    if (done)
        snprintf(written, FREEZE_NAME_MAX, "%s", s.path);
    model_deinit(&s.model);
    return done;
}

bool freeze_explain(pid_t pid, struct findings *findings, struct failure *why)
{
    const struct freeze_request request = {.pid = pid};
    struct session s;
    session_init(&s, &request);
    bool done = look_before(&s.freeze, why);
    for (size_t i = 0; i < resource_count && done; i++)
        if (resources[i]->explain != NULL)
            resources[i]->explain(&s.freeze, findings);
    unlook(&s);
    model_deinit(&s.model);
    return done;
}
