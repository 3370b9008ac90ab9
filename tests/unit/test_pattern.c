#include <criterion/criterion.h>
#include <string.h>

#include "cli/pattern.h"

/* Where the n-th match is, n from 0, and how long; -1 where there are fewer. */
static long find(const char *text, const void *bytes, size_t length, unsigned n, size_t *match_length)
{
    struct cli_text why = {0};
    struct pattern *pattern = pattern_create(text, &why);
    cr_assert_not_null(pattern, "%s", cli_text_get(&why));
    size_t at = 0, from = 0;
    bool found = true;
    for (unsigned i = 0; found && i <= n; i++) {
        found = pattern_find(pattern, bytes, length, from, &at, match_length);
        from = pattern_next(pattern, at, *match_length);
    }
    pattern_destroy(pattern);
    return found ? (long)at : -1;
}

static void refused(const char *text, const char *sentence)
{
    struct cli_text why = {0};
    cr_assert_null(pattern_create(text, &why));
    cr_assert_not_null(strstr(cli_text_get(&why), sentence), "%s", cli_text_get(&why));
    cli_text_deinit(&why);
}

Test(pattern, text_is_its_bytes)
{
    size_t length;
    cr_assert_eq(find("aa", "xaaa", 4, 0, &length), 1);
    cr_assert_eq(length, 2);
    cr_assert_eq(find("aa", "xaaa", 4, 1, &length), 2, "matches may overlap");
    cr_assert_eq(find("aa", "xaaa", 4, 2, &length), -1);
    cr_assert_eq(find("text:hex:", "a hex: b", 8, 0, &length), 2);
}

Test(pattern, hexadecimal)
{
    size_t length;
    cr_assert_eq(find("hex:00 fF00", "\xff\x00\xff\x00", 4, 0, &length), 1);
    cr_assert_eq(length, 3);
    refused("hex:0", "two digits");
    refused("hex:zz", "two digits");
    refused("hex: ", "no bytes");
    refused("", "no text");
    refused("text:", "no text");
}

Test(pattern, regular_expressions_go_over_bytes)
{
    static const char bytes[] = "one\0key=\xfftwo three\nkey=4";
    size_t length;
    cr_assert_eq(find("regex:key=[^ ]+", bytes, sizeof(bytes) - 1, 0, &length), 4);
    cr_assert_eq(length, 8);
    cr_assert_eq(find("regex:^key=", bytes, sizeof(bytes) - 1, 0, &length), 19);
    cr_assert_eq(find("regex:e+", "xeeex", 5, 1, &length), -1, "matches of expressions do not overlap");
    cr_assert_eq(find("regex:z*", bytes, sizeof(bytes) - 1, 0, &length), -1, "empty matches are none");
    refused("regex:(", "not a regular expression");
}
