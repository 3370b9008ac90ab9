#include "ckptdump/file_text.h"

#include "ckptdump/memory.h"

void add_file_path(struct cli_text *text, const Ckpt__File *file)
{
    if (file == NULL)
        cli_text_add(text, "(unknown file)");
    else if (file->path.len == 0)
        cli_text_add(text, "(%s without a name)", file_type_name(file->type));
    else
        cli_text_add_bytes(text, file->path.data, file->path.len);
    if (file != NULL && file->deleted)
        cli_text_add(text, " (deleted)");
}

void add_mapping_name(struct cli_text *text, const Ckpt__Memory *memory, const Ckpt__Mapping *mapping, const Ckpt__File *file)
{
    const char *place = memory_place(memory, mapping);
    bool wrapped = mapping->name.len > 0 && !mapping->special;
    if (place != NULL) {
        cli_text_add(text, "%s", place);
        return;
    }
    cli_text_add(text, wrapped ? "[anon:" : "");
    cli_text_add_bytes(text, mapping->name.data, mapping->name.len);
    cli_text_add(text, wrapped ? "]" : "");
    if (mapping->name.len == 0 && file != NULL)
        add_file_path(text, file);
}

const char *file_type_name(Ckpt__FileType type)
{
    static const char *const names[] = {
        [CKPT__FILE_TYPE__FILE_TYPE_UNSPECIFIED] = "unknown", [CKPT__FILE_TYPE__FILE_TYPE_REGULAR] = "regular",
        [CKPT__FILE_TYPE__FILE_TYPE_DIRECTORY] = "directory", [CKPT__FILE_TYPE__FILE_TYPE_CHARACTER_DEVICE] = "device",
        [CKPT__FILE_TYPE__FILE_TYPE_BLOCK_DEVICE] = "block-device", [CKPT__FILE_TYPE__FILE_TYPE_FIFO] = "fifo",
        [CKPT__FILE_TYPE__FILE_TYPE_SOCKET] = "socket", [CKPT__FILE_TYPE__FILE_TYPE_SYMLINK] = "symlink",
        [CKPT__FILE_TYPE__FILE_TYPE_MEMFD] = "memfd", [CKPT__FILE_TYPE__FILE_TYPE_SHARED_MEMORY] = "shared-memory",
        [CKPT__FILE_TYPE__FILE_TYPE_ANONYMOUS_INODE] = "anonymous-inode", [CKPT__FILE_TYPE__FILE_TYPE_IMAGE] = "image",
    };
    return type >= 0 && (size_t)type < sizeof(names) / sizeof(names[0]) ? names[type] : "unknown";
}
