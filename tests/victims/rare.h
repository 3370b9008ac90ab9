/* States that few programs have: each is made once, and looked at in every round. */
#ifndef VICTIMS_RARE_H
#define VICTIMS_RARE_H

#include <stdbool.h>

struct rare {
    const char *name;
    bool (*make)(void);  /* false: not on this machine */
    void (*check)(void);
    bool made;
};

extern struct rare rare_files[], rare_memory[], rare_process[]; /* each ends with a name of NULL */

#endif
