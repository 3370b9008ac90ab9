#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkpt/policy/policy.h"

static char path[64];

static void with(const char *text)
{
    snprintf(path, sizeof(path), "/tmp/policy.XXXXXX");
    int fd = mkstemp(path);
    cr_assert(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static void done(void)
{
    unlink(path);
}

Test(policy, values_are_read_over_the_defaults, .fini = done)
{
    struct policy policy;
    struct failure why;
    with("# who may\n\n  kern.ckptgroup = 42  \n;more\nkern.ckptfile=/var/ckpt/%N.%P\n");
    cr_assert(policy_load(&policy, path, &why));
    cr_assert_eq(policy.group, 42);
    cr_assert(policy.is_set);
    cr_assert_str_eq(policy.template, "/var/ckpt/%N.%P");
}

Test(policy, a_missing_file_is_none)
{
    struct policy policy;
    struct failure why;
    cr_assert(policy_load(&policy, "/nonexistent/checkpt.conf", &why));
    cr_assert_str_eq(policy.template, "%N.ckpt");
    cr_assert_not(policy.is_set);
}

Test(policy, what_is_malformed_is_named_with_its_line)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"kern.ckptgroup=-2\n", "line 1: kern.ckptgroup=-2: it is a group's number"},
        {"\nkern.ckptgroup=wheel\n", "line 2: kern.ckptgroup=wheel"},
        {"kern.ckptgroup=4294967295\n", "line 1"},
        {"kern.ckptgroup\n", "line 1: kern.ckptgroup=: it is"},
        {"kern.ckptfile=\n", "line 1: kern.ckptfile=: it is a file name"},
        {"kern.corefile=x\n", "line 1: kern.corefile: no such name"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct policy policy;
        struct failure why;
        with(cases[i].text);
        cr_expect_not(policy_load(&policy, path, &why));
        cr_expect(strstr(why.sentence, cases[i].says) != NULL, "%s", why.sentence);
        unlink(path);
    }
}

Test(policy, storing_keeps_everything_else, .fini = done)
{
    struct policy policy;
    struct failure why;
    char text[256] = "";
    with("# first\nkern.ckptgroup=1\nkern.ckptfile=a\nkern.ckptgroup=2\n# last");
    cr_assert(policy_store(path, "kern.ckptgroup", "-1", &why), "%s", why.sentence);
    cr_assert(policy_load(&policy, path, &why));
    cr_assert_eq(policy.group, POLICY_ANYBODY);
    FILE *file = fopen(path, "r");
    cr_assert(fread(text, 1, sizeof(text) - 1, file) > 0);
    fclose(file);
    cr_assert_str_eq(text, "# first\nkern.ckptgroup=-1\nkern.ckptfile=a\n# last\n");
    cr_assert_not(policy_store(path, "kern.ckptgroup", "x", &why));
}

Test(policy, groups_decide)
{
    const struct policy wheel = {.group = 0}, staff = {.group = 50}, all = {.group = POLICY_ANYBODY};
    const gid_t groups[] = {100, 50};
    cr_assert(policy_allows(&staff, 1000, groups, 2));
    cr_assert_not(policy_allows(&staff, 1000, groups, 1));
    cr_assert_not(policy_allows(&wheel, 1000, groups, 2));
    cr_assert(policy_allows(&wheel, 0, groups, 2));
    cr_assert(policy_allows(&all, 1000, groups, 0));
}

Test(policy, templates)
{
    const struct policy_names names = {.name = "a/b\nc", .pid = 12, .user = 7};
    char text[64];
    cr_assert(policy_expand("/x/%N-%P.%U%%%z%", &names, text, sizeof(text)));
    cr_assert_str_eq(text, "/x/a_b_c-12.7%%z%");
    cr_assert_not(policy_expand("0123456789", &names, text, 10));
    cr_assert(policy_expand("0123456789", &names, text, 11));
}
