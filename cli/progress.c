#include "cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/text.h"

static const uint64_t quiet_ns = 1000000000, between_ns = 200000000;

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

void cli_progress_init(struct cli_progress *progress, const char *program, const char *what)
{
    *progress = (struct cli_progress){.program = program, .what = what, .terminal = isatty(STDERR_FILENO) == 1, .started = now()};
    progress->last = progress->started + quiet_ns - between_ns;
}

void cli_progress_update(struct cli_progress *progress, uint64_t done, uint64_t total)
{
    if (!progress->terminal)
        return;
    uint64_t time = now();
    if (time < progress->last + between_ns)
        return;
    char size[CLI_SIZE_TEXT], whole[CLI_SIZE_TEXT];
    struct cli_text what = {0};
    cli_text_escape(&what, progress->what, strlen(progress->what));
    fprintf(stderr, "\r%s: %s: %s", progress->program, cli_text_get(&what), cli_size(size, done, false));
    if (total > 0)
        fprintf(stderr, " of %s, %u %%", cli_size(whole, total, false), (unsigned)((double)done * 100 / (double)total));
    fputs("\033[K", stderr);
    fflush(stderr);
    cli_text_deinit(&what);
    progress->last = time;
    progress->shown = true;
}

void cli_progress_finish(struct cli_progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->shown = false;
}
