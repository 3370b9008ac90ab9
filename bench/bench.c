/* One column for each size of program, one row for each figure; every cell is the median of several runs. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"

enum { RUNS_MAX = 31, PATH_ROOM = 4096 };

struct subject {
    const char *name;
    size_t mib;
    int runs;
    bool with_criu;
};
static const struct subject all[] = {{"tiny", 0, 31, true}, {"64 MiB", 64, 11, true}, {"1 GiB", 1024, 5, true}, {"4 GiB", 4096, 3, false}};
enum { SUBJECTS = sizeof(all) / sizeof(all[0]) };

enum figure { EXEC, FORK, COPY, WRITE, FREEZE, RATIO, PAUSE, STOPPED, RSS, FREEZE_EXIT, RATIO_EXIT, THAW, THAW_COPY, SUMMARY, VERIFY, CRIU_DUMP, CRIU_PAUSE, CRIU_EXIT, CRIU_RESTORE, FIGURES };
static const struct {
    const char *name, *unit, *aim;
} figures[FIGURES] = {
    [EXEC] = {"machine: exec of /bin/true", "ms", ""},
    [FORK] = {"machine: fork", "ms", ""},
    [COPY] = {"machine: memcpy of its memory", "ms", ""},
    [WRITE] = {"machine: write and fsync of its memory", "ms", ""},
    [FREEZE] = {"freeze", "ms", "tiny < 5"},
    [RATIO] = {"  ... in terms of write and fsync", "", "<= 1.2"},
    [PAUSE] = {"  ... pause of the program", "ms", ""},
    [STOPPED] = {"  ... pause with --mode stop", "ms", ""},
    [RSS] = {"  ... peak memory of checkpt", "MiB", "< 8"},
    [FREEZE_EXIT] = {"freeze --exit", "ms", ""},
    [RATIO_EXIT] = {"  ... in terms of write and fsync", "", "<= 1.2"},
    [THAW] = {"thaw to the first step", "ms", "< 5"},
    [THAW_COPY] = {"thaw --copy to the first step", "ms", ""},
    [SUMMARY] = {"ckptdump: summary", "ms", "< 10"},
    [VERIFY] = {"ckptdump --verify", "ms", ""},
    [CRIU_DUMP] = {"criu dump --leave-running (no fsync)", "ms", ""},
    [CRIU_PAUSE] = {"  ... pause of the program", "ms", ""},
    [CRIU_EXIT] = {"criu dump (no fsync)", "ms", ""},
    [CRIU_RESTORE] = {"criu restore -d, to its end", "ms", ""},
};

struct samples {
    double values[RUNS_MAX];
    int count;
};

/* Everything about one subject: its program, its image, what was measured. */
struct column {
    const struct subject *subject;
    const struct place *place;
    pid_t pid;
    char directory[PATH_ROOM], image[PATH_ROOM + 16], checkpt[PATH_ROOM], dump[PATH_ROOM];
    struct samples samples[FIGURES];
};

