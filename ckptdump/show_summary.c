/* One screen. Everything here comes from the head of the file: neither the index nor any page but the command line's is read. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ckptdump/args.h"
#include "ckptdump/dump.h"
#include "ckptdump/file_text.h"
#include "ckptdump/foreign.h"
#include "ckptdump/memory.h"
#include "cli/names.h"
#include "cli/text.h"
#include "schemas/signals.pb-c.h"
#include "schemas/threads.pb-c.h"

enum { LINE_MAX_TEXT = 100 }; /* a list stops here with "…" */

static void line(const char *word, const struct cli_text *text)
{
    printf("%-12s", word);
    cli_print_escaped(stdout, cli_text_get(text), text->length);
    putchar('\n');
}

static void add_bytes(struct cli_text *text, ProtobufCBinaryData bytes)
{
    cli_text_add_bytes(text, bytes.data, bytes.len);
}

static void add_program(struct dump *dump, struct cli_text *text)
{
    const Ckpt__Process *process = image_process(&dump->image, dump->image.process);
    size_t processes = image_records(&dump->image, CKPT__KIND__KIND_PROCESS)->count;
    if (process == NULL)
        return;
    add_bytes(text, process->comm);
    cli_text_add(text, ", pid %d", process->pid);
    if (process->executable != 0) {
        struct cli_text path = {0};
        add_file_path(&path, image_file(&dump->image, process->executable));
        cli_text_add(text, ", ");
        cli_text_add_bytes(text, cli_text_get(&path), path.length);
        cli_text_deinit(&path);
    }
    if (processes > 1)
        cli_text_add(text, ", and %zu more process%s", processes - 1, processes == 2 ? "" : "es");
}

/* The escaping of a shell word must not be escaped again, so this line is printed at once. */
static void print_command(struct dump *dump)
{
    const Ckpt__Memory *memory = memory_of(&dump->image);
    struct args args = {0};
    size_t at = 0, length;
    const char *word, *space = "";
    printf("%-12s", "command");
    if (memory != NULL && memory->layout != NULL)
        args_read(&dump->image, memory->layout->arg_start, memory->layout->arg_end, &args);
    while (args_next(&args, &at, &word, &length)) {
        fputs(space, stdout);
        if (at > LINE_MAX_TEXT * 4) {
            fputs("…", stdout);
            break;
        }
        cli_print_shell_word(stdout, word, length);
        space = " ";
    }
    putchar('\n');
    args_deinit(&args);
}

static void add_frozen(const Ckpt__Image *image, struct cli_text *text)
{
    char time[CLI_TIME_TEXT];
    if (image->created != NULL)
        cli_text_add(text, "%s", cli_time(time, image->created->seconds));
    if (image->tool != NULL && image->tool[0] != '\0')
        cli_text_add(text, "%sby %s", text->length > 0 ? " " : "", image->tool);
}

static void add_host(const Ckpt__Image *image, struct cli_text *text)
{
    const Ckpt__Host *host = image->host;
    if (host != NULL)
        cli_text_add(text, "%s, %s %s %s", host->nodename, host->sysname, host->release, host->machine);
    if (image->cpu != NULL && image->cpu->model != NULL && image->cpu->model[0] != '\0')
        cli_text_add(text, ", %s", image->cpu->model);
}

static void add_threads(struct dump *dump, struct cli_text *text)
{
    const struct image_list *threads = image_records(&dump->image, CKPT__KIND__KIND_THREAD);
    cli_text_add(text, threads->count > 0 ? "%zu:" : "%zu", threads->count);
    for (size_t i = 0; i < threads->count; i++) {
        const Ckpt__Thread *thread = (const void *)threads->messages[i];
        if (text->length > LINE_MAX_TEXT) {
            cli_text_add(text, " …");
            break;
        }
        cli_text_add(text, "%s %d%s", i > 0 ? "," : "", thread->tid, thread->name.len > 0 ? " " : "");
        add_bytes(text, thread->name);
    }
}

/* Bytes that pages take up in the file, holes included. */
static uint64_t stored_size(struct dump *dump)
{
    const struct foreign *foreign = dump->image.foreign;
    uint64_t size = 0;
    if (foreign == NULL)
        return ckpt_reader_footer(dump->image.reader)->pages_end - ckpt_reader_footer(dump->image.reader)->head_size;
    for (size_t i = 0; i < foreign->chunk_count; i++)
        size += foreign->chunks[i].length;
    return size;
}

