/* Decoding one record: the first byte is its kind. */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

enum { KINDS = 18 };

/* What was unpacked packs into something that unpacks into the same. */
static void round_trip(uint32_t kind, const ProtobufCMessage *message)
{
    size_t length = protobuf_c_message_get_packed_size(message);
    uint8_t *once = malloc(length + 1), *twice = malloc(length + 1);
    FUZZ_ENSURE(once != NULL && twice != NULL && protobuf_c_message_pack(message, once) == length);
    ProtobufCMessage *again = ckpt_record_unpack(kind, once, length);
    if (again != NULL) {
        FUZZ_ENSURE(protobuf_c_message_get_packed_size(again) == length && protobuf_c_message_pack(again, twice) == length && memcmp(once, twice, length) == 0);
        protobuf_c_message_free_unpacked(again, NULL);
    }
    free(once);
    free(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    uint32_t kind = data[0] % KINDS;
    ProtobufCMessage *message = ckpt_record_unpack(kind, data + 1, size - 1);
    if (message == NULL)
        return 0;
    FUZZ_ENSURE(ckpt_record_descriptor(kind) == message->descriptor && ckpt_record_kind_name(kind) != NULL);
    if (protobuf_c_message_check(message))
        round_trip(kind, message);
    protobuf_c_message_free_unpacked(message, NULL);
    return 0;
}
