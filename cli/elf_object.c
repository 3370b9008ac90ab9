#include "cli/elf_object.h"

#include <gelf.h>
#include <string.h>

static size_t build_id_of_notes(Elf_Data *data, uint8_t id[ELF_BUILD_ID_MAX])
{
    GElf_Nhdr note;
    size_t name, body, offset = 0;
    while ((offset = gelf_getnote(data, offset, &note, &name, &body)) > 0) {
        if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != sizeof("GNU") || note.n_descsz > ELF_BUILD_ID_MAX)
            continue;
        const char *bytes = data->d_buf;
        if (memcmp(bytes + name, "GNU", sizeof("GNU")) == 0) {
            memcpy(id, bytes + body, note.n_descsz);
            return note.n_descsz;
        }
    }
    return 0;
}

static Elf *begin(int fd)
{
    if (elf_version(EV_CURRENT) == EV_NONE)
        return NULL;
    return elf_begin(fd, ELF_C_READ, NULL);
}

size_t elf_build_id(int fd, uint8_t id[ELF_BUILD_ID_MAX])
{
    Elf *elf = begin(fd);
    size_t length = 0, count = 0;
    if (elf != NULL && elf_kind(elf) == ELF_K_ELF && elf_getphdrnum(elf, &count) == 0) {
        for (size_t i = 0; i < count && length == 0; i++) {
            GElf_Phdr segment;
            if (gelf_getphdr(elf, (int)i, &segment) == NULL || segment.p_type != PT_NOTE || segment.p_filesz > 65536)
                continue;
            Elf_Data *data = elf_getdata_rawchunk(elf, (int64_t)segment.p_offset, segment.p_filesz,
                                                  segment.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
            if (data != NULL)
                length = build_id_of_notes(data, id);
        }
    }
    elf_end(elf);
    return length;
}

static bool table_imports(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, const char *symbol)
{
    Elf_Data *data = elf_getdata(section, NULL);
    if (data == NULL || header->sh_entsize == 0)
        return false;
    size_t count = data->d_size / header->sh_entsize;
    for (size_t i = 0; i < count; i++) {
        GElf_Sym entry;
        if (gelf_getsym(data, (int)i, &entry) == NULL || entry.st_shndx != SHN_UNDEF)
            continue;
        const char *name = elf_strptr(elf, header->sh_link, entry.st_name);
        if (name != NULL && strcmp(name, symbol) == 0)
            return true;
    }
    return false;
}

bool elf_imports(int fd, const char *symbol, bool *is_dynamic)
{
    Elf *elf = begin(fd);
    bool found = false, dynamic = false;
    if (elf != NULL && elf_kind(elf) == ELF_K_ELF) {
        Elf_Scn *section = NULL;
        while ((section = elf_nextscn(elf, section)) != NULL) {
            GElf_Shdr header;
            if (gelf_getshdr(section, &header) == NULL || header.sh_type != SHT_DYNSYM)
                continue;
            dynamic = true;
            found = found || table_imports(elf, section, &header, symbol);
        }
    }
    elf_end(elf);
    *is_dynamic = dynamic;
    return found;
}
