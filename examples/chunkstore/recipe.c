#include "recipe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Stays on the machine that made it: numbers lie as they are in memory. */
static const char magic[8] = "chunks1";

struct header {
    char magic[8];
    uint64_t file_size;
    uint8_t id[CKPT_ID_SIZE];
};

struct part_header {
    uint64_t is_chunk, offset, length;
};

static bool append(struct recipe *r, const void *bytes, size_t length)
{
    if (r->room - r->length < length) {
        size_t room = (r->length + length) * 2;
        uint8_t *data = realloc(r->data, room);
        if (data == NULL)
            return false;
        r->data = data;
        r->room = room;
    }
    memcpy(r->data + r->length, bytes, length);
    r->length += length;
    return true;
}

bool recipe_begin(struct recipe *r, uint64_t file_size, const uint8_t id[CKPT_ID_SIZE])
{
    struct header header = {.file_size = file_size};
    *r = (struct recipe){.file_size = file_size};
    memcpy(header.magic, magic, sizeof(magic));
    memcpy(header.id, id, CKPT_ID_SIZE);
    return append(r, &header, sizeof(header));
}

bool recipe_add_bytes(struct recipe *r, uint64_t offset, const void *bytes, size_t length)
{
    struct part_header part = {.offset = offset, .length = length};
    return append(r, &part, sizeof(part)) && append(r, bytes, length);
}

bool recipe_add_chunk(struct recipe *r, uint64_t offset, const struct key *key)
{
    struct part_header part = {.is_chunk = 1, .offset = offset, .length = key->length};
    return append(r, &part, sizeof(part)) && append(r, key, sizeof(*key));
}

bool recipe_save(const struct recipe *r, int store, const char *name)
{
    char path[300];
    snprintf(path, sizeof(path), "recipes/%s", name);
    return store_write(store, path, r->data, r->length);
}

static bool read_file(struct recipe *r, int store, const char *path)
{
    struct stat st;
    int fd = openat(store, path, O_RDONLY | O_CLOEXEC);
    bool good = fd >= 0 && fstat(fd, &st) == 0;
    if (good) {
        r->data = malloc((size_t)st.st_size + 1);
        r->length = (size_t)st.st_size;
        good = r->data != NULL && read(fd, r->data, r->length) == st.st_size;
    }
    if (!good)
        complain(path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return good;
}

bool recipe_load(struct recipe *r, int store, const char *name)
{
    char path[300];
    struct header header;
    *r = (struct recipe){.file_size = 0};
    snprintf(path, sizeof(path), "recipes/%s", name);
    if (!read_file(r, store, path))
        return false;
    if (r->length < sizeof(header) || memcmp(r->data, magic, sizeof(magic)) != 0) {
        complain(path, "it is no recipe");
        return false;
    }
    memcpy(&header, r->data, sizeof(header));
    r->file_size = header.file_size;
    memcpy(r->id, header.id, CKPT_ID_SIZE);
    r->at = sizeof(header);
    return true;
}

bool recipe_next(struct recipe *r, struct part *part, bool *damaged)
{
    struct part_header header;
    *damaged = false;
    if (r->at == r->length)
        return false;
    *damaged = true;
    if (r->length - r->at < sizeof(header))
        return false;
    memcpy(&header, r->data + r->at, sizeof(header));
    r->at += sizeof(header);
    uint64_t follows = header.is_chunk ? sizeof(struct key) : header.length;
    if (r->length - r->at < follows)
        return false;
    *part = (struct part){.offset = header.offset, .length = header.length, .bytes = header.is_chunk ? NULL : r->data + r->at};
    if (header.is_chunk)
        memcpy(&part->key, r->data + r->at, sizeof(part->key));
    r->at += follows;
    *damaged = header.is_chunk && part->key.length != header.length;
    return !*damaged;
}

void recipe_deinit(struct recipe *r)
{
    free(r->data);
    r->data = NULL;
}
