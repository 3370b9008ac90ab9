#include "checkpt/resident/record.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpt/resident/recording.h"
#include "cli/elf_object.h"

enum { PAGE = 4096 };
/* Where start's own code and the start file may lie while it works: away from everything, at the first of these that the program has nothing near. */
#define CODE_FIRST 0x2d6b00000000u
#define CODE_STEP 0x10000000000u
enum { CODE_TRIES = 16, CODE_ROOM = 1 << 26 };

void *recording_add(struct recording *recording, struct recording_list *list)
{
    if (list->count == list->room) {
        size_t room = list->room == 0 ? 64 : list->room * 2;
        list->elements = arena_grow(recording->arena, list->elements, list->count, room, list->element);
        list->room = room;
    }
    return (char *)list->elements + list->element * list->count++;
}

bool recording_word(const struct recording *recording, uint64_t address, void *word, size_t size)
{
    return stored_peek(&recording->thaw, recording->model->memory.space, address, word, size);
}

static uint64_t auxv_value(const struct model *model, uint64_t type)
{
    for (size_t i = 0; i + 16 <= model->auxv_size; i += 16) {
        uint64_t entry[2];
        memcpy(entry, (const char *)model->auxv + i, sizeof(entry));
        if (entry[0] == type)
            return entry[1];
    }
    return 0;
}

static bool identify(const char *path, struct start_identity *identity, struct failure *why)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return failure_errno(why, "%s", path);
    *identity = (struct start_identity){status.st_dev, status.st_ino, (uint64_t)status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                                        status.st_ctim.tv_sec, status.st_ctim.tv_nsec, 0};
    return true;
}

