#include <string.h>

#include "checkpt/policy/policy.h"

struct text {
    char *at;
    size_t room; /* the final NUL's left out */
    bool fits;
};

static void put(struct text *text, const char *bytes, size_t length)
{
    text->fits = text->fits && length <= text->room;
    if (!text->fits)
        return;
    memcpy(text->at, bytes, length);
    text->at += length;
    text->room -= length;
}

static void put_number(struct text *text, uint32_t number)
{
    char digits[16];
    put(text, digits, (size_t)snprintf(digits, sizeof(digits), "%u", number));
}

/* One component of a path, whatever the program calls itself. */
static void put_name(struct text *text, const char *name)
{
    char safe[64];
    size_t length = strnlen(name, sizeof(safe) - 1);
    for (size_t i = 0; i < length; i++)
        safe[i] = name[i] == '/' || (unsigned char)name[i] < ' ' || name[i] == 0x7f ? '_' : name[i];
    put(text, safe, length);
}

bool policy_expand(const char *template, const struct policy_names *names, char *path, size_t size)
{
    struct text text = {path, size - 1, size > 0};
    for (const char *c = template; *c != '\0'; c++) {
        char what = *c == '%' ? c[1] : '\0';
        if (what == 'N')
            put_name(&text, names->name);
        else if (what == 'P')
            put_number(&text, (uint32_t)names->pid);
        else if (what == 'U')
            put_number(&text, names->user);
        else
            put(&text, c, 1);
        if (what == 'N' || what == 'P' || what == 'U' || what == '%')
            c++;
    }
    if (text.fits)
        *text.at = '\0';
    return text.fits;
}
