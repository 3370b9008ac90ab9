/* Descriptors, and the open files and files behind them. */
#ifndef CKPTEDIT_DESCRIPTORS_H
#define CKPTEDIT_DESCRIPTORS_H

#include "ckptedit/edit.h"
#include "schemas/files.pb-c.h"

/* The edited process's descriptor of this number. *result is CLI_FINE and *record and *at say where it is, or CLI_FAILED after a complaint that lists those that there are. */
Ckpt__Descriptors *descriptors_find(struct edit *edit, const struct request *request, struct record **record, size_t *at, int *result);

/* NULL where there is none, or a record is malformed: then *result is CLI_FAILED, after a complaint. Borrowed until a record is added. */
Ckpt__OpenFile *open_file_find(struct edit *edit, uint32_t id, struct record **record, int *result);
Ckpt__File *file_find(struct edit *edit, uint32_t id, struct record **record, int *result);
/* The next free ids. */
uint32_t open_file_next_id(struct edit *edit, int *result);
uint32_t file_next_id(struct edit *edit, int *result);
/* How many descriptors of any process share an open file. */
size_t open_file_sharers(struct edit *edit, uint32_t id, int *result);

/* What a path leads to now, as a File without an id; its path is absolute. Where it leads nowhere: with --force, a File that has only a path; else NULL after a complaint. */
Ckpt__File *file_look_at(struct edit *edit, const struct request *request, const char *path, int *result);
/* Its id, once it is in the image: of an equal one that is there already, or a new record. The message is no longer the caller's. */
uint32_t file_add(struct edit *edit, Ckpt__File *file, int *result);

/* Remembers that a reference to it was taken away. */
void open_file_released(struct edit *edit, uint32_t id);
void file_released(struct edit *edit, uint32_t id);

#endif
