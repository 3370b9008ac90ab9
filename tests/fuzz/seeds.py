#!/usr/bin/env python3
"""seeds.py DIRECTORY: seed inputs of every target, in DIRECTORY/TARGET, from the descriptions in tests/: small sound images, the malformed ones, and single records."""

import glob
import os
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../make"))

import maker
from schema import Schemas

LARGEST = 20000
LARGEST_ITEMS = 8192
CORE = [1, 2, 3, 6, 0x53494749, 0x46494C45, 0x202, 99]


def item(note):
    """A note as items.h has it."""
    if note.owner == b"CKPT" and note.kind < 18:
        tag = note.kind
    elif note.kind in CORE:
        tag = 128 + CORE.index(note.kind)
    else:
        return b""
    return bytes([tag]) + len(note.body).to_bytes(2, "little") + note.body if len(note.body) < 0x10000 else b""


def main(out):
    schemas = Schemas(os.path.join(HERE, "../../schemas"))
    for target in ("verify", "stream", "edit", "record"):
        os.makedirs(os.path.join(out, target), exist_ok=True)
    for path in sorted(glob.glob(HERE + "/seeds/*.txt") + glob.glob(HERE + "/../malformed/**/*.txt", recursive=True) + glob.glob(HERE + "/../make/images/*.txt")):
        if path.endswith("many.txt"):
            continue
        image = maker.make(path, schemas).image
        name = os.path.basename(path)[:-len(".txt")]
        items = b"".join(item(note) for note in image.notes)
        if len(items) <= LARGEST_ITEMS:
            with open(os.path.join(out, "record", name), "wb") as file:
                file.write(items)
        if len(image.bytes) > LARGEST:
            continue
        for target in ("verify", "stream", "edit"):
            with open(os.path.join(out, target, name), "wb") as file:
                file.write(image.bytes)


if __name__ == "__main__":
    main(sys.argv[1])
