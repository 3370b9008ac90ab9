/* A start file: what a resident program's start needs, made ready when the program was registered, so that a start is a handful of system calls. It lies beside the image
 * whose pages it maps, and is of this machine's present boot only. Written by record.c, read by start/, which is freestanding: no C library. */
#ifndef CHECKPT_RESIDENT_START_FILE_H
#define CHECKPT_RESIDENT_START_FILE_H

#include <stdint.h>

#define START_MAGIC "ckptstrt"
enum { START_VERSION = 4 };

#define START_STORE "/run/checkpt/resident"
/* Names in the store, for the binary's device and inode. */
#define START_NAME_FORMAT "%llx-%llx"
#define START_SUFFIX ".start"
#define START_IMAGE_SUFFIX ".ckpt"
#define START_NEW_SUFFIX ".new"
/* The counts of uses, each a number at the beginning of a file. */
#define START_USES "/run/checkpt/uses"

/* A file as it was. Nobody can set the time of a change, but a link that somebody makes, to keep a profile say, changes it too: where only that differs, the contents tell. */
struct start_identity {
    uint64_t device, inode, size;
    int64_t modified_seconds, modified_nanoseconds, changed_seconds, changed_nanoseconds;
    uint64_t contents;    /* start_check() of the whole file, zeros behind it; 0: not known, so that all of the above has to be equal */
};

enum start_kind {
    START_RELOCATED = 0, /* goes on in the dynamic linker, which calls constructors and then the program's own entry */
    START_ENTRY = 1,     /* goes on at a function that the program has named */
};

/* Words in memory that the old run's stack, kernel or ids left there, and what takes their place. */
enum start_patch_kind {
    START_PATCH_STACK,    /* where the stack's contents begin: the word of argc */
    START_PATCH_ARGC,     /* 32 bits: argc */
    START_PATCH_ARGV,     /* argv */
    START_PATCH_ENVIRON,  /* envp */
    START_PATCH_AUXV,     /* the auxiliary vector */
    START_PATCH_AUX,      /* the value of the entry `detail` of the auxiliary vector: AT_RANDOM, AT_PLATFORM … */
    START_PATCH_NAME,     /* argv[0] */
    START_PATCH_SHORT_NAME, /* the last component of argv[0] */
    START_PATCH_VDSO,     /* moves with the kernel's special mappings */
    START_PATCH_TID,      /* 32 bits: the thread's id, the upper two kept */
    START_PATCH_CANARY,   /* fresh random bytes, the lowest zero: the stack protector's */
    START_PATCH_GUARD,    /* fresh random bytes: the C library's pointer guard */
    START_PATCH_STACK_SIZE, /* of threads that the program starts without naming one: start_stack_size() */
    START_PATCH_KINDS
};
struct start_patch {
    uint64_t address;
    uint32_t kind, detail;
    uint64_t value;       /* START_PATCH_VDSO: the old word */
};

enum { START_ANONYMOUS = -1, START_IMAGE = -2 };
struct start_map {
    uint64_t start, length, offset;
    uint32_t protection, flags; /* for mmap(2), without MAP_FIXED_NOREPLACE */
    int32_t file;         /* index of a start_mapped, or one of the above */
    uint32_t pad;
};
struct start_protect {
    uint64_t start, length;
    uint64_t protection;
};
struct start_read {       /* pages that are too few to be worth a mapping */
    uint64_t start, length, offset; /* in the image */
};
struct start_mapped {
    struct start_identity identity;
    uint64_t path;        /* offset of its NUL-terminated name in the start file */
};

/* The auxiliary vector's entries that say where the program lies. */
struct start_place {
    uint64_t phdr, phent, phnum, base, entry;
};

struct start_layout {     /* of struct prctl_mm_map, what the program has of its own */
    uint64_t start_code, end_code, start_data, end_data, start_brk, brk;
};

/* Most files that a resident program may have mapped. */
enum { START_MAPPED_MAX = 512 };

enum { START_BUILD_ID_MAX = 32 };
struct start_header {
    char magic[8];
    uint32_t version, kind;
    uint32_t id, pad;     /* what exec_sys_register() returned */
    uint64_t entry;       /* what it was given; 0 */
    uint64_t path;        /* offset of the binary's name in the start file */
    uint64_t size;        /* of the start file */
    uint64_t check;       /* start_check() of everything behind this word */
    uint64_t vdso_check;  /* start_check() of the first page of the kernel's vdso: another kernel's registrations are not this one's */
    struct start_identity binary, image;
    uint8_t build_id[START_BUILD_ID_MAX]; /* of the binary, and where it lies in the file */
    uint64_t build_id_offset, build_id_size; /* size 0: it has none */
    uint64_t rip, rax;
    uint64_t fs_base, gs_base;
    uint64_t tid_address, robust_list, robust_length;
    uint64_t rseq_address, rseq_size, rseq_signature;
    uint64_t special, special_size; /* [vvar] … [vdso] of then; and the vdso's distance from their start */
    uint64_t vdso_distance;
    struct start_place place;
    struct start_layout layout;
    uint64_t code;        /* where start's own code goes while it works */
    /* Counts and offsets of the arrays behind the header. */
    uint64_t mapped_count, mapped, map_count, maps, read_count, reads, protect_count, protects, patch_count, patches;
};

/* What the GNU C library makes of the limit of the stack. */
static inline uint64_t start_stack_size(uint64_t limit)
{
    uint64_t size = limit == ~(uint64_t)0 ? (uint64_t)1 << 21 : limit < (uint64_t)1 << 14 ? (uint64_t)1 << 14 : limit;
    return (size + 4095) & ~(uint64_t)4095;
}

/* Tells damage, not intent: the store belongs to root. Whole words. */
static inline uint64_t start_check(const void *bytes, uint64_t length)
{
    const uint64_t *words = bytes;
    uint64_t sum = 0xcbf29ce484222325u;
    for (uint64_t i = 0; i < length / 8; i++)
        sum = (sum ^ words[i]) * 0x9e3779b97f4a7c15u ^ sum >> 29;
    return sum;
}

#endif
