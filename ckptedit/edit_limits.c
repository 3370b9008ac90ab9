#include <inttypes.h>

#include "ckptedit/edit.h"
#include "cli/names.h"
#include "cli/text.h"
#include "schemas/limits.pb-c.h"

static void add_limit(struct cli_text *text, uint64_t limit)
{
    if (limit == UINT64_MAX)
        cli_text_add(text, "unlimited");
    else
        cli_text_add(text, "%" PRIu64, limit);
}

static Ckpt__Limit *find(const Ckpt__Limits *limits, uint64_t resource)
{
    for (size_t i = 0; i < limits->n_limits; i++)
        if (limits->limits[i]->resource == resource)
            return limits->limits[i];
    return NULL;
}

static void say(const struct edit *edit, const struct request *request, const Ckpt__Limit *old, uint64_t hard)
{
    struct cli_text text = {0};
    cli_text_add(&text, "set %s to ", cli_name(cli_limits, request->number));
    add_limit(&text, request->amount);
    cli_text_add(&text, ", hard ");
    add_limit(&text, hard);
    if (old != NULL) {
        cli_text_add(&text, ", instead of ");
        add_limit(&text, old->soft);
        cli_text_add(&text, ", hard ");
        add_limit(&text, old->hard);
    }
    edit_say(edit, "%s", cli_text_get(&text));
    cli_text_deinit(&text);
}

static void set(Ckpt__Limits *limits, Ckpt__Limit *limit, const struct request *request, uint64_t hard)
{
    if (limit == NULL) {
        size_t at = 0;
        while (at < limits->n_limits && limits->limits[at]->resource < request->number)
            at++;
        limit = message_create(&ckpt__limit__descriptor);
        limit->resource = (uint32_t)request->number;
        message_insert(&limits->limits, &limits->n_limits, at, limit);
    }
    limit->soft = request->amount;
    limit->hard = hard;
}

int edit_rlimit(struct edit *edit, const struct request *request)
{
    int result;
    struct record *record = edit_record(edit, CKPT__KIND__KIND_LIMITS, &result);
    if (result != CLI_FINE)
        return result;
    Ckpt__Limits *limits = record != NULL ? (Ckpt__Limits *)record->message : message_create(&ckpt__limits__descriptor);
    Ckpt__Limit *limit = find(limits, request->number);
    uint64_t hard = request->has_most ? request->most : limit != NULL ? limit->hard : request->amount;
    if (request->amount > hard)
        result = edit_refuse(edit, request, "the hard limit in the image is %" PRIu64 "; SOFT:HARD changes both", hard);
    if (result == CLI_FINE) {
        say(edit, request, limit, hard);
        set(limits, limit, request, hard);
        limits->process = edit->process;
    }
    if (record != NULL)
        record->changed |= result == CLI_FINE;
    else if (result == CLI_FINE)
        records_add(&edit->records, CKPT__KIND__KIND_LIMITS, true, limits);
    else
        protobuf_c_message_free_unpacked(&limits->base, NULL);
    return result;
}
