#include <elf.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/stat.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "checkpt/resident/start/start.h"
#include "checkpt/resident/start/syscalls.h"

enum { PAGE = 4096, NAME_SIZE = 128, WRITABLE_BY_OTHERS = 022 };

static bool begins(const char *text, const char *with)
{
    while (*with != '\0')
        if (*text++ != *with++)
            return false;
    return true;
}

static char *put_text(char *at, const char *text)
{
    while (*text != '\0')
        *at++ = *text++;
    return at;
}

static char *put_hex(char *at, uint64_t number)
{
    unsigned shift = 60;
    while (shift > 0 && number >> shift == 0)
        shift -= 4;
    for (;; shift -= 4) {
        unsigned digit = number >> shift & 15;
        *at++ = (char)(digit < 10 ? '0' + digit : 'a' + digit - 10);
        if (shift == 0)
            return at;
    }
}

static void name_in(char name[NAME_SIZE], const char *folder, const struct stat *binary, const char *suffix)
{
    char *at = put_text(name, folder);
    at = put_hex(at, binary->st_dev);
    *at++ = '-';
    at = put_hex(at, binary->st_ino);
    at = put_text(at, suffix);
    *at = '\0';
}

static bool has_contents(int fd, const struct start_identity *then)
{
    uint64_t length = (then->size + 7) & ~(uint64_t)7;
    long at = then->contents != 0 ? CALL_6(SYS_mmap, 0, length, PROT_READ, MAP_PRIVATE, fd, 0) : -1;
    if (at < 0 && at > -PAGE)
        return false;
    bool same = start_check((const void *)at, length) == then->contents;
    CALL_2(SYS_munmap, at, length);
    return same;
}

static bool is_unchanged(int fd, const struct stat *now, const struct start_identity *then)
{
    if (now->st_dev != then->device || now->st_ino != then->inode || (uint64_t)now->st_size != then->size || now->st_mtim.tv_sec != then->modified_seconds ||
        now->st_mtim.tv_nsec != then->modified_nanoseconds)
        return false;
    return (now->st_ctim.tv_sec == then->changed_seconds && now->st_ctim.tv_nsec == then->changed_nanoseconds) || has_contents(fd, then);
}

static bool has_build_id(int fd, const struct start_header *header)
{
    uint8_t now[START_BUILD_ID_MAX];
    if (header->build_id_size > sizeof(now) || CALL_4(SYS_pread64, fd, now, header->build_id_size, header->build_id_offset) != (long)header->build_id_size)
        return false;
    for (uint64_t i = 0; i < header->build_id_size; i++)
        if (now[i] != header->build_id[i])
            return false;
    return true;
}

static bool belongs_to_root(const struct stat *status)
{
    return status->st_uid == 0 && (status->st_mode & WRITABLE_BY_OTHERS) == 0 && S_ISREG(status->st_mode);
}

/* What would make the dynamic linker load other things than it did, or the C library behave otherwise: it has read that already. */
static const char *disturbing(const struct start *start)
{
    const uint64_t *secure = stack_aux(&start->stack, AT_SECURE);
    if (secure != NULL && *secure != 0)
        return "it is a set-id program";
    for (char **variable = start->stack.envp; *variable != NULL; variable++) {
        if (begins(*variable, "LD_") || begins(*variable, "GLIBC_TUNABLES="))
            return "its environment has settings of the dynamic linker";
        if (begins(*variable, "MALLOC_"))
            return "its environment has settings of the allocator";
    }
    return NULL;
}

