#include "ckptdump/foreign.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ckptdump/image.h"
#include "cli/complain.h"
#include "cli/options.h"

enum { PIECE = 1 << 20 };

/* A checkpoint image that lacks its footer is no ordinary core file, and nobody knows what one is that lacks its headers. */
static bool may_be_ours(int fd)
{
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
    size_t count = 0;
    GElf_Ehdr header; /* libelf makes the count fit the file: then it was cut off inside its headers */
    bool ours = elf == NULL || gelf_getehdr(elf, &header) == NULL || elf_getphdrnum(elf, &count) != 0 || count == 0 ||
                (header.e_phnum != PN_XNUM && header.e_phnum != count);
    for (size_t i = 0; !ours && i < count; i++) {
        GElf_Phdr segment;
        ours = gelf_getphdr(elf, (int)i, &segment) == NULL || segment.p_type == CKPT_PT_INDEX;
    }
    elf_end(elf);
    return ours;
}

bool foreign_is_core(int fd)
{
    unsigned char head[sizeof(Elf64_Ehdr)];
    ssize_t length = pread(fd, head, sizeof(head), 0);
    if (length < EI_NIDENT + 2 || memcmp(head, ELFMAG, SELFMAG) != 0)
        return false;
    bool big = head[EI_DATA] == ELFDATA2MSB;
    return head[EI_NIDENT + (big ? 1 : 0)] == ET_CORE && head[EI_NIDENT + (big ? 0 : 1)] == 0 && !may_be_ours(fd);
}

void *foreign_room(size_t count, size_t size)
{
    void *room = calloc(count > 0 ? count : 1, size);
    if (room == NULL) {
        cli_complain("ckptdump", NULL, "reading a core file: out of memory");
        exit(CLI_FAILED);
    }
    return room;
}

bool foreign_read(struct image *image, uint64_t offset, void *buffer, uint64_t length)
{
    for (uint64_t done = 0; done < length;) {
        ssize_t count = pread(image->foreign->fd, (char *)buffer + done, (size_t)(length - done), (off_t)(offset + done));
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0) {
            const char *why = count < 0 ? strerror(errno) : "the file ends there";
            image_complain(image, "reading memory at 0x%" PRIx64 " of the file: %s", offset + done, why);
            return false;
        }
        done += (uint64_t)count;
    }
    return true;
}

/* What of a segment is in the file. */
static uint64_t held(const struct foreign *foreign, const GElf_Phdr *segment)
{
    uint64_t size = segment->p_filesz < segment->p_memsz ? segment->p_filesz : segment->p_memsz;
    uint64_t left = segment->p_offset < foreign->size ? foreign->size - segment->p_offset : 0;
    return size < left ? size : left;
}

static void add_pieces(struct foreign *foreign, const GElf_Phdr *segment)
{
    uint64_t size = held(foreign, segment);
    for (uint64_t done = 0; done < size; done += PIECE) {
        uint64_t length = size - done < PIECE ? size - done : PIECE;
        foreign->chunks[foreign->chunk_count++] = (struct ckpt_chunk){
            .space = FOREIGN_SPACE, .address = segment->p_vaddr + done, .length = length, .offset = segment->p_offset + done, .stored_length = length};
    }
}

static int compare_chunks(const void *a, const void *b)
{
    uint64_t x = ((const struct ckpt_chunk *)a)->address, y = ((const struct ckpt_chunk *)b)->address;
    return (x > y) - (x < y);
}

/* A core file that was cut off (by ulimit -c, or a full disk) still has what comes before. */
static void read_segments(struct image *image, size_t count)
{
    struct foreign *foreign = image->foreign;
    GElf_Phdr segment;
    size_t pieces = 0;
    uint64_t missing = 0;
    for (size_t i = 0; i < count; i++) {
        if (gelf_getphdr(foreign->elf, (int)i, &segment) == NULL || segment.p_type != PT_LOAD)
            continue;
        pieces += (size_t)(held(foreign, &segment) / PIECE) + 1;
        missing += segment.p_filesz - (held(foreign, &segment) < segment.p_filesz ? held(foreign, &segment) : segment.p_filesz);
    }
    if (missing > 0)
        image_complain(image, "reading segments: %" PRIu64 " bytes of memory lie behind the end of the file: it was cut off", missing);
    foreign->chunks = foreign_room(pieces, sizeof(*foreign->chunks));
    for (size_t i = 0; i < count; i++)
        if (gelf_getphdr(foreign->elf, (int)i, &segment) != NULL && segment.p_type == PT_LOAD)
            add_pieces(foreign, &segment);
    qsort(foreign->chunks, foreign->chunk_count, sizeof(*foreign->chunks), compare_chunks);
}

