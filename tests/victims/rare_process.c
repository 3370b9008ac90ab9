#include <stddef.h>

#include "tests/victims/rare.h"

struct rare rare_process[] = {
    {NULL, NULL, NULL, false},
};
