#include "ckptedit/request.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/names.h"
#include "cli/options.h"

enum { NAME_MOST = 15, PATH_MOST = 4095, LEVEL_MOST = 22 };

static bool refuse(struct cli_text *why, const char *sentence)
{
    cli_text_add(why, "%s", sentence);
    return false;
}

/* A decimal number with a sign. */
static bool signed_number(const char *text, int64_t least, int64_t most, int64_t *number)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 0);
    if (end == text || *end != '\0' || errno != 0 || value < least || value > most || strchr(" \t\n", text[0]) != NULL)
        return false;
    *number = value;
    return true;
}

bool parse_descriptor(struct request *request, struct cli_text *why)
{
    return cli_number(request->value, &request->number) || refuse(why, "not the number of a descriptor");
}

/* Splits at a '='. */
static void split(struct request *request, const char *equals)
{
    request->name = request->value;
    request->name_length = (size_t)(equals - request->value);
    request->target = equals + 1;
}

static bool part_is_number(const struct request *request, uint64_t *number)
{
    char text[32] = {0};
    if (request->name_length >= sizeof(text))
        return false;
    memcpy(text, request->name, request->name_length);
    return cli_number(text, number);
}

bool parse_descriptor_path(struct request *request, struct cli_text *why)
{
    const char *equals = strchr(request->value, '=');
    if (equals == NULL || equals[1] == '\0')
        return refuse(why, "not a descriptor's number, '=' and a path");
    split(request, equals);
    return part_is_number(request, &request->number) || refuse(why, "what precedes the '=' is not the number of a descriptor");
}

/* Both are absolute, so "=/" parts them: names may have a '='. A slash at the end means nothing. */
bool parse_paths(struct request *request, struct cli_text *why)
{
    const char *equals = strstr(request->value, "=/");
    if (equals == NULL || request->value[0] != '/')
        return refuse(why, "not two absolute paths with '=' between them");
    split(request, equals);
    while (request->name_length > 1 && request->name[request->name_length - 1] == '/')
        request->name_length--;
    if (strlen(request->target) > PATH_MOST)
        return refuse(why, "the new path is too long");
    return true;
}

bool parse_directory(struct request *request, struct cli_text *why)
{
    return request->value[0] != '\0' || refuse(why, "no path");
}

bool parse_name(struct request *request, struct cli_text *why)
{
    size_t length = strlen(request->value);
    if (length > 0 && length <= NAME_MOST)
        return true;
    cli_text_add(why, "a name has 1 to %d bytes, this one %zu", NAME_MOST, length);
    return false;
}

/* The signal of a name, or of the first `length` bytes of it. */
static bool signal_of(const char *name, size_t length, uint64_t *number, struct cli_text *why)
{
    char text[16] = {0};
    memcpy(text, name, length < sizeof(text) ? length : sizeof(text) - 1);
    if (length < sizeof(text) && cli_signal_number(text, number))
        return true;
    cli_text_add(why, "no such signal; there are ");
    cli_add_signal_names(why);
    return false;
}

static bool may_be_changed(const struct request *request, struct cli_text *why)
{
    if (request->number != SIGKILL && request->number != SIGSTOP)
        return true;
    return refuse(why, "SIGKILL and SIGSTOP can be neither blocked, ignored nor caught");
}

bool parse_action(struct request *request, struct cli_text *why)
{
    const char *equals = strchr(request->value, '=');
    if (equals == NULL)
        return refuse(why, "not a signal, '=' and default or ignore");
    split(request, equals);
    request->on = strcmp(request->target, "ignore") == 0;
    if (!request->on && strcmp(request->target, "default") != 0)
        return refuse(why, "what follows the '=' is neither default nor ignore");
    return signal_of(request->name, request->name_length, &request->number, why) && may_be_changed(request, why);
}

