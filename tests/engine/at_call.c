/* at_call N SIGNAL|ERROR COMMAND…: runs it, and at the N-th system call that it and its children make, counted together, sends the process that makes it a signal (KILL, TERM), or lets the call fail
 * without making it (EIO; ptrace(2) and wait4(2) do not fail so: the next other call then). fsync+N: counted from the first fsync(2), which is 1. N 0: only counts; the number goes to descriptor 3. Exit status: the command's, or 128 + the signal that ended it. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

enum { TROUBLE = 125, OPTIONS = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL };

struct run {
    unsigned long count, at;
    int signal, error;
    pid_t first, failing; /* failing: the thread whose call is not made */
    bool begun;           /* the command has been executed */
    bool waits;           /* for the first fsync(2) */
    bool done;
    int status;
};

static void trouble(const char *what)
{
    perror(what);
    exit(TROUBLE);
}

/* The registers of a call that is not made, and of one that was not. */
static void set_register(pid_t tid, bool entry, long long value)
{
    struct user_regs_struct regs;
    if (ptrace(PTRACE_GETREGS, tid, NULL, &regs) != 0)
        return; /* it was killed meanwhile */
    if (entry)
        regs.orig_rax = (unsigned long long)value;
    else
        regs.rax = (unsigned long long)value;
    ptrace(PTRACE_SETREGS, tid, NULL, &regs);
}

static pid_t process_of(pid_t tid)
{
    char path[40], line[128];
    int pid = tid;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (sscanf(line, "Tgid: %d", &pid) == 1)
            break;
    if (file != NULL)
        fclose(file);
    return pid;
}

/* Of what is traced and alive. */
static bool never_fails(unsigned long long number)
{
    return number == SYS_ptrace || number == SYS_wait4;
}

static void at_call(struct run *run, pid_t tid)
{
    struct __ptrace_syscall_info info;
    if (!run->begun || ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) <= 0)
        return;
    if (info.op == PTRACE_SYSCALL_INFO_EXIT && run->failing == tid) {
        set_register(tid, false, -run->error);
        run->failing = 0;
    }
    if (info.op != PTRACE_SYSCALL_INFO_ENTRY)
        return;
    run->waits = run->waits && info.entry.nr != SYS_fsync;
    if (run->waits || ++run->count < run->at || run->at == 0 || run->done || (run->error != 0 && never_fails(info.entry.nr)))
        return;
    run->done = true;
    dprintf(2, "at call %lu, number %llu:\n", run->count, (unsigned long long)info.entry.nr);
    if (run->signal != 0) {
        kill(process_of(tid), run->signal);
    } else {
        run->failing = tid;
        set_register(tid, true, -1);
    }
}

static int deliver(struct run *run, pid_t tid, int status)
{
    int event = status >> 16, signal = WSTOPSIG(status);
    if (event == PTRACE_EVENT_EXEC)
        run->begun = true;
    if (event == PTRACE_EVENT_STOP && (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU)) {
        ptrace(PTRACE_LISTEN, tid, NULL, NULL);
        return -1;
    }
    if (event != 0 || signal == SIGTRAP)
        return 0;
    if (signal != (SIGTRAP | 0x80))
        return signal;
    at_call(run, tid);
    return 0;
}

static void follow(struct run *run)
{
    for (;;) {
        int status;
        pid_t tid = waitpid(-1, &status, __WALL);
        if (tid < 0 && errno == EINTR)
            continue;
        if (tid < 0)
            return;
        if (WIFSTOPPED(status)) {
            int signal = deliver(run, tid, status);
            if (signal >= 0)
                ptrace(PTRACE_SYSCALL, tid, NULL, (void *)(long)signal);
        } else if (tid == run->first) {
            run->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        }
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int signal, error;
    } known[] = {{"KILL", SIGKILL, 0}, {"TERM", SIGTERM, 0}, {"EIO", 0, EIO}};
    struct run run = {.status = TROUBLE};
    int start[2];
    if (argc < 4)
        return TROUBLE;
    run.waits = strncmp(argv[1], "fsync+", 6) == 0;
    run.at = strtoul(argv[1] + (run.waits ? 6 : 0), NULL, 10);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(known[i].name, argv[2]) == 0) {
            run.signal = known[i].signal;
            run.error = known[i].error;
        }
    if ((run.signal == 0 && run.error == 0) || pipe(start) != 0)
        return TROUBLE;
    run.first = fork();
    if (run.first == 0) {
        char go;
        close(start[1]);
        if (read(start[0], &go, 1) != 1)
            _exit(TROUBLE);
        close(start[0]);
        close(3);
        execvp(argv[3], argv + 3);
        _exit(TROUBLE);
    }
    if (run.first < 0 || ptrace(PTRACE_SEIZE, run.first, NULL, (void *)(long)OPTIONS) != 0 || ptrace(PTRACE_INTERRUPT, run.first, NULL, NULL) != 0 ||
        write(start[1], "", 1) != 1)
        trouble("at_call");
    close(start[0]);
    close(start[1]);
    follow(&run);
    if (run.at == 0)
        dprintf(3, "%lu\n", run.count);
    return run.status;
}
