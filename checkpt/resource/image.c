/* Where and when: what a reader wants to know first, and what a host must have in common with the one of then. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "checkpt/arch/x86_64/cpu.h"
#include "checkpt/arch/x86_64/xsave.h"
#include "checkpt/resource/all.h"
#include "checkpt/tracee/tracee.h"

enum { BOOT_ID_SIZE = 16 };

static Ckpt__Instant *instant(struct arena *arena, clockid_t clock)
{
    struct timespec now = {0};
    clock_gettime(clock, &now);
    Ckpt__Instant *made = arena_alloc(arena, sizeof(*made));
    ckpt__instant__init(made);
    made->seconds = now.tv_sec;
    made->nanoseconds = (uint32_t)now.tv_nsec;
    return made;
}

static void collect_clocks(struct arena *arena, Ckpt__Image *image)
{
    static const clockid_t clocks[] = {CLOCK_MONOTONIC, CLOCK_BOOTTIME};
    enum { COUNT = sizeof(clocks) / sizeof(clocks[0]) };
    image->created = instant(arena, CLOCK_REALTIME);
    image->clocks = arena_alloc(arena, COUNT * sizeof(*image->clocks));
    for (size_t i = 0; i < COUNT; i++) {
        Ckpt__Clock *clock = arena_alloc(arena, sizeof(*clock));
        ckpt__clock__init(clock);
        clock->clock = clocks[i];
        clock->value = instant(arena, clocks[i]);
        image->clocks[image->n_clocks++] = clock;
    }
}

/* "f81d4fae-7dec-…" as 16 bytes; 0 where this kernel does not tell. */
static size_t read_boot_id(uint8_t id[BOOT_ID_SIZE])
{
    char text[64] = "";
    size_t digits = 0;
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    if (file == NULL)
        return 0;
    char *line = fgets(text, sizeof(text), file);
    fclose(file);
    memset(id, 0, BOOT_ID_SIZE);
    for (const char *c = line; c != NULL && *c != '\0' && digits < 2 * BOOT_ID_SIZE; c++) {
        const char *hex = strchr("0123456789abcdef", *c);
        if (hex == NULL)
            continue;
        id[digits / 2] = (uint8_t)(id[digits / 2] << 4 | (hex - "0123456789abcdef"));
        digits++;
    }
    return digits == 2 * BOOT_ID_SIZE ? BOOT_ID_SIZE : 0;
}

static char *keep(struct arena *arena, const char *text)
{
    return arena_copy(arena, text, strlen(text) + 1);
}

static void collect_host(struct arena *arena, Ckpt__Image *image)
{
    struct utsname name;
    uint8_t boot_id[BOOT_ID_SIZE];
    Ckpt__Host *host = arena_alloc(arena, sizeof(*host));
    ckpt__host__init(host);
    if (uname(&name) == 0) {
        host->sysname = keep(arena, name.sysname);
        host->nodename = keep(arena, name.nodename);
        host->release = keep(arena, name.release);
        host->version = keep(arena, name.version);
        host->machine = keep(arena, name.machine);
    }
    host->boot_id.len = read_boot_id(boot_id);
    host->boot_id.data = arena_copy(arena, boot_id, host->boot_id.len);
    image->host = host;
}

static void collect_cpu(struct freeze *freeze)
{
    struct arena *arena = &freeze->model->arena;
    struct cpu cpu;
    struct failure ignored;
    void *xsave = NULL;
    size_t size = 0;
    Ckpt__Cpu *record = arena_alloc(arena, sizeof(*record));
    ckpt__cpu__init(record);
    cpu_look(&cpu, arena);
    record->vendor = keep(arena, cpu.vendor);
    record->model = keep(arena, cpu.model);
    record->features = cpu.features;
    record->n_features = cpu.feature_count;
    record->xfeatures = cpu.xfeatures;
    if (tracee_xsave(freeze->tracee, 0, &xsave, &size, &ignored))
        record->xsave_size = (uint32_t)size;
    free(xsave);
    freeze->model->image.cpu = record;
}

static bool collect(struct freeze *freeze, struct failure *why)
{
    struct arena *arena = &freeze->model->arena;
    Ckpt__Image *image = &freeze->model->image;
    (void)why;
    image->tool = keep(arena, "checkpt " CKPT_LIBRARY_VERSION);
    collect_clocks(arena, image);
    collect_host(arena, image);
    collect_cpu(freeze);
    return true;
}

static bool has_feature(const struct cpu *cpu, const char *name)
{
    for (size_t i = 0; i < cpu->feature_count; i++)
        if (strcmp(cpu->features[i], name) == 0)
            return true;
    return false;
}

static void check_features(const Ckpt__Cpu *then, const struct cpu *now, struct findings *findings)
{
    char missing[768] = "";
    size_t length = 0, count = 0;
    for (size_t i = 0; i < then->n_features; i++) {
        if (has_feature(now, then->features[i]) || length + 40 > sizeof(missing))
            continue;
        length += (size_t)snprintf(missing + length, sizeof(missing) - length, "%s%.30s", count++ > 0 ? ", " : "", then->features[i]);
    }
    if (count > 0)
        findings_add(findings, VERDICT_REFUSED, "cpu", "resume it on a CPU that has them", "the program may be using %s, which this CPU (%s) lacks", missing,
                     now->model);
}

