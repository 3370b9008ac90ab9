/* What programs that were compiled once rely on: sizes, offsets, numbers. Compiled as C and as C++; a line that fails is a broken promise. Structures with a struct_size may grow at
 * their end; everything else stays for ever. */
#include <stddef.h>

#include <ckptfmt/ckptfmt.h>

#ifdef __cplusplus
#define CHECK(condition, text) static_assert(condition, text)
#else
#define CHECK(condition, text) _Static_assert(condition, text)
#endif
#define SIZE(type, size) CHECK(sizeof(type) == (size), "size of " #type)
#define AT(type, member, offset) CHECK(offsetof(type, member) == (offset), #type "." #member)
#define IS(name, value) CHECK((unsigned long long)(name) == (value), #name)

SIZE(struct ckpt_run, 48);
SIZE(struct ckpt_place, 88);
AT(struct ckpt_place, fd, 80);
SIZE(struct ckpt_chunk, 64);
AT(struct ckpt_chunk, space, 0);
AT(struct ckpt_chunk, codec, 4);
AT(struct ckpt_chunk, parent, 6);
AT(struct ckpt_chunk, address, 8);
AT(struct ckpt_chunk, length, 16);
AT(struct ckpt_chunk, offset, 24);
AT(struct ckpt_chunk, stored_length, 32);
AT(struct ckpt_chunk, stored_check, 40);
AT(struct ckpt_chunk, digest, 48);

SIZE(struct ckpt_rewrite_options, 80);
AT(struct ckpt_rewrite_options, struct_size, 0);
AT(struct ckpt_rewrite_options, context, 8);
AT(struct ckpt_rewrite_options, note, 16);
AT(struct ckpt_rewrite_options, copy, 24);
AT(struct ckpt_rewrite_options, progress, 32);
AT(struct ckpt_rewrite_options, pages, 40);
AT(struct ckpt_rewrite_options, level, 44);
AT(struct ckpt_rewrite_options, threads, 48);
AT(struct ckpt_rewrite_options, reserved, 52);
AT(struct ckpt_rewrite_options, read_only_features, 56);
AT(struct ckpt_rewrite_options, change, 64);
AT(struct ckpt_rewrite_options, append, 72);

SIZE(struct ckpt_footer, 120);
AT(struct ckpt_footer, version_major, 0);
AT(struct ckpt_footer, version_minor, 2);
AT(struct ckpt_footer, incompatible_features, 8);
AT(struct ckpt_footer, read_only_features, 16);
AT(struct ckpt_footer, compatible_features, 24);
AT(struct ckpt_footer, image_id, 32);
AT(struct ckpt_footer, page_size, 48);
AT(struct ckpt_footer, chunk_size, 52);
AT(struct ckpt_footer, digest_algorithm, 56);
AT(struct ckpt_footer, head_size, 64);
AT(struct ckpt_footer, pages_end, 72);
AT(struct ckpt_footer, index_offset, 80);
AT(struct ckpt_footer, index_count, 88);
AT(struct ckpt_footer, tail_offset, 96);
AT(struct ckpt_footer, tail_size, 104);
AT(struct ckpt_footer, file_size, 112);

SIZE(struct ckpt_io, 88);
AT(struct ckpt_io, struct_size, 0);
AT(struct ckpt_io, context, 8);
AT(struct ckpt_io, read_at, 16);
AT(struct ckpt_io, write_at, 24);
AT(struct ckpt_io, read, 32);
AT(struct ckpt_io, write, 40);
AT(struct ckpt_io, size, 48);
AT(struct ckpt_io, resize, 56);
AT(struct ckpt_io, next_data, 64);
AT(struct ckpt_io, sync, 72);
AT(struct ckpt_io, close, 80);

SIZE(struct ckpt_fill, 32);
AT(struct ckpt_fill, space, 0);
AT(struct ckpt_fill, reserved, 4);
AT(struct ckpt_fill, address, 8);
AT(struct ckpt_fill, length, 16);
AT(struct ckpt_fill, memory, 24);

SIZE(struct ckpt_fill_options, 32);
AT(struct ckpt_fill_options, struct_size, 0);
AT(struct ckpt_fill_options, context, 8);
AT(struct ckpt_fill_options, progress, 16);
AT(struct ckpt_fill_options, threads, 24);
AT(struct ckpt_fill_options, reserved, 28);

SIZE(struct ckpt_note, 48);
AT(struct ckpt_note, segment, 0);
AT(struct ckpt_note, name, 8);
AT(struct ckpt_note, type, 16);
AT(struct ckpt_note, critical, 20);
AT(struct ckpt_note, body, 24);
AT(struct ckpt_note, length, 32);
AT(struct ckpt_note, offset, 40);

SIZE(struct ckpt_stream_chunk, 96);
AT(struct ckpt_stream_chunk, chunk, 0);
AT(struct ckpt_stream_chunk, bytes, 64);
AT(struct ckpt_stream_chunk, stored, 72);
AT(struct ckpt_stream_chunk, source_space, 80);
AT(struct ckpt_stream_chunk, reserved, 84);
AT(struct ckpt_stream_chunk, source_address, 88);

