/* Words that the old run left in memory. The old stack held its arguments, environment and auxiliary vector; whoever points to one of these points to the new run's
 * instead. A word that equals such an address is taken for one: the stack's place is random, so nothing else looks like it. */
#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkpt/resident/recording.h"
#include "checkpt/resident/symbols.h"

enum { AT_ONCE = 1 << 16, CANARY = 0x28, GUARD = 0x30 };

/* What the old run's stack held, and what takes its place. */
struct known {
    uint64_t address;
    uint32_t kind, detail;
};
enum { KNOWN_MAX = 32 };
struct old_stack {
    struct known known[KNOWN_MAX];
    size_t count;
    uint64_t start, end;
    uint32_t argc;
};

static void know(struct old_stack *old, uint64_t address, uint32_t kind, uint32_t detail)
{
    if (old->count < KNOWN_MAX && address != 0)
        old->known[old->count++] = (struct known){address, kind, detail};
}

static void know_auxv(struct old_stack *old, const struct model *model)
{
    for (size_t i = 0; i + 16 <= model->auxv_size; i += 16) {
        uint64_t entry[2];
        memcpy(entry, (const char *)model->auxv + i, sizeof(entry));
        if (entry[1] >= old->start && entry[1] < old->end)
            know(old, entry[1], START_PATCH_AUX, (uint32_t)entry[0]);
    }
}

/* The arrays lie one behind the other, as the kernel has laid them out. */
static bool know_arrays(struct old_stack *old, const struct recording *recording)
{
    uint64_t at = recording->model->memory.layout->start_stack, word, argc, name;
    if (!recording_word(recording, at, &argc, sizeof(argc)) || !recording_word(recording, at + 8, &name, sizeof(name)))
        return false;
    old->argc = (uint32_t)argc;
    know(old, at, START_PATCH_STACK, 0);
    know(old, at + 8, START_PATCH_ARGV, 0);
    uint64_t environment = at + 8 + (argc + 1) * 8;
    know(old, environment, START_PATCH_ENVIRON, 0);
    for (at = environment; recording_word(recording, at, &word, sizeof(word)) && word != 0;)
        at += 8;
    know(old, at + 8, START_PATCH_AUXV, 0);
    know(old, name, START_PATCH_NAME, 0);
    for (char c = 1; c != '\0' && recording_word(recording, name, &c, 1); name++)
        if (c == '/')
            know(old, name + 1, START_PATCH_SHORT_NAME, 0);
    return true;
}

static void add(struct recording *recording, uint64_t address, uint32_t kind, uint32_t detail, uint64_t value)
{
    struct start_patch *patch = recording_add(recording, &recording->patches);
    *patch = (struct start_patch){address, kind, detail, value};
}

static void look_at_word(struct recording *recording, const struct old_stack *old, uint64_t address, uint64_t word)
{
    if (word - recording->header.special < recording->header.special_size) {
        add(recording, address, START_PATCH_VDSO, 0, word);
        return;
    }
    if (word < old->start || word >= old->end)
        return;
    /* the last that is known wins: a short name is a better guess than a name without a slash */
    for (size_t i = old->count; i-- > 0;)
        if (old->known[i].address == word) {
            add(recording, address, old->known[i].kind, old->known[i].detail, 0);
            return;
        }
}

/* The program's own variables and its libraries', the zeroed ones as well. */
static bool is_variable(const struct recording *recording, uint64_t address)
{
    const Ckpt__Memory *memory = &recording->model->memory;
    for (size_t i = 0; i < memory->n_mappings; i++)
        if (address >= memory->mappings[i]->start && address < memory->mappings[i]->end)
            return memory->mappings[i]->file != 0 || (i > 0 && memory->mappings[i - 1]->file != 0 && memory->mappings[i - 1]->end == memory->mappings[i]->start);
    return false;
}

/* The C library's attributes of threads that are started without any: scheduling and flags, all zero, a guard of one page, no address, and the size of the stack. */
static bool is_stack_size(const struct recording *recording, const uint64_t *word, size_t before, uint64_t address)
{
    enum { PAGE = 4096 };
    return before >= 4 && word[0] == start_stack_size(recording->request->stack_limit) && word[-1] == 0 && word[-2] == PAGE && word[-3] == 0 && word[-4] == 0 &&
           is_variable(recording, address);
}

static bool scan_run(struct recording *recording, const struct old_stack *old, const struct stored_run *run, uint64_t *buffer, struct failure *why)
{
    for (uint64_t done = 0; done < run->length; done += AT_ONCE) {
        size_t length = run->length - done < AT_ONCE ? run->length - done : AT_ONCE;
        if (pread(run->fd, buffer, length, (off_t)(run->offset + done)) != (ssize_t)length)
            return failure_errno(why, "reading the image");
        for (size_t i = 0; i < length / 8; i++) {
            if (buffer[i] != 0)
                look_at_word(recording, old, run->address + done + i * 8, buffer[i]);
            if (is_stack_size(recording, buffer + i, i, run->address + done + i * 8))
                add(recording, run->address + done + i * 8, START_PATCH_STACK_SIZE, 0, 0);
        }
    }
    return true;
}

