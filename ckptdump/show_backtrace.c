#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ckptdump/dump.h"
#include "ckptdump/file_text.h"
#include "ckptdump/memory.h"
#include "ckptdump/unwind.h"
#include "schemas/threads.pb-c.h"

static const Ckpt__Thread *thread_of(struct dump *dump, int32_t tid)
{
    const struct image_list *list = image_records(&dump->image, CKPT__KIND__KIND_THREAD);
    for (size_t i = 0; i < list->count; i++) {
        const Ckpt__Thread *thread = (const void *)list->messages[i];
        if (thread->tid == tid && thread->process == dump->image.process)
            return thread;
    }
    return NULL;
}

static void add_place(struct dump *dump, struct cli_text *text, const Ckpt__Mapping *mapping)
{
    if (mapping == NULL) {
        cli_text_add(text, "(not mapped)");
        return;
    }
    add_mapping_name(text, memory_of(&dump->image), mapping, image_file(&dump->image, mapping->file));
    if (text->length == 0)
        cli_text_add(text, "[anon]");
}

static void print_unusable(void *context, const Ckpt__File *file, const char *why)
{
    (void)context;
    struct cli_text line = {0};
    add_file_path(&line, file);
    cli_text_add(&line, ": its symbols are not used: %s", why);
    cli_print_escaped(stdout, cli_text_get(&line), line.length);
    putchar('\n');
    cli_text_deinit(&line);
}

static void print_thread(void *context, int32_t tid)
{
    const Ckpt__Thread *thread = thread_of(context, tid);
    printf("thread %d", tid);
    if (thread != NULL && thread->name.len > 0) {
        putchar(' ');
        cli_print_escaped(stdout, thread->name.data, thread->name.len);
    }
    putchar('\n');
}

static void print_frame(void *context, const struct unwind_frame *frame)
{
    struct cli_text line = {0};
    cli_text_add(&line, "  #%-3u %016" PRIx64 "  ", frame->number, frame->pc);
    if (frame->inlined)
        cli_text_add(&line, "%s (inlined)  ", frame->symbol != NULL ? frame->symbol : "?");
    else if (frame->symbol != NULL)
        cli_text_add(&line, "%.*s+0x%" PRIx64 "  ", (int)strcspn(frame->symbol, "@"), frame->symbol, frame->offset); /* without its version */
    else
        cli_text_add(&line, "?  ");
    if (frame->source != NULL)
        cli_text_add(&line, "%s:%d  ", frame->source, frame->line);
    struct cli_text place = {0};
    add_place(context, &place, frame->mapping);
    cli_text_add_bytes(&line, cli_text_get(&place), place.length);
    cli_print_escaped(stdout, cli_text_get(&line), line.length);
    putchar('\n');
    cli_text_deinit(&line);
    cli_text_deinit(&place);
}

static void print_end(void *context, const char *why)
{
    (void)context;
    if (why != NULL)
        printf("  the rest cannot be told: %s\n", why);
}

void show_backtrace(struct dump *dump)
{
    const struct unwind_events events = {dump, print_thread, print_frame, print_end, print_unusable};
    unwind(&dump->image, &events);
}

/* Files that cannot be used come before the threads; both are elements of one list. */
static void json_unusable(void *context, const Ckpt__File *file, const char *why)
{
    struct cli_json *json = &((struct dump *)context)->json;
    cli_json_object(json, NULL);
    cli_json_int(json, "unusableFile", file->id);
    cli_json_string(json, "reason", why);
    cli_json_end_object(json);
}

static void json_thread(void *context, int32_t tid)
{
    struct dump *dump = context;
    cli_json_object(&dump->json, NULL);
    cli_json_int(&dump->json, "process", dump->image.process);
    cli_json_int(&dump->json, "tid", tid);
    cli_json_list(&dump->json, "frames");
}

static void json_frame(void *context, const struct unwind_frame *frame)
{
    struct dump *dump = context;
    struct cli_json *json = &dump->json;
    struct cli_text place = {0};
    cli_json_object(json, NULL);
    cli_json_u64(json, "pc", frame->pc);
    if (frame->symbol != NULL)
        cli_json_text(json, "symbol", frame->symbol, strcspn(frame->symbol, "@"));
    if (frame->inlined)
        cli_json_bool(json, "inlined", true);
    else if (frame->symbol != NULL)
        cli_json_u64(json, "offset", frame->offset);
    if (frame->source != NULL) {
        cli_json_text(json, "source", frame->source, strlen(frame->source));
        cli_json_int(json, "line", frame->line);
    }
    add_place(dump, &place, frame->mapping);
    cli_json_text(json, "mapping", cli_text_get(&place), place.length);
    cli_json_end_object(json);
    cli_text_deinit(&place);
}

static void json_end(void *context, const char *why)
{
    struct cli_json *json = &((struct dump *)context)->json;
    cli_json_end_list(json);
    if (why != NULL)
        cli_json_string(json, "stopped", why);
    cli_json_end_object(json);
}

void json_backtrace(struct dump *dump)
{
    const struct unwind_events events = {dump, json_thread, json_frame, json_end, json_unusable};
    cli_json_list(&dump->json, "backtrace");
    unwind(&dump->image, &events);
    cli_json_end_list(&dump->json);
}
