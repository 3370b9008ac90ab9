/* Giving an image back, bit for bit, under its final name only when it verifies. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "recipe.h"

static bool write_part(int store, int out, const struct part *part)
{
    uint8_t *chunk = part->bytes == NULL ? malloc(part->length > 0 ? part->length : 1) : NULL;
    const uint8_t *bytes = part->bytes != NULL ? part->bytes : chunk;
    bool good = bytes != NULL && (part->bytes != NULL || store_read(store, &part->key, chunk));
    for (uint64_t done = 0; good && done < part->length;) {
        ssize_t n = pwrite(out, bytes + done, part->length - done, (off_t)(part->offset + done));
        good = n > 0 || (n < 0 && errno == EINTR);
        done += n > 0 ? (uint64_t)n : 0;
    }
    free(chunk);
    return good;
}

static bool write_image(int store, struct recipe *recipe, int out)
{
    struct part part;
    bool damaged, good = ftruncate(out, (off_t)recipe->file_size) == 0;
    while (good && recipe_next(recipe, &part, &damaged))
        good = write_part(store, out, &part);
    return good && !damaged && fsync(out) == 0;
}

static bool is_the_image(int out, const struct recipe *recipe, const char *path)
{
    struct ckpt_reader *reader = ckpt_reader_create();
    bool good = reader != NULL && ckpt_reader_open_fd(reader, out) == CKPT_OK;
    struct ckpt_verify_options options = {.struct_size = sizeof(options)};
    if (good)
        good = ckpt_reader_set_directory(reader, ".") == CKPT_OK && ckpt_reader_verify(reader, &options, NULL) == CKPT_OK;
    if (!good)
        complain(path, reader != NULL ? ckpt_reader_error(reader) : "out of memory");
    else if (memcmp(ckpt_reader_footer(reader)->image_id, recipe->id, CKPT_ID_SIZE) != 0)
        complain(path, "it is another image than the one that was taken in");
    else
        recipe = NULL;
    ckpt_reader_destroy(reader);
    return recipe == NULL;
}

bool get_image(int store, const char *name, const char *path)
{
    struct recipe recipe;
    char temporary[4096];
    if (snprintf(temporary, sizeof(temporary), "%s.new", path) >= (int)sizeof(temporary))
        return false;
    int out = -1;
    bool good = recipe_load(&recipe, store, name);
    if (good) {
        out = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        good = out >= 0 && write_image(store, &recipe, out);
        if (!good)
            complain(path, out < 0 ? strerror(errno) : "it could not be put together");
    }
    good = good && is_the_image(out, &recipe, path) && rename(temporary, path) == 0;
    if (out >= 0) {
        close(out);
        unlink(temporary);
    }
    recipe_deinit(&recipe);
    return good;
}
