/* Identity, threads and descriptors. */
#include <inttypes.h>

#include "ckptdump/args.h"
#include "ckptdump/facts.h"
#include "ckptdump/file_text.h"
#include "ckptdump/memory.h"
#include "ckptdump/objects.h"
#include "ckptdump/registers.h"
#include "cli/names.h"
#include "schemas/credentials.pb-c.h"
#include "schemas/threads.pb-c.h"

enum { COMMAND_MAX = 200 };

/* One line of a process: the key begins with its pid where there are several. */
struct line {
    struct image *image;
    struct facts *facts;
    uint32_t process;
    uint64_t order;
};

static void add_line(struct line *line, const char *word, struct cli_text *value)
{
    struct cli_text key = {0};
    facts_begin_key(line->image, line->process, &key);
    cli_text_add(&key, "%s", word);
    facts_add(line->facts, line->order++, &key, value);
}

static void add_number(struct line *line, const char *word, bool octal, uint32_t value)
{
    struct cli_text text = {0};
    if (octal)
        cli_text_add(&text, "%04o", value);
    else
        cli_text_add(&text, "%d", (int32_t)value);
    add_line(line, word, &text);
}

static void add_file(struct line *line, const char *word, uint32_t id)
{
    struct cli_text text = {0};
    if (id != 0)
        add_file_path(&text, image_file(line->image, id));
    add_line(line, word, &text);
}

static void add_command(struct line *line)
{
    struct cli_text text = {0};
    struct args args = {0};
    const Ckpt__Memory *memory = memory_of(line->image);
    size_t at = 0, length;
    const char *word;
    if (memory != NULL && memory->layout != NULL)
        args_read(line->image, memory->layout->arg_start, memory->layout->arg_end, &args);
    while (text.length < COMMAND_MAX && args_next(&args, &at, &word, &length)) {
        cli_text_add(&text, "%s", text.length > 0 ? " " : "");
        cli_text_add_bytes(&text, word, length);
    }
    args_deinit(&args);
    add_line(line, "command", &text);
}

void collect_identity(struct image *image, struct facts *facts)
{
    const struct image_list *list = image_records(image, CKPT__KIND__KIND_PROCESS);
    for (size_t i = 0; i < list->count; i++) {
        const Ckpt__Process *process = (const void *)list->messages[i];
        struct line line = {image, facts, process->process, (uint64_t)i << 8};
        struct cli_text name = {0};
        cli_text_add_bytes(&name, process->comm.data, process->comm.len);
        add_number(&line, "pid", false, (uint32_t)process->pid);
        add_line(&line, "name", &name);
        add_file(&line, "executable", process->executable);
        image->process = process->process;
        add_command(&line);
        add_file(&line, "cwd", process->cwd);
        add_file(&line, "root", process->root);
        add_number(&line, "umask", true, process->umask);
    }
    image->process = image->root;
    const Ckpt__Credentials *credentials = image_record(image, CKPT__KIND__KIND_CREDENTIALS);
    struct line line = {image, facts, image->root, UINT64_MAX - 8};
    add_number(&line, "uid", false, credentials != NULL ? credentials->euid : 0);
    add_number(&line, "gid", false, credentials != NULL ? credentials->egid : 0);
}

void collect_threads(struct image *image, struct facts *facts)
{
    const struct image_list *list = image_records(image, CKPT__KIND__KIND_THREAD);
    struct registers_walk walk = {0};
    struct registers registers;
    for (size_t i = 0; i < list->count; i++) {
        const Ckpt__Thread *thread = (const void *)list->messages[i];
        struct cli_text key = {0}, value = {0};
        bool found = registers_of_thread(image, &walk, thread->process, &registers);
        cli_text_add(&key, "%d", thread->tid);
        cli_text_add_bytes(&value, thread->name.data, thread->name.len);
        if (found)
            cli_text_add(&value, " rip %" PRIx64 " rsp %" PRIx64, registers.values[REG_RIP], registers.values[REG_RSP]);
        cli_text_add(&value, " blocks ");
        cli_add_signal_set(&value, thread->signal_mask);
        facts_add(facts, (uint64_t)(uint32_t)thread->tid, &key, &value);
    }
}

static void add_descriptor(struct image *image, struct cli_text *value, const Ckpt__Descriptor *descriptor)
{
    const Ckpt__OpenFile *open_file = image_open_file(image, descriptor->open_file);
    if (open_file == NULL) {
        cli_text_add(value, "(unknown)");
        return;
    }
    add_file_path(value, image_file(image, open_file->file));
    objects_add(value, image, image_file(image, open_file->file));
    cli_text_add(value, " ");
    cli_add_open_flags(value, open_file->flags);
    cli_text_add(value, "%s offset %" PRIu64, descriptor->close_on_exec ? "|O_CLOEXEC" : "", open_file->offset);
}

void collect_descriptors(struct image *image, struct facts *facts)
{
    const struct image_list *list = image_records(image, CKPT__KIND__KIND_DESCRIPTORS);
    for (size_t i = 0; i < list->count; i++) {
        const Ckpt__Descriptors *all = (const void *)list->messages[i];
        for (size_t n = 0; n < all->n_descriptors; n++) {
            struct cli_text key = {0}, value = {0};
            facts_begin_key(image, all->process, &key);
            cli_text_add(&key, "%u", all->descriptors[n]->number);
            add_descriptor(image, &value, all->descriptors[n]);
            facts_add(facts, (uint64_t)i << 32 | all->descriptors[n]->number, &key, &value);
        }
    }
}
