/* What was watched is watched again, under the numbers that it was registered with: EPOLL_CTL_MOD and EPOLL_CTL_DEL go by them. Only now, when all descriptors are there. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checkpt/resource/epoll.h"

/* The program's descriptors as the thaw will have them. */
struct numbers {
    const struct model *model;
    int64_t *of_open_file;                 /* by id - 1: the lowest; -1: none */
    const Ckpt__Descriptor **descriptors;  /* by number, below `count`; NULL: closed */
    size_t count;
};

static void numbers_init(struct numbers *numbers, const struct model *model, struct arena *arena)
{
    const Ckpt__Descriptors *all = &model->descriptors;
    *numbers = (struct numbers){.model = model, .count = all->n_descriptors == 0 ? 0 : all->descriptors[all->n_descriptors - 1]->number + 1};
    numbers->of_open_file = arena_alloc(arena, (model->open_file_count + 1) * sizeof(*numbers->of_open_file));
    memset(numbers->of_open_file, -1, (model->open_file_count + 1) * sizeof(*numbers->of_open_file));
    numbers->descriptors = arena_alloc(arena, (numbers->count + 1) * sizeof(*numbers->descriptors));
    for (size_t i = all->n_descriptors; i-- > 0;) {
        numbers->of_open_file[all->descriptors[i]->open_file - 1] = all->descriptors[i]->number;
        numbers->descriptors[all->descriptors[i]->number] = all->descriptors[i];
    }
}

static const Ckpt__Descriptor *descriptor_at(const struct numbers *numbers, uint32_t number)
{
    return number < numbers->count ? numbers->descriptors[number] : NULL;
}

static bool is_at_its_number(const struct numbers *numbers, const Ckpt__EpollRegistration *registration)
{
    const Ckpt__Descriptor *descriptor = descriptor_at(numbers, registration->number);
    return descriptor != NULL && descriptor->open_file == registration->open_file;
}

/* errno's value for what the caller has there. Above 0 to 2 only its pipes and sockets come to the program; /dev/null stands for others. */
static int can_watch(int fd)
{
    struct epoll_event event = {.events = 0};
    struct stat status;
    if (fd >= FILES_STANDARD && (fstat(fd, &status) != 0 || !(S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode))))
        return EPERM;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int error = epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0 ? errno : 0;
    if (epoll >= 0)
        close(epoll);
    return error;
}

static void check_callers(const Ckpt__OpenFile *open_file, const Ckpt__EpollRegistration *registration, const char *subject, struct findings *findings)
{
    static const char *const ways_out[] = {"give it a terminal or a pipe there: true | checkpt -r FILE", "give it a terminal or a pipe there: checkpt -r FILE | cat"};
    uint32_t from = open_file->inherited - 1;
    int error = can_watch((int)from);
    if (error != 0)
        findings_add(findings, VERDICT_REFUSED, subject, ways_out[from != 0],
                     "epoll: it watches descriptor %u, which becomes the caller's descriptor %u, %s", registration->number, from,
                     error == EPERM ? "a file that cannot be watched" : error == EBADF ? "which is closed" : strerror(error));
}

/* Those of /proc and /sys, some of which can be, have no inode here. */
static bool never_watched(const Ckpt__File *file)
{
    bool ordinary = file->type == CKPT__FILE_TYPE__FILE_TYPE_REGULAR || file->type == CKPT__FILE_TYPE__FILE_TYPE_DIRECTORY;
    return ordinary && file->inode != 0;
}

static uint64_t most_descriptors(void)
{
    struct rlimit limit = {0};
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_max < INT32_MAX ? limit.rlim_max : INT32_MAX;
}

static void check_registration(const struct numbers *numbers, const Ckpt__EpollRegistration *registration, const char *subject, struct findings *findings)
{
    const Ckpt__OpenFile *open_file = model_open_file(numbers->model, registration->open_file);
    const Ckpt__Descriptor *other = descriptor_at(numbers, registration->number);
    if (open_file == NULL || numbers->of_open_file[open_file->id - 1] < 0)
        findings_add(findings, VERDICT_REFUSED, subject, NULL, "epoll: the open file that it watches as descriptor %u has no descriptor", registration->number);
    else if (registration->number >= most_descriptors())
        findings_add(findings, VERDICT_REFUSED, subject, "raise the limit with ulimit -n", "epoll: it watches descriptor %u, which is beyond what the caller may have",
                     registration->number);
    else if (!is_at_its_number(numbers, registration) && other != NULL && other->n_locks > 0)
        findings_add(findings, VERDICT_REFUSED, subject, NULL, "epoll: what it watches as descriptor %u has another number, and that one is a file with record locks",
                     registration->number);
    else if (open_file->inherited == 0 && never_watched(model_file(numbers->model, open_file->file)))
        findings_add(findings, VERDICT_REFUSED, subject, NULL, "epoll: it watches descriptor %u, a file that cannot be watched", registration->number);
    else if (open_file->inherited != 0)
        check_callers(open_file, registration, subject, findings);
}

