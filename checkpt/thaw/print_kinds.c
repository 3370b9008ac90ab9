#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include "checkpt/thaw/print.h"
#include "cli/socket_names.h"

enum { TEXT_SHOWN = 80, BYTES_SHOWN = 32, DECIMAL_BELOW = 1 << 20, RT_FIRST = 32, SIGNALS = 64 };

const void *print_data(const struct printer *printer, const struct plan_arg *arg, size_t *length)
{
    *length = 0;
    if (arg->kind != PLAN_ARG_DATA)
        return NULL;
    const struct plan_datum *datum = &printer->plan->data_list[arg->value];
    *length = datum->length;
    return (const void *)(uintptr_t)(printer->plan->area.data + datum->offset);
}

void print_text(FILE *out, const void *text, size_t length)
{
    const unsigned char *bytes = text;
    size_t shown = length < TEXT_SHOWN ? length : TEXT_SHOWN;
    fputc('"', out);
    for (size_t i = 0; i < shown; i++) {
        if (bytes[i] == '"' || bytes[i] == '\\')
            fprintf(out, "\\%c", bytes[i]);
        else if (bytes[i] == '\n')
            fputs("\\n", out);
        else if (bytes[i] < ' ' || bytes[i] == 0x7f)
            fprintf(out, "\\%03o", bytes[i]);
        else
            fputc(bytes[i], out);
    }
    fputs(shown < length ? "\"..." : "\"", out);
}

void print_bytes(struct printer *printer, const void *data, size_t length)
{
    const unsigned char *bytes = data;
    fputc('[', printer->out);
    for (size_t i = 0; i < length && i < BYTES_SHOWN; i++)
        fprintf(printer->out, "%s%02x", i == 0 ? "" : " ", bytes[i]);
    fputs(length > BYTES_SHOWN ? " ...]" : "]", printer->out);
}

void print_signal(FILE *out, uint64_t number)
{
    const char *name = number > 0 && number < RT_FIRST ? sigabbrev_np((int)number) : NULL;
    if (name != NULL)
        fprintf(out, "SIG%s", name);
    else if (number >= RT_FIRST && number <= SIGNALS)
        fprintf(out, "SIGRT_%" PRIu64, number - RT_FIRST);
    else
        fprintf(out, "%" PRIu64, number);
}

/* As strace does: a set with most signals in it is shown by those that are not. */
void print_signal_set(FILE *out, uint64_t set)
{
    bool inverted = __builtin_popcountll(set) > SIGNALS / 2;
    const char *between = "";
    fputs(inverted ? "~[" : "[", out);
    for (unsigned i = 1; i <= SIGNALS; i++) {
        if ((set >> (i - 1) & 1) == inverted)
            continue;
        const char *name = i < RT_FIRST ? sigabbrev_np((int)i) : NULL;
        if (name != NULL)
            fprintf(out, "%s%s", between, name);
        else
            fprintf(out, "%sRT_%u", between, i - RT_FIRST);
        between = " ";
    }
    fputc(']', out);
}

static bool is_text(const char *data, size_t length)
{
    if (length < 2 || data[length - 1] != 0)
        return false;
    for (size_t i = 0; i + 1 < length; i++)
        if (!isprint((unsigned char)data[i]))
            return false;
    return true;
}

static void print_any(struct printer *printer, const struct plan_arg *arg)
{
    size_t length;
    const void *data = print_data(printer, arg, &length);
    if (data != NULL && is_text(data, length))
        print_text(printer->out, data, length - 1);
    else if (data != NULL)
        print_bytes(printer, data, length);
    else if ((int64_t)arg->value < DECIMAL_BELOW && (int64_t)arg->value > -DECIMAL_BELOW)
        fprintf(printer->out, "%" PRId64, (int64_t)arg->value);
    else
        fprintf(printer->out, "0x%" PRIx64, arg->value);
}

static void kind_hex(struct printer *printer, const struct plan_arg *arg)
{
    if (arg->kind == PLAN_ARG_DATA)
        print_any(printer, arg);
    else if (arg->value == 0)
        fputs("NULL", printer->out);
    else
        fprintf(printer->out, "0x%" PRIx64, arg->value);
}

static void kind_decimal(struct printer *printer, const struct plan_arg *arg)
{
    fprintf(printer->out, "%" PRId64, (int64_t)arg->value);
}

static void kind_octal(struct printer *printer, const struct plan_arg *arg)
{
    fprintf(printer->out, "%#" PRIo64, arg->value);
}

static void kind_descriptor(struct printer *printer, const struct plan_arg *arg)
{
    fprintf(printer->out, "%" PRId32, (int32_t)arg->value);
}