/* The place of the start file, behind the room for our code, is in its own header. */
static const char *map_start_file(struct start *start, int fd, const struct stat *status)
{
    struct start_header header;
    const char *magic = START_MAGIC;
    if (CALL_4(SYS_pread64, fd, &header, sizeof(header), 0) != (long)sizeof(header))
        return "its start file is damaged";
    for (unsigned i = 0; i < sizeof(header.magic); i++)
        if (header.magic[i] != magic[i])
            return "its start file is damaged";
    if (header.version != START_VERSION || header.size != (uint64_t)status->st_size || header.size % 8 != 0)
        return "its start file is damaged";
    uint64_t room = ((uint64_t)(start_code_end - start_code) + PAGE - 1) & ~(uint64_t)(PAGE - 1);
    long at = CALL_6(SYS_mmap, header.code + room, header.size, PROT_READ, MAP_PRIVATE | MAP_FIXED_NOREPLACE, fd, 0);
    if (at != (long)(header.code + room))
        return "its place in memory is taken";
    start->header = (const struct start_header *)(uint64_t)at;
    start->header_size = header.size;
    const uint64_t *checked = &start->header->check + 1;
    if (start_check(checked, header.size - (uint64_t)((const char *)checked - (const char *)start->header)) != header.check)
        return "its start file is damaged";
    return NULL;
}

static const char *check_vdso(const struct start *start)
{
    const uint64_t *vdso = stack_aux(&start->stack, AT_SYSINFO_EHDR);
    bool same = vdso != NULL ? start_check((const void *)*vdso, PAGE) == start->header->vdso_check : start->header->special_size == 0;
    return same ? NULL : "it was registered under another kernel";
}

static const char *open_image(struct start *start, const struct stat *binary)
{
    char name[NAME_SIZE];
    struct stat status;
    name_in(name, START_STORE "/", binary, START_IMAGE_SUFFIX);
    start->image = (int)CALL_3(SYS_open, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
    if (start->image < 0 || CALL_2(SYS_fstat, start->image, &status) != 0)
        return "its image cannot be opened";
    const struct start_identity *then = &start->header->image;
    if (!belongs_to_root(&status) || !is_unchanged(start->image, &status, then))
        return "its image is damaged";
    return NULL;
}

static const char *look(struct start *start)
{
    char name[NAME_SIZE];
    struct stat binary, status;
    if (CALL_2(SYS_fstat, start->binary, &binary) != 0)
        return "its binary cannot be looked at";
    name_in(name, START_STORE "/", &binary, START_SUFFIX);
    int fd = (int)CALL_3(SYS_open, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
    start->is_unknown = fd < 0;
    if (fd < 0)
        return "this file is not registered";
    const char *why = CALL_2(SYS_fstat, fd, &status) == 0 && belongs_to_root(&status) ? map_start_file(start, fd, &status) : "its start file is not root's alone";
    CALL_1(SYS_close, fd);
    if (why != NULL)
        return why;
    if (!is_unchanged(start->binary, &binary, &start->header->binary) || !has_build_id(start->binary, start->header))
        return "its binary has changed";
    why = disturbing(start);
    if (why == NULL)
        why = check_vdso(start);
    return why != NULL ? why : open_image(start, &binary);
}

bool lookup(struct start *start)
{
    start->why_not = look(start);
    return start->why_not == NULL;
}

const void *lookup_array(const struct start_header *header, uint64_t offset)
{
    return (const char *)header + offset;
}

bool lookup_is_unchanged(int fd, const struct start_identity *then)
{
    struct stat status;
    return CALL_2(SYS_fstat, fd, &status) == 0 && is_unchanged(fd, &status, then);
}

/* Only a statistic: anybody who may run the program may add to it, or spoil it. Where somebody has cut the file off, an addition of our own would be a bus error; the kernel's,
 * meant for futexes, only fails. */
void lookup_count(const struct start *start)
{
    char name[NAME_SIZE];
    struct stat binary;
    if (CALL_2(SYS_fstat, start->binary, &binary) != 0)
        return;
    name_in(name, START_USES "/", &binary, "");
    int fd = (int)CALL_3(SYS_open, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0);
    if (fd < 0)
        return;
    long at = CALL_6(SYS_mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CALL_1(SYS_close, fd);
    if (at < 0 && at > -PAGE)
        return;
    CALL_6(SYS_futex, at, FUTEX_WAKE_OP, 0, 0, at, FUTEX_OP(FUTEX_OP_ADD, 1, FUTEX_OP_CMP_EQ, 0));
    CALL_2(SYS_munmap, at, PAGE);
}
