/* File records: one for each inode that mappings, descriptors or the process itself refer to. */
#ifndef CHECKPT_RESOURCE_FILE_RECORD_H
#define CHECKPT_RESOURCE_FILE_RECORD_H

#include <linux/limits.h>
#include <sys/stat.h>

#include "checkpt/resource/resource.h"

/* Whether a path leads to this file, and to no other: a directory or device too. */
bool file_leads_to(const char *path, const struct stat *status);

/* A new record's type, path and status; the type is by the file's mode, and by its name where the kernel gave it. */
void file_record_begin(struct arena *arena, Ckpt__File *file, const char *path, const struct stat *status);
/* The record of a file, made unless there is one. `gone`: its path does not lead to it any more; the same inode may have one record for a name that is
 * gone and one for a name that is not. */
Ckpt__File *file_record(struct model *model, const char *path, const struct stat *status, bool gone);
void file_record_status(struct arena *arena, Ckpt__File *file, const struct stat *status);

/* The path as a string; buffer has PATH_MAX bytes. */
const char *file_path(const Ckpt__File *file, char buffer[PATH_MAX]);

/* NULL where the file is what it was, else what has become of it, for a sentence. Times of an ELF object do not matter where its build-id says that it is the same. */
const char *file_difference(const Ckpt__File *file, const char *path, const struct stat *status);

#endif