bool record_identify(const char *path, struct start_identity *identity, struct failure *why)
{
    if (!identify(path, identity, why))
        return false;
    size_t length = (identity->size + 7) & ~(size_t)7;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    const void *bytes = fd >= 0 && length > 0 ? mmap(NULL, length, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    if (fd >= 0)
        close(fd);
    if (bytes == MAP_FAILED)
        return true; /* then it must not even be touched */
    identity->contents = start_check(bytes, length);
    munmap((void *)bytes, length);
    return true;
}

static void find_build_id(const char *path, struct start_header *header)
{
    uint8_t id[ELF_BUILD_ID_MAX], bytes[PAGE];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t size = fd >= 0 ? elf_build_id(fd, id) : 0;
    ssize_t count = fd >= 0 ? pread(fd, bytes, sizeof(bytes), 0) : -1;
    const uint8_t *found = size > 0 && size <= START_BUILD_ID_MAX && count > 0 ? memmem(bytes, (size_t)count, id, size) : NULL;
    if (found != NULL) {
        memcpy(header->build_id, id, size);
        header->build_id_size = size;
        header->build_id_offset = (uint64_t)(found - bytes);
    }
    if (fd >= 0)
        close(fd);
}

static bool find_stack(struct recording *recording, struct failure *why)
{
    const struct model *model = recording->model;
    if (model->memory.layout == NULL)
        return failure_set(why, "its image has no layout of memory");
    recording->stack = model_find_mapping(model, model->memory.layout->start_stack);
    return true;
}

/* The kernel's special mappings, which move as one. */
static void fill_special(struct recording *recording)
{
    struct start_header *header = &recording->header;
    const struct model *model = recording->model;
    uint64_t vdso = auxv_value(model, AT_SYSINFO_EHDR), end = 0;
    for (size_t i = 0; i < model->memory.n_mappings; i++) {
        const Ckpt__Mapping *mapping = model->memory.mappings[i];
        if (!mapping->special)
            continue;
        if (end != mapping->start)
            header->special = mapping->start;
        end = mapping->end;
        if (vdso >= mapping->start && vdso < mapping->end)
            break;
    }
    header->special_size = vdso != 0 ? end - header->special : 0;
    header->vdso_distance = vdso - header->special;
    uint64_t own = getauxval(AT_SYSINFO_EHDR);
    header->vdso_check = vdso != 0 && own != 0 ? start_check((const void *)own, PAGE) : 0; /* NOLINT: a mapped page */
}

static void fill_thread(struct recording *recording)
{
    struct start_header *header = &recording->header;
    const struct model_thread *thread = &recording->model->threads[0];
    const Ckpt__Thread *record = &thread->record;
    bool entry = recording->request->kind == START_ENTRY;
    header->rip = entry ? recording->request->entry : thread->registers.rip;
    header->rax = entry ? 0 : thread->registers.rax;
    header->fs_base = thread->registers.fs_base;
    header->gs_base = thread->registers.gs_base;
    header->tid_address = record->clear_child_tid;
    header->robust_list = record->robust_list;
    header->robust_length = record->robust_list_length;
    if (record->rseq != NULL) {
        header->rseq_address = record->rseq->address;
        header->rseq_size = record->rseq->size;
        header->rseq_signature = record->rseq->signature;
    }
}

static void fill_place(struct recording *recording)
{
    struct start_header *header = &recording->header;
    const Ckpt__Layout *layout = recording->model->memory.layout;
    header->place = (struct start_place){auxv_value(recording->model, AT_PHDR), auxv_value(recording->model, AT_PHENT), auxv_value(recording->model, AT_PHNUM),
                                         auxv_value(recording->model, AT_BASE), auxv_value(recording->model, AT_ENTRY)};
    header->layout = (struct start_layout){layout->start_code, layout->end_code, layout->start_data, layout->end_data, layout->start_brk, layout->brk};
}

static bool choose_code(struct recording *recording, struct failure *why)
{
    const Ckpt__Memory *memory = &recording->model->memory;
    for (uint64_t i = 0; i < CODE_TRIES; i++) {
        uint64_t start = CODE_FIRST + i * CODE_STEP, end = start + CODE_ROOM;
        bool is_free = true;
        for (size_t k = 0; k < memory->n_mappings; k++)
            is_free = is_free && (memory->mappings[k]->end <= start || memory->mappings[k]->start >= end);
        recording->header.code = start;
        if (is_free)
            return true;
    }
    return failure_set(why, "it uses all of the address space");
}

static size_t align(size_t size)
{
    return (size + 7) & ~(size_t)7;
}

/* Header, arrays, strings: all on multiples of 8. */
static bool lay_out(struct recording *recording, void **bytes, size_t *size, struct failure *why)
{
    struct start_header *header = &recording->header;
    const struct {
        struct recording_list *list;
        uint64_t *count, *offset;
    } arrays[] = {
        {&recording->mapped, &header->mapped_count, &header->mapped}, {&recording->maps, &header->map_count, &header->maps},
        {&recording->reads, &header->read_count, &header->reads}, {&recording->protects, &header->protect_count, &header->protects},
        {&recording->patches, &header->patch_count, &header->patches},
    };
    enum { COUNT = sizeof(arrays) / sizeof(arrays[0]) };
    size_t at = align(sizeof(*header));
    for (size_t i = 0; i < COUNT; i++) {
        *arrays[i].count = arrays[i].list->count;
        *arrays[i].offset = at;
        at = align(at + arrays[i].list->count * arrays[i].list->element);
    }
    size_t strings = at;
    for (size_t i = 0; i < recording->mapped.count; i++)
        at += strlen(recording->paths[i]) + 1;
    header->path = at;
    at = align(at + strlen(recording->request->binary) + 1);
    header->size = at;
    char *out = calloc(1, at);
    if (out == NULL)
        return failure_set(why, "out of memory");
    for (size_t i = 0; i < recording->mapped.count; i++) {
        struct start_mapped *mapped = &((struct start_mapped *)recording->mapped.elements)[i];
        mapped->path = strings;
        strcpy(out + strings, recording->paths[i]);
        strings += strlen(recording->paths[i]) + 1;
    }
    strcpy(out + header->path, recording->request->binary);
    for (size_t i = 0; i < COUNT; i++)
        memcpy(out + *arrays[i].offset, arrays[i].list->elements, arrays[i].list->count * arrays[i].list->element);
    memcpy(out, header, sizeof(*header));
    size_t skipped = offsetof(struct start_header, check) + sizeof(header->check);
    ((struct start_header *)out)->check = start_check(out + skipped, at - skipped);
    *bytes = out;
    *size = at;
    return true;
}

static bool make(struct recording *recording, void **bytes, size_t *size, struct failure *why)
{
    const struct record_request *request = recording->request;
    struct start_header *header = &recording->header;
    struct stored_source source = {.thaw = &recording->thaw};
    memcpy(header->magic, START_MAGIC, sizeof(header->magic));
    header->version = START_VERSION;
    header->kind = request->kind;
    header->id = request->id;
    header->entry = request->entry;
    if (recording->model->thread_count != 1)
        return failure_set(why, "it has %zu threads; only a program of a single thread can be resident", recording->model->thread_count);
    if (!record_identify(request->binary, &header->binary, why) || !identify(request->image, &header->image, why) || !find_stack(recording, why) ||
        !stored_runs(&source, recording->model->memory.space, &recording->stored, why))
        return false;
    for (size_t i = 0; i < recording->stored.count; i++)
        if (recording->stored.list[i].fd != recording->thaw.image_fd)
            return failure_set(why, "%s: not all of its memory lies there as it is", request->image);
    find_build_id(request->binary, header);
    fill_special(recording);
    fill_thread(recording);
    fill_place(recording);
    return choose_code(recording, why) && recording_patches(recording, why) && recording_maps(recording, why) && lay_out(recording, bytes, size, why);
}

static bool open_image(struct recording *recording, struct model *model, struct failure *why)
{
    struct thaw *thaw = &recording->thaw;
    thaw->image_fd = open(recording->request->image, O_RDONLY | O_CLOEXEC);
    if (thaw->image_fd < 0)
        return failure_errno(why, "%s", recording->request->image);
    thaw->reader = ckpt_reader_create();
    if (thaw->reader == NULL)
        return failure_set(why, "out of memory");
    const struct ckpt_verify_options options = {.struct_size = sizeof(options)};
    if (ckpt_reader_open_fd(thaw->reader, thaw->image_fd) != CKPT_OK || ckpt_reader_verify(thaw->reader, &options, NULL) != CKPT_OK)
        return failure_set(why, "%s: %s", recording->request->image, ckpt_reader_error(thaw->reader));
    thaw->index = &recording->index;
    return stored_index_read(&recording->index, thaw->reader, why) && model_load(model, thaw->reader, why);
}

bool record_make(const struct record_request *request, void **bytes, size_t *size, struct failure *why)
{
    struct model model;
    model_init(&model);
    struct recording recording = {
        .request = request, .arena = &model.arena, .thaw = {.path = request->image, .image_fd = -1, .model = &model}, .model = &model,
        .mapped.element = sizeof(struct start_mapped), .maps.element = sizeof(struct start_map), .reads.element = sizeof(struct start_read),
        .protects.element = sizeof(struct start_protect), .patches.element = sizeof(struct start_patch),
    };
    recording.paths = arena_alloc(&model.arena, START_MAPPED_MAX * sizeof(*recording.paths));
    bool done = open_image(&recording, &model, why) && make(&recording, bytes, size, why);
    stored_deinit(&recording.stored);
    stored_index_deinit(&recording.index);
    ckpt_reader_destroy(recording.thaw.reader);
    if (recording.thaw.image_fd >= 0)
        close(recording.thaw.image_fd);
    model_deinit(&model);
    return done;
}
