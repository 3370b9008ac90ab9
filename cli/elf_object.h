/* The ELF object behind a mapping: what a checkpoint wants to know of it. Read with libelf; a file that is no ELF object, or a
 * damaged one, has no build-id and no imports. */
#ifndef CLI_ELF_OBJECT_H
#define CLI_ELF_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_BUILD_ID_MAX 64

/* Copies the NT_GNU_BUILD_ID of the object open at `fd` (which stays the caller's) and returns its length; 0 where there is none. */
size_t elf_build_id(int fd, uint8_t id[ELF_BUILD_ID_MAX]);

/* Whether the object's dynamic symbol table has `symbol` as an undefined one: does it call another object's function of this name?
 * *is_dynamic tells whether it has such a table at all (a static program has none, and may call what it likes). */
bool elf_imports(int fd, const char *symbol, bool *is_dynamic);

#endif
