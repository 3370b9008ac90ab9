#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpt/policy/policy.h"

const char *policy_path(void)
{
    const char *other = getauxval(AT_SECURE) ? NULL : getenv("CHECKPT_CONF");
    return other != NULL ? other : POLICY_FILE;
}

static bool set_group(struct policy *policy, const char *value)
{
    char *end;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (errno != 0 || end == value || *end != '\0' || number < POLICY_ANYBODY || number >= UINT32_MAX)
        return false;
    policy->group = number;
    policy->is_set = true;
    return true;
}

static bool set_template(struct policy *policy, const char *value)
{
    if (value[0] == '\0' || strlen(value) >= sizeof(policy->template))
        return false;
    snprintf(policy->template, sizeof(policy->template), "%s", value);
    return true;
}

static void print_group(const struct policy *policy, FILE *out)
{
    fprintf(out, "%lld", (long long)policy->group);
}

static void print_template(const struct policy *policy, FILE *out)
{
    fputs(policy->template, out);
}

static const struct value {
    const char *name, *wanted;
    bool (*set)(struct policy *policy, const char *value);
    void (*print)(const struct policy *policy, FILE *out);
} values[] = {
    {"kern.ckptgroup", "a group's number, or -1 for anybody", set_group, print_group},
    {"kern.ckptfile", "a file name, with %N, %P, %U and %%", set_template, print_template},
};
enum { VALUE_COUNT = sizeof(values) / sizeof(values[0]) };

static const struct value *find(const char *name)
{
    for (size_t i = 0; i < VALUE_COUNT; i++)
        if (strcmp(values[i].name, name) == 0)
            return &values[i];
    return NULL;
}

bool policy_set(struct policy *policy, const char *name, const char *value, struct failure *why)
{
    const struct value *known = find(name);
    if (known == NULL)
        return failure_set(why, "%s: no such name; there are kern.ckptgroup and kern.ckptfile", name);
    return known->set(policy, value) || failure_set(why, "%s=%s: it is %s", name, value, known->wanted);
}

bool policy_print(const struct policy *policy, const char *name, FILE *out)
{
    if (name != NULL && find(name) == NULL)
        return false;
    for (size_t i = 0; i < VALUE_COUNT; i++) {
        if (name != NULL && strcmp(values[i].name, name) != 0)
            continue;
        fprintf(out, "%s: ", values[i].name);
        values[i].print(policy, out);
        fputc('\n', out);
    }
    return true;
}

static char *trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    char *end = text + strlen(text);
    while (end > text && isspace((unsigned char)end[-1]))
        end--;
    *end = '\0';
    return text;
}

/* Cuts a line into name and value; false where there is nothing on it: blank, or a comment. A value missing altogether is "". */
static bool split(char *line, char **name, char **value)
{
    line = trim(line);
    if (line[0] == '\0' || line[0] == '#' || line[0] == ';')
        return false;
    char *equals = strchr(line, '=');
    *value = equals != NULL ? trim(equals + 1) : line + strlen(line);
    if (equals != NULL)
        *equals = '\0';
    *name = trim(line);
    return true;
}

static bool load_lines(struct policy *policy, FILE *file, struct failure *why)
{
    char *line = NULL, *name, *value;
    size_t room = 0;
    bool fine = true;
    for (unsigned number = 1; fine && getline(&line, &room, file) >= 0; number++)
        if (split(line, &name, &value) && !policy_set(policy, name, value, why))
            fine = failure_prepend(why, "line %u", number);
    free(line);
    return fine;
}

bool policy_load(struct policy *policy, const char *path, struct failure *why)
{
    policy_default(policy);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return errno == ENOENT || failure_errno(why, "%s", path);
    bool fine = load_lines(policy, file, why);
    fclose(file);
    return fine || failure_prepend(why, "%s", path);
}

/* Whether a line sets the name; the line is left as it is. */
static bool sets(const char *line, const char *wanted)
{
    char *copy = strdup(line), *name, *value;
    bool does = copy != NULL && split(copy, &name, &value) && strcmp(name, wanted) == 0;
    free(copy);
    return does;
}

static void copy_lines(FILE *from, FILE *to, const char *name, const char *value)
{
    char *line = NULL;
    size_t room = 0;
    bool done = false;
    while (from != NULL && getline(&line, &room, from) >= 0) {
        if (!sets(line, name)) {
            fprintf(to, "%s%s", line, strchr(line, '\n') != NULL ? "" : "\n");
            continue;
        }
        if (!done)
            fprintf(to, "%s=%s\n", name, value);
        done = true;
    }
    if (!done)
        fprintf(to, "%s=%s\n", name, value);
    free(line);
}

bool policy_store(const char *path, const char *name, const char *value, struct failure *why)
{
    struct policy policy;
    char beside[PATH_MAX];
    policy_default(&policy);
    if (!policy_set(&policy, name, value, why))
        return false;
    if ((size_t)snprintf(beside, sizeof(beside), "%s.XXXXXX", path) >= sizeof(beside))
        return failure_set(why, "%s: the name is too long", path);
    int fd = mkostemp(beside, O_CLOEXEC);
    if (fd < 0)
        return failure_errno(why, "%s: creating a file beside it", path);
    FILE *to = fdopen(fd, "w"), *from = fopen(path, "re");
    copy_lines(from, to, name, value);
    bool written = fflush(to) == 0 && fchmod(fd, 0644) == 0 && fsync(fd) == 0;
    int error = errno;
    if (from != NULL)
        fclose(from);
    fclose(to);
    errno = error;
    if (written && rename(beside, path) == 0)
        return true;
    failure_errno(why, "%s: writing it", path);
    unlink(beside);
    return false;
}