SIZE(struct ckpt_salvage_report, 72);
AT(struct ckpt_salvage_report, struct_size, 0);
AT(struct ckpt_salvage_report, chunks, 8);
AT(struct ckpt_salvage_report, lost_chunks, 16);
AT(struct ckpt_salvage_report, missing_bytes, 24);
AT(struct ckpt_salvage_report, missing_ranges, 32);
AT(struct ckpt_salvage_report, stopped_at, 40);
AT(struct ckpt_salvage_report, whole, 48);
AT(struct ckpt_salvage_report, tail_lost, 52);
AT(struct ckpt_salvage_report, unverified_bytes, 56);
AT(struct ckpt_salvage_report, unverified, 64);
AT(struct ckpt_salvage_report, reserved, 68);

SIZE(struct ckpt_fault, 40);
AT(struct ckpt_fault, status, 0);
AT(struct ckpt_fault, offset, 8);
AT(struct ckpt_fault, space, 16);
AT(struct ckpt_fault, address, 24);
AT(struct ckpt_fault, sentence, 32);

SIZE(struct ckpt_verify_options, 40);
AT(struct ckpt_verify_options, struct_size, 0);
AT(struct ckpt_verify_options, context, 8);
AT(struct ckpt_verify_options, fault, 16);
AT(struct ckpt_verify_options, progress, 24);
AT(struct ckpt_verify_options, threads, 32);

SIZE(struct ckpt_writer_options, 40);
AT(struct ckpt_writer_options, struct_size, 0);
AT(struct ckpt_writer_options, chunk_size, 8);
AT(struct ckpt_writer_options, compression, 12);
AT(struct ckpt_writer_options, read_only_features, 16);
AT(struct ckpt_writer_options, compatible_features, 24);
AT(struct ckpt_writer_options, incompatible_features, 32);

SIZE(struct ckpt_mapping, 32);
AT(struct ckpt_mapping, start, 0);
AT(struct ckpt_mapping, end, 8);
AT(struct ckpt_mapping, protection, 16);
AT(struct ckpt_mapping, space, 20);
AT(struct ckpt_mapping, space_address, 24);

IS(CKPT_CODEC_RAW, 0x0u);
IS(CKPT_CODEC_ZSTD, 0x1u);
IS(CKPT_CODEC_PARENT, 0x2u);
IS(CKPT_EDIT_KEEP, 0x0u);
IS(CKPT_EDIT_DROP, 0x1u);
IS(CKPT_EDIT_REPLACE, 0x2u);
IS(CKPT_REWRITE_COMPRESS, 0x1u);
IS(CKPT_REWRITE_DECOMPRESS, 0x2u);
IS(CKPT_REWRITE_FLATTEN, 0x4u);
IS(CKPT_SEGMENT_HEAD, 0x0u);
IS(CKPT_SEGMENT_PROCESS, 0x1u);
IS(CKPT_SEGMENT_TAIL, 0x2u);
IS(CKPT_OK, 0x0u);
IS(CKPT_END, 0x1u);
IS(CKPT_NOT_FOUND, 0x2u);
IS(CKPT_CORRUPT, 0x3u);
IS(CKPT_TRUNCATED, 0x4u);
IS(CKPT_NOT_IMAGE, 0x5u);
IS(CKPT_UNSUPPORTED, 0x6u);
IS(CKPT_REFUSED, 0x7u);
IS(CKPT_INVALID, 0x8u);
IS(CKPT_NO_MEMORY, 0x9u);
IS(CKPT_IO, 0xau);
IS(CKPT_FORMAT_MAJOR, 0x1u);
IS(CKPT_FORMAT_MINOR, 0x0u);
IS(CKPT_RECORD_CRITICAL, 0x80000000u);
IS(CKPT_PT_INDEX, 0x60636b69u);
IS(CKPT_PT_NOTE, 0x60636b6eu);
IS(CKPT_FOOTER_SIZE, 0x100u);
IS(CKPT_INDEX_ENTRY_SIZE, 0x40u);
IS(CKPT_DIGEST_SIZE, 0x10u);
IS(CKPT_ID_SIZE, 0x10u);
IS(CKPT_NOTE_PROCESS, 0x7fffffffu);
IS(CKPT_PAGE_SIZE, 0x1000u);
IS(CKPT_CHUNK_SIZE_DEFAULT, 0x10000u);
IS(CKPT_CHUNK_SIZE_PACKED, 0x800000u);
IS(CKPT_CHUNK_SIZE_MAX, 0x1000000u);
IS(CKPT_COMPRESSION_DEFAULT, 0x3u);
IS(CKPT_FEATURE_PACKED, 0x1u);
IS(CKPT_FEATURE_PARENT, 0x2u);
IS(CKPT_FEATURE_REDACTED, 0x1u);
IS(CKPT_FEATURE_SALVAGED, 0x2u);

#ifndef __cplusplus
int main(void)
{
    return 0;
}
#endif
