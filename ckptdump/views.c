#include <stddef.h>

#include "ckptdump/dump.h"

#define VIEW(word) .name = #word, .offset = offsetof(struct settings, word), .show = show_##word
#define ARGUMENT(word) VIEW(word), .argument = true

const struct view views[] = {
    {VIEW(summary), .json = json_summary, .foreign = true},
    {VIEW(args), .json = json_args},
    {VIEW(env), .json = json_env},
    {VIEW(auxv), .json = json_auxv, .foreign = true},
    {VIEW(threads), .json = json_threads, .foreign = true},
    {VIEW(regs), .json = json_regs, .foreign = true},
    {VIEW(backtrace), .json = json_backtrace, .foreign = true},
    {VIEW(maps), .json = json_maps, .foreign = true},
    {VIEW(fds), .json = json_fds},
    {VIEW(signals), .json = json_signals},
    {VIEW(timers), .json = json_timers},
    {VIEW(limits), .json = json_limits},
    {VIEW(notes), .json = json_notes, .foreign = true},
    {VIEW(index), .json = json_index},
    {ARGUMENT(hex), .check = check_hex, .json = json_hex, .foreign = true},
    {ARGUMENT(strings), .check = check_strings, .json = json_strings, .foreign = true},
    {ARGUMENT(search), .check = check_search, .json = json_search, .foreign = true},
    {ARGUMENT(diff), .json = json_diff, .foreign = true},
    {VIEW(verify), .json = json_verify, .bare = true},
    {ARGUMENT(core), .bare = true, .foreign = true},
    {ARGUMENT(extract), .check = check_extract, .bare = true, .foreign = true},
    {0},
};

bool view_is_chosen(const struct view *view, const struct settings *settings)
{
    const char *setting = (const char *)settings + view->offset;
    return view->argument ? *(const char *const *)(const void *)setting != NULL : *(const bool *)setting;
}
