/* make_image OUT [packed] [critical] [readonly] [huge|big|medium] [hostile] [several] [mangle N]: writes an image that no program ever was, with something of every kind of record in it.
 *   packed    pages compressed
 *   critical  a critical record of an unknown kind
 *   readonly  an unknown read-only feature
 *   huge      100 GiB of memory, with a page in each 64 MiB
 *   big       4 GiB of memory, as holes with a page in each 64 KiB
 *   medium    128 MiB of the same
 *   hostile   names that try to reach the terminal
 *   several   a second process, pid 4800, with registers and memory of its own
 *   mangle N  every record but the first has a few bytes changed at random, by seed N, under right digests */
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/procfs.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ckptfmt/ckptfmt.h>

#include "schemas/credentials.pb-c.h"
#include "schemas/files.pb-c.h"
#include "schemas/image.pb-c.h"
#include "schemas/limits.pb-c.h"
#include "schemas/memory.pb-c.h"
#include "schemas/process.pb-c.h"
#include "schemas/record.pb-c.h"
#include "schemas/signals.pb-c.h"
#include "schemas/threads.pb-c.h"
#include "schemas/timers.pb-c.h"

#define TEXT(words) ((ProtobufCBinaryData){.len = sizeof(words) - 1, .data = (uint8_t *)(uintptr_t)(words)})

enum { PAGE = CKPT_PAGE_SIZE, DATA_PAGES = 40, UNKNOWN_KIND = 9999, THREADS = 2 };
static const uint64_t code = 0x400000, data = 0x600000, shared = 0x700000, stack = 0x7ffff0000000, big = 0x100000000;
static const char arguments[] = "prog\0--flag\0two words\0it's", environment[] = "HOME=/root\0EMPTY=\0TERM=\033[31mred";

struct maker {
    struct ckpt_writer *writer;
    bool packed, critical, readonly, hostile, several;
    uint64_t big_size; /* 0: none */
    uint64_t big_step; /* a page in each so many bytes */
    unsigned mangle;   /* seed; 0: none */
};

static void check(struct maker *m, enum ckpt_status status)
{
    if (status == CKPT_OK)
        return;
    fprintf(stderr, "make_image: %s\n", ckpt_writer_error(m->writer));
    exit(1);
}

static void put_body(struct maker *m, uint32_t kind, bool critical, uint8_t *body, size_t length)
{
    for (int i = m->mangle != 0 ? rand_r(&m->mangle) % 3 : 0; i > 0 && length > 0 && kind != CKPT__KIND__KIND_IMAGE; i--)
        body[(unsigned)rand_r(&m->mangle) % length] = (uint8_t)rand_r(&m->mangle);
    check(m, ckpt_writer_record(m->writer, kind, critical, body, length));
}

/* With a field that the schemas do not have: an editor must keep it. */
static void record(struct maker *m, Ckpt__Kind kind, const void *message)
{
    static const char unknown[10] = "\xfa\x3f\x07unknown";
    uint8_t body[1024];
    size_t length = protobuf_c_message_get_packed_size(message);
    if (length > sizeof(body) - sizeof(unknown))
        abort();
    protobuf_c_message_pack(message, body);
    memcpy(body + length, unknown, sizeof(unknown));
    put_body(m, (uint32_t)kind, true, body, length + sizeof(unknown));
}

static void put_image(struct maker *m)
{
    Ckpt__Instant created = CKPT__INSTANT__INIT;
    Ckpt__Host host = CKPT__HOST__INIT;
    Ckpt__Image image = CKPT__IMAGE__INIT;
    ckpt_writer_fill_image(m->writer, &image);
    created.seconds = 1700000000;
    host.sysname = "Linux";
    host.nodename = "there";
    host.release = "6.18.0";
    host.machine = "x86_64";
    host.version = "";
    image.root_process = 1;
    image.tool = "make_image";
    image.created = &created;
    image.host = &host;
    record(m, CKPT__KIND__KIND_IMAGE, &image);
}

