/* Prints how many functions wait to be looked up at their first call, and whether a plugin that lacks one can be opened all the same. lazy [PLUGIN]
 * With LACKING it lacks one itself, which it does not call where it has an argument. */
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdio.h>

#ifdef LACKING
extern int missing_function(void);
#else
static int missing_function(void)
{
    return 2;
}
#endif
extern ElfW(Dyn) _DYNAMIC[];
extern const char __ehdr_start[];

int main(int argc, char **argv)
{
    const ElfW(Rela) *relocations = NULL;
    size_t count = 0, waiting = 0;
    unsigned long base = (unsigned long)__ehdr_start;
    for (const ElfW(Dyn) *entry = _DYNAMIC; entry->d_tag != DT_NULL; entry++) {
        if (entry->d_tag == DT_JMPREL)
            relocations = (const void *)(entry->d_un.d_ptr < base ? base + entry->d_un.d_ptr : entry->d_un.d_ptr);
        else if (entry->d_tag == DT_PLTRELSZ)
            count = entry->d_un.d_val / sizeof(*relocations);
    }
    for (size_t i = 0; i < count; i++) {
        unsigned long word = *(const unsigned long *)(base + relocations[i].r_offset);
        waiting += word - base < 1 << 20; /* its own table still, not a library */
    }
    if (argc < 2)
        return missing_function();
    printf("%zu wait, plugin %s\n", waiting, dlopen(argv[1], RTLD_LAZY) != NULL ? "opened" : dlerror());
    return 0;
}
