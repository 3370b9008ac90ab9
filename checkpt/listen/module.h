/* Modules: shared objects that bring system calls. */
#ifndef CHECKPT_LISTEN_MODULE_H
#define CHECKPT_LISTEN_MODULE_H

#include <stdbool.h>

#include "checkpt/failure.h"

/* Loads FILE.so and registers its calls. It stays loaded. */
bool module_load(const char *path, struct failure *why);

#endif
