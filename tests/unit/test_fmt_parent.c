/* Incremental images: what is stored, who is asked, chains, and chains that are no chains. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "fmt_image.h"

enum { CHAIN = 70 };

struct family {
    struct ckpt_io images[CHAIN];
    size_t count;
    unsigned asked;
};

static uint8_t memory[FMT_LENGTH];

static int resolve(void *context, const uint8_t id[CKPT_ID_SIZE], const void *path, size_t path_length, struct ckpt_io *io)
{
    struct family *family = context;
    family->asked++;
    cr_assert_eq(path_length, 4);
    cr_assert_eq(memcmp(path, "here", 4), 0);
    for (size_t i = 0; i < family->count; i++) {
        size_t length;
        const uint8_t *bytes = ckpt_io_buffer_data(&family->images[i], &length);
        if (memcmp(bytes + length - CKPT_FOOTER_SIZE + 40, id, CKPT_ID_SIZE) == 0)
            return ckpt_io_from_memory(io, bytes, length);
    }
    return -ENOENT;
}

static struct ckpt_reader *open_member(struct family *family, size_t i)
{
    struct ckpt_reader *r = fmt_open(&family->images[i]);
    ckpt_reader_set_resolver(r, resolve, family);
    return r;
}

/* Each generation changes one page. */
static void grow(struct family *family, size_t count, uint32_t level)
{
    fmt_fill(memory, 1);
    for (size_t i = 0; i < count; i++) {
        struct ckpt_reader *parent = i > 0 ? open_member(family, i - 1) : NULL;
        memory[i * CKPT_PAGE_SIZE + 5] ^= 0x55;
        fmt_build(&family->images[i], &(struct fmt_spec){.memory = memory, .level = level, .parent = parent, .parent_path = "here"});
        family->count = i + 1;
        ckpt_reader_destroy(parent);
    }
}

static void forget(struct family *family)
{
    for (size_t i = 0; i < family->count; i++)
        ckpt_io_close(&family->images[i]);
}

static size_t size_of(const struct ckpt_io *image)
{
    size_t length;
    ckpt_io_buffer_data(image, &length);
    return length;
}

static void child(uint32_t level)
{
    struct family family = {.count = 0};
    grow(&family, 2, level);
    struct ckpt_reader *r = open_member(&family, 1);
    struct ckpt_chunk chunk;
    unsigned own = 0;
    for (uint64_t i = 0; ckpt_reader_chunk(r, i, &chunk) == CKPT_OK; i++)
        own += chunk.codec != CKPT_CODEC_PARENT;
    cr_assert_eq(own, 1u);
    fmt_expect(r, memory);
    cr_assert_eq(family.asked, 1u);
    ckpt_reader_destroy(r);
    if (level > 0)
        cr_assert_lt(size_of(&family.images[1]), size_of(&family.images[0]) / 3);
    forget(&family);
}

Test(fmt_parent, raw_child) { child(0); }
Test(fmt_parent, packed_child) { child(3); }

Test(fmt_parent, a_long_chain)
{
    struct family family = {.count = 0};
    grow(&family, CHAIN, 1);
    struct ckpt_reader *r = open_member(&family, CHAIN - 1);
    cr_assert_eq(ckpt_reader_parent_count(r), CHAIN - 1u);
    fmt_expect(r, memory);
    ckpt_reader_destroy(r);
    forget(&family);
}

Test(fmt_parent, flattened_and_edited)
{
    for (uint32_t pages = 0; pages < 4; pages++) {
        struct family family = {.count = 0};
        struct ckpt_io whole;
        grow(&family, 3, pages % 2);
        struct ckpt_reader *r = open_member(&family, 2);
        cr_assert_eq(ckpt_io_to_buffer(&whole), 0);
        struct ckpt_rewrite_options options = {.struct_size = sizeof(options),
                                               .pages = CKPT_REWRITE_FLATTEN | (pages == 2 ? CKPT_REWRITE_COMPRESS : 0) | (pages == 3 ? CKPT_REWRITE_DECOMPRESS : 0)};
        cr_assert_eq(ckpt_reader_rewrite(r, &whole, &options), CKPT_OK, "%s", ckpt_reader_error(r));
        ckpt_reader_destroy(r);
        r = fmt_open(&whole);
        cr_assert_eq(ckpt_reader_parent_count(r), 0u);
        fmt_expect(r, memory);
        ckpt_reader_destroy(r);
        ckpt_io_close(&whole);
        forget(&family);
    }
}