/* Registers in the debugger's layout: rip and rsp are all that matters. */
static void put_registers(struct maker *m, int32_t tid)
{
    uint8_t status[336] = {0};
    uint64_t rip = code + 0x10, rsp = stack - 256;
    memcpy(status + 32, &tid, sizeof(tid));
    memcpy(status + 112 + 16 * 8, &rip, sizeof(rip));
    memcpy(status + 112 + 19 * 8, &rsp, sizeof(rsp));
    check(m, ckpt_writer_note(m->writer, "CORE", NT_PRSTATUS, status, sizeof(status)));
    uint8_t xsave[832] = {0};
    xsave[24] = 0x80, xsave[25] = 0x1f, xsave[512] = 7, xsave[160] = 0xab;
    check(m, ckpt_writer_note(m->writer, "LINUX", NT_X86_XSTATE, xsave, sizeof(xsave)));
}

/* What debuggers want to know of the process: its name and command line, and the files that it has mapped. */
static void put_debugger_notes(struct maker *m)
{
    static const char names[] = "/usr/bin/prog\0/memfd:shared (deleted)";
    struct elf_prpsinfo info = {.pr_state = 1, .pr_sname = 'S', .pr_pid = 4711, .pr_fname = "prog", .pr_psargs = "prog --flag two words it's"};
    uint64_t numbers[] = {2, PAGE, code, code + 2 * PAGE, 0, shared, shared + PAGE, 0};
    uint8_t files[sizeof(numbers) + sizeof(names)];
    memcpy(files, numbers, sizeof(numbers));
    memcpy(files + sizeof(numbers), names, sizeof(names));
    check(m, ckpt_writer_note(m->writer, "CORE", NT_PRPSINFO, &info, sizeof(info)));
    check(m, ckpt_writer_note(m->writer, "CORE", NT_FILE, files, sizeof(files)));
}

static void put_process(struct maker *m)
{
    Ckpt__Process process = CKPT__PROCESS__INIT;
    process.process = 1;
    process.pid = 4711;
    process.comm = m->hostile ? TEXT("\033]0;owned\007") : TEXT("prog");
    process.executable = 1;
    process.space = 1;
    record(m, CKPT__KIND__KIND_PROCESS, &process);
    for (int i = 0; i < THREADS; i++) {
        Ckpt__Thread thread = CKPT__THREAD__INIT;
        thread.process = 1;
        thread.tid = 4711 + i;
        thread.name = i == 0 ? TEXT("prog") : TEXT("worker");
        thread.signal_mask = i == 0 ? 0 : 1ull << (SIGINT - 1);
        record(m, CKPT__KIND__KIND_THREAD, &thread);
    }
}

static void put_file(struct maker *m, uint32_t id, Ckpt__FileType type, ProtobufCBinaryData path, uint32_t space)
{
    Ckpt__File file = CKPT__FILE__INIT;
    file.id = id;
    file.type = type;
    file.path = path;
    file.inode = 100 + id;
    file.device = 0x801;
    file.deleted = id == 4;
    file.space = space;
    record(m, CKPT__KIND__KIND_FILE, &file);
}

static void put_open_file(struct maker *m, uint32_t id, uint32_t file, uint32_t flags, uint64_t offset)
{
    Ckpt__OpenFile open_file = CKPT__OPEN_FILE__INIT;
    open_file.id = id;
    open_file.file = file;
    open_file.flags = flags;
    open_file.offset = offset;
    open_file.inherited = id == 1 ? 1 : 0;
    record(m, CKPT__KIND__KIND_OPEN_FILE, &open_file);
}

