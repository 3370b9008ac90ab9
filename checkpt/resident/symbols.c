#include "checkpt/resident/symbols.h"

#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Where the object lies: its first mapping, less what the program header says of it. 0 for programs at fixed addresses. */
static bool object_base(Elf *elf, uint64_t start, uint64_t offset, uint64_t *base)
{
    size_t count;
    if (elf_getphdrnum(elf, &count) != 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr segment;
        if (gelf_getphdr(elf, (int)i, &segment) == NULL || segment.p_type != PT_LOAD)
            continue;
        uint64_t aligned = segment.p_offset & ~(uint64_t)4095;
        if (aligned != offset)
            continue;
        *base = start - (segment.p_vaddr - (segment.p_offset - aligned));
        return true;
    }
    return false;
}

static void look_in_section(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, const char *name, uint64_t base, struct symbols_found *found)
{
    Elf_Data *data = elf_getdata(section, NULL);
    size_t count = data != NULL && header->sh_entsize > 0 ? header->sh_size / header->sh_entsize : 0;
    for (size_t i = 0; i < count; i++) {
        GElf_Sym symbol;
        if (gelf_getsym(data, (int)i, &symbol) == NULL || symbol.st_shndx == SHN_UNDEF || GELF_ST_TYPE(symbol.st_info) != STT_OBJECT || symbol.st_size != 8)
            continue;
        const char *other = elf_strptr(elf, header->sh_link, symbol.st_name);
        if (other != NULL && strcmp(other, name) == 0 && found->count < SYMBOLS_FOUND_MAX)
            found->addresses[found->count++] = base + symbol.st_value;
    }
}

static void look_in(const char *path, const Ckpt__Mapping *mapping, const char *name, struct symbols_found *found)
{
    uint64_t base;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    elf_version(EV_CURRENT);
    Elf *elf = fd >= 0 ? elf_begin(fd, ELF_C_READ_MMAP, NULL) : NULL;
    if (elf != NULL && elf_kind(elf) == ELF_K_ELF && object_base(elf, mapping->start, mapping->offset, &base))
        for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section)) != NULL;) {
            GElf_Shdr header;
            if (gelf_getshdr(section, &header) != NULL && header.sh_type == SHT_DYNSYM)
                look_in_section(elf, section, &header, name, base, found);
        }
    elf_end(elf);
    if (fd >= 0)
        close(fd);
}

void symbols_find_all(const struct model *model, const char *name, struct symbols_found *found)
{
    uint32_t last = 0;
    for (size_t i = 0; i < model->memory.n_mappings; i++) {
        const Ckpt__Mapping *mapping = model->memory.mappings[i];
        const Ckpt__File *file = model_file(model, mapping->file);
        char path[4097] = {0};
        if (file == NULL || file->id == last || mapping->offset != 0 || file->path.len >= sizeof(path))
            continue;
        last = file->id;
        memcpy(path, file->path.data, file->path.len);
        look_in(path, mapping, name, found);
    }
}
