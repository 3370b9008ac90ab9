#include "ckptedit/edit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/complain.h"
#include "cli/text.h"
#include "schemas/image.pb-c.h"
#include "schemas/process.pb-c.h"

void edit_deinit(struct edit *edit)
{
    records_deinit(&edit->records);
    references_deinit(&edit->open_files);
    references_deinit(&edit->files);
    redactions_deinit(&edit->redactions);
}

void edit_set_directory(struct ckpt_reader *reader, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *directory = slash == path ? strdup("/") : slash != NULL ? strndup(path, (size_t)(slash - path)) : strdup(".");
    if (directory != NULL)
        ckpt_reader_set_directory(reader, directory);
    free(directory);
}

/* Most images have one process and call it 1. */
uint32_t edit_root_process(const struct edit *edit)
{
    size_t i = 0;
    struct ckpt_note note;
    ProtobufCMessage *message = NULL;
    uint32_t root = 1;
    struct ckpt_reader *reader = edit->records.reader;
    if (ckpt_reader_find_record(reader, CKPT__KIND__KIND_IMAGE, &i, &note) == CKPT_OK && ckpt_reader_unpack(reader, &note, &message) == CKPT_OK) {
        uint32_t given = ((const Ckpt__Image *)message)->root_process;
        root = given != 0 ? given : root;
        protobuf_c_message_free_unpacked(message, NULL);
    }
    return root;
}

void edit_say(const struct edit *edit, const char *format, ...)
{
    char *line = NULL;
    va_list args;
    if (!edit->settings->dry_run)
        return;
    va_start(args, format);
    int length = vasprintf(&line, format, args);
    va_end(args);
    if (length < 0)
        return;
    cli_print_escaped(stdout, edit->path, strlen(edit->path));
    fputs(": would ", stdout);
    cli_print_escaped(stdout, line, (size_t)length);
    putchar('\n');
    free(line);
}

static void complain(const struct edit *edit, const struct request *request, const char *way_out, const char *format, va_list args)
{
    char *why = NULL;
    if (vasprintf(&why, format, args) < 0)
        why = NULL;
    cli_complain("ckptedit", edit->path, "--%s%s%s: %s%s", request->kind->option, request->value != NULL ? " " : "", request->value != NULL ? request->value : "",
                 why != NULL ? why : format, way_out);
    free(why);
}

int edit_refuse(const struct edit *edit, const struct request *request, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain(edit, request, "", format, args);
    va_end(args);
    return CLI_FAILED;
}

int edit_refuse_fatal(const struct edit *edit, const struct request *request, const char *format, ...)
{
    if (edit->settings->force)
        return CLI_FINE;
    va_list args;
    va_start(args, format);
    complain(edit, request, "; the image could not be resumed like that (--force makes it all the same)", format, args);
    va_end(args);
    return CLI_FAILED;
}

int edit_malformed(const struct edit *edit)
{
    cli_complain("ckptedit", edit->path, "editing: %s", ckpt_reader_error(edit->records.reader));
    return CLI_FAILED;
}

struct record *edit_record(struct edit *edit, Ckpt__Kind kind, int *result)
{
    enum ckpt_status status = CKPT_OK;
    struct record *record = records_of(&edit->records, kind, edit->process, &status);
    *result = status == CKPT_OK ? CLI_FINE : edit_malformed(edit);
    return record;
}

/* The edits that follow are for another process of the image. */
int edit_pid(struct edit *edit, const struct request *request)
{
    struct cli_text list = {0};
    enum ckpt_status status = CKPT_OK;
    const struct record *record;
    bool found = false;
    for (size_t i = 0; !found && (record = records_next(&edit->records, CKPT__KIND__KIND_PROCESS, &i, &status)) != NULL;) {
        const Ckpt__Process *process = (const Ckpt__Process *)record->message;
        found = process->pid == request->count;
        if (found)
            edit->process = process->process;
        else
            cli_text_add(&list, "%s%d", list.length > 0 ? ", " : "", process->pid);
    }
    int result = status != CKPT_OK ? edit_malformed(edit)
                 : found           ? CLI_FINE
                                   : edit_refuse(edit, request, "no such process in the image; there are: %s", cli_text_get(&list));
    cli_text_deinit(&list);
    return result;
}