/* Descriptors 0, 1 and 2 share open file 1; 3 and 5 have files of their own; 7 is the memory file that is mapped too. */
static void put_descriptors(struct maker *m)
{
    static const uint32_t numbers[] = {0, 1, 2, 3, 5, 7}, open_files[] = {1, 1, 1, 2, 3, 4};
    enum { COUNT = sizeof(numbers) / sizeof(numbers[0]) };
    Ckpt__Descriptor all[COUNT], *pointers[COUNT];
    Ckpt__Descriptors descriptors = CKPT__DESCRIPTORS__INIT;
    put_file(m, 1, CKPT__FILE_TYPE__FILE_TYPE_REGULAR, TEXT("/usr/bin/prog"), 0);
    put_file(m, 2, CKPT__FILE_TYPE__FILE_TYPE_CHARACTER_DEVICE, TEXT("/dev/pts/0"), 0);
    put_file(m, 3, CKPT__FILE_TYPE__FILE_TYPE_REGULAR, m->hostile ? TEXT("/tmp/in\n\033[2J") : TEXT("/tmp/input"), 0);
    put_file(m, 4, CKPT__FILE_TYPE__FILE_TYPE_REGULAR, TEXT("/tmp/output"), 0);
    put_file(m, 5, CKPT__FILE_TYPE__FILE_TYPE_MEMFD, TEXT("/memfd:shared"), 2);
    put_open_file(m, 1, 2, O_RDWR, 0);
    put_open_file(m, 2, 3, O_RDONLY | O_NONBLOCK, 12345);
    put_open_file(m, 3, 4, O_WRONLY | O_APPEND, 99);
    put_open_file(m, 4, 5, O_RDWR, 0);
    for (size_t i = 0; i < COUNT; i++) {
        all[i] = (Ckpt__Descriptor)CKPT__DESCRIPTOR__INIT;
        all[i].number = numbers[i];
        all[i].open_file = open_files[i];
        all[i].close_on_exec = numbers[i] == 5;
        pointers[i] = &all[i];
    }
    descriptors.process = 1;
    descriptors.n_descriptors = COUNT;
    descriptors.descriptors = pointers;
    record(m, CKPT__KIND__KIND_DESCRIPTORS, &descriptors);
}

static void put_signals(struct maker *m)
{
    Ckpt__SignalAction action = CKPT__SIGNAL_ACTION__INIT, *one = &action;
    Ckpt__SignalActions actions = CKPT__SIGNAL_ACTIONS__INIT;
    action.signal = SIGUSR1;
    action.handler = code + 0x100;
    action.flags = SA_RESTART | 0x04000000;
    action.mask = 1ull << (SIGTERM - 1);
    actions.process = 1;
    actions.n_actions = 1;
    actions.actions = &one;
    record(m, CKPT__KIND__KIND_SIGNAL_ACTIONS, &actions);
    int32_t words[32] = {SIGHUP, 0, SI_USER};
    ProtobufCBinaryData siginfo = {.len = sizeof(words), .data = (uint8_t *)words};
    Ckpt__PendingSignals pending = CKPT__PENDING_SIGNALS__INIT;
    pending.process = 1;
    pending.n_siginfo = 1;
    pending.siginfo = &siginfo;
    record(m, CKPT__KIND__KIND_PENDING_SIGNALS, &pending);
}

static void put_others(struct maker *m)
{
    Ckpt__IntervalTimer interval = CKPT__INTERVAL_TIMER__INIT, *one_interval = &interval;
    Ckpt__PosixTimer posix = CKPT__POSIX_TIMER__INIT, *one_posix = &posix;
    Ckpt__Timers timers = CKPT__TIMERS__INIT;
    interval.value = 1500000;
    posix.clock = 1;
    posix.signal = 34;
    posix.remaining = 20000000;
    timers.process = 1;
    timers.n_interval_timers = 1;
    timers.interval_timers = &one_interval;
    timers.n_posix_timers = 1;
    timers.posix_timers = &one_posix;
    record(m, CKPT__KIND__KIND_TIMERS, &timers);
    Ckpt__Limit limit = CKPT__LIMIT__INIT, *one_limit = &limit;
    Ckpt__Limits limits = CKPT__LIMITS__INIT;
    limit.resource = 7;
    limit.soft = 1024;
    limit.hard = UINT64_MAX;
    limits.process = 1;
    limits.n_limits = 1;
    limits.limits = &one_limit;
    record(m, CKPT__KIND__KIND_LIMITS, &limits);
    check(m, ckpt_writer_record(m->writer, UNKNOWN_KIND, m->critical, "future", 6));
}

