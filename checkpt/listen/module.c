#include "checkpt/listen/module.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "checkpt/include/sys/sysent.h"

/* A name without a slash is a file here, not one that the dynamic linker finds elsewhere. */
static void *open_module(const char *path)
{
    char here[4096];
    if (strchr(path, '/') != NULL)
        return dlopen(path, RTLD_NOW | RTLD_LOCAL);
    snprintf(here, sizeof(here), "./%s", path);
    return dlopen(here, RTLD_NOW | RTLD_LOCAL);
}

static bool refused(const char *path, const struct syscall_module *module, int error, struct failure *why)
{
    switch (error) {
    case EEXIST:
        return failure_set(why, "%s: registering the calls of %s: a number is in use already", path, module->name);
    case ENFILE:
        return failure_set(why, "%s: registering the calls of %s: no number is free", path, module->name);
    }
    return failure_set(why, "%s: registering the calls of %s: a number, flag or count of arguments is out of range", path, module->name);
}

bool module_load(const char *path, struct failure *why)
{
    void *object = open_module(path);
    if (object == NULL) {
        const char *text = dlerror();
        return failure_set(why, "%s: loading the module: %s", path, text != NULL ? text : "unknown reason");
    }
    const struct syscall_module *module = dlsym(object, SYSCALL_MODULE_SYMBOL);
    if (module == NULL || module->version != SYSCALL_MODULE_VERSION || module->name == NULL || module->calls == NULL) {
        failure_set(why, "%s: %s", path, module == NULL ? "has no SYSCALL_MODULE" : "its SYSCALL_MODULE is of another version");
        dlclose(object);
        return false;
    }
    int error = syscall_helper_register(module->calls, module->flags);
    if (error == 0)
        return true;
    refused(path, module, error, why);
    dlclose(object);
    return false;
}
