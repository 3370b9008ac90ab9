#include "checkpt/proc/holders.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkpt/proc/proc.h"

static bool has(int process, const char *name)
{
    int fds = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fds >= 0 ? fdopendir(fds) : NULL;
    bool found = false;
    if (list == NULL) {
        if (fds >= 0)
            close(fds);
        return false;
    }
    for (const struct dirent *entry; !found && (entry = readdir(list)) != NULL;) {
        char target[64];
        ssize_t length = readlinkat(fds, entry->d_name, target, sizeof(target));
        found = length == (ssize_t)strlen(name) && memcmp(target, name, (size_t)length) == 0;
    }
    closedir(list);
    return found;
}

static bool is_holder(pid_t pid, const char *name, struct proc_holder *holder)
{
    struct failure ignored;
    struct proc_stat stat;
    int process;
    if (!proc_open(pid, &process, &ignored))
        return false;
    bool is = has(process, name) && proc_stat(process, "stat", &stat, &ignored);
    close(process);
    if (is) {
        holder->pid = pid;
        memcpy(holder->comm, stat.comm, sizeof(holder->comm));
    }
    return is;
}

bool proc_socket_holder(uint64_t inode, pid_t except, struct proc_holder *holder)
{
    char name[48];
    bool found = false;
    DIR *processes = opendir("/proc");
    snprintf(name, sizeof(name), "socket:[%" PRIu64 "]", inode);
    if (processes == NULL)
        return false;
    for (const struct dirent *entry; !found && (entry = readdir(processes)) != NULL;) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        found = pid > 0 && pid != except && pid != getpid() && is_holder(pid, name, holder);
    }
    closedir(processes);
    return found;
}
