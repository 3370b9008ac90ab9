/* chunkstore: see README.md. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recipe.h"

bool put_image(int store, const char *path);
bool get_image(int store, const char *name, const char *path);

static bool put(int store, char **arguments)
{
    bool good = *arguments != NULL;
    for (; *arguments != NULL; arguments++)
        good = put_image(store, *arguments) && good;
    return good;
}

static bool get(int store, char **arguments)
{
    return get_image(store, arguments[0], arguments[1]);
}

struct totals {
    uint64_t images, bytes, chunks, chunk_bytes;
};

/* Adds one recipe up; tells of it where it is to be listed. */
static bool count(int store, const char *name, bool tell, struct totals *totals)
{
    struct recipe recipe;
    struct part part;
    bool damaged = true;
    uint64_t chunks = 0, chunk_bytes = 0;
    if (!recipe_load(&recipe, store, name))
        return false;
    while (recipe_next(&recipe, &part, &damaged)) {
        chunks += part.bytes == NULL;
        chunk_bytes += part.bytes == NULL ? part.length : 0;
    }
    if (damaged)
        complain(name, "the recipe is damaged");
    if (tell)
        printf("%s: %" PRIu64 " bytes, %" PRIu64 " chunks of %" PRIu64 " bytes\n", name, recipe.file_size, chunks, chunk_bytes);
    totals->images++;
    totals->bytes += recipe.file_size;
    totals->chunks += chunks;
    totals->chunk_bytes += chunk_bytes;
    recipe_deinit(&recipe);
    return !damaged;
}

static bool each(int store, bool tell, struct totals *totals)
{
    int fd = openat(store, "recipes", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;
    bool good = directory != NULL;
    while (good && (entry = readdir(directory)) != NULL)
        if (entry->d_name[0] != '.')
            good = count(store, entry->d_name, tell, totals);
    if (directory != NULL)
        closedir(directory);
    return good;
}

static bool list(int store, char **arguments)
{
    struct totals totals = {0};
    (void)arguments;
    return each(store, true, &totals);
}

/* What lies in the store. */
static void measure(int store, uint64_t *files, uint64_t *bytes)
{
    for (unsigned i = 0; i < 256; i++) {
        char name[32];
        struct dirent *entry;
        struct stat st;
        snprintf(name, sizeof(name), "chunks/%02x", i);
        int fd = openat(store, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
        while (directory != NULL && (entry = readdir(directory)) != NULL) {
            if (entry->d_name[0] == '.' || fstatat(fd, entry->d_name, &st, 0) != 0)
                continue;
            (*files)++;
            *bytes += (uint64_t)st.st_size;
        }
        if (directory != NULL)
            closedir(directory);
    }
}

static bool stat_store(int store, char **arguments)
{
    struct totals totals = {0};
    uint64_t files = 0, bytes = 0;
    (void)arguments;
    if (!each(store, false, &totals))
        return false;
    measure(store, &files, &bytes);
    printf("images: %" PRIu64 " of %" PRIu64 " bytes\n", totals.images, totals.bytes);
    printf("chunks: %" PRIu64 " of %" PRIu64 " bytes\n", totals.chunks, totals.chunk_bytes);
    printf("stored: %" PRIu64 " of %" PRIu64 " bytes\n", files, bytes);
    printf("saved:  %" PRIu64 " bytes, %.1f %%\n", totals.chunk_bytes - bytes,
           totals.chunk_bytes > 0 ? 100.0 * (double)(totals.chunk_bytes - bytes) / (double)totals.chunk_bytes : 0.0);
    return true;
}

static const struct command {
    const char *name;
    int least, most; /* arguments */
    bool (*run)(int store, char **arguments);
} commands[] = {{"put", 1, 1 << 20, put}, {"get", 2, 2, get}, {"list", 0, 0, list}, {"stat", 0, 0, stat_store}};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc >= 3 && i < sizeof(commands) / sizeof(commands[0]); i++) {
        const struct command *command = &commands[i];
        if (strcmp(argv[2], command->name) != 0 || argc - 3 < command->least || argc - 3 > command->most)
            continue;
        int store = store_open(argv[1]);
        return store >= 0 && command->run(store, argv + 3) ? 0 : 1;
    }
    fprintf(stderr, "usage: chunkstore STORE put IMAGE… | get NAME OUT | list | stat\n");
    return 2;
}
