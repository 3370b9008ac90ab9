#!/usr/bin/env python3
"""maker.py DESCRIPTION OUT: makes a .ckpt image of a description (README.md says what may stand in one). --facts: prints, as JSON, what a reader must find in it."""

import base64
import json
import os
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import elf_notes
import pages
import parts
from image import Image, Mapping
from schema import Schemas
from text import Mistake, Words

PROTECTIONS = {"none": 0, "r": 4, "rw": 6, "rx": 5, "rwx": 7, "w": 2, "x": 1}


class Maker:
    """Statements, each a method `do_WORD`."""

    def __init__(self, schemas):
        self.schemas, self.image = schemas, Image(schemas)
        self.segment, self.process = "head", 1
        self.expectations = []  # the words behind `expect`, for those who test readers

    def read(self, path):
        with open(path) as file:
            outer, self.words = getattr(self, "words", None), Words(file.read(), path)
        self.words.skip_lines()
        while self.words.peek()[0] != "end":
            statement = self.words.take("word")
            action = getattr(self, "do_" + statement, None)
            if action is None:
                raise self.words.mistake(f"{statement}: no such statement")
            try:
                action()
            except Mistake as mistake:
                raise mistake if ":" in str(mistake) and str(mistake).startswith(path) else self.words.mistake(mistake)
            self.words.end_line()
        self.words = outer
        return self

    def beside(self, name):
        return os.path.join(os.path.dirname(self.words.name), name.decode())

    def do_include(self):
        self.read(self.beside(self.words.string()))

    def do_expect(self):
        self.expectations.append((self.words.take("word"), self.words.number(), self.words.string().decode()))

    # What the image is

    def do_packed(self):
        self.image.packed = True
        if not self.words.at_line_end():
            self.image.pages.how = self.words.take("word")

    def do_share(self):
        self.image.pages.share = True

    def do_chunk_size(self):
        self.image.chunk_size = self.words.number()

    def do_features(self):
        which = self.words.take("word")
        self.image.features[which + "_features"] = self.words.number()

    def do_parent(self):
        name, parent = self.other_image()
        self.image.parents.append((name, parent))
        if not self.words.accept("absent"):
            self.image.beside.append((name, parent))

    def do_beside(self):
        self.image.beside.append(self.other_image())

    def other_image(self):
        name = self.words.string()
        self.words.expect("from")
        return name, make(self.beside(self.words.string()), self.schemas).image

    # Notes

    def do_record(self):
        kind = self.words.number() if self.words.peek()[0] == "number" else self.words.take("word")
        critical = self.words.accept("critical")
        if self.words.accept("hex"):
            body = self.words.hexadecimal()
        elif self.words.peek()[0] == "string":
            body = self.words.string()
        else:
            self.words.expect("{")
            body = self.words.body()
        self.image.add_record(kind, critical, body, "head" if self.segment == "process" else self.segment)

    def add_note(self, owner, kind, body):
        self.image.notes.append(parts.Note(self.segment, owner, kind, body))

    def do_note(self):
        owner, kind = self.words.string(), self.words.number()
        self.add_note(owner, kind, self.words.string() if self.words.peek()[0] == "string" else self.words.hexadecimal())

    def do_process(self):
        self.segment, self.process = "process", self.words.number()
        self.add_note(b"CKPT", 0x7FFFFFFF, self.process.to_bytes(4, "little"))

    def do_tail(self):
        self.segment = "tail"

    def do_head(self):
        self.segment = "head"

    def do_prstatus(self):
        tid = self.words.number()
        self.words.expect("{")
        self.add_note(b"CORE", elf_notes.NT_PRSTATUS, elf_notes.prstatus(tid, dict(self.words.body())))

    def do_prpsinfo(self):
        self.add_note(b"CORE", elf_notes.NT_PRPSINFO, elf_notes.prpsinfo(self.words.number(), self.words.string(), self.words.string()))

    def do_siginfo(self):
        self.add_note(b"CORE", elf_notes.NT_SIGINFO, bytes(128))

    def do_auxv(self):
        pairs = []
        while not self.words.at_line_end():
            pairs.append((self.words.number(), self.words.number()))
        self.add_note(b"CORE", elf_notes.NT_AUXV, elf_notes.auxv(pairs))

    def do_fpregs(self):
        self.add_note(b"CORE", elf_notes.NT_PRFPREG, elf_notes.fpregs())

    def do_xstate(self):
        features = self.words.number()
        size = 576 if self.words.at_line_end() else self.words.number()
        self.add_note(b"LINUX", elf_notes.NT_X86_XSTATE, elf_notes.xstate(features, size))

    # Memory

    def do_mapping(self):
        count = self.words.number() if self.words.accept("repeat") else 1
        start = self.words.number()
        self.words.expect("to")
        end, step = self.words.number(), self.words.number() if self.words.accept("step") else 0
        flags = PROTECTIONS[self.words.take("word")]
        space = self.words.number() if self.words.accept("space") else 0
        at = self.words.number() if self.words.accept("at") else start
        for i in range(count):
            self.image.mappings.append(Mapping(start + i * step, end + i * step, flags, space, at + i * step))

    def do_extent(self):
        self.image.extents.append((self.words.number(), self.words.number(), self.words.number()))

    def do_pages(self):
        space, address, count = self.words.number(), self.words.number(), self.words.number()
        how, size = self.words.take("word"), count * parts.PAGE
        if how == "byte":
            data = bytes([self.words.number()]) * size
        elif how == "noise":
            data = pages.noise(self.words.number(), size)
        elif how == "counting":
            data = b"".join(i.to_bytes(4, "little") for i in range(size // 4))
        elif how == "hex":
            data = self.words.hexadecimal().ljust(size, b"\0")
        else:
            raise self.words.mistake(f"{how}: byte, noise, counting or hex expected")
        self.image.pages.put(space, address, data)

    def do_write(self):
        space, address = self.words.number(), self.words.number()
        self.image.pages.write(space, address, self.words.string() if self.words.peek()[0] == "string" else self.words.hexadecimal())

    def do_split(self):
        self.image.pages.splits.add((self.words.number(), self.words.number()))

    def do_store(self):
        space, address = self.words.number(), self.words.number()
        self.image.pages.stores[space, address] = self.words.take("word")

    # What is wrong with it

    def do_set(self):
        part, field = self.words.take("word").rsplit(".", 1)
        value = self.words.hexadecimal() if self.words.accept("hex") else self.words.number()
        self.image.sets.setdefault(part, {})[field] = value

    def patch(self, what, take):
        part = self.words.take("word") if self.words.peek()[0] == "word" else "head"
        number = self.words.number() if self.words.accept("+") or self.words.peek()[1].startswith("-") or part == "head" else 0
        self.image.patches.append((what, part, number, take()))

    def do_patch(self):
        self.patch("patch", self.words.hexadecimal)

    def do_flip(self):
        self.patch("flip", self.words.number)

    def do_cut(self):
        self.patch("cut", lambda: None)

    def do_hole(self):
        at, count = self.words.number(), self.words.number()
        self.image.hole = at, count

    def do_append(self):
        self.image.patches.append(("append", "end", 0, self.words.hexadecimal()))


def make(path, schemas=None):
    """A Maker whose .image.bytes is the file."""
    maker = Maker(schemas or Schemas(os.path.join(HERE, "../../schemas"))).read(path)
    maker.image.build()
    return maker


def facts(image):
    """As `ckptdump --json --summary --notes --index` names them."""
    codecs = {pages.RAW: "raw", pages.ZSTD: "zstd", pages.IN_PARENT: "parent"}
    notes, index = [], []
    for segment in ("head", "process", "tail"):
        for note in (n for n in image.notes if n.segment == segment):
            found = {"offset": str(note.offset), "segment": segment, "owner": note.owner.decode(), "type": note.kind, "critical": note.critical,
                     "length": str(len(note.body))}
            found.update({"record": note.record} if note.record is not None else {"body": base64.b64encode(note.body).decode()})
            notes.append(found)
    for chunk in image.chunks:
        entry = chunk.entry()
        index.append({"space": chunk.space, "address": str(chunk.address), "length": str(len(chunk.data)), "offset": str(chunk.offset),
                      "storedLength": str(entry["stored_length"]), "codec": codecs[chunk.codec], "digest": chunk.digest.hex()})
    return {"imageId": image.footer["image_id"].hex(), "fileSize": str(len(image.bytes)), "notes": notes, "index": index}


def main(words):
    show = "--facts" in words
    words = [word for word in words if word != "--facts"]
    if len(words) not in (1, 2):
        sys.exit("usage: maker.py [--facts] DESCRIPTION [OUT]")
    try:
        image = make(words[0]).image
    except (Mistake, OSError) as problem:
        sys.exit(f"maker.py: {problem}")
    if len(words) == 2:
        image.write(words[1])
    if show:
        json.dump(facts(image), sys.stdout, indent=1)


if __name__ == "__main__":
    main(sys.argv[1:])
