"""A whole image: what stands where, in the order of FORMAT.md."""

import os

import parts
import xxh3
from pages import IN_PARENT, Pages, RAW, ZSTD
from text import Body, Mistake

SEGMENTS = ["head", "process", "tail"]


class Mapping:
    def __init__(self, start, end, flags, space, space_address):
        self.start, self.end, self.flags, self.space, self.space_address = start, end, flags, space, space_address


class Image:
    def __init__(self, schemas):
        self.schemas = schemas
        self.chunk_size, self.packed = 65536, False
        self.features = {"read_only_features": 0, "compatible_features": 0}
        self.notes, self.mappings, self.extents, self.pages = [], [], [], Pages()
        self.parents = []   # (path, Image)
        self.beside = []    # what is written into the same directory
        self.image_body = None
        self.sets, self.patches = {}, []
        self.chunks, self.segments, self.bytes, self.hole = [], [], b"", (0, 0)

    # Overrides

    def set_in(self, part, values):
        for field, value in self.sets.get(part, {}).items():
            values[field] = value
        return values

    # Records

    def add_record(self, kind, critical, body, segment):
        number = self.schemas.kinds.get(kind, kind)
        if not isinstance(number, int):
            raise Mistake(f"{kind}: no such kind of record")
        if kind == "IMAGE" and isinstance(body, Body):
            self.image_body = body
        wire, shown = body, None
        if isinstance(body, Body):
            wire, shown = self.schemas.encode(self.schemas.record_message(kind), body) if kind != "IMAGE" else (b"", {})
        self.notes.append(parts.Note(segment, b"CKPT", number, wire, critical, shown))

    def incompatible(self):
        return (parts.PACKED if self.packed else 0) | (parts.PARENT if self.parents else 0)

    def fill_image(self):
        """What the IMAGE record must say, unless the description says otherwise."""
        given = {name for name, _ in self.image_body}
        facts = [("version_major", 1), ("incompatible_features", self.incompatible()), *self.features.items(), ("page_size", parts.PAGE),
                 ("chunk_size", self.chunk_size), ("root_process", 1)]
        facts = [(name, value) for name, value in facts if name not in given and value]
        if "parents" not in given:
            facts += [("parents", Body([("image_id", image.footer["image_id"]), ("path", path)])) for path, image in self.parents]
        for note in self.notes:
            if note.owner == b"CKPT" and note.kind == self.schemas.kinds["IMAGE"] and note.record == {}:
                note.body, note.record = self.schemas.encode("Image", Body(facts) + self.image_body)

    # Pages

    def look_in_parents(self):
        for number, (_, parent) in enumerate(self.parents):
            known = {(c.space, c.address, c.digest, len(c.data)): i for i, c in enumerate(parent.chunks)}
            for chunk in self.chunks:
                entry = known.get((chunk.space, chunk.address, chunk.digest, len(chunk.data)))
                if entry is not None and chunk.codec != IN_PARENT:
                    chunk.codec, chunk.parent, chunk.offset = IN_PARENT, number, entry

    def default_extents(self):
        """Adjoining chunks, whatever else may lie in one extent."""
        found = []
        for chunk in self.chunks:
            if found and found[-1][0] == chunk.space and found[-1][1] + found[-1][2] == chunk.address:
                found[-1][2] += len(chunk.data)
            else:
                found.append([chunk.space, chunk.address, len(chunk.data)])
        return found

    def place_raw(self, start):
        """Gives extents and chunks their places; returns the end of the pages."""
        self.placed = []
        for space, address, length in sorted(self.extents or self.default_extents()):
            self.placed.append((space, address, length, start))
            start += length
        for chunk in self.chunks:
            if chunk.codec == RAW:
                chunk.offset = self.place_of(chunk.space, chunk.address, len(chunk.data))
        return start

    def place_of(self, space, address, length):
        for s, a, n, offset in self.placed:
            if s == space and a <= address and address + length <= a + n:
                return offset + address - a
        raise Mistake(f"0x{address:x} of space {space}: in no extent")

    def raw_bytes(self, start, end):
        area = bytearray(end - start)
        for chunk in self.chunks:
            if chunk.codec == RAW:
                area[chunk.offset - start:chunk.offset - start + len(chunk.data)] = chunk.data
        return bytes(area)

    def description(self, number, values, inside=0):
        values = self.set_in(f"describe.{number}", {"magic": parts.DESCRIPTION_MAGIC, "size": 72 + inside, **values})
        values.setdefault("check", xxh3.xxh3_64(parts.encode(parts.DESCRIPTION, values)[:72]))
        return parts.encode(parts.DESCRIPTION, values)

    def packed_bytes(self, start, head_digest):
        out = self.description("begin", {"codec": 1, "offset": start, "digest": head_digest})
        for i, chunk in enumerate(self.chunks):
            size = parts.size_of(parts.DESCRIPTION)
            if chunk.source is not None:
                chunk.offset, chunk.stored, chunk.check = chunk.source.offset, chunk.source.stored, chunk.source.check
            elif chunk.codec != IN_PARENT:
                chunk.offset = start + len(out) + size
            own = chunk.source is None and chunk.codec != IN_PARENT
            stored = self.set_in(f"chunk.{i}", {}).get("stored", chunk.stored)
            if stored is not chunk.stored:
                chunk.stored, chunk.check = stored, xxh3.xxh3_64(stored) if chunk.codec == ZSTD else 0
            out += self.description(i, self.entry(i), len(stored) if own and chunk.codec == RAW else 0) + (stored if own else b"")
        end = {"codec": 2, "address": len(self.chunks), "offset": start + len(out), "digest": xxh3.xxh3_128(self.index_bytes())}
        return out + self.description("end", end)

    def entry(self, i):
        return self.set_in(f"index.{i}", self.chunks[i].entry())

    def index_bytes(self):
        return b"".join(parts.encode(parts.ENTRY, self.entry(i)) for i in range(len(self.chunks)))

    # Head

    def note_bytes(self, segment):
        return b"".join(note.encode() for note in self.notes if note.segment == segment)

    def loads(self, head_size):
        """PT_LOADs: a mapping's pieces, in the pages or not."""
        found = []
        for m in self.mappings:
            at, end = m.space_address, m.space_address + m.end - m.start
            while at < end:
                inside = [] if self.packed or not m.space else [e for e in self.placed if e[0] == m.space and e[1] < end and e[1] + e[2] > at]
                piece = min(inside, default=None, key=lambda e: e[1])
                stop = end if piece is None else min(end, piece[1] + piece[2]) if piece[1] <= at else piece[1]
                stored = piece is not None and piece[1] <= at
                found.append({"p_type": parts.PT_LOAD, "p_flags": m.flags, "p_vaddr": m.start + at - m.space_address,
                              "p_offset": piece[3] + at - piece[1] if stored else head_size, "p_filesz": stop - at if stored else 0,
                              "p_memsz": stop - at, "p_align": parts.PAGE})
                at = stop
        return found

    def plan_segments(self):
        """Everything about the program headers but the offsets of what lies behind the pages."""
        head, process = len(self.note_bytes("head")), len(self.note_bytes("process"))
        self.segments = [{"p_type": parts.PT_NOTE, "p_flags": 4, "p_filesz": head, "p_align": 4}, {},
                         {"p_type": parts.PT_INDEX, "p_flags": 4, "p_align": 8}]
        if process:
            self.segments.append({"p_type": parts.PT_PROCESS_NOTE, "p_flags": 4, "p_filesz": process, "p_align": 4})
        self.placed = []
        # Pieces depend on the extents alone, not on where these lie: a first placing counts them.
        if not self.packed:
            self.place_raw(0)
        count = len(self.segments) + len(self.loads(0))
        self.notes_at = 64 + 56 * count + (64 if count >= parts.PN_XNUM else 0)
        self.segments[0]["p_offset"] = self.notes_at
        if process:
            self.segments[3]["p_offset"] = self.notes_at + head
        return parts.align(self.notes_at + head + process, parts.PAGE)

    def head_bytes(self, size):
        segments = self.segments + self.loads(size)
        count = len(segments)
        extended = count >= parts.PN_XNUM
        ehdr = {"e_ident": parts.IDENT, "e_type": 4, "e_machine": 62, "e_version": 1, "e_phoff": 64, "e_shoff": 64 + 56 * count if extended else 0,
                "e_ehsize": 64, "e_phentsize": 56, "e_phnum": min(count, parts.PN_XNUM), "e_shentsize": 64 if extended else 0,
                "e_shnum": 1 if extended else 0}
        out = parts.encode(parts.EHDR, self.set_in("ehdr", ehdr))
        out += b"".join(parts.encode(parts.PHDR, self.set_in(f"phdr.{i}", dict(s))) for i, s in enumerate(segments))
        if extended:
            out += parts.encode(parts.SHDR, self.set_in("shdr", {"sh_size": 1, "sh_info": count}))
        return (out + self.note_bytes("head") + self.note_bytes("process")).ljust(size, b"\0")

    # The file

    def build(self):
        if self.image_body is not None:
            self.fill_image()
        for i, note in enumerate(self.notes):
            note.sets = self.sets.get(f"note.{i}", {})
        self.chunks = self.pages.chunks(self.chunk_size)
        self.look_in_parents()
        if self.packed:
            self.pages.store(self.chunks)
        head_size = parts.align(self.plan_segments(), parts.PAGE) + self.sets.get("layout", {}).get("more_head", 0)
        tail = self.note_bytes("tail")
        if self.packed:
            head = self.head_bytes(head_size)
            area = self.packed_bytes(head_size, xxh3.xxh3_128(head))
            pages_end = head_size + len(area)
            index_at = parts.align(pages_end, 8)
        else:
            index_at = pages_end = self.place_raw(head_size)
            self.segments[2].update(p_offset=index_at, p_filesz=64 * len(self.chunks))
            if tail:
                self.segments[1] = {"p_type": parts.PT_NOTE, "p_flags": 4, "p_offset": index_at + 64 * len(self.chunks), "p_filesz": len(tail),
                                    "p_align": 4}
            head, area = self.head_bytes(head_size), self.raw_bytes(head_size, pages_end)
        body = head + area + bytes(index_at - pages_end) + self.index_bytes() + tail
        self.number_notes(index_at + 64 * len(self.chunks))
        self.footer = self.make_footer(head, pages_end, index_at, tail, len(body) + parts.size_of(parts.FOOTER))
        self.bytes = self.patched(body + parts.encode(parts.FOOTER, self.footer))
        return self

    def write(self, path):
        """The file, and the images that are to lie beside it."""
        at, count = self.hole
        with open(path, "wb") as out:
            out.write(self.bytes[:at])
            out.seek(at + count)
            out.write(self.bytes[at:])
        for name, image in self.beside:
            image.write(os.path.join(os.path.dirname(path), os.path.basename(name.decode())))

    def make_footer(self, head, pages_end, index_at, tail, file_size):
        index = self.index_bytes()
        values = {"magic": parts.MAGIC, "version_major": 1, "footer_size": 256, "incompatible_features": self.incompatible(), **self.features,
                  "page_size": parts.PAGE, "chunk_size": self.chunk_size, "digest_algorithm": 1, "index_entry_size": 64, "head_size": len(head),
                  "pages_end": pages_end, "index_offset": index_at, "index_count": len(self.chunks), "tail_offset": index_at + len(index),
                  "tail_size": len(tail), "file_size": file_size, "head_digest": xxh3.xxh3_128(head), "tail_digest": xxh3.xxh3_128(tail),
                  "index_digest": xxh3.xxh3_128(index)}
        self.set_in("footer", values)
        identity = values["head_digest"] + values["index_digest"] + values["tail_digest"]
        values.setdefault("image_id", xxh3.xxh3_128(identity))
        values.setdefault("digest", xxh3.xxh3_128(parts.encode(parts.FOOTER, values)[:240]))
        return values

    def number_notes(self, tail_at):
        at = {"head": self.notes_at, "process": self.notes_at + len(self.note_bytes("head")), "tail": tail_at}
        for segment in SEGMENTS:
            for note in self.notes:
                if note.segment == segment:
                    note.offset = at[segment]
                    at[segment] += len(note.encode())

    def place(self, part, number):
        """Where a part of the file begins; for patches."""
        footer = self.footer
        if part.startswith("chunk."):
            return self.chunks[int(part[6:])].offset + number
        if part.startswith("note."):
            return self.notes[int(part[5:])].offset + number
        starts = {"head": 0, "pages": footer["head_size"], "index": footer["index_offset"], "tail": footer["tail_offset"],
                  "footer": footer["file_size"] - 256, "end": footer["file_size"]}
        if part not in starts:
            raise Mistake(f"{part}: no such part of an image")
        return starts[part] + number

    def patched(self, data):
        data = bytearray(data)
        for what, part, number, value in self.patches:
            at = self.place(part, number)
            if what == "cut":
                del data[at:]
            elif what == "flip":
                data[at] ^= 1 << value
            elif what == "append":
                data += value
            else:
                data[at:at + len(value)] = value
        return bytes(data)
