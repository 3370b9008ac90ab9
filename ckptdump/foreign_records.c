/* Notes of a Linux core file, as the kernel lays them out on 64-bit machines (include/linux/elfcore.h), into records. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <gelf.h>

#include "ckptdump/foreign.h"
#include "ckptdump/image.h"
#include "schemas/threads.pb-c.h"

enum {
    PRSTATUS_SIGNAL = 12, PRSTATUS_BLOCKED = 24, PRSTATUS_PID = 32, PRSTATUS_LEAST = 112,
    PRPSINFO_PID = 24, PRPSINFO_NAME = 40, PRPSINFO_NAME_SIZE = 16, PRPSINFO_ARGS = 56, PRPSINFO_ARGS_SIZE = 80, PRPSINFO_SIZE = 136,
    FILE_HEADER = 16, FILE_ENTRY = 24,
};

static uint64_t number(const uint8_t *at, size_t size)
{
    uint64_t value = 0;
    memcpy(&value, at, size);
    return value;
}

static ProtobufCBinaryData bytes_of(const void *bytes, size_t length)
{
    ProtobufCBinaryData data = {.len = length, .data = foreign_room(length, 1)};
    memcpy(data.data, bytes, length);
    return data;
}

static void add_record(struct image *image, Ckpt__Kind kind, ProtobufCMessage *message)
{
    struct image_list *list = &image->lists[kind];
    if ((list->count & (list->count + 1)) == 0) { /* room doubles at 0, 1, 3, 7 … */
        ProtobufCMessage **bigger = foreign_room(list->count * 2 + 1, sizeof(*bigger));
        if (list->count > 0)
            memcpy(bigger, list->messages, list->count * sizeof(*bigger));
        free(list->messages);
        list->messages = bigger;
    }
    list->messages[list->count++] = message;
}

/* The next CORE note of a type at or behind note *i, with a body of at least `least` bytes; *i moves behind it. */
static const struct ckpt_note *next_note(const struct foreign *foreign, size_t *i, uint32_t type, size_t least)
{
    while (*i < foreign->note_count) {
        const struct ckpt_note *note = &foreign->notes[(*i)++];
        if (note->type == type && strcmp(note->name, "CORE") == 0 && note->length >= least)
            return note;
    }
    return NULL;
}

static size_t count_notes(const struct foreign *foreign, uint32_t type, size_t least)
{
    size_t i = 0, count = 0;
    while (next_note(foreign, &i, type, least) != NULL)
        count++;
    return count;
}

static void add_process(struct image *image)
{
    struct foreign *foreign = image->foreign;
    Ckpt__Process *process = foreign_room(1, sizeof(*process));
    ckpt__process__init(process);
    process->process = 1;
    process->space = FOREIGN_SPACE;
    size_t i = 0, status = 0;
    const struct ckpt_note *info = next_note(foreign, &i, NT_PRPSINFO, PRPSINFO_SIZE);
    if (info != NULL) {
        const uint8_t *pids = info->body + PRPSINFO_PID;
        const char *name = (const char *)info->body + PRPSINFO_NAME;
        process->pid = (int32_t)number(pids, 4);
        process->ppid = (int32_t)number(pids + 4, 4);
        process->pgid = (int32_t)number(pids + 8, 4);
        process->sid = (int32_t)number(pids + 12, 4);
        process->comm = bytes_of(name, strnlen(name, PRPSINFO_NAME_SIZE));
        memcpy(foreign->arguments, info->body + PRPSINFO_ARGS, PRPSINFO_ARGS_SIZE);
    }
    const struct ckpt_note *first = next_note(foreign, &status, NT_PRSTATUS, PRSTATUS_LEAST);
    if (first != NULL) {
        foreign->signal = (int)number(first->body + PRSTATUS_SIGNAL, 2);
        if (process->pid == 0)
            process->pid = (int32_t)number(first->body + PRSTATUS_PID, 4);
    }
    add_record(image, CKPT__KIND__KIND_PROCESS, &process->base);
}

static void add_threads(struct image *image)
{
    struct image_list *list = &image->lists[CKPT__KIND__KIND_THREAD];
    list->messages = foreign_room(count_notes(image->foreign, NT_PRSTATUS, PRSTATUS_LEAST), sizeof(ProtobufCMessage *));
    const struct ckpt_note *note;
    for (size_t i = 0; (note = next_note(image->foreign, &i, NT_PRSTATUS, PRSTATUS_LEAST)) != NULL;) {
        Ckpt__Thread *thread = foreign_room(1, sizeof(*thread));
        ckpt__thread__init(thread);
        thread->process = 1;
        thread->tid = (int32_t)number(note->body + PRSTATUS_PID, 4);
        thread->signal_mask = number(note->body + PRSTATUS_BLOCKED, 8);
        list->messages[list->count++] = &thread->base;
    }
}

/* NT_FILE: how many, the page size, (start, end, offset in pages) of each, then as many paths. */
struct file_note {
    const uint8_t *entries;
    const char *paths, *end;
    uint64_t count, page_size;
};