static void add_memory(struct dump *dump, struct cli_text *text)
{
    const struct image_list *memories = image_records(&dump->image, CKPT__KIND__KIND_MEMORY);
    uint64_t mapped = 0;
    size_t mappings = 0;
    for (size_t i = 0; i < memories->count; i++) {
        const Ckpt__Memory *memory = (const void *)memories->messages[i];
        mappings += memory->n_mappings;
        for (size_t n = 0; n < memory->n_mappings; n++)
            mapped += memory->mappings[n]->end - memory->mappings[n]->start;
    }
    char size[CLI_SIZE_TEXT];
    cli_text_add(text, "%zu mappings, %s; ", mappings, dump_size(dump, size, mapped));
    cli_text_add(text, "%s in the file", dump_size(dump, size, stored_size(dump)));
}

static void add_descriptors(struct dump *dump, struct cli_text *text)
{
    const struct image_list *lists = image_records(&dump->image, CKPT__KIND__KIND_DESCRIPTORS);
    const Ckpt__Descriptors *all = NULL;
    for (size_t i = 0; i < lists->count && (all == NULL || all->process != dump->image.process); i++)
        all = (const void *)lists->messages[i];
    size_t count = all != NULL ? all->n_descriptors : 0;
    cli_text_add(text, count > 0 ? "%zu:" : "%zu", count);
    for (size_t i = 0; all != NULL && i < all->n_descriptors; i++) {
        const Ckpt__OpenFile *open_file = image_open_file(&dump->image, all->descriptors[i]->open_file);
        if (text->length > LINE_MAX_TEXT) {
            cli_text_add(text, " …");
            break;
        }
        cli_text_add(text, "%s %u ", i > 0 ? "," : "", all->descriptors[i]->number);
        add_file_path(text, open_file != NULL ? image_file(&dump->image, open_file->file) : NULL);
    }
}

static void add_signals(struct dump *dump, struct cli_text *text)
{
    const Ckpt__SignalActions *actions = image_record(&dump->image, CKPT__KIND__KIND_SIGNAL_ACTIONS);
    const struct image_list *pending = image_records(&dump->image, CKPT__KIND__KIND_PENDING_SIGNALS);
    size_t handled = 0, ignored = 0, waiting = 0;
    for (size_t i = 0; actions != NULL && i < actions->n_actions; i++) {
        handled += actions->actions[i]->handler > 1;
        ignored += actions->actions[i]->handler == 1;
    }
    for (size_t i = 0; i < pending->count; i++)
        waiting += ((const Ckpt__PendingSignals *)(const void *)pending->messages[i])->n_siginfo;
    cli_text_add(text, "%zu handled, %zu ignored, %zu pending", handled, ignored, waiting);
}

static void add_file(struct dump *dump, const Ckpt__Image *image, struct cli_text *text)
{
    const struct ckpt_footer *footer = ckpt_reader_footer(dump->image.reader);
    char size[CLI_SIZE_TEXT];
    cli_text_add(text, "format %u.%u, %s", footer->version_major, footer->version_minor, dump_size(dump, size, footer->file_size));
    if (footer->incompatible_features & CKPT_FEATURE_PACKED)
        cli_text_add(text, ", packed");
    if (image->n_parents > 0)
        cli_text_add(text, ", with %zu parent image%s", image->n_parents, image->n_parents == 1 ? "" : "s");
    if (ckpt_reader_resumable(dump->image.reader) == CKPT_OK)
        cli_text_add(text, ", whole (--verify reads every byte)");
    else
        cli_text_add(text, ", whole, but cannot be resumed: %s", ckpt_reader_error(dump->image.reader));
}

static void entry(const char *word, struct cli_text *text)
{
    if (text->length > 0)
        line(word, text);
    cli_text_clear(text);
}

static void add_ranges(struct cli_text *text, size_t count)
{
    if (count > 0)
        cli_text_add(text, "%zu range%s of memory; --notes --json lists %s", count, count == 1 ? "" : "s", count == 1 ? "it" : "them");
}