static void add_mapping(Ckpt__Mapping *mapping, uint64_t start, uint64_t end, uint32_t protection, uint32_t flags, uint32_t file)
{
    *mapping = (Ckpt__Mapping)CKPT__MAPPING__INIT;
    mapping->start = start;
    mapping->end = end;
    mapping->protection = protection;
    mapping->flags = flags;
    mapping->file = file;
}

static void put_memory(struct maker *m)
{
    enum { MAPPINGS = 5 };
    Ckpt__Mapping all[MAPPINGS], *pointers[MAPPINGS];
    Ckpt__Layout layout = CKPT__LAYOUT__INIT;
    Ckpt__Memory memory = CKPT__MEMORY__INIT;
    add_mapping(&all[0], code, code + 2 * PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, 1);
    add_mapping(&all[1], data, data + (DATA_PAGES + 1) * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, 0);
    add_mapping(&all[2], shared, shared + PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, 5);
    add_mapping(&all[3], big, big + m->big_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, 0);
    add_mapping(&all[4], stack - PAGE, stack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, 0);
    if (m->big_size == 0)
        all[3] = all[4];
    layout.arg_start = stack - PAGE;
    layout.arg_end = layout.env_start = layout.arg_start + sizeof(arguments);
    layout.env_end = layout.env_start + sizeof(environment);
    layout.start_stack = stack - 256;
    layout.start_brk = data;
    layout.brk = data + (DATA_PAGES + 1) * PAGE;
    memory.process = 1;
    memory.space = 1;
    memory.layout = &layout;
    memory.n_mappings = m->big_size > 0 ? MAPPINGS : MAPPINGS - 1;
    memory.mappings = pointers;
    for (size_t i = 0; i < memory.n_mappings; i++) {
        pointers[i] = &all[i];
        struct ckpt_mapping mapping = {all[i].start, all[i].end, all[i].protection, all[i].file == 5 ? 2 : 1, all[i].file == 5 ? 0 : all[i].start};
        check(m, ckpt_writer_mapping(m->writer, &mapping));
    }
    record(m, CKPT__KIND__KIND_MEMORY, &memory);
    check(m, ckpt_writer_extent(m->writer, 1, data, (DATA_PAGES + 1) * PAGE));
    if (m->big_size > 0)
        check(m, ckpt_writer_extent(m->writer, 1, big, m->big_size));
    check(m, ckpt_writer_extent(m->writer, 1, stack - PAGE, PAGE));
    check(m, ckpt_writer_extent(m->writer, 2, 0, PAGE));
}

/* At the address of the first process's data. */
static void put_second(struct maker *m)
{
    uint8_t status[336] = {0};
    int32_t tid = 4800;
    uint64_t rip = code + 0x20;
    memcpy(status + 32, &tid, sizeof(tid));
    memcpy(status + 112 + 16 * 8, &rip, sizeof(rip));
    check(m, ckpt_writer_process_note(m->writer, 2, "CORE", NT_PRSTATUS, status, sizeof(status)));
    Ckpt__Process process = CKPT__PROCESS__INIT;
    process.process = 2;
    process.parent = 1;
    process.pid = tid;
    process.comm = TEXT("child");
    process.space = 3;
    record(m, CKPT__KIND__KIND_PROCESS, &process);
    Ckpt__Thread thread = CKPT__THREAD__INIT;
    thread.process = 2;
    thread.tid = tid;
    thread.name = TEXT("child");
    record(m, CKPT__KIND__KIND_THREAD, &thread);
    Ckpt__Mapping mapping, *one = &mapping;
    Ckpt__Memory memory = CKPT__MEMORY__INIT;
    add_mapping(&mapping, data, data + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, 0);
    memory.process = 2;
    memory.space = 3;
    memory.n_mappings = 1;
    memory.mappings = &one;
    record(m, CKPT__KIND__KIND_MEMORY, &memory);
    check(m, ckpt_writer_extent(m->writer, 3, data, PAGE));
}

