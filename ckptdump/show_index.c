#include <inttypes.h>
#include <stdio.h>

#include "ckptdump/dump.h"
#include "cli/table.h"

static const char *codec_name(uint16_t codec)
{
    static const char *const names[] = {[CKPT_CODEC_RAW] = "raw", [CKPT_CODEC_ZSTD] = "zstd", [CKPT_CODEC_PARENT] = "parent"};
    return codec < sizeof(names) / sizeof(names[0]) ? names[codec] : "unknown";
}

static bool next_chunk(struct dump *dump, uint64_t *i, struct ckpt_chunk *chunk)
{
    if (*i >= ckpt_reader_footer(dump->image.reader)->index_count)
        return false;
    if (ckpt_reader_chunk(dump->image.reader, *i, chunk) == CKPT_OK) {
        ++*i;
        return true;
    }
    image_complain(&dump->image, "reading the index: %s", ckpt_reader_error(dump->image.reader));
    return false;
}

void show_index(struct dump *dump)
{
    static const struct cli_column columns[] = {{"space", 1}, {"address", 1}, {"length", 1}, {"offset", 1}, {"stored", 1}, {"codec", 0}, {"digest", 0}, {0}};
    struct cli_table table;
    struct ckpt_chunk chunk;
    cli_table_init(&table, stdout, columns);
    for (uint64_t i = 0; next_chunk(dump, &i, &chunk);) {
        char size[CLI_SIZE_TEXT];
        cli_table_cell(&table, "%u", chunk.space);
        cli_table_cell(&table, "%" PRIx64, chunk.address);
        cli_table_cell(&table, "%s", dump_size(dump, size, chunk.length));
        cli_table_cell(&table, "0x%" PRIx64, chunk.offset);
        cli_table_cell(&table, "%s", dump_size(dump, size, chunk.stored_length));
        cli_table_cell(&table, "%s", codec_name(chunk.codec));
        struct cli_text digest = {0};
        for (size_t n = 0; n < CKPT_DIGEST_SIZE; n++)
            cli_text_add(&digest, "%02x", chunk.digest[n]);
        cli_table_cell(&table, "%s", cli_text_get(&digest));
        cli_text_deinit(&digest);
    }
    cli_table_deinit(&table);
    if (ckpt_reader_footer(dump->image.reader)->index_count == 0)
        show_none("stored pages");
}

void json_index(struct dump *dump)
{
    struct ckpt_chunk chunk;
    cli_json_list(&dump->json, "index");
    for (uint64_t i = 0; next_chunk(dump, &i, &chunk);) {
        cli_json_object(&dump->json, NULL);
        cli_json_int(&dump->json, "space", chunk.space);
        cli_json_u64(&dump->json, "address", chunk.address);
        cli_json_u64(&dump->json, "length", chunk.length);
        cli_json_u64(&dump->json, "offset", chunk.offset);
        cli_json_u64(&dump->json, "storedLength", chunk.stored_length);
        cli_json_string(&dump->json, "codec", codec_name(chunk.codec));
        cli_json_hex(&dump->json, "digest", chunk.digest, CKPT_DIGEST_SIZE);
        cli_json_end_object(&dump->json);
    }
    cli_json_end_list(&dump->json);
}