/* What lies in the registers must have a place there. */
static void check_registers(const struct thaw *thaw, const struct cpu *now, struct findings *findings)
{
    uint64_t used = 0;
    for (size_t i = 0; i < thaw->model->thread_count; i++)
        used |= xsave_in_use(thaw->model->threads[i].xsave, thaw->model->threads[i].xsave_size);
    const uint64_t everywhere = 3; /* x87 and SSE */
    if ((used & ~(now->xfeatures | everywhere)) != 0)
        findings_add(findings, VERDICT_REFUSED, "cpu", "resume it on a CPU that has them",
                     "registers are in use that this host's kernel does not save (state components 0x%jx)", (uintmax_t)(used & ~(now->xfeatures | everywhere)));
}

static void check_host(const Ckpt__Image *image, struct findings *findings)
{
    struct utsname name;
    uint8_t boot_id[BOOT_ID_SIZE];
    const Ckpt__Host *host = image->host;
    if (host == NULL || uname(&name) != 0)
        return;
    if (host->machine[0] != '\0' && strcmp(host->machine, name.machine) != 0)
        findings_add(findings, VERDICT_REFUSED, "host", "resume it on such a machine", "frozen on %s, and this is %s", host->machine, name.machine);
    if (host->release[0] != '\0' && strcmp(host->release, name.release) != 0)
        findings_add(findings, VERDICT_CHANGED, "kernel", NULL, "%s %s becomes %s %s", host->sysname, host->release, name.sysname, name.release);
    size_t size = read_boot_id(boot_id);
    if (size > 0 && host->boot_id.len == size && memcmp(host->boot_id.data, boot_id, size) != 0)
        findings_add(findings, VERDICT_CHANGED, "clocks", NULL,
                     "frozen in another boot: clocks that count from it (CLOCK_MONOTONIC) jump; timers keep the time that was left");
}

/* What records of a kind name: ranges that were redacted, or could not be salvaged. */
struct gaps {
    uint64_t bytes; /* of memory */
    size_t others;  /* records that name none */
};

static struct gaps find_gaps(const struct thaw *thaw, Ckpt__Kind kind)
{
    struct ckpt_note note;
    struct gaps gaps = {.bytes = 0};
    for (size_t i = 0; ckpt_reader_find_record(thaw->reader, (uint32_t)kind, &i, &note) == CKPT_OK; i++) {
        ProtobufCMessage *message;
        uint64_t length = 0;
        if (ckpt_reader_unpack(thaw->reader, &note, &message) == CKPT_OK) {
            length = kind == CKPT__KIND__KIND_REDACTION ? ((const Ckpt__Redaction *)message)->length : ((const Ckpt__Missing *)message)->length;
            protobuf_c_message_free_unpacked(message, NULL);
        }
        gaps.bytes += length;
        gaps.others += length == 0;
    }
    return gaps;
}

/* What a salvaged image has lost. Its records are there, but for those behind the pages: without these a thread's new id is not put into the locks that it holds. */
static void check_salvaged(const struct thaw *thaw, struct findings *findings)
{
    bool allowed = thaw->options.incomplete_ok;
    enum verdict verdict = allowed ? VERDICT_CHANGED : VERDICT_REFUSED;
    struct gaps gaps = find_gaps(thaw, CKPT__KIND__KIND_MISSING);
    if (gaps.bytes > 0)
        findings_add(findings, verdict, "memory", allowed ? NULL : "--incomplete-ok, if the program can do with zeros there; or look at it with ckptdump or gdb",
                     "the image was salvaged from a damaged one: up to %ju bytes of its memory are missing%s", (uintmax_t)gaps.bytes,
                     allowed ? ", and are zeros or a mapped file's bytes now" : "");
    if (gaps.others > 0)
        findings_add(findings, verdict, "image", allowed ? NULL : "--incomplete-ok, best with --pid; or look at it with ckptdump or gdb",
                     "it was salvaged from a damaged one: its last records, or the digests that would show whether it is right, are lost%s",
                     allowed && !thaw->options.keep_pid ? "; locks that it holds keep their owner's old id (--pid keeps the ids)" : "");
}

/* The program never had memory like this. */
static void check_completeness(const struct thaw *thaw, struct findings *findings)
{
    uint64_t features = ckpt_reader_footer(thaw->reader)->read_only_features;
    bool allowed = thaw->options.redacted_ok;
    uint64_t bytes = find_gaps(thaw, CKPT__KIND__KIND_REDACTION).bytes;
    if ((features & CKPT_FEATURE_REDACTED) != 0)
        findings_add(findings, allowed ? VERDICT_CHANGED : VERDICT_REFUSED, "memory", allowed ? NULL : "--redacted-ok, if the program can do with zeros there",
                     "%ju bytes of it were redacted and are zeros now", (uintmax_t)bytes);
    if ((features & CKPT_FEATURE_SALVAGED) != 0)
        check_salvaged(thaw, findings);
}

static void check(struct thaw *thaw, struct findings *findings)
{
    const Ckpt__Image *image = &thaw->model->image;
    long page_size = sysconf(_SC_PAGESIZE);
    struct cpu now;
    if (image->page_size != 0 && image->page_size != (uint64_t)page_size)
        findings_add(findings, VERDICT_REFUSED, "host", "resume it on a kernel with that page size", "frozen with pages of %u bytes, and this kernel's have %ld",
                     image->page_size, page_size);
    check_completeness(thaw, findings);
    check_host(image, findings);
    cpu_look(&now, findings->arena);
    if (image->cpu != NULL)
        check_features(image->cpu, &now, findings);
    check_registers(thaw, &now, findings);
}

static void explain(struct freeze *freeze, struct findings *findings)
{
    (void)freeze;
    findings_add(findings, VERDICT_SAVED, "host", NULL, "its kernel and its CPU are recorded: it can be resumed where the CPU has the same features");
}

const struct resource_ops image_resource = {.name = "image", .explain = explain, .collect = collect, .check = check};
