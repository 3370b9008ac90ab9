#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void complain(const char *what, const char *why)
{
    fprintf(stderr, "chunkstore: %s: %s\n", what, why);
}

struct key key_of(const struct ckpt_chunk *chunk)
{
    struct key key = {.codec = chunk->codec, .length = chunk->stored_length, .check = chunk->stored_check};
    memcpy(key.digest, chunk->digest, sizeof(key.digest));
    return key;
}

void key_path(const struct key *key, char path[KEY_TEXT])
{
    int n = snprintf(path, KEY_TEXT, "chunks/%02x/", key->digest[0]);
    for (size_t i = 0; i < sizeof(key->digest); i++)
        n += snprintf(path + n, KEY_TEXT - (size_t)n, "%02x", key->digest[i]);
    snprintf(path + n, KEY_TEXT - (size_t)n, "-%" PRIx64 "-%" PRIx64 "-%" PRIx64, key->codec, key->length, key->check);
}

static bool make_directory(int at, const char *name)
{
    if (mkdirat(at, name, 0700) == 0 || errno == EEXIST)
        return true;
    complain(name, strerror(errno));
    return false;
}

int store_open(const char *path)
{
    if (!make_directory(AT_FDCWD, path))
        return -1;
    int store = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (store < 0)
        complain(path, strerror(errno));
    else if (make_directory(store, "chunks") && make_directory(store, "recipes"))
        return store;
    if (store >= 0)
        close(store);
    return -1;
}

bool store_has(int store, const struct key *key)
{
    char path[KEY_TEXT];
    struct stat st;
    key_path(key, path);
    return fstatat(store, path, &st, 0) == 0 && (uint64_t)st.st_size == key->length;
}

static bool write_all(int fd, const void *bytes, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t n = write(fd, (const char *)bytes + done, length - done);
        if (n < 0 && errno != EINTR)
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

bool store_write(int store, const char *name, const void *bytes, size_t length)
{
    char directory[16];
    if (sscanf(name, "chunks/%2[0-9a-f]", directory + 7) == 1) {
        memcpy(directory, "chunks/", 7);
        if (!make_directory(store, directory))
            return false;
    }
    int fd = openat(store, "new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool written = fd >= 0 && write_all(fd, bytes, length) && (strncmp(name, "recipes/", 8) != 0 || fsync(fd) == 0);
    int error = errno;
    if (fd >= 0)
        close(fd);
    if (written && renameat(store, "new", store, name) == 0)
        return true;
    complain(name, strerror(written ? errno : error));
    return false;
}

bool store_read(int store, const struct key *key, void *bytes)
{
    char path[KEY_TEXT];
    key_path(key, path);
    int fd = openat(store, path, O_RDONLY | O_CLOEXEC);
    size_t done = 0;
    ssize_t n = 1;
    while (fd >= 0 && done < key->length && n > 0) {
        n = read(fd, (char *)bytes + done, key->length - done);
        done += n > 0 ? (size_t)n : 0;
    }
    if (fd < 0 || done < key->length)
        complain(path, fd < 0 || n < 0 ? strerror(errno) : "it is shorter than its name says");
    if (fd >= 0)
        close(fd);
    return fd >= 0 && done == key->length;
}
