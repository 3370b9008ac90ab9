/* CRIU, where it is installed and works on this kernel: the same programs, in the same run. */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/bench.h"

enum { LOG_MAX = 65536 };

static bool is_in(const char *directory, const char *name, char path[PATH_MAX])
{
    return *directory != '\0' && snprintf(path, PATH_MAX, "%s/%s", directory, name) < PATH_MAX && access(path, X_OK) == 0;
}

static bool find(const char *name, char path[PATH_MAX])
{
    static const char *const further[] = {"/usr/sbin", "/usr/local/sbin"}; /* not in everybody's PATH */
    char *list = strdup(getenv("PATH") != NULL ? getenv("PATH") : ""), *rest = list;
    bool found = false;
    for (const char *directory; !found && (directory = strsep(&rest, ":")) != NULL;)
        found = is_in(directory, name, path);
    free(list);
    for (size_t i = 0; !found && i < sizeof(further) / sizeof(further[0]); i++)
        found = is_in(further[i], name, path);
    return found;
}

/* The first line with an error, but for that of a helper's end; without the place in criu's source. */
static void take_sentence(struct criu *criu, char *log)
{
    const char *found = "it says nothing";
    for (char *line; (line = strsep(&log, "\n")) != NULL;) {
        char *text = strstr(line, "): ");
        if (strncmp(line, "Error (", 7) != 0 || text == NULL || strstr(text, "exited, status=") != NULL)
            continue;
        found = text + 3;
        break;
    }
    snprintf(criu->sentence, sizeof(criu->sentence), "%s", found);
}

/* Its messages go to a log: they come by hundreds. -1 and the sentence where it fails. */
static double run(struct criu *criu, char *const *arguments)
{
    int log = memfd_create("log", 0), err = dup(STDERR_FILENO);
    if (log < 0 || err < 0 || dup2(log, STDERR_FILENO) < 0)
        return -1;
    struct run result = program_run(arguments);
    dup2(err, STDERR_FILENO);
    close(err);
    char *text = calloc(1, LOG_MAX);
    if (result.status != 0 && text != NULL && pread(log, text, LOG_MAX - 1, 0) >= 0)
        take_sentence(criu, text);
    free(text);
    close(log);
    return result.status == 0 ? result.milliseconds : -1;
}

void criu_look(struct criu *criu)
{
    *criu = (struct criu){.works = false};
    if (!find("criu", criu->program)) {
        snprintf(criu->sentence, sizeof(criu->sentence), "not installed");
        return;
    }
    char *arguments[] = {criu->program, (char *)"check", NULL};
    criu->works = run(criu, arguments) >= 0;
}

static void images_of(const struct place *place, char directory[PATH_MAX])
{
    snprintf(directory, PATH_MAX, "%s/criu", place->directory);
}

void criu_clean(const struct place *place)
{
    char directory[PATH_MAX];
    images_of(place, directory);
    DIR *list = opendir(directory);
    for (struct dirent *entry; list != NULL && (entry = readdir(list)) != NULL;)
        unlinkat(dirfd(list), entry->d_name, 0);
    if (list != NULL)
        closedir(list);
    rmdir(directory);
}

double criu_dump(struct criu *criu, const struct place *place, pid_t pid, bool leave_running)
{
    char directory[PATH_MAX], number[16];
    criu_clean(place);
    images_of(place, directory);
    snprintf(number, sizeof(number), "%d", (int)pid);
    if (mkdir(directory, 0700) != 0)
        return -1;
    char *arguments[] = {criu->program, (char *)"dump", (char *)"-v1", (char *)"--shell-job", (char *)"-D", directory, (char *)"-t", number,
                         leave_running ? (char *)"--leave-running" : NULL, NULL};
    return run(criu, arguments);
}

double criu_restore(struct criu *criu, const struct place *place, pid_t *pid)
{
    char directory[PATH_MAX], name[PATH_MAX + 8];
    images_of(place, directory);
    char *arguments[] = {criu->program, (char *)"restore", (char *)"-v1", (char *)"--shell-job", (char *)"-d", (char *)"--pidfile", (char *)"pid",
                         (char *)"-D", directory, NULL};
    double took = run(criu, arguments);
    snprintf(name, sizeof(name), "%s/pid", directory);
    FILE *file = took >= 0 ? fopen(name, "re") : NULL;
    int number = 0;
    if (file != NULL && fscanf(file, "%d", &number) != 1)
        number = 0;
    if (file != NULL)
        fclose(file);
    *pid = number;
    return took;
}
