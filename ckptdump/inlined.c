#include "ckptdump/inlined.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdbool.h>
#include <string.h>

enum { DEPTH_MAX = 256 };

/* What may contain code, though it says of no address that it does. */
static bool is_around(int tag)
{
    return tag == DW_TAG_namespace || tag == DW_TAG_module || tag == DW_TAG_class_type || tag == DW_TAG_structure_type;
}

static struct inlined_call describe(Dwarf_Die *die, Dwarf_Die *unit)
{
    Dwarf_Attribute attribute;
    Dwarf_Word file = 0, line = 0;
    Dwarf_Files *files;
    size_t count;
    struct inlined_call call = {.name = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &attribute))};
    bool told = dwarf_formudata(dwarf_attr(die, DW_AT_call_file, &attribute), &file) == 0 && dwarf_getsrcfiles(unit, &files, &count) == 0;
    if (told && file < count && dwarf_formudata(dwarf_attr(die, DW_AT_call_line, &attribute), &line) == 0) {
        call.call_source = dwarf_filesrc(files, file, NULL, NULL);
        call.call_line = (int)line;
    }
    return call;
}

/* Keeps the innermost of them. */
static void add(struct inlined *found, struct inlined_call call)
{
    memmove(found->calls + 1, found->calls, (INLINED_MAX - 1) * sizeof(found->calls[0]));
    found->calls[0] = call;
    found->count += found->count < INLINED_MAX;
}

/* The child that has the address in it; of those that do not say, the first in which there is one. */
static bool descend(Dwarf_Die *parent, Dwarf_Die *unit, uint64_t address, unsigned depth, struct inlined *found)
{
    Dwarf_Die child;
    if (depth >= DEPTH_MAX || dwarf_child(parent, &child) != 0)
        return false;
    do {
        int tag = dwarf_tag(&child);
        if (is_around(tag)) {
            if (descend(&child, unit, address, depth + 1, found))
                return true;
            continue;
        }
        if ((tag != DW_TAG_subprogram && tag != DW_TAG_inlined_subroutine && tag != DW_TAG_lexical_block) || dwarf_haspc(&child, address) <= 0)
            continue;
        if (tag == DW_TAG_inlined_subroutine)
            add(found, describe(&child, unit));
        descend(&child, unit, address, depth + 1, found);
        return true;
    } while (dwarf_siblingof(&child, &child) == 0);
    return false;
}

const struct inlined *inlined_at(struct inlined_cache *cache, Dwfl_Module *module, uint64_t address)
{
    struct inlined *slot = &cache->slots[address % INLINED_SLOTS];
    Dwarf_Addr bias;
    if (slot->address == address && address != 0)
        return slot;
    slot->address = address;
    slot->count = 0;
    Dwarf_Die *unit = dwfl_module_addrdie(module, address, &bias);
    if (unit != NULL)
        descend(unit, unit, address - bias, 0, slot);
    return slot;
}