/* Salvaging says in words what is not about memory. */
static void add_missing(struct dump *dump, struct cli_text *text)
{
    const struct image_list *list = image_records(&dump->image, CKPT__KIND__KIND_MISSING);
    size_t ranges = 0;
    for (size_t i = 0; i < list->count; i++) {
        const Ckpt__Missing *missing = (const void *)list->messages[i];
        ranges += missing->space != 0;
        if (missing->space == 0) {
            add_bytes(text, missing->what);
            entry("missing", text);
        }
    }
    add_ranges(text, ranges);
    entry("missing", text);
}

/* Lines that few images have. */
static void add_oddities(struct dump *dump, const Ckpt__Image *image, struct cli_text *text)
{
    add_bytes(text, image->comment);
    entry("comment", text);
    add_ranges(text, image_records(&dump->image, CKPT__KIND__KIND_REDACTION)->count);
    entry("redacted", text);
    add_missing(dump, text);
}

static void show_foreign(struct dump *dump, struct cli_text *text)
{
    const struct foreign *foreign = dump->image.foreign;
    char size[CLI_SIZE_TEXT];
    cli_text_add(text, "an ordinary core file, %s: it can be looked at, but not resumed", dump_size(dump, size, foreign->size));
    entry("file", text);
    add_program(dump, text);
    if (foreign->signal != 0) {
        cli_text_add(text, ", stopped by ");
        cli_add_signal(text, (uint64_t)foreign->signal);
    }
    entry("program", text);
    cli_text_add(text, "%s", foreign->arguments);
    entry("command", text);
    add_threads(dump, text);
    entry("threads", text);
    add_memory(dump, text);
    entry("memory", text);
}

static void show_image(struct dump *dump, const Ckpt__Image *image, struct cli_text *text)
{
    add_file(dump, image, text);
    entry("file", text);
    add_program(dump, text);
    entry("program", text);
    print_command(dump);
    add_frozen(image, text);
    entry("frozen", text);
    add_host(image, text);
    entry("host", text);
    add_threads(dump, text);
    entry("threads", text);
    add_memory(dump, text);
    entry("memory", text);
    add_descriptors(dump, text);
    entry("descriptors", text);
    add_signals(dump, text);
    entry("signals", text);
    add_oddities(dump, image, text);
}

void show_summary(struct dump *dump)
{
    const Ckpt__Image *image = image_record(&dump->image, CKPT__KIND__KIND_IMAGE);
    struct cli_text text = {0};
    if (image == NULL && dump->image.foreign == NULL) {
        image_complain(&dump->image, "reading records: there is no IMAGE record");
        return;
    }
    cli_text_add(&text, "%s", dump->image.path);
    entry("image", &text);
    if (dump->image.foreign != NULL)
        show_foreign(dump, &text);
    else
        show_image(dump, image, &text);
    cli_text_deinit(&text);
}

static void json_foreign(struct dump *dump)
{
    const struct foreign *foreign = dump->image.foreign;
    cli_json_u64(&dump->json, "fileSize", foreign->size);
    json_records(dump, "processes", CKPT__KIND__KIND_PROCESS);
    cli_json_bool(&dump->json, "resumable", false);
    cli_json_string(&dump->json, "obstacle", "an ordinary core file, not a checkpoint image");
    if (!dump->settings->threads)
        json_threads(dump);
}

void json_summary(struct dump *dump)
{
    if (dump->image.foreign != NULL) {
        json_foreign(dump);
        return;
    }
    const struct ckpt_footer *footer = ckpt_reader_footer(dump->image.reader);
    const Ckpt__Image *image = image_record(&dump->image, CKPT__KIND__KIND_IMAGE);
    if (image != NULL)
        cli_json_message(&dump->json, "image", &image->base);
    cli_json_hex(&dump->json, "imageId", footer->image_id, CKPT_ID_SIZE);
    cli_json_u64(&dump->json, "fileSize", footer->file_size);
    json_records(dump, "processes", CKPT__KIND__KIND_PROCESS);
    if (!dump->settings->args)
        json_args(dump);
    bool resumable = ckpt_reader_resumable(dump->image.reader) == CKPT_OK;
    cli_json_bool(&dump->json, "resumable", resumable);
    if (!resumable)
        cli_json_string(&dump->json, "obstacle", ckpt_reader_error(dump->image.reader));
    if (!dump->settings->threads)
        json_threads(dump);
    if (!dump->settings->fds)
        json_fds(dump);
    if (!dump->settings->signals)
        json_signals(dump);
}
