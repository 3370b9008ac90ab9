/* Rare states of files, memory and processes. `without NAME` on stdout is for what this machine cannot make. */
#include "tests/victims/rare.h"

#include <stdio.h>

#include "tests/victims/victim.h"

static void make_all(struct rare *list)
{
    for (; list->name != NULL; list++) {
        list->made = list->make();
        if (!list->made)
            printf("without %s\n", list->name);
    }
}

static void check_all(const struct rare *list)
{
    for (; list->name != NULL; list++)
        if (list->made)
            list->check();
}

int main(int argc, char **argv)
{
    struct victim victim;
    victim_begin(&victim, argc, argv);
    make_all(rare_files);
    make_all(rare_memory);
    make_all(rare_process);
    fflush(stdout);
    victim_ready(&victim);
    while (!victim_stopping()) {
        check_all(rare_files);
        check_all(rare_memory);
        check_all(rare_process);
        victim_progress(&victim);
    }
    return victim_end();
}
