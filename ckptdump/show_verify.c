#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <ckptfmt/verify.h>

#include "ckptdump/dump.h"
#include "cli/complain.h"
#include "cli/progress.h"
#include "cli/text.h"

struct verification {
    struct dump *dump;
    struct cli_progress progress;
};

static bool print_fault(void *context, const struct ckpt_fault *fault)
{
    struct verification *v = context;
    cli_progress_finish(&v->progress);
    cli_print_escaped(stdout, v->dump->image.path, strlen(v->dump->image.path));
    fputs(": ", stdout);
    cli_print_escaped(stdout, fault->sentence, strlen(fault->sentence));
    putchar('\n');
    return true;
}

static bool json_fault(void *context, const struct ckpt_fault *fault)
{
    struct cli_json *json = &((struct verification *)context)->dump->json;
    cli_json_object(json, NULL);
    cli_json_string(json, "status", ckpt_status_name(fault->status));
    cli_json_u64(json, "offset", fault->offset);
    if (fault->space != 0) {
        cli_json_int(json, "space", fault->space);
        cli_json_u64(json, "address", fault->address);
    }
    cli_json_string(json, "sentence", fault->sentence);
    cli_json_end_object(json);
    return true;
}

static bool update(void *context, uint64_t done, uint64_t total)
{
    cli_progress_update(&((struct verification *)context)->progress, done, total);
    return true;
}

/* True where nothing is wrong. */
static bool verify(struct dump *dump, bool (*fault)(void *, const struct ckpt_fault *))
{
    struct cli_text what = {0};
    struct verification v = {.dump = dump};
    cli_text_add(&what, "verifying %s", dump->image.path);
    cli_progress_init(&v.progress, "ckptdump", cli_text_get(&what));
    struct ckpt_verify_options options = {.struct_size = sizeof(options), .context = &v, .fault = fault, .progress = update};
    uint64_t faults = 0;
    struct ckpt_stream *stream = dump->image.stream;
    enum ckpt_status status = stream != NULL ? ckpt_stream_verify(stream, &options, &faults) : ckpt_reader_verify(dump->image.reader, &options, &faults);
    cli_progress_finish(&v.progress);
    cli_text_deinit(&what);
    if (status == CKPT_OK)
        return true;
    if (faults == 0)
        image_complain(&dump->image, "verifying: %s", stream != NULL ? ckpt_stream_error(stream) : ckpt_reader_error(dump->image.reader));
    else
        image_complain(&dump->image, "verifying: %" PRIu64 " fault%s", faults, faults == 1 ? "" : "s");
    return false;
}

void show_verify(struct dump *dump)
{
    if (!verify(dump, print_fault))
        return;
    cli_print_escaped(stdout, dump->image.path, strlen(dump->image.path));
    puts(": whole");
}

void json_verify(struct dump *dump)
{
    cli_json_list(&dump->json, "faults");
    bool whole = verify(dump, json_fault);
    cli_json_end_list(&dump->json);
    cli_json_bool(&dump->json, "whole", whole);
}
