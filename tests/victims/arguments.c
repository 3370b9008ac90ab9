/* Prints everything that a C library keeps of the way in which a program was started: a line each, without what differs between any two runs. With "random" as its first
 * argument only what must differ; with "again" it first starts itself anew by /proc/self/exe. */
#include <errno.h>
#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

static void print_file(const char *path)
{
    char bytes[65536];
    FILE *file = fopen(path, "r");
    size_t count = file != NULL ? fread(bytes, 1, sizeof(bytes) - 1, file) : 0;
    if (file != NULL)
        fclose(file);
    for (size_t i = 0; i < count; i++)
        if (bytes[i] == '\0' || bytes[i] == '\n')
            bytes[i] = '|';
    bytes[count] = '\0';
    printf("%s %s\n", path, bytes);
}

static int is_on_stack(const void *address)
{
    unsigned long here = (unsigned long)__builtin_frame_address(0);
    return (unsigned long)address - here < 8 << 20;
}

static void *in_thread(void *argument)
{
    static _Thread_local int own = 5;
    *(int *)argument = own + (syscall(SYS_gettid) != getpid());
    return NULL;
}

static void print_random(void)
{
    const unsigned char *random = (const unsigned char *)getauxval(AT_RANDOM);
    unsigned long canary, guard;
    __asm__("mov %%fs:0x28, %0" : "=r"(canary));
    __asm__("mov %%fs:0x30, %0" : "=r"(guard));
    for (int i = 0; i < 16; i++)
        printf("%02x", random[i]);
    printf("\n%lx %d\n%lx\n", canary, memcmp((const char *)&canary + 1, random + 1, 7) == 0 && (canary & 0xff) == 0, guard);
}

int main(int argc, char **argv)
{
    char executable[4096] = "";
    int told = 0;
    pthread_t thread;
    if (argc > 1 && strcmp(argv[1], "random") == 0) {
        print_random();
        return 0;
    }
    if (argc > 1 && strcmp(argv[1], "again") == 0) {
        argv[1] = (char[]){"anew"};
        execv("/proc/self/exe", argv);
        return 1;
    }
    printf("argc %d\n", argc);
    for (int i = 0; i < argc; i++)
        printf("argv %s\n", argv[i]);
    printf("argv lies on the stack: %d, environ: %d\n", is_on_stack(argv[0]), is_on_stack(environ));
    printf("name %s, short %s\n", program_invocation_name, program_invocation_short_name);
    printf("MARK %s\n", getenv("MARK") != NULL ? getenv("MARK") : "(none)");
    print_file("/proc/self/cmdline");
    print_file("/proc/self/environ");
    print_file("/proc/self/comm");
    printf("exe %s\n", readlink("/proc/self/exe", executable, sizeof(executable) - 1) > 0 ? executable : "?");
    printf("AT_EXECFN %s, AT_PLATFORM %s, AT_SECURE %lu, AT_PAGESZ %lu, AT_PHNUM %lu, AT_FLAGS %lu, AT_UID %lu\n", (char *)getauxval(AT_EXECFN),
           (char *)getauxval(AT_PLATFORM), getauxval(AT_SECURE), getauxval(AT_PAGESZ), getauxval(AT_PHNUM), getauxval(AT_FLAGS), getauxval(AT_UID));
    printf("AT_ENTRY, AT_BASE, AT_PHDR: %d %d %d\n", getauxval(AT_ENTRY) != 0, getauxval(AT_BASE) != 0, getauxval(AT_PHDR) != 0);
    printf("pid %d, tid %d\n", getpid() == syscall(SYS_getpid), gettid() == getpid());
    pthread_attr_t attributes;
    size_t size = 0;
    pthread_getattr_default_np(&attributes);
    pthread_attr_getstacksize(&attributes, &size);
    printf("stacks of threads: %zu\n", size);
    printf("locale %s\n", setlocale(LC_ALL, ""));
    pthread_create(&thread, NULL, in_thread, &told);
    pthread_join(thread, NULL);
    printf("thread %d\n", told);
    char *memory = malloc(1 << 20);
    memset(memory, 1, 1 << 20);
    free(memory);
    printf("errno %s\n", strerror(ENOENT));
    fflush(stdout);
    return system("exit 5") == 5 << 8 ? 3 : 1;
}
