/* replay NAME DIRECTORY…: runs a target over stored inputs, without libFuzzer. Prints TAP: a line for each directory; a crash names its file first. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

/* -1: it cannot be read. */
static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        return -1;
    size_t size = (size_t)ftell(file);
    uint8_t *data = malloc(size > 0 ? size : 1);
    rewind(file);
    bool read = data != NULL && fread(data, 1, size, file) == size;
    fclose(file);
    if (read)
        LLVMFuzzerTestOneInput(data, size);
    free(data);
    return read ? 0 : -1;
}

static int compare(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool run_directory(const char *path, unsigned *count)
{
    struct dirent **list;
    bool fine = true;
    int n = scandir(path, &list, NULL, compare);
    for (int i = 0; i < n; i++) {
        char name[4096];
        snprintf(name, sizeof(name), "%s/%s", path, list[i]->d_name);
        if (list[i]->d_name[0] != '.') {
            printf("# %s\n", name);
            fflush(stdout);
            fine = run_file(name) == 0 && fine;
            ++*count;
        }
        free(list[i]);
    }
    if (n >= 0)
        free(list);
    return n >= 0 && fine;
}

int main(int argc, char **argv)
{
    bool all = argc > 2;
    for (int i = 2; i < argc; i++) {
        unsigned count = 0;
        bool fine = run_directory(argv[i], &count);
        all = all && fine && count > 0;
        printf("%s %d - %s over %u inputs of %s\n", fine && count > 0 ? "ok" : "not ok", i - 1, argv[1], count, argv[i]);
    }
    printf("1..%d\n", argc > 2 ? argc - 2 : 0);
    return all ? 0 : 1;
}