static void add_note(struct foreign *foreign, const GElf_Nhdr *header, const char *name, const void *body, uint64_t offset)
{
    if ((foreign->note_count & (foreign->note_count + 1)) == 0) { /* room doubles at 0, 1, 3, 7 … */
        struct ckpt_note *bigger = foreign_room(foreign->note_count * 2 + 1, sizeof(*bigger));
        if (foreign->note_count > 0)
            memcpy(bigger, foreign->notes, foreign->note_count * sizeof(*bigger));
        free(foreign->notes);
        foreign->notes = bigger;
    }
    foreign->notes[foreign->note_count++] = (struct ckpt_note){
        .segment = CKPT_SEGMENT_HEAD, .name = name, .type = header->n_type, .body = body, .length = header->n_descsz, .offset = offset};
}

static void read_notes(struct image *image, const GElf_Phdr *segment)
{
    struct foreign *foreign = image->foreign;
    Elf_Type type = segment->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR;
    Elf_Data *data = segment->p_filesz > 0 ? elf_getdata_rawchunk(foreign->elf, (int64_t)segment->p_offset, segment->p_filesz, type) : NULL;
    if (data == NULL && segment->p_filesz > 0) {
        image_complain(image, "reading notes: those at 0x%" PRIx64 " reach beyond the end of the file", segment->p_offset);
        return;
    }
    GElf_Nhdr header;
    size_t name, body, at = 0, next;
    while (data != NULL && (next = gelf_getnote(data, at, &header, &name, &body)) > 0) {
        const char *bytes = data->d_buf;
        bool named = header.n_namesz > 0 && bytes[name + header.n_namesz - 1] == '\0';
        add_note(foreign, &header, named ? bytes + name : "", bytes + body, segment->p_offset + at);
        at = next;
    }
}

static int refuse(struct image *image, const char *why)
{
    cli_complain("ckptdump", image->path, "opening: %s", why);
    return CLI_FAILED;
}

static int read_all(struct image *image)
{
    struct foreign *foreign = image->foreign;
    GElf_Ehdr header;
    size_t count;
    if (foreign->elf == NULL || gelf_getehdr(foreign->elf, &header) == NULL || elf_getphdrnum(foreign->elf, &count) != 0)
        return refuse(image, "an ordinary core file, and a damaged one: its headers reach beyond its end");
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
        return refuse(image, "an ordinary core file of a 32-bit or big-endian machine: only 64-bit little-endian ones are shown");
    foreign->machine = header.e_machine;
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr segment;
        if (gelf_getphdr(foreign->elf, (int)i, &segment) == NULL)
            return refuse(image, "an ordinary core file, and a damaged one: its headers reach beyond its end");
        if (segment.p_type == PT_NOTE)
            read_notes(image, &segment);
    }
    read_segments(image, count);
    foreign_records(image);
    return CLI_FINE;
}

int foreign_open(struct image *image, int fd)
{
    struct foreign *foreign = foreign_room(1, sizeof(*foreign));
    image->foreign = foreign;
    foreign->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    off_t size = lseek(fd, 0, SEEK_END);
    foreign->size = size > 0 ? (uint64_t)size : 0;
    elf_version(EV_CURRENT);
    foreign->elf = elf_begin(foreign->fd, ELF_C_READ, NULL);
    return read_all(image);
}

void foreign_destroy(struct foreign *foreign)
{
    if (foreign == NULL)
        return;
    elf_end(foreign->elf);
    if (foreign->fd >= 0)
        close(foreign->fd);
    free(foreign->notes);
    free(foreign->chunks);
    free(foreign);
}