static bool open_file_note(const struct foreign *foreign, struct file_note *files)
{
    size_t i = 0;
    const struct ckpt_note *note = next_note(foreign, &i, NT_FILE, FILE_HEADER);
    *files = (struct file_note){0};
    if (note == NULL)
        return false;
    files->count = number(note->body, 8);
    files->page_size = number(note->body + 8, 8);
    if (files->count > (note->length - FILE_HEADER) / FILE_ENTRY)
        return false;
    files->entries = note->body + FILE_HEADER;
    files->paths = (const char *)note->body + FILE_HEADER + files->count * FILE_ENTRY;
    files->end = (const char *)note->body + note->length;
    return true;
}

static uint32_t file_named(struct image *image, const char *path, size_t length)
{
    struct image_list *list = &image->lists[CKPT__KIND__KIND_FILE];
    const Ckpt__File *last = list->count > 0 ? (const void *)list->messages[list->count - 1] : NULL;
    if (last != NULL && last->path.len == length && memcmp(last->path.data, path, length) == 0)
        return last->id;
    Ckpt__File *file = foreign_room(1, sizeof(*file));
    ckpt__file__init(file);
    file->id = (uint32_t)list->count + 1;
    file->type = CKPT__FILE_TYPE__FILE_TYPE_REGULAR;
    file->path = bytes_of(path, length);
    add_record(image, CKPT__KIND__KIND_FILE, &file->base);
    return file->id;
}

static Ckpt__Mapping *new_mapping(uint64_t start, uint64_t end, uint32_t protection)
{
    Ckpt__Mapping *mapping = foreign_room(1, sizeof(*mapping));
    ckpt__mapping__init(mapping);
    mapping->start = start;
    mapping->end = end;
    mapping->protection = protection;
    mapping->flags = MAP_PRIVATE | MAP_ANONYMOUS;
    return mapping;
}

static int compare_mappings(const void *a, const void *b)
{
    const Ckpt__Mapping *x = *(Ckpt__Mapping *const *)a, *y = *(Ckpt__Mapping *const *)b;
    return (x->start > y->start) - (x->start < y->start);
}

static Ckpt__Mapping *containing(const Ckpt__Memory *memory, size_t count, uint64_t start)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memory->mappings[middle]->end > start)
            high = middle;
        else
            low = middle + 1;
    }
    return low < count && memory->mappings[low]->start <= start ? memory->mappings[low] : NULL;
}

/* Files' names go to the segments that they are mapped at; those that have no segment become mappings of their own. */
static void name_mappings(struct image *image, Ckpt__Memory *memory, struct file_note *files)
{
    size_t segments = memory->n_mappings;
    for (uint64_t i = 0; i < files->count && files->paths < files->end; i++) {
        const uint8_t *entry = files->entries + i * FILE_ENTRY;
        uint64_t start = number(entry, 8), end = number(entry + 8, 8), offset = number(entry + 16, 8) * files->page_size;
        size_t length = strnlen(files->paths, (size_t)(files->end - files->paths));
        Ckpt__Mapping *mapping = containing(memory, segments, start);
        if (mapping == NULL && start < end)
            memory->mappings[memory->n_mappings++] = mapping = new_mapping(start, end, 0);
        if (mapping != NULL) {
            mapping->file = file_named(image, files->paths, length);
            mapping->offset = offset - (start - mapping->start);
            mapping->flags = MAP_PRIVATE;
        }
        files->paths += length + 1;
    }
}

static uint32_t protection_of(uint32_t flags)
{
    return (flags & PF_R ? PROT_READ : 0u) | (flags & PF_W ? PROT_WRITE : 0u) | (flags & PF_X ? PROT_EXEC : 0u);
}

static void add_memory(struct image *image)
{
    struct file_note files;
    GElf_Phdr segment;
    size_t count = 0;
    if (elf_getphdrnum(image->foreign->elf, &count) != 0)
        return;
    open_file_note(image->foreign, &files);
    Ckpt__Memory *memory = foreign_room(1, sizeof(*memory));
    ckpt__memory__init(memory);
    memory->process = 1;
    memory->space = FOREIGN_SPACE;
    memory->mappings = foreign_room(count + files.count, sizeof(Ckpt__Mapping *));
    for (size_t i = 0; i < count; i++)
        if (gelf_getphdr(image->foreign->elf, (int)i, &segment) != NULL && segment.p_type == PT_LOAD && segment.p_memsz > 0 &&
            segment.p_vaddr + segment.p_memsz > segment.p_vaddr)
            memory->mappings[memory->n_mappings++] = new_mapping(segment.p_vaddr, segment.p_vaddr + segment.p_memsz, protection_of(segment.p_flags));
    qsort(memory->mappings, memory->n_mappings, sizeof(Ckpt__Mapping *), compare_mappings);
    name_mappings(image, memory, &files);
    qsort(memory->mappings, memory->n_mappings, sizeof(Ckpt__Mapping *), compare_mappings);
    add_record(image, CKPT__KIND__KIND_MEMORY, &memory->base);
}

void foreign_records(struct image *image)
{
    for (size_t kind = 0; kind < IMAGE_KINDS; kind++)
        image->lists[kind].loaded = true;
    add_process(image);
    add_threads(image);
    add_memory(image);
}
