/* What a process is beside its memory: its working directory, its name. */
#include <stdlib.h>
#include <string.h>

#include "ckptedit/debugger_notes.h"
#include "ckptedit/descriptors.h"
#include "schemas/process.pb-c.h"
#include "schemas/threads.pb-c.h"

static struct record *process_record(struct edit *edit, const struct request *request, int *result)
{
    struct record *record = edit_record(edit, CKPT__KIND__KIND_PROCESS, result);
    if (record == NULL && *result == CLI_FINE)
        *result = edit_refuse(edit, request, "there is no process in the image");
    return record;
}

int edit_cwd(struct edit *edit, const struct request *request)
{
    int result;
    Ckpt__File *file = file_look_at(edit, request, request->value, &result);
    if (file == NULL)
        return result;
    if (file->inode == 0)
        file->type = CKPT__FILE_TYPE__FILE_TYPE_DIRECTORY;
    else if (file->type != CKPT__FILE_TYPE__FILE_TYPE_DIRECTORY)
        result = edit_refuse_fatal(edit, request, "%.*s is no directory", (int)file->path.len, (const char *)file->path.data);
    struct record *record = result == CLI_FINE ? process_record(edit, request, &result) : NULL;
    if (record == NULL) {
        protobuf_c_message_free_unpacked(&file->base, NULL);
        return result;
    }
    Ckpt__Process *process = (Ckpt__Process *)record->message;
    record->changed = true;
    edit_say(edit, "make %.*s the working directory", (int)file->path.len, (const char *)file->path.data);
    file_released(edit, process->cwd);
    process->cwd = file_add(edit, file, &result);
    return result;
}

/* The kernel keeps the name with the threads: a process's is its first thread's. */
static int name_thread(struct edit *edit, const char *name, int32_t tid)
{
    enum ckpt_status status = CKPT_OK;
    struct record *record;
    for (size_t i = 0; (record = records_next(&edit->records, CKPT__KIND__KIND_THREAD, &i, &status)) != NULL;) {
        Ckpt__Thread *thread = (Ckpt__Thread *)record->message;
        if (thread->process != edit->process || thread->tid != tid)
            continue;
        message_set_bytes(&thread->name, name, strlen(name));
        record->changed = true;
    }
    return status == CKPT_OK ? CLI_FINE : edit_malformed(edit);
}

int edit_name(struct edit *edit, const struct request *request)
{
    int result;
    struct record *record = process_record(edit, request, &result);
    if (record == NULL)
        return result;
    Ckpt__Process *process = (Ckpt__Process *)record->message;
    edit_say(edit, "name the program %s instead of %.*s", request->value, (int)process->comm.len, (const char *)process->comm.data);
    message_set_bytes(&process->comm, request->value, strlen(request->value));
    record->changed = true;
    debugger_notes_name(&edit->records, process->pid, request->value);
    return name_thread(edit, request->value, process->pid);
}
