#include "tests/fuzz/edits.h"

#include <stdio.h>
#include <stdlib.h>

#include "ckptedit/edit.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/printed.h"

static const struct {
    struct edit_kind kind;
    const char *value;
} edits[] = {
    {{"drop-fd", parse_descriptor, edit_drop_fd}, "3"},
    {{"drop-fd", parse_descriptor, edit_drop_fd}, "0"},
    {{"fd", parse_descriptor_path, edit_fd}, "3=/dev/null"},
    {{"fd", parse_descriptor_path, edit_fd}, "4=/nowhere"},
    {{"move-path", parse_paths, edit_move_path}, "/=/elsewhere"},
    {{"move-path", parse_paths, edit_move_path}, "/usr=/opt"},
    {{"cwd", parse_directory, edit_cwd}, "/tmp"},
    {{"name", parse_name, edit_name}, "other"},
    {{"rlimit", parse_limit, edit_rlimit}, "nofile=7:8"},
    {{"drop-timers", NULL, edit_drop_timers}, NULL},
    {{"retval", parse_retval, edit_retval}, "-3"},
    {{"signal", parse_action, edit_signal}, "INT=ignore"},
    {{"signal", parse_action, edit_signal}, "USR1=default"},
    {{"block", parse_block, edit_block}, "TERM"},
    {{"unblock", parse_unblock, edit_block}, "INT@1"},
    {{"drop-pending", parse_signal, edit_drop_pending}, NULL},
    {{"drop-pending", parse_signal, edit_drop_pending}, "USR1"},
    {{"redact", parse_range, edit_redact}, "0x10010,0x1010"},
    {{"redact-matching", parse_pattern, edit_redact_matching}, "hex:0101"},
    {{"redact-matching", parse_pattern, edit_redact_matching}, "regex:[a-z]+"},
    {{"compress", parse_level, edit_compress}, "1"},
    {{"decompress", NULL, edit_decompress}, NULL},
    {{"flatten", NULL, edit_flatten}, NULL},
    {{"upgrade", NULL, edit_upgrade}, NULL},
    {{"comment", NULL, edit_comment}, "a comment"},
    {{"pid", parse_pid, edit_pid}, "2"},
};

static int apply(struct edit *edit, uint8_t choice)
{
    struct cli_text why = {0};
    size_t i = choice % (sizeof(edits) / sizeof(edits[0]));
    struct request request = {.kind = &edits[i].kind, .value = edits[i].value};
    FUZZ_ENSURE(request.kind->parse == NULL || request.kind->parse(&request, &why));
    int result = request.kind->apply(edit, &request);
    cli_text_deinit(&why);
    pattern_destroy(request.pattern);
    return result == CLI_FINE ? edit_drop_unused(edit) : result;
}

static enum ckpt_edit filter(void *context, const struct ckpt_note *note, const void **body, size_t *length)
{
    return records_filter(&((struct edit *)context)->records, note, body, length);
}

static bool append(void *context, size_t i, struct ckpt_note *note)
{
    return records_append(&((struct edit *)context)->records, i, note);
}

static bool change(void *context, const struct ckpt_chunk *chunk, uint8_t *bytes)
{
    return redactions_change(&((struct edit *)context)->redactions, chunk, bytes);
}

static bool write_edited(struct ckpt_reader *reader, struct edit *edit, const struct ckpt_io *sink)
{
    bool redacts = edit->redactions.count > 0;
    struct ckpt_rewrite_options options = {.struct_size = sizeof(options), .context = edit, .note = filter, .append = append, .change = redacts ? change : NULL, .threads = 1,
                                           .read_only_features = redacts ? CKPT_FEATURE_REDACTED : 0, .pages = edit->pages, .level = 1};
    return records_pack(&edit->records) && ckpt_reader_rewrite(reader, sink, &options) == CKPT_OK;
}

bool edits_make(struct ckpt_reader *reader, const uint8_t *dice, const struct ckpt_io *sink)
{
    struct settings settings = {.dry_run = dice[1] & 64};
    struct edit edit = {.path = "image", .settings = &settings};
    struct printed printed;
    printed_begin(&printed);
    bool fine = records_init(&edit.records, reader) == CKPT_OK;
    edit.process = edit_root_process(&edit);
    for (unsigned i = 0, times = 1 + dice[1] % 3u; i < times && fine; i++)
        fine = apply(&edit, (uint8_t)(dice[0] + i * 7 + (dice[1] >> 3))) == CLI_FINE;
    fine = fine && edit_finish_redactions(&edit) == CLI_FINE && write_edited(reader, &edit, sink);
    edit_deinit(&edit);
    printed_end(&printed);
    FUZZ_ENSURE(printed_is_harmless(&printed));
    printed_deinit(&printed);
    return fine;
}
