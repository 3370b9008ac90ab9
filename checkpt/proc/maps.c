#include "checkpt/proc/maps.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

#include "checkpt/proc/array.h"
#include "checkpt/proc/lines.h"
#include "checkpt/proc/path.h"

static bool hex(const char **text, char end, uint64_t *value)
{
    uint64_t number = 0;
    const char *p = *text;
    for (;; p++) {
        unsigned digit;
        if (*p >= '0' && *p <= '9')
            digit = (unsigned)(*p - '0');
        else if (*p >= 'a' && *p <= 'f')
            digit = (unsigned)(*p - 'a' + 10);
        else
            break;
        number = number << 4 | digit;
    }
    if (p == *text || *p != end)
        return false;
    *value = number;
    *text = p + 1;
    return true;
}

static bool parse_protection(const char *text, struct proc_mapping *mapping)
{
    if (strnlen(text, 5) < 5 || text[4] != ' ')
        return false;
    mapping->protection = (text[0] == 'r' ? PROT_READ : 0u) | (text[1] == 'w' ? PROT_WRITE : 0u) | (text[2] == 'x' ? PROT_EXEC : 0u);
    mapping->shared = text[3] == 's';
    return true;
}

static bool is_special(const char *path)
{
    static const char *const ordinary[] = {"[heap]", "[stack]"};
    if (path[0] != '[' || strncmp(path, "[anon:", 6) == 0 || strncmp(path, "[anon_shmem:", 12) == 0)
        return false;
    for (size_t i = 0; i < sizeof(ordinary) / sizeof(*ordinary); i++)
        if (strcmp(path, ordinary[i]) == 0)
            return false;
    return true;
}

static void parse_path(const char *text, const struct proc_mapping *previous, struct arena *arena, struct proc_mapping *mapping)
{
    if (previous != NULL && previous->inode == mapping->inode && previous->device == mapping->device && strcmp(previous->path, text) == 0) {
        mapping->path = previous->path;
        mapping->special = previous->special;
        return;
    }
    char *path = arena_copy(arena, text, strlen(text) + 1);
    proc_path_unescape(path, "\n");
    mapping->deleted = proc_path_cut_deleted(path, mapping->inode);
    mapping->special = is_special(path);
    mapping->path = path;
}

bool proc_mapping_parse(const char *line, const struct proc_mapping *previous, struct arena *arena, struct proc_mapping *mapping)
{
    struct proc_mapping parsed = {.path = ""};
    uint64_t major_number, minor_number;
    const char *p = line;
    if (!hex(&p, '-', &parsed.start) || !hex(&p, ' ', &parsed.end) || !parse_protection(p, &parsed))
        return false;
    p += 5;
    if (!hex(&p, ' ', &parsed.offset) || !hex(&p, ':', &major_number) || !hex(&p, ' ', &minor_number))
        return false;
    char *end;
    parsed.inode = strtoull(p, &end, 10);
    parsed.device = makedev((unsigned)major_number, (unsigned)minor_number);
    p = end + strspn(end, " ");
    if (*p != '\0')
        parse_path(p, previous, arena, &parsed);
    *mapping = parsed;
    return true;
}

bool proc_maps(int directory, struct arena *arena, struct proc_mapping **maps, size_t *count, struct failure *why)
{
    struct proc_lines lines;
    if (!proc_lines_open(&lines, directory, "maps", why))
        return false;
    struct proc_array array = {.element = sizeof(struct proc_mapping)};
    struct proc_mapping mapping = {.path = ""};
    for (const char *line; (line = proc_lines_next(&lines)) != NULL;)
        if (proc_mapping_parse(line, array.count > 0 ? &mapping : NULL, arena, &mapping))
            *(struct proc_mapping *)proc_array_add(&array) = mapping;
    proc_lines_close(&lines);
    *maps = proc_array_keep(&array, arena, count);
    return true;
}
