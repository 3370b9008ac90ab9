// outside++ FILE OUT: the same in C++11, and a copy of the image, chunk by chunk as it lies, in memory of our own.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <ckptfmt/ckptfmt.h>
#include <ckptfmt/schemas/image.pb-c.h>
#include <ckptfmt/schemas/record.pb-c.h>

namespace {

using Bytes = std::vector<char>;

struct Reader {
    ckpt_reader *handle = ckpt_reader_create();
    explicit Reader(const Bytes &bytes)
    {
        ckpt_io io;
        if (handle == nullptr || ckpt_io_from_memory(&io, bytes.data(), bytes.size()) != 0)
            throw std::runtime_error("out of memory");
        check(ckpt_reader_open(handle, &io));
    }
    Reader(const Reader &) = delete;
    Reader &operator=(const Reader &) = delete;
    ~Reader() { ckpt_reader_destroy(handle); }
    void check(ckpt_status status) const
    {
        if (status != CKPT_OK)
            throw std::runtime_error(ckpt_reader_error(handle));
    }
};

// A sink: no exception may leave a callback.
ssize_t write_at(void *context, const void *buffer, size_t length, uint64_t offset)
{
    Bytes &out = *static_cast<Bytes *>(context);
    if (out.size() < offset + length)
        out.resize(offset + length);
    std::memcpy(out.data() + offset, buffer, length);
    return static_cast<ssize_t>(length);
}

Bytes copy(const Reader &reader)
{
    Bytes out;
    ckpt_io sink = {};
    sink.struct_size = sizeof(sink);
    sink.context = &out;
    sink.write_at = write_at;
    ckpt_rewrite_options options = {};
    options.struct_size = sizeof(options);
    reader.check(ckpt_reader_rewrite(reader.handle, &sink, &options));
    return out;
}

}

int main(int argc, char **argv)
try {
    if (argc != 3)
        return 2;
    std::ifstream in(argv[1], std::ios::binary);
    const Bytes bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    const Reader reader(bytes);
    ckpt_verify_options verify = {};
    verify.struct_size = sizeof(verify);
    verify.fault = [](void *, const ckpt_fault *fault) { std::puts(fault->sentence); return true; };
    reader.check(ckpt_reader_verify(reader.handle, &verify, nullptr));

    ckpt_note note;
    size_t at = 0;
    ProtobufCMessage *message = nullptr;
    reader.check(ckpt_reader_find_record(reader.handle, CKPT__KIND__KIND_IMAGE, &at, &note));
    reader.check(ckpt_reader_unpack(reader.handle, &note, &message));
    std::unique_ptr<Ckpt__Image, void (*)(Ckpt__Image *)> image(reinterpret_cast<Ckpt__Image *>(message), [](Ckpt__Image *m) { ckpt__image__free_unpacked(m, nullptr); });
    std::printf("tool: %s\n", image->tool);

    const Bytes out = copy(reader);
    std::ofstream(argv[2], std::ios::binary).write(out.data(), static_cast<std::streamsize>(out.size()));
    return 0;
} catch (const std::exception &error) {
    std::fprintf(stderr, "outside++: %s\n", error.what());
    return 1;
}