/* Packing a child leaves it a child. */
Test(fmt_parent, packed_without_flattening)
{
    struct family family = {.count = 0};
    struct ckpt_io packed;
    grow(&family, 2, 0);
    struct ckpt_reader *r = open_member(&family, 1);
    cr_assert_eq(ckpt_io_to_buffer(&packed), 0);
    struct ckpt_rewrite_options options = {.struct_size = sizeof(options), .pages = CKPT_REWRITE_COMPRESS};
    cr_assert_eq(ckpt_reader_rewrite(r, &packed, &options), CKPT_OK, "%s", ckpt_reader_error(r));
    ckpt_reader_destroy(r);
    r = fmt_open(&packed);
    ckpt_reader_set_resolver(r, resolve, &family);
    cr_assert_eq(ckpt_reader_parent_count(r), 1u);
    fmt_expect(r, memory);
    ckpt_reader_destroy(r);
    ckpt_io_close(&packed);
    forget(&family);
}

Test(fmt_parent, missing)
{
    struct family family = {.count = 0};
    grow(&family, 2, 0);
    struct ckpt_reader *r = open_member(&family, 1);
    uint64_t faults;
    family.count = 0;
    cr_assert_eq(ckpt_reader_verify(r, NULL, &faults), CKPT_NOT_FOUND);
    cr_assert(strstr(ckpt_reader_error(r), " (here): it was not found: No such file or directory") != NULL, "%s", ckpt_reader_error(r));
    cr_assert(strstr(ckpt_reader_error(r), "of space 1: parent image ") != NULL, "%s", ckpt_reader_error(r));
    cr_assert_gt(faults, 1u);
    cr_assert_eq(family.asked, 1u);
    ckpt_reader_destroy(r);
    family.count = 2;
    forget(&family);
}

static int wrong(void *context, const uint8_t id[CKPT_ID_SIZE], const void *path, size_t path_length, struct ckpt_io *io)
{
    (void)id, (void)path, (void)path_length;
    size_t length;
    const uint8_t *bytes = ckpt_io_buffer_data(context, &length);
    return ckpt_io_from_memory(io, bytes, length);
}

Test(fmt_parent, another_image)
{
    struct family family = {.count = 0};
    grow(&family, 2, 0);
    struct ckpt_reader *r = fmt_open(&family.images[1]);
    ckpt_reader_set_resolver(r, wrong, &family.images[1]);
    cr_assert_eq(ckpt_reader_verify(r, NULL, NULL), CKPT_REFUSED);
    cr_assert(strstr(ckpt_reader_error(r), "the file that was found is another image, ") != NULL, "%s", ckpt_reader_error(r));
    ckpt_reader_destroy(r);
    forget(&family);
}

/* An image that looks the same but for one byte is another parent. */
Test(fmt_parent, one_that_was_edited)
{
    struct family family = {.count = 0};
    struct ckpt_io other;
    grow(&family, 2, 0);
    memory[0] ^= 1;
    fmt_build(&other, &(struct fmt_spec){.memory = memory});
    struct ckpt_reader *r = fmt_open(&family.images[1]);
    ckpt_reader_set_resolver(r, wrong, &other);
    cr_assert_eq(ckpt_reader_verify(r, NULL, NULL), CKPT_REFUSED);
    ckpt_reader_destroy(r);
    ckpt_io_close(&other);
    forget(&family);
}

/* Files, as the default resolver finds them. */
static void store(const char *directory, const char *name, const struct ckpt_io *image)
{
    char path[256];
    size_t length;
    const void *bytes = ckpt_io_buffer_data(image, &length);
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    cr_assert(file != NULL && fwrite(bytes, 1, length, file) == length && fclose(file) == 0);
}

static enum ckpt_status look(const char *directory, const char *name, char *sentence, size_t room)
{
    char path[256];
    struct ckpt_reader *r = ckpt_reader_create();
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    enum ckpt_status status = ckpt_reader_open_path(r, path);
    if (status == CKPT_OK)
        status = ckpt_reader_verify(r, NULL, NULL);
    snprintf(sentence, room, "%s", ckpt_reader_error(r));
    ckpt_reader_destroy(r);
    return status;
}

static void forget_file(const char *directory, const char *name)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    remove(path);
}