static void kind_directory(struct printer *printer, const struct plan_arg *arg)
{
    if ((int32_t)arg->value == AT_FDCWD)
        fputs("AT_FDCWD", printer->out);
    else
        kind_descriptor(printer, arg);
}

static void kind_string(struct printer *printer, const struct plan_arg *arg)
{
    size_t length;
    const char *data = print_data(printer, arg, &length);
    if (data != NULL)
        print_text(printer->out, data, strnlen(data, length));
    else
        kind_hex(printer, arg);
}

static void kind_bytes(struct printer *printer, const struct plan_arg *arg)
{
    size_t length;
    const void *data = print_data(printer, arg, &length);
    if (data != NULL)
        print_text(printer->out, data, length);
    else
        kind_hex(printer, arg);
}

static void kind_signal(struct printer *printer, const struct plan_arg *arg)
{
    print_signal(printer->out, arg->value);
}

static void kind_signal_set(struct printer *printer, const struct plan_arg *arg)
{
    size_t length;
    uint64_t set;
    const void *data = print_data(printer, arg, &length);
    if (data == NULL || length < sizeof(set)) {
        kind_hex(printer, arg);
        return;
    }
    memcpy(&set, data, sizeof(set));
    print_signal_set(printer->out, set);
}

/* A type, and flags: accept4(2) has only these. */
static void kind_socket_type(struct printer *printer, const struct plan_arg *arg)
{
    enum { FLAGS = SOCK_CLOEXEC | SOCK_NONBLOCK };
    const char *between = "";
    if ((arg->value & ~(uint64_t)FLAGS) != 0) {
        print_name(printer->out, NAMES_SOCKET, arg->value & ~(uint64_t)FLAGS);
        between = "|";
    }
    fprintf(printer->out, "%s%s", (arg->value & SOCK_CLOEXEC) != 0 ? between : "", (arg->value & SOCK_CLOEXEC) != 0 ? "SOCK_CLOEXEC" : "");
    fprintf(printer->out, "%s", (arg->value & SOCK_NONBLOCK) != 0 ? "|SOCK_NONBLOCK" : "");
}

/* By the level before it. */
static void kind_socket_option(struct printer *printer, const struct plan_arg *arg)
{
    const char *name = cli_socket_option((uint32_t)printer->step->arguments[1].value, (uint32_t)arg->value);
    if (name != NULL)
        fputs(name, printer->out);
    else
        kind_decimal(printer, arg);
}

typedef void print_argument_function(struct printer *printer, const struct plan_arg *arg);

