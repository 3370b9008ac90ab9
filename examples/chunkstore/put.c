/* Taking an image in: its chunks by key, everything else into the recipe. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "recipe.h"

enum { STEP = 65536 };

struct put {
    int store, file;
    const char *path;
    struct ckpt_reader *reader;
    struct recipe recipe;
    uint64_t position; /* everything before is in the recipe */
    uint8_t *bytes;
    size_t room;
};

static bool is_zero(const uint8_t *bytes, size_t length)
{
    return length == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0);
}

/* What is no chunk; holes and zeros are not kept. */
static bool keep_bytes(struct put *p, uint64_t end)
{
    while (p->position < end) {
        uint8_t buffer[STEP];
        off_t data = lseek(p->file, (off_t)p->position, SEEK_DATA);
        if (data < 0 || (uint64_t)data >= end)
            data = errno == ENXIO || data >= 0 ? (off_t)end : (off_t)p->position;
        p->position = (uint64_t)data;
        size_t length = end - p->position < STEP ? (size_t)(end - p->position) : STEP;
        ssize_t n = length > 0 ? pread(p->file, buffer, length, data) : 0;
        if (n < 0 || (size_t)n < length) {
            complain(p->path, n < 0 ? strerror(errno) : "it became shorter");
            return false;
        }
        if (length > 0 && !is_zero(buffer, length) && !recipe_add_bytes(&p->recipe, p->position, buffer, length))
            return false;
        p->position += length;
    }
    return true;
}

static bool keep_chunk(struct put *p, const struct ckpt_chunk *chunk)
{
    struct key key = key_of(chunk);
    char path[KEY_TEXT];
    key_path(&key, path);
    if (!recipe_add_chunk(&p->recipe, chunk->offset, &key))
        return false;
    p->position = chunk->offset + chunk->stored_length;
    if (store_has(p->store, &key))
        return true;
    if (chunk->stored_length > p->room) {
        free(p->bytes);
        p->bytes = malloc(chunk->stored_length);
        p->room = p->bytes != NULL ? chunk->stored_length : 0;
    }
    if (p->bytes == NULL)
        return false;
    if (ckpt_reader_chunk_stored(p->reader, chunk, p->bytes) != CKPT_OK) {
        complain(p->path, ckpt_reader_error(p->reader));
        return false;
    }
    return store_write(p->store, path, p->bytes, chunk->stored_length);
}

/* Chunks that store bytes ascend in the file; those that share an earlier one's lie before, those in a parent nowhere. */
static bool keep_all(struct put *p)
{
    const struct ckpt_footer *footer = ckpt_reader_footer(p->reader);
    struct ckpt_chunk chunk;
    enum ckpt_status status;
    if (!recipe_begin(&p->recipe, footer->file_size, footer->image_id))
        return false;
    for (uint64_t i = 0; (status = ckpt_reader_chunk(p->reader, i, &chunk)) == CKPT_OK; i++) {
        if (chunk.stored_length == 0 || chunk.offset < p->position)
            continue;
        if (!keep_bytes(p, chunk.offset) || !keep_chunk(p, &chunk))
            return false;
    }
    if (status != CKPT_END) {
        complain(p->path, ckpt_reader_error(p->reader));
        return false;
    }
    return keep_bytes(p, footer->file_size);
}

bool put_image(int store, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    struct put p = {.store = store, .path = path, .file = open(path, O_RDONLY | O_CLOEXEC), .reader = ckpt_reader_create()};
    bool good = p.file >= 0 && p.reader != NULL;
    if (!good) {
        complain(path, strerror(errno));
    } else if (ckpt_reader_open_path(p.reader, path) != CKPT_OK || ckpt_reader_verify(p.reader, NULL, NULL) != CKPT_OK) {
        complain(path, ckpt_reader_error(p.reader));
        good = false;
    }
    good = good && keep_all(&p) && recipe_save(&p.recipe, store, name);
    recipe_deinit(&p.recipe);
    free(p.bytes);
    ckpt_reader_destroy(p.reader);
    if (p.file >= 0)
        close(p.file);
    return good;
}