static void take(struct column *c, enum figure figure, double value)
{
    struct samples *s = &c->samples[figure];
    if (value >= 0 && s->count < RUNS_MAX)
        s->values[s->count++] = value;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* NAN: it was not measured. */
static double median(struct samples *s)
{
    qsort(s->values, (size_t)s->count, sizeof(s->values[0]), by_value);
    if (s->count == 0)
        return NAN;
    return s->count % 2 != 0 ? s->values[s->count / 2] : (s->values[s->count / 2 - 1] + s->values[s->count / 2]) / 2;
}

static bool succeeded(const struct column *c, const char *what, const struct run *run)
{
    if (run->status == 0)
        return true;
    fprintf(stderr, "bench: %s of %s: it failed\n", what, c->subject->name);
    return false;
}

static void start(struct column *c)
{
    char mib[32], path[PATH_ROOM + 16];
    snprintf(mib, sizeof(mib), "%zu", c->subject->mib);
    snprintf(path, sizeof(path), "%s/ready", c->directory);
    char *arguments[] = {(char *)c->place->stepper, mib, c->directory, NULL};
    unlink(path);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    c->pid = program_start(arguments, null);
    close(null);
    while (access(path, F_OK) != 0 && waitpid(c->pid, NULL, WNOHANG) == 0)
        usleep(1000);
}

/* The longest time between two steps; -1: none was longer than a tenth of a millisecond. */
static double longest_gap(const struct column *c)
{
    char path[PATH_ROOM + 16], line[64];
    double longest = -1;
    snprintf(path, sizeof(path), "%s/gaps", c->directory);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        longest = fmax(longest, strtod(line, NULL) / 1e6);
    if (file != NULL)
        fclose(file);
    unlink(path);
    return longest;
}

static bool freeze(struct column *c, const char *mode, struct run *run)
{
    char pid[32];
    snprintf(pid, sizeof(pid), "%d", (int)c->pid);
    char *arguments[] = {c->checkpt, (char *)"freeze", (char *)"-o", c->image, (char *)mode, pid, NULL};
    *run = program_run(arguments);
    return succeeded(c, "freezing", run);
}

static void measure_freezes(struct column *c, size_t bytes)
{
    struct run run;
    for (int i = 0; i < c->subject->runs; i++) {
        take(c, WRITE, machine_write(c->place, bytes));
        longest_gap(c);
        unlink(c->image);
        if (!freeze(c, "--mode=auto", &run))
            return;
        take(c, FREEZE, run.milliseconds);
        take(c, RSS, run.rss_mib);
        take(c, PAUSE, longest_gap(c));
        unlink(c->image);
        if (freeze(c, "--mode=stop", &run))
            take(c, STOPPED, longest_gap(c));
    }
}

/* Each ends the program: the next one is resumed from what was written. */
static double thaw(struct column *c, char *option)
{
    int ends[2];
    char byte;
    char *arguments[] = {c->checkpt, (char *)"-r", option != NULL ? option : c->image, option != NULL ? c->image : NULL, NULL};
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    double before = milliseconds();
    pid_t pid = program_start(arguments, ends[1]);
    close(ends[1]);
    bool stepped = read(ends[0], &byte, 1) == 1;
    double took = milliseconds() - before;
    program_end(pid);
    close(ends[0]);
    if (!stepped)
        fprintf(stderr, "bench: thawing %s: it took no step\n", c->subject->name);
    return stepped ? took : -1;
}

static void measure_exits(struct column *c)
{
    struct run run;
    for (int i = 0; i < (c->subject->runs + 2) / 3; i++) {
        if (i > 0)
            start(c);
        unlink(c->image);
        bool frozen = freeze(c, "--exit", &run);
        program_end(c->pid);
        if (!frozen)
            return;
        take(c, FREEZE_EXIT, run.milliseconds);
    }
}

static void measure_image(struct column *c)
{
    char *summary[] = {c->dump, c->image, NULL}, *verify[] = {c->dump, (char *)"--verify", c->image, NULL};
    struct run run;
    thaw(c, NULL);
    for (int i = 0; i < c->subject->runs; i++) {
        take(c, THAW, thaw(c, NULL));
        take(c, THAW_COPY, thaw(c, (char *)"--copy"));
        run = program_run(summary);
        if (succeeded(c, "ckptdump", &run))
            take(c, SUMMARY, run.milliseconds);
        run = program_run(verify);
        if (succeeded(c, "ckptdump --verify", &run))
            take(c, VERIFY, run.milliseconds);
    }
}

/* Restored, it has its old id: the one before has ended, and was waited for. */
static void measure_criu(struct column *c, struct criu *criu)
{
    for (int i = 0; criu->works && c->subject->with_criu && i < (c->subject->runs + 2) / 3; i++) {
        pid_t restored = 0;
        start(c);
        longest_gap(c);
        double dump = criu_dump(criu, c->place, c->pid, true);
        double pause = dump < 0 ? -1 : longest_gap(c);
        double last = dump < 0 ? -1 : criu_dump(criu, c->place, c->pid, false);
        program_end(c->pid);
        double restore = last < 0 ? -1 : criu_restore(criu, c->place, &restored);
        if (restored > 0)
            kill(restored, SIGKILL);
        criu->works = restore >= 0;
        take(c, CRIU_DUMP, dump);
        take(c, CRIU_PAUSE, pause);
        take(c, CRIU_EXIT, last);
        take(c, CRIU_RESTORE, restore);
    }
    criu_clean(c->place);
}

static void measure(struct column *c, const struct subject *subject, const struct place *place, struct criu *criu)
{
    size_t bytes = subject->mib << 20;
    *c = (struct column){.subject = subject, .place = place};
    fprintf(stderr, "bench: %s ...\n", subject->name);
    snprintf(c->directory, sizeof(c->directory), "%s", place->directory);
    snprintf(c->image, sizeof(c->image), "%s/x.ckpt", c->directory);
    snprintf(c->checkpt, sizeof(c->checkpt), "%s/checkpt", place->bin);
    snprintf(c->dump, sizeof(c->dump), "%s/ckptdump", place->bin);
    for (int i = 0; i < subject->runs; i++) {
        take(c, EXEC, subject->mib == 0 ? machine_exec(place, bytes) : -1);
        take(c, FORK, machine_fork(place, bytes));
        take(c, COPY, subject->mib == 0 ? -1 : machine_copy(place, bytes));
    }
    start(c);
    measure_freezes(c, bytes);
    measure_exits(c);
    measure_image(c);
    unlink(c->image);
    measure_criu(c, criu);
    double write = median(&c->samples[WRITE]);
    take(c, RATIO, subject->mib == 0 ? -1 : median(&c->samples[FREEZE]) / write);
    take(c, RATIO_EXIT, subject->mib == 0 ? -1 : median(&c->samples[FREEZE_EXIT]) / write);
}

static bool is_measured(struct column *columns, size_t count, int figure)
{
    bool any = figure < CRIU_DUMP;
    for (size_t i = 0; i < count; i++)
        any = any || columns[i].samples[figure].count > 0;
    return any;
}

static void print(struct column *columns, size_t count)
{
    printf("%-42s", "median of several runs, warm page cache");
    for (size_t i = 0; i < count; i++)
        printf("%10s", columns[i].subject->name);
    printf("      %s\n", "aim");
    for (int f = 0; f < FIGURES; f++) {
        char name[64];
        if (!is_measured(columns, count, f))
            continue;
        snprintf(name, sizeof(name), "%s%s%s", figures[f].name, figures[f].unit[0] != '\0' ? ", " : "", figures[f].unit);
        printf("%-42s", name);
        for (size_t i = 0; i < count; i++) {
            double value = median(&columns[i].samples[f]);
            if (isnan(value))
                printf("%10s", "-");
            else
                printf("%10.*f", value < 10 ? 2 : value < 100 ? 1 : 0, value);
        }
        printf("      %s\n", figures[f].aim);
    }
}

int main(int argc, char **argv)
{
    char directory[PATH_ROOM];
    if (argc < 4) {
        fprintf(stderr, "usage: bench BIN STEPPER DIRECTORY [COLUMNS [RUNS]]\n");
        return 2;
    }
    snprintf(directory, sizeof(directory), "%s/checkpt", argv[1]);
    if (access(directory, X_OK) != 0) {
        fprintf(stderr, "bench: %s: running it: %s\n", directory, strerror(errno));
        return 2;
    }
    snprintf(directory, sizeof(directory), "%s/bench.XXXXXX", argv[3]);
    if (mkdtemp(directory) == NULL) {
        fprintf(stderr, "bench: %s: making it: %s\n", directory, strerror(errno));
        return 2;
    }
    const struct place place = {.bin = argv[1], .stepper = argv[2], .directory = directory};
    size_t count = argc > 4 ? strtoul(argv[4], NULL, 10) : SUBJECTS;
    int most = argc > 5 ? atoi(argv[5]) : RUNS_MAX;
    struct subject subjects[SUBJECTS];
    memcpy(subjects, all, sizeof(subjects));
    for (size_t i = 0; i < SUBJECTS; i++)
        subjects[i].runs = subjects[i].runs < most ? subjects[i].runs : most;
    count = count > SUBJECTS ? SUBJECTS : count;
    struct criu criu;
    criu_look(&criu);
    struct column *columns = calloc(SUBJECTS, sizeof(*columns));
    for (size_t i = 0; i < count; i++)
        measure(&columns[i], &subjects[i], &place, &criu);
    print(columns, count);
    if (!criu.works)
        printf("criu is not compared: %s%s%s\n", criu.program, criu.program[0] != '\0' ? ": " : "", criu.sentence);
    char path[PATH_ROOM + 16];
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof(path), "%s/%s", directory, i == 0 ? "ready" : "gaps");
        unlink(path);
    }
    rmdir(directory);
    free(columns);
    return 0;
}
