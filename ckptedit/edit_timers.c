#include "ckptedit/edit.h"
#include "schemas/timers.pb-c.h"

int edit_drop_timers(struct edit *edit, const struct request *request)
{
    (void)request;
    int result;
    struct record *record = edit_record(edit, CKPT__KIND__KIND_TIMERS, &result);
    if (result != CLI_FINE)
        return result;
    Ckpt__Timers *timers = record != NULL ? (Ckpt__Timers *)record->message : NULL;
    if (timers == NULL || timers->n_interval_timers + timers->n_posix_timers == 0) {
        edit_say(edit, "drop no timer, since there is none");
        return CLI_FINE;
    }
    edit_say(edit, "drop %zu interval timer%s and %zu POSIX timer%s", timers->n_interval_timers, timers->n_interval_timers == 1 ? "" : "s", timers->n_posix_timers,
             timers->n_posix_timers == 1 ? "" : "s");
    while (timers->n_interval_timers > 0)
        message_remove(&timers->interval_timers, &timers->n_interval_timers, timers->n_interval_timers - 1);
    while (timers->n_posix_timers > 0)
        message_remove(&timers->posix_timers, &timers->n_posix_timers, timers->n_posix_timers - 1);
    record->changed = true;
    return CLI_FINE;
}