void epoll_check(struct thaw *thaw, struct findings *findings)
{
    const struct model_objects *records = model_objects(thaw->model, CKPT__KIND__KIND_EPOLL);
    struct numbers numbers;
    numbers_init(&numbers, thaw->model, findings->arena);
    const int64_t *places = events_numbers(thaw->model, findings->arena);
    if (epoll_is_nested_too_deep(thaw->model))
        findings_add(findings, VERDICT_REFUSED, "epoll", NULL, "epolls watch each other in a loop, or too many of them in a row");
    for (size_t i = 0; i < records->count; i++) {
        const Ckpt__Epoll *epoll = (const Ckpt__Epoll *)records->list[i];
        char subject[32];
        if (epoll->file == 0 || places[epoll->file - 1] < 0)
            continue;
        snprintf(subject, sizeof(subject), "fd %d", (int)places[epoll->file - 1]);
        for (size_t k = 0; k < epoll->n_registrations; k++)
            check_registration(&numbers, epoll->registrations[k], subject, findings);
    }
}

static void plan_add(struct plan *plan, const char *what, int64_t epoll, const Ckpt__EpollRegistration *registration)
{
    struct epoll_event event = {.events = registration->events, .data.u64 = registration->data};
    uint32_t data = plan_data(plan, &event, sizeof(event), sizeof(uint64_t));
    PLAN_CALL(plan, what, SYS_epoll_ctl, PLAN_NUMBER(epoll), PLAN_NUMBER(EPOLL_CTL_ADD), PLAN_NUMBER(registration->number), PLAN_DATA(data));
}

/* Its number is lent to it meanwhile. What has it now keeps its place among the plan's own descriptors. */
static void plan_lent(struct thaw *thaw, const struct numbers *numbers, const char *what, int64_t epoll, const Ckpt__EpollRegistration *registration)
{
    struct plan *plan = thaw->plan;
    const Ckpt__Descriptor *other = descriptor_at(numbers, registration->number);
    struct plan_arg number = PLAN_NUMBER(registration->number), kept = PLAN_NUMBER(0);
    if (other != NULL)
        kept = PLAN_RESULT(PLAN_CALL(plan, what, SYS_fcntl, number, PLAN_NUMBER(F_DUPFD_CLOEXEC), PLAN_NUMBER(thaw->high)));
    PLAN_CALL(plan, what, SYS_dup3, PLAN_NUMBER(numbers->of_open_file[registration->open_file - 1]), number, PLAN_NUMBER(O_CLOEXEC));
    plan_add(plan, what, epoll, registration);
    if (other != NULL) {
        PLAN_CALL(plan, what, SYS_dup3, kept, number, PLAN_NUMBER(other->close_on_exec ? O_CLOEXEC : 0));
        PLAN_CALL(plan, what, SYS_close, kept);
    } else {
        PLAN_CALL(plan, what, SYS_close, number);
    }
}

bool epoll_plan(struct thaw *thaw, struct failure *why)
{
    (void)why;
    const struct model_objects *records = model_objects(thaw->model, CKPT__KIND__KIND_EPOLL);
    struct arena arena = {0};
    struct numbers numbers;
    numbers_init(&numbers, thaw->model, &arena);
    const int64_t *places = events_numbers(thaw->model, &arena);
    for (size_t i = 0; i < records->count; i++) {
        const Ckpt__Epoll *epoll = (const Ckpt__Epoll *)records->list[i];
        for (size_t k = 0; k < epoll->n_registrations && epoll->file != 0 && places[epoll->file - 1] >= 0; k++) {
            const Ckpt__EpollRegistration *registration = epoll->registrations[k];
            char what[80];
            snprintf(what, sizeof(what), "fd %d: epoll: watching descriptor %u", (int)places[epoll->file - 1], registration->number);
            if (is_at_its_number(&numbers, registration))
                plan_add(thaw->plan, what, places[epoll->file - 1], registration);
            else
                plan_lent(thaw, &numbers, what, places[epoll->file - 1], registration);
        }
    }
    arena_deinit(&arena);
    return true;
}