/* How a kind looks: by a function of its own, by names, or as a structure (of this size at least) behind a pointer. */
static const struct look {
    print_argument_function *function;
    uint8_t names, one_of; /* names + 1; one_of: a single value, not bits */
    print_struct *structure;
} looks[PRINT_KINDS] = {
    [PRINT_ANY] = {.function = print_any},
    [PRINT_HEX] = {.function = kind_hex},
    [PRINT_DECIMAL] = {.function = kind_decimal},
    [PRINT_OCTAL] = {.function = kind_octal},
    [PRINT_DESCRIPTOR] = {.function = kind_descriptor},
    [PRINT_DIRECTORY] = {.function = kind_directory},
    [PRINT_STRING] = {.function = kind_string},
    [PRINT_BYTES] = {.function = kind_bytes},
    [PRINT_SIGNAL] = {.function = kind_signal},
    [PRINT_SIGNAL_SET] = {.function = kind_signal_set},
    [PRINT_PROTECTION] = {.names = NAMES_PROTECTION + 1},
    [PRINT_MAP_FLAGS] = {.names = NAMES_MAP + 1},
    [PRINT_REMAP_FLAGS] = {.names = NAMES_REMAP + 1},
    [PRINT_OPEN_FLAGS] = {.names = NAMES_OPEN + 1},
    [PRINT_CLONE_FLAGS] = {.names = NAMES_CLONE + 1},
    [PRINT_MEMFD_FLAGS] = {.names = NAMES_MEMFD + 1},
    [PRINT_CLOSE_RANGE_FLAGS] = {.names = NAMES_CLOSE_RANGE + 1},
    [PRINT_TIMER_FLAGS] = {.names = NAMES_TIMER + 1},
    [PRINT_RSEQ_FLAGS] = {.names = NAMES_RSEQ + 1},
    [PRINT_LOCK] = {.names = NAMES_LOCK + 1},
    [PRINT_ADVICE] = {.names = NAMES_ADVICE + 1, .one_of = 1},
    [PRINT_HOW] = {.names = NAMES_HOW + 1, .one_of = 1},
    [PRINT_CLOCK] = {.names = NAMES_CLOCK + 1, .one_of = 1},
    [PRINT_ITIMER] = {.names = NAMES_ITIMER + 1, .one_of = 1},
    [PRINT_RESOURCE] = {.names = NAMES_RESOURCE + 1, .one_of = 1},
    [PRINT_PRCTL] = {.names = NAMES_PRCTL + 1, .one_of = 1},
    [PRINT_ARCH_PRCTL] = {.names = NAMES_ARCH_PRCTL + 1, .one_of = 1},
    [PRINT_FCNTL] = {.names = NAMES_FCNTL + 1, .one_of = 1},
    [PRINT_WHENCE] = {.names = NAMES_WHENCE + 1, .one_of = 1},
    [PRINT_FUTEX] = {.names = NAMES_FUTEX + 1, .one_of = 1},
    [PRINT_POLICY] = {.names = NAMES_POLICY + 1, .one_of = 1},
    [PRINT_SIGNAL_ACTION] = {.structure = print_signal_action},
    [PRINT_SIGNAL_INFO] = {.structure = print_signal_info},
    [PRINT_SIGNAL_EVENT] = {.structure = print_signal_event},
    [PRINT_SIGNAL_STACK] = {.structure = print_signal_stack},
    [PRINT_ITIMERVAL] = {.structure = print_itimerval},
    [PRINT_ITIMERSPEC] = {.structure = print_itimerspec},
    [PRINT_TIMESPEC] = {.structure = print_timespec},
    [PRINT_LIMIT] = {.structure = print_limit},
    [PRINT_IOVEC] = {.structure = print_iovec},
    [PRINT_CLONE_ARGS] = {.structure = print_clone_args},
    [PRINT_WORDS] = {.structure = print_words},
    [PRINT_EVENTFD_FLAGS] = {.names = NAMES_EFD + 1},
    [PRINT_TIMERFD_FLAGS] = {.names = NAMES_TFD + 1},
    [PRINT_TIMERFD_SET_FLAGS] = {.names = NAMES_TFD_TIMER + 1},
    [PRINT_SIGNALFD_FLAGS] = {.names = NAMES_SFD + 1},
    [PRINT_EPOLL_FLAGS] = {.names = NAMES_EPOLL_CREATE + 1},
    [PRINT_EPOLL_OPERATION] = {.names = NAMES_EPOLL_CTL + 1, .one_of = 1},
    [PRINT_EPOLL_EVENT] = {.structure = print_epoll_event},
    [PRINT_INOTIFY_FLAGS] = {.names = NAMES_INOTIFY_INIT + 1},
    [PRINT_INOTIFY_MASK] = {.names = NAMES_INOTIFY + 1},
    [PRINT_IOCTL] = {.names = NAMES_IOCTL + 1, .one_of = 1},
    [PRINT_FAMILY] = {.names = NAMES_FAMILY + 1, .one_of = 1},
    [PRINT_SOCKET_TYPE] = {.function = kind_socket_type},
    [PRINT_SOCKET_LEVEL] = {.names = NAMES_SOL + 1, .one_of = 1},
    [PRINT_SOCKET_OPTION] = {.function = kind_socket_option},
    [PRINT_MESSAGE_FLAGS] = {.names = NAMES_MSG + 1},
    [PRINT_SHUTDOWN] = {.names = NAMES_SHUT + 1, .one_of = 1},
    [PRINT_ADDRESS] = {.structure = print_address},
};

static void print_structure(struct printer *printer, print_struct *structure, const struct plan_arg *arg)
{
    size_t length;
    const void *data = print_data(printer, arg, &length);
    if (data != NULL)
        structure(printer, data, length);
    else
        kind_hex(printer, arg);
}

void print_argument(struct printer *printer, enum print_kind kind, const struct plan_arg *arg)
{
    const struct look *look = &looks[kind];
    if (arg->kind == PLAN_ARG_RESULT)
        print_result_name(printer, (uint32_t)arg->value);
    else if (arg->kind == PLAN_ARG_THREAD)
        fprintf(printer->out, "/* list of thread %" PRIu64 " */", arg->value);
    else if (look->structure != NULL)
        print_structure(printer, look->structure, arg);
    else if (look->names == 0)
        look->function(printer, arg);
    else if (look->one_of)
        print_name(printer->out, (enum print_names)(look->names - 1), arg->value);
    else
        print_bits(printer->out, (enum print_names)(look->names - 1), arg->value);
}