Test(fmt_parent, found_among_files)
{
    char here[] = "/tmp/ckptparentXXXXXX", there[] = "/tmp/ckptparentXXXXXX", recorded[64], sentence[600];
    struct ckpt_io parent, image;
    cr_assert(mkdtemp(here) != NULL && mkdtemp(there) != NULL);
    snprintf(recorded, sizeof(recorded), "%s/full.ckpt", there);
    fmt_fill(memory, 1);
    fmt_build(&parent, &(struct fmt_spec){.memory = memory});
    struct ckpt_reader *r = fmt_open(&parent);
    fmt_build(&image, &(struct fmt_spec){.memory = memory, .parent = r, .parent_path = recorded});
    ckpt_reader_destroy(r);
    store(here, "child.ckpt", &image);

    cr_assert_eq(look(here, "child.ckpt", sentence, sizeof(sentence)), CKPT_NOT_FOUND, "%s", sentence);
    cr_assert(strstr(sentence, recorded) != NULL, "%s", sentence);
    store(there, "full.ckpt", &parent); /* at the recorded path */
    cr_assert_eq(look(here, "child.ckpt", sentence, sizeof(sentence)), CKPT_OK, "%s", sentence);
    forget_file(there, "full.ckpt");
    store(here, "full.ckpt", &parent); /* beside the child, by name */
    cr_assert_eq(look(here, "child.ckpt", sentence, sizeof(sentence)), CKPT_OK, "%s", sentence);
    forget_file(here, "full.ckpt");
    store(here, "renamed.ckpt", &parent); /* beside the child, by id */
    cr_assert_eq(look(here, "child.ckpt", sentence, sizeof(sentence)), CKPT_OK, "%s", sentence);
    forget_file(here, "renamed.ckpt");
    store(here, "full.ckpt", &image); /* the right name, the wrong image */
    cr_assert_eq(look(here, "child.ckpt", sentence, sizeof(sentence)), CKPT_REFUSED, "%s", sentence);
    cr_assert(strstr(sentence, "the file that was found is another image, ") != NULL, "%s", sentence);

    forget_file(here, "full.ckpt");
    forget_file(here, "child.ckpt");
    rmdir(here);
    rmdir(there);
    ckpt_io_close(&parent);
    ckpt_io_close(&image);
}

/* Calls of read(2) and its like that this process has made. */
static unsigned long reads(void)
{
    unsigned long count = 0;
    char line[128];
    FILE *file = fopen("/proc/self/io", "r");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        sscanf(line, "syscr: %lu", &count);
    if (file != NULL)
        fclose(file);
    return count;
}

/* However many of them were renamed, a directory is looked through once. */
Test(fmt_parent, many_that_were_renamed)
{
    enum { MANY = 40 };
    static struct family family;
    char here[] = "/tmp/ckptparentXXXXXX", name[32], sentence[600];
    cr_assert(mkdtemp(here) != NULL);
    fmt_fill(memory, 1);
    for (size_t i = 0; i < MANY; i++) { /* each names the one before by the name that it has at first */
        struct ckpt_reader *parent = i > 0 ? open_member(&family, i - 1) : NULL;
        memory[i * CKPT_PAGE_SIZE + 5] ^= 0x55;
        snprintf(name, sizeof(name), "%zu.ckpt", i - (i > 0));
        fmt_build(&family.images[i], &(struct fmt_spec){.memory = memory, .parent = parent, .parent_path = name});
        family.count = i + 1;
        ckpt_reader_destroy(parent);
    }
    unsigned long took[2];
    for (int renamed = 0; renamed < 2; renamed++) {
        for (size_t i = 0; i < MANY; i++) {
            snprintf(name, sizeof(name), renamed && i + 1 < MANY ? "other.%zu.ckpt" : "%zu.ckpt", i);
            store(here, name, &family.images[i]);
        }
        unsigned long before = reads();
        cr_assert_eq(look(here, name, sentence, sizeof(sentence)), CKPT_OK, "%s", sentence);
        took[renamed] = reads() - before;
        for (size_t i = 0; i < MANY; i++) {
            snprintf(name, sizeof(name), renamed && i + 1 < MANY ? "other.%zu.ckpt" : "%zu.ckpt", i);
            forget_file(here, name);
        }
    }
    cr_expect_gt(took[1], took[0], "nothing was looked for: %lu", took[0]);
    cr_expect_leq(took[1], took[0] + 3 * MANY, "%lu reads instead of %lu", took[1], took[0]);
    rmdir(here);
    forget(&family);
}