static void put_pages(struct maker *m)
{
    static uint8_t pages[DATA_PAGES * PAGE], page[65536];
    uint64_t ticket = 0;
    for (size_t i = 0; i < sizeof(pages); i++)
        pages[i] = (i / PAGE) % 5 == 3 ? 0 : (uint8_t)(i * 7 + i / PAGE);
    memcpy(pages + 65536 - 6, "needle in the haystack", 22);
    check(m, ckpt_writer_put(m->writer, ticket++, 1, data, pages, 65536));
    check(m, ckpt_writer_put(m->writer, ticket++, 1, data + 65536, pages + 65536, sizeof(pages) - 65536));
    page[PAGE + 5] = 1;
    for (uint64_t at = 0; at < m->big_size; at += m->big_step)
        check(m, ckpt_writer_put(m->writer, ticket++, 1, big + at, page, sizeof(page)));
    memset(page, 0, sizeof(page));
    memcpy(page, arguments, sizeof(arguments));
    memcpy(page + sizeof(arguments), environment, sizeof(environment));
    check(m, ckpt_writer_put(m->writer, ticket++, 1, stack - PAGE, page, PAGE));
    memset(page, 'M', PAGE);
    check(m, ckpt_writer_put(m->writer, ticket++, 2, 0, page, PAGE));
    memset(page, 0, PAGE);
    memcpy(page + 16, "only the child has this", 23);
    if (m->several)
        check(m, ckpt_writer_put(m->writer, ticket++, 3, data, page, PAGE));
}

static void write_all(struct maker *m)
{
    for (int i = 0; i < THREADS; i++) {
        put_registers(m, 4711 + i);
        if (i == 0)
            put_debugger_notes(m);
    }
    put_image(m);
    put_process(m);
    put_memory(m);
    put_descriptors(m);
    put_signals(m);
    put_others(m);
    if (m->several)
        put_second(m);
    check(m, ckpt_writer_begin_pages(m->writer));
    put_pages(m);
    Ckpt__TidWords words = CKPT__TID_WORDS__INIT;
    words.process = 1;
    record(m, CKPT__KIND__KIND_TID_WORDS, &words);
    check(m, ckpt_writer_finish(m->writer, false, NULL));
}

/* The word and what follows it, or NULL. */
static char **find(char **words, const char *word)
{
    for (; *words != NULL; words++)
        if (strcmp(*words, word) == 0)
            return words;
    return NULL;
}

static bool has(char **words, const char *word)
{
    return find(words, word) != NULL;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    char **words = argv + 2;
    struct maker m = {.packed = has(words, "packed"), .critical = has(words, "critical"), .readonly = has(words, "readonly"),
                      .hostile = has(words, "hostile"), .several = has(words, "several"),
                      .big_step = has(words, "huge") ? 64 << 20 : 65536,
                      .big_size = has(words, "huge") ? 100ull << 30 : has(words, "big") ? 4ull << 30 : has(words, "medium") ? 128ull << 20 : 0};
    char **mangle = find(words, "mangle");
    m.mangle = mangle != NULL && mangle[1] != NULL ? (unsigned)strtoul(mangle[1], NULL, 10) : 0;
    int fd = open(argv[1], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    struct ckpt_io io;
    if (fd < 0 || ckpt_io_from_fd(&io, fd) != 0) {
        perror(argv[1]);
        return 1;
    }
    struct ckpt_writer_options options = {.struct_size = sizeof(options), .compression = m.packed ? 3 : 0,
                                          .read_only_features = m.readonly ? 1ull << 40 : 0};
    m.writer = ckpt_writer_create(&io, &options);
    write_all(&m);
    ckpt_writer_destroy(m.writer);
    return close(fd) == 0 ? 0 : 1;
}
