/* Pages put by many threads, out of order: the same bytes as by one. */
#include <pthread.h>

#include "fmt_image.h"

enum { THREADS = 6, PUT = 0x10000, PUTS = FMT_LENGTH / PUT };

static uint8_t memory[FMT_LENGTH];

struct crew {
    struct ckpt_writer *writer;
    pthread_mutex_t lock;
    uint64_t next;
    enum ckpt_status status;
};

/* Some dawdle, so that tickets come out of order. */
static void *work(void *context)
{
    struct crew *crew = context;
    for (;;) {
        pthread_mutex_lock(&crew->lock);
        uint64_t ticket = crew->next++;
        pthread_mutex_unlock(&crew->lock);
        if (ticket >= PUTS)
            return NULL;
        for (unsigned spin = 0; spin < ticket % 5 * 20000; spin++)
            __asm__ volatile("");
        enum ckpt_status status = ckpt_writer_put(crew->writer, ticket, 1, FMT_BASE + ticket * PUT, memory + ticket * PUT, PUT);
        if (status != CKPT_OK)
            crew->status = status;
    }
}

static void build(struct ckpt_io *image, uint32_t level, unsigned threads)
{
    cr_assert_eq(ckpt_io_to_buffer(image), 0);
    struct ckpt_writer_options options = {.struct_size = sizeof(options), .compression = level};
    struct crew crew = {.writer = ckpt_writer_create(image, &options), .lock = PTHREAD_MUTEX_INITIALIZER};
    fmt_records(crew.writer);
    cr_assert_eq(ckpt_writer_begin_pages(crew.writer), CKPT_OK);
    pthread_t list[THREADS];
    for (unsigned i = 0; i < threads; i++)
        cr_assert_eq(pthread_create(&list[i], NULL, work, &crew), 0);
    for (unsigned i = 0; i < threads; i++)
        pthread_join(list[i], NULL);
    cr_assert_eq(crew.status, CKPT_OK);
    cr_assert_eq(ckpt_writer_finish(crew.writer, false, NULL), CKPT_OK, "%s", ckpt_writer_error(crew.writer));
    ckpt_writer_destroy(crew.writer);
}

static void threads_and_one(uint32_t level)
{
    struct ckpt_io one, many;
    fmt_fill(memory, 3);
    build(&one, level, 1);
    for (int round = 0; round < 10; round++) {
        build(&many, level, THREADS);
        cr_assert(fmt_same_bytes(&one, &many), "round %d", round);
        ckpt_io_close(&many);
    }
    struct ckpt_reader *r = fmt_open(&one);
    fmt_expect(r, memory);
    ckpt_reader_destroy(r);
    ckpt_io_close(&one);
}

Test(fmt_tickets, raw) { threads_and_one(0); }
Test(fmt_tickets, packed) { threads_and_one(1); }

/* One thread, every second ticket early: what is ready before its turn waits for it, not for its thread. */
Test(fmt_tickets, early_ones_are_left_behind)
{
    struct ckpt_io image;
    fmt_fill(memory, 3);
    cr_assert_eq(ckpt_io_to_buffer(&image), 0);
    struct ckpt_writer *w = ckpt_writer_create(&image, NULL);
    fmt_records(w);
    cr_assert_eq(ckpt_writer_begin_pages(w), CKPT_OK);
    for (uint64_t ticket = 0; ticket < PUTS; ticket++) {
        uint64_t other = ticket ^ 1;
        cr_assert_eq(ckpt_writer_put(w, other, 1, FMT_BASE + other * PUT, memory + other * PUT, PUT), CKPT_OK);
    }
    cr_assert_eq(ckpt_writer_finish(w, false, NULL), CKPT_OK, "%s", ckpt_writer_error(w));
    ckpt_writer_destroy(w);
    struct ckpt_reader *r = fmt_open(&image);
    fmt_expect(r, memory);
    ckpt_reader_destroy(r);
    ckpt_io_close(&image);
}

Test(fmt_tickets, one_that_was_never_used)
{
    struct ckpt_io image;
    cr_assert_eq(ckpt_io_to_buffer(&image), 0);
    struct ckpt_writer *w = ckpt_writer_create(&image, NULL);
    fmt_records(w);
    cr_assert_eq(ckpt_writer_begin_pages(w), CKPT_OK);
    memset(memory, 1, sizeof(memory));
    cr_assert_eq(ckpt_writer_put(w, 1, 1, FMT_BASE, memory, PUT), CKPT_OK);
    cr_assert_eq(ckpt_writer_finish(w, false, NULL), CKPT_INVALID);
    cr_assert_str_eq(ckpt_writer_error(w), "finished with ticket 0 not used");
    ckpt_writer_destroy(w);
    ckpt_io_close(&image);
}