/* SIG or SIG@TID. */
static bool parse_mask(struct request *request, struct cli_text *why)
{
    const char *at = strchr(request->value, '@');
    size_t length = at != NULL ? (size_t)(at - request->value) : strlen(request->value);
    if (at != NULL && !signed_number(at + 1, 1, INT32_MAX, &request->count))
        return refuse(why, "what follows the '@' is not a thread id");
    return signal_of(request->value, length, &request->number, why) && may_be_changed(request, why);
}

bool parse_block(struct request *request, struct cli_text *why)
{
    request->on = true;
    return parse_mask(request, why);
}

bool parse_unblock(struct request *request, struct cli_text *why)
{
    return parse_mask(request, why);
}

bool parse_signal(struct request *request, struct cli_text *why)
{
    return request->value == NULL || signal_of(request->value, strlen(request->value), &request->number, why);
}

static bool limit_of(const char *text, size_t length, uint64_t *limit)
{
    char part[32] = {0};
    if (length >= sizeof(part))
        return false;
    memcpy(part, text, length);
    if (strcmp(part, "unlimited") == 0 || strcmp(part, "infinity") == 0) {
        *limit = UINT64_MAX;
        return true;
    }
    return cli_number(part, limit);
}

static bool limit_name(struct request *request, struct cli_text *why)
{
    char name[32] = {0};
    memcpy(name, request->name, request->name_length < sizeof(name) ? request->name_length : sizeof(name) - 1);
    if (cli_name_value(cli_limits, "RLIMIT_", name, &request->number))
        return true;
    cli_text_add(why, "no such limit; there are ");
    for (size_t i = 0; cli_limits[i].name != NULL; i++)
        cli_text_add(why, "%s%s", i == 0 ? "" : cli_limits[i + 1].name != NULL ? ", " : " and ", cli_limits[i].name);
    return false;
}

bool parse_limit(struct request *request, struct cli_text *why)
{
    const char *equals = strchr(request->value, '=');
    if (equals == NULL)
        return refuse(why, "not a limit's name, '=' and a number");
    split(request, equals);
    if (!limit_name(request, why))
        return false;
    size_t soft = strcspn(request->target, ":");
    request->has_most = request->target[soft] == ':';
    const char *hard = request->target + soft + 1;
    if (!limit_of(request->target, soft, &request->amount) || (request->has_most && !limit_of(hard, strlen(hard), &request->most)))
        return refuse(why, "a limit is a number or 'unlimited', and so is the hard one behind the ':'");
    if (request->has_most && request->amount > request->most)
        return refuse(why, "the soft limit is above the hard one");
    return true;
}

bool parse_retval(struct request *request, struct cli_text *why)
{
    return signed_number(request->value, INT32_MIN, INT32_MAX, &request->count) || refuse(why, "not a number that fits into 32 bits");
}

/* A bare address is hexadecimal, as in ckptdump; a length is what C would make of it. */
bool parse_range(struct request *request, struct cli_text *why)
{
    int end = 0;
    bool address = request->value[0] != '-' && request->value[0] != ' ' && sscanf(request->value, "%" SCNx64 "%n", &request->number, &end) == 1;
    if (!address || request->value[end] != ',' || !cli_number(request->value + end + 1, &request->amount) || request->amount == 0)
        return refuse(why, "not an address in hexadecimal, a comma and a length");
    return request->number + (request->amount - 1) >= request->number || refuse(why, "it ends behind the last address");
}

bool parse_level(struct request *request, struct cli_text *why)
{
    if (request->value == NULL || signed_number(request->value, 1, LEVEL_MOST, &request->count))
        return true;
    cli_text_add(why, "not a level from 1 to %d", LEVEL_MOST);
    return false;
}

bool parse_pid(struct request *request, struct cli_text *why)
{
    return signed_number(request->value, 1, INT32_MAX, &request->count) || refuse(why, "not a process id");
}

bool parse_pattern(struct request *request, struct cli_text *why)
{
    request->pattern = pattern_create(request->value, why);
    return request->pattern != NULL;
}
