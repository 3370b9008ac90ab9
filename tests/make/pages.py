"""Pages of spaces: from what a description puts into them to chunks, and how each chunk is stored."""

import subprocess

import parts
import xxh3
from text import Mistake

RAW, ZSTD, IN_PARENT = 0, 1, 2


class Chunk:
    def __init__(self, space, address, data):
        self.space, self.address, self.data = space, address, data
        self.codec, self.parent, self.offset, self.stored, self.check = RAW, 0, 0, data, 0
        self.source = None  # the earlier chunk whose stored bytes it shares
        self.digest = xxh3.xxh3_128(data)

    def entry(self):
        stored = 0 if self.codec == IN_PARENT else len(self.stored)
        return {"space": self.space, "codec": self.codec, "parent": self.parent, "address": self.address, "length": len(self.data),
                "offset": self.offset, "stored_length": stored, "stored_check": self.check, "digest": self.digest}


def noise(seed, count):
    """Bytes that do not compress: xorshift64*."""
    out, state = bytearray(), seed * 0x9E3779B97F4A7C15 + 1 & xxh3.M64
    while len(out) < count:
        state ^= state >> 12
        state ^= state << 25 & xxh3.M64
        state ^= state >> 27
        out += (state * 0x2545F4914F6CDD1D & xxh3.M64).to_bytes(8, "little")
    return bytes(out[:count])


def compressed(data):
    command = ["zstd", "-q", "-19", "--no-check", f"--stream-size={len(data)}", "-c"]
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


class Pages:
    def __init__(self):
        self.pages = {}     # (space, address): bytearray of a page
        self.splits = set()
        self.stores = {}    # (space, address) of a chunk: how
        self.share = False
        self.how = "frame"

    def put(self, space, address, data):
        if address % parts.PAGE or len(data) % parts.PAGE:
            raise Mistake(f"0x{address:x}: whole pages expected")
        for at in range(0, len(data), parts.PAGE):
            self.pages[space, address + at] = bytearray(data[at:at + parts.PAGE])

    def write(self, space, address, data):
        for i, byte in enumerate(data):
            page = self.pages.get((space, (address + i) & ~(parts.PAGE - 1)))
            if page is None:
                raise Mistake(f"0x{address + i:x} of space {space}: no page was put there")
            page[(address + i) % parts.PAGE] = byte

    def chunks(self, chunk_size):
        found, data = [], bytearray()
        keys = sorted(self.pages)
        for i, (space, address) in enumerate(keys):
            data += self.pages[space, address]
            following = (space, address + parts.PAGE)
            last = i + 1 == len(keys) or keys[i + 1] != following or following[1] % chunk_size == 0 or following in self.splits
            if last:
                found.append(Chunk(space, address + parts.PAGE - len(data), bytes(data)))
                data = bytearray()
        return found

    def store(self, chunks):
        """Chooses codecs and stored bytes for a packed image."""
        owners = {}
        for chunk in chunks:
            if chunk.codec == IN_PARENT:
                continue
            how = self.stores.get((chunk.space, chunk.address), self.how)
            frame = compressed(chunk.data) if how == "zstd" else parts.zstd_frame(chunk.data)
            forced = (chunk.space, chunk.address) in self.stores
            if how != "raw" and (forced or len(frame) <= len(chunk.data) - len(chunk.data) // 64):
                chunk.codec, chunk.stored, chunk.check = ZSTD, frame, xxh3.xxh3_64(frame)
            key = chunk.digest, len(chunk.data), chunk.codec
            if self.share and key in owners:
                chunk.source = owners[key]
                chunk.stored, chunk.check = chunk.source.stored, chunk.source.check
            owners.setdefault(key, chunk)
