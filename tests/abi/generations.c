/* Checkpoints of a program that changes a little between them: DIRECTORY LEVEL COUNT writes g1.ckpt …, each from the same memory with some pages changed. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ckptfmt/ckptfmt.h>
#include <ckptfmt/schemas/image.pb-c.h>
#include <ckptfmt/schemas/record.pb-c.h>

enum { LENGTH = 8 << 20, BASE = 0x10000000, CHANGED = 5 };

static void fill(unsigned char *memory)
{
    unsigned state = 1;
    for (size_t i = 0; i < LENGTH; i++) {
        state = state * 1103515245u + 12345u;
        memory[i] = (unsigned char)(i % 8192 < 4096 ? state >> 16 : i / 4096);
    }
}

static int write_image(const char *path, const unsigned char *memory, unsigned level)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    struct ckpt_io io;
    if (fd < 0 || ckpt_io_from_fd(&io, fd) != 0)
        return 1;
    struct ckpt_writer_options options = {.struct_size = sizeof(options), .compression = level, .chunk_size = CKPT_CHUNK_SIZE_DEFAULT};
    struct ckpt_writer *w = ckpt_writer_create(&io, &options);
    Ckpt__Image image = CKPT__IMAGE__INIT;
    ckpt_writer_fill_image(w, &image);
    enum ckpt_status status = ckpt_writer_message(w, CKPT__KIND__KIND_IMAGE, true, &image);
    if (status == CKPT_OK)
        status = ckpt_writer_extent(w, 1, BASE, LENGTH);
    if (status == CKPT_OK)
        status = ckpt_writer_begin_pages(w);
    if (status == CKPT_OK)
        status = ckpt_writer_put(w, 0, 1, BASE, memory, LENGTH);
    if (status == CKPT_OK)
        status = ckpt_writer_finish(w, true, NULL);
    if (status != CKPT_OK)
        fprintf(stderr, "generations: %s\n", ckpt_writer_error(w));
    ckpt_writer_destroy(w);
    close(fd);
    return status != CKPT_OK;
}

int main(int argc, char **argv)
{
    unsigned char *memory = malloc(LENGTH);
    if (argc != 4 || memory == NULL || strcmp(ckpt_library_version(), CKPT_LIBRARY_VERSION) != 0)
        return 2;
    fill(memory);
    for (int i = 1; i <= atoi(argv[3]); i++) {
        char path[4096];
        for (int n = 0; n < CHANGED; n++)
            memory[(size_t)(i * 389 + n * 97) * 4096 % LENGTH] ^= 0x5a;
        snprintf(path, sizeof(path), "%s/g%d.ckpt", argv[1], i);
        if (write_image(path, memory, (unsigned)atoi(argv[2])) != 0)
            return 1;
    }
    free(memory);
    return 0;
}
