/* What the debugger's notes say too: the program's name and command line (NT_PRPSINFO), the names of mapped files (NT_FILE). Notes that are not laid out as on x86-64 stay. */
#ifndef CKPTEDIT_DEBUGGER_NOTES_H
#define CKPTEDIT_DEBUGGER_NOTES_H

#include "ckptedit/records.h"

/* pr_fname of the NT_PRPSINFO with this pid. */
void debugger_notes_name(struct records *records, int32_t pid, const char *name);

/* The name that a path gets instead, malloc()ed; NULL: it stays. */
typedef char *debugger_notes_rename(void *context, const char *path);
/* Every path of every NT_FILE. Running out of memory leaves a note as it was. */
void debugger_notes_move(struct records *records, debugger_notes_rename *rename, void *context);

#endif