static bool is_on_stack(const struct recording *recording, uint64_t address)
{
    return recording->stack != NULL && address >= recording->stack->start && address < recording->stack->end;
}

static bool scan(struct recording *recording, const struct old_stack *old, struct failure *why)
{
    uint64_t *buffer = malloc(AT_ONCE);
    bool done = buffer != NULL || failure_set(why, "out of memory");
    for (size_t i = 0; i < recording->stored.count && done; i++)
        if (!is_on_stack(recording, recording->stored.list[i].address))
            done = scan_run(recording, old, &recording->stored.list[i], buffer, why);
    free(buffer);
    return done;
}

/* The number of arguments has no address; the C library keeps it beside their array. */
static void find_counts(struct recording *recording, const struct old_stack *old)
{
    size_t count = recording->patches.count;
    for (size_t i = 0; i < count; i++) {
        const struct start_patch patch = ((const struct start_patch *)recording->patches.elements)[i];
        for (int beside = -8; patch.kind == START_PATCH_ARGV && beside <= 8; beside += 16) {
            uint32_t word;
            uint64_t address = patch.address + (uint64_t)(int64_t)beside;
            if (recording_word(recording, address, &word, sizeof(word)) && word == old->argc && old->argc != 0)
                add(recording, address, START_PATCH_ARGC, 0, 0);
        }
    }
}

/* Variables of the C library that hold for the run, whatever the program has made them point to meanwhile. */
static void find_variables(struct recording *recording)
{
    static const struct {
        const char *name;
        uint32_t kind;
    } variables[] = {
        {"__environ", START_PATCH_ENVIRON}, {"environ", START_PATCH_ENVIRON}, {"_environ", START_PATCH_ENVIRON},
        {"program_invocation_name", START_PATCH_NAME}, {"program_invocation_short_name", START_PATCH_SHORT_NAME},
        {"__progname_full", START_PATCH_NAME}, {"__progname", START_PATCH_SHORT_NAME},
    };
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        struct symbols_found found = {0};
        symbols_find_all(recording->model, variables[i].name, &found);
        for (size_t k = 0; k < found.count; k++)
            add(recording, found.addresses[k], variables[i].kind, 0, 0);
    }
}

static void find_ids(struct recording *recording)
{
    const struct model *model = recording->model;
    const Ckpt__Thread *thread = &model->threads[0].record;
    int32_t word;
    if (recording_word(recording, thread->clear_child_tid, &word, sizeof(word)) && word == thread->tid)
        add(recording, thread->clear_child_tid, START_PATCH_TID, 0, 0);
    for (size_t i = 0; i < model->tid_words.n_words; i++)
        if (model->tid_words.words[i]->tid == thread->tid)
            add(recording, model->tid_words.words[i]->address, START_PATCH_TID, 0, 0);
}

/* No function is under way whose frame has the old canary. Pointers that a program has mangled already, to handlers at its exit say, keep their guard: only a program
 * that has not begun gets a new one. */
static void find_secrets(struct recording *recording)
{
    uint64_t base = recording->header.fs_base, word;
    if (base == 0)
        return;
    if (recording_word(recording, base + CANARY, &word, sizeof(word)) && word != 0 && (word & 0xff) == 0)
        add(recording, base + CANARY, START_PATCH_CANARY, 0, 0);
    if (recording->request->kind == START_RELOCATED && recording_word(recording, base + GUARD, &word, sizeof(word)))
        add(recording, base + GUARD, START_PATCH_GUARD, 0, 0);
}

static int compare(const void *a, const void *b)
{
    const struct start_patch *x = a, *y = b;
    return (x->address > y->address) - (x->address < y->address);
}

bool recording_patches(struct recording *recording, struct failure *why)
{
    struct old_stack old = {0};
    if (recording->stack == NULL)
        return failure_set(why, "it has no stack of the kernel's");
    old.start = recording->model->memory.layout->start_stack;
    old.end = recording->stack->end;
    if (!know_arrays(&old, recording))
        return failure_set(why, "its arguments are not where the kernel has put them");
    know_auxv(&old, recording->model);
    if (!scan(recording, &old, why))
        return false;
    find_counts(recording, &old);
    if (recording->request->kind == START_ENTRY)
        find_variables(recording);
    find_ids(recording);
    find_secrets(recording);
    qsort(recording->patches.elements, recording->patches.count, sizeof(struct start_patch), compare);
    return true;
}

bool recording_is_patched(const struct recording *recording, uint64_t start, uint64_t end)
{
    const struct start_patch *patches = recording->patches.elements;
    size_t low = 0, high = recording->patches.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (patches[middle].address < start)
            low = middle + 1;
        else
            high = middle;
    }
    return low < recording->patches.count && patches[low].address < end;
}
