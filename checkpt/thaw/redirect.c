#include "checkpt/thaw/redirect.h"

#include <gelf.h>
#include <libelf.h>
#include <string.h>

#include "checkpt/arch/x86_64/jump.h"

/* The dynamic symbols of an ELF object in memory. */
struct symbols {
    Elf *elf;
    Elf_Data *data;
    size_t strings; /* section index */
    int count;
};

static bool symbols_open(struct symbols *symbols, void *image, size_t size)
{
    elf_version(EV_CURRENT);
    *symbols = (struct symbols){.elf = elf_memory(image, size)};
    if (symbols->elf == NULL)
        return false;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(symbols->elf, section)) != NULL;) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) == NULL || header.sh_type != SHT_DYNSYM || header.sh_entsize == 0)
            continue;
        symbols->data = elf_getdata(section, NULL);
        symbols->strings = header.sh_link;
        symbols->count = (int)(header.sh_size / header.sh_entsize);
        return symbols->data != NULL;
    }
    return false;
}

static const char *symbols_function(const struct symbols *symbols, int index, uint64_t *value)
{
    GElf_Sym symbol;
    if (gelf_getsym(symbols->data, index, &symbol) == NULL || GELF_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx == SHN_UNDEF)
        return NULL;
    *value = symbol.st_value;
    return elf_strptr(symbols->elf, symbols->strings, symbol.st_name);
}

static bool symbols_find(const struct symbols *symbols, const char *name, uint64_t *value)
{
    for (int i = 0; i < symbols->count; i++) {
        const char *other = symbols_function(symbols, i, value);
        if (other != NULL && strcmp(name, other) == 0)
            return true;
    }
    return false;
}

static void redirect_each(unsigned char *text, size_t size, const struct symbols *old, const struct symbols *own, uint64_t moved)
{
    for (int i = 0; i < old->count; i++) {
        uint64_t from, to;
        const char *name = symbols_function(old, i, &from);
        if (name != NULL && from <= size && size - from >= JUMP_SIZE && symbols_find(own, name, &to))
            jump_write(text + from, moved + to);
    }
}

bool redirect_functions(void *text, size_t size, uint64_t own, uint64_t own_end, uint64_t moved, struct failure *why)
{
    struct symbols old_symbols, own_symbols = {0};
    /* libelf may keep to the memory it is given: the old one is read before it is written. */
    bool done = symbols_open(&old_symbols, text, size) && symbols_open(&own_symbols, (void *)(uintptr_t)own, own_end - own);
    if (done)
        redirect_each(text, size, &old_symbols, &own_symbols, moved);
    else
        failure_set(why, "vdso: the program's is of another kernel, and its functions cannot be read");
    elf_end(old_symbols.elf);
    elf_end(own_symbols.elf);
    return done;
}
