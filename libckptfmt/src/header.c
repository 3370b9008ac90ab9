#include "header.h"

#include <elf.h>
#include <string.h>

#include "cursor.h"

enum { SHDR_INFO_AT = 44 };

uint64_t header_size(uint64_t count)
{
    return HEADER_EHDR_SIZE + count * HEADER_PHDR_SIZE + (count >= PN_XNUM ? HEADER_SHDR_SIZE : 0);
}

static void encode_ehdr(struct cursor *c, uint64_t count)
{
    static const uint8_t ident[EI_NIDENT] = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT, ELFOSABI_NONE};
    bool extended = count >= PN_XNUM;
    cursor_put_bytes(c, ident, sizeof(ident));
    cursor_put(c, ET_CORE, 2);
    cursor_put(c, EM_X86_64, 2);
    cursor_put(c, EV_CURRENT, 4);
    cursor_put(c, 0, 8); /* e_entry */
    cursor_put(c, HEADER_EHDR_SIZE, 8);
    cursor_put(c, extended ? HEADER_EHDR_SIZE + count * HEADER_PHDR_SIZE : 0, 8);
    cursor_put(c, 0, 4); /* e_flags */
    cursor_put(c, HEADER_EHDR_SIZE, 2);
    cursor_put(c, HEADER_PHDR_SIZE, 2);
    cursor_put(c, extended ? PN_XNUM : count, 2);
    cursor_put(c, extended ? HEADER_SHDR_SIZE : 0, 2);
    cursor_put(c, extended ? 1 : 0, 2);
    cursor_put(c, SHN_UNDEF, 2);
}

static void encode_shdr(struct cursor *c, uint64_t count)
{
    cursor_put_zeros(c, 32);             /* name, type, flags, addr, offset */
    cursor_put(c, 1, 8);                 /* sh_size: one section header */
    cursor_put(c, 0, 4);                 /* sh_link: no string table */
    cursor_put(c, count, 4);             /* sh_info */
    cursor_put_zeros(c, 16);
}

void header_encode(const struct segment *segments, uint64_t count, uint8_t *bytes, size_t length)
{
    struct cursor c = cursor_over(bytes, length);
    encode_ehdr(&c, count);
    for (uint64_t i = 0; i < count; i++) {
        const struct segment *s = &segments[i];
        cursor_put(&c, s->type, 4);
        cursor_put(&c, s->flags, 4);
        cursor_put(&c, s->offset, 8);
        cursor_put(&c, s->address, 8);
        cursor_put(&c, 0, 8);
        cursor_put(&c, s->file_size, 8);
        cursor_put(&c, s->memory_size, 8);
        cursor_put(&c, s->alignment, 8);
    }
    if (count >= PN_XNUM)
        encode_shdr(&c, count);
}

static const char *machine_name(unsigned machine)
{
    static const struct {
        unsigned machine;
        const char *name;
    } names[] = {{EM_AARCH64, "AArch64"}, {EM_386, "Intel 80386"}, {EM_ARM, "ARM"}, {EM_RISCV, "RISC-V"}, {EM_PPC64, "PowerPC64"},
                 {EM_S390, "S/390"}, {EM_MIPS, "MIPS"}, {EM_LOONGARCH, "LoongArch"}};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].machine == machine)
            return names[i].name;
    return "unknown";
}

enum ckpt_status header_decode(const uint8_t *bytes, size_t length, struct header *header, uint64_t *section_offset, struct error *error)
{
    if (length == 0)
        return error_set(error, CKPT_NOT_IMAGE, "the file is empty");
    size_t magic = length < SELFMAG ? length : SELFMAG;
    if (memcmp(bytes, ELFMAG, magic) != 0)
        return error_set(error, CKPT_NOT_IMAGE, "not an ELF file, so not a checkpoint image");
    if (length < HEADER_EHDR_SIZE)
        return error_set(error, CKPT_TRUNCATED, "truncated: the file ends at %zu, inside the ELF header", length);
    if (bytes[EI_CLASS] != ELFCLASS64)
        return error_set(error, CKPT_UNSUPPORTED, "ELF header: a %s file; this library reads 64-bit ones",
                         bytes[EI_CLASS] == ELFCLASS32 ? "32-bit" : "strange-class");
    if (bytes[EI_DATA] != ELFDATA2LSB)
        return error_set(error, CKPT_UNSUPPORTED, "ELF header: a %s file; this library reads little-endian ones",
                         bytes[EI_DATA] == ELFDATA2MSB ? "big-endian" : "strange-endian");
    struct cursor c = cursor_over(bytes, HEADER_EHDR_SIZE);
    cursor_take(&c, EI_NIDENT);
    unsigned type = cursor_u16(&c), machine = cursor_u16(&c), version = cursor_u32(&c);
    if (type != ET_CORE)
        return error_set(error, CKPT_NOT_IMAGE, "an ELF file, but not a core file, so not a checkpoint image");
    if (machine != EM_X86_64)
        return error_set(error, CKPT_UNSUPPORTED, "ELF header: made for another architecture (%s, machine %u); this library reads x86-64",
                         machine_name(machine), machine);
    if (version != EV_CURRENT || bytes[EI_VERSION] != EV_CURRENT)
        return error_set(error, CKPT_CORRUPT, "ELF header: version %u instead of 1", version != EV_CURRENT ? version : bytes[EI_VERSION]);
    cursor_u64(&c);
    header->segments_offset = cursor_u64(&c);
    uint64_t sections = cursor_u64(&c);
    cursor_u32(&c);
    cursor_u16(&c);
    unsigned segment_size = cursor_u16(&c), count = cursor_u16(&c);
    if (count > 0 && segment_size != HEADER_PHDR_SIZE)
        return error_set(error, CKPT_CORRUPT, "ELF header: program headers of %u bytes instead of %d", segment_size, HEADER_PHDR_SIZE);
    header->segment_count = count;
    *section_offset = count == PN_XNUM ? sections : 0;
    return CKPT_OK;
}

uint32_t header_decode_count(const uint8_t bytes[HEADER_SHDR_SIZE])
{
    struct cursor c = cursor_over(bytes, HEADER_SHDR_SIZE);
    cursor_take(&c, SHDR_INFO_AT);
    return cursor_u32(&c);
}

void header_decode_segment(const uint8_t bytes[HEADER_PHDR_SIZE], struct segment *segment)
{
    struct cursor c = cursor_over(bytes, HEADER_PHDR_SIZE);
    segment->type = cursor_u32(&c);
    segment->flags = cursor_u32(&c);
    segment->offset = cursor_u64(&c);
    segment->address = cursor_u64(&c);
    cursor_u64(&c);
    segment->file_size = cursor_u64(&c);
    segment->memory_size = cursor_u64(&c);
    segment->alignment = cursor_u64(&c);
}
