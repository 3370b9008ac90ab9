"""The structures of FORMAT.md, each a list of (field, bytes). A description may set any field to anything."""

EHDR = [("e_ident", 16), ("e_type", 2), ("e_machine", 2), ("e_version", 4), ("e_entry", 8), ("e_phoff", 8), ("e_shoff", 8), ("e_flags", 4),
        ("e_ehsize", 2), ("e_phentsize", 2), ("e_phnum", 2), ("e_shentsize", 2), ("e_shnum", 2), ("e_shstrndx", 2)]
PHDR = [("p_type", 4), ("p_flags", 4), ("p_offset", 8), ("p_vaddr", 8), ("p_paddr", 8), ("p_filesz", 8), ("p_memsz", 8), ("p_align", 8)]
SHDR = [("sh_name", 4), ("sh_type", 4), ("sh_flags", 8), ("sh_addr", 8), ("sh_offset", 8), ("sh_size", 8), ("sh_link", 4), ("sh_info", 4),
        ("sh_addralign", 8), ("sh_entsize", 8)]
ENTRY = [("space", 4), ("codec", 2), ("parent", 2), ("address", 8), ("length", 8), ("offset", 8), ("stored_length", 8), ("stored_check", 8),
         ("digest", 16)]
DESCRIPTION = [("magic", 4), ("size", 4)] + ENTRY + [("check", 8)]
FOOTER = [("magic", 8), ("version_major", 2), ("version_minor", 2), ("footer_size", 4), ("incompatible_features", 8), ("read_only_features", 8),
          ("compatible_features", 8), ("image_id", 16), ("page_size", 4), ("chunk_size", 4), ("digest_algorithm", 4), ("index_entry_size", 4),
          ("head_size", 8), ("pages_end", 8), ("index_offset", 8), ("index_count", 8), ("tail_offset", 8), ("tail_size", 8), ("file_size", 8),
          ("head_digest", 16), ("tail_digest", 16), ("index_digest", 16), ("reserved", 64), ("digest", 16)]

IDENT = bytes.fromhex("7f454c46020101") + bytes(9)
MAGIC = bytes.fromhex("89434b50540d0a1a")
DESCRIPTION_MAGIC = 0x184D2A5C
PT_NULL, PT_LOAD, PT_NOTE, PT_INDEX, PT_PROCESS_NOTE = 0, 1, 4, 0x60636B69, 0x60636B6E
PN_XNUM = 65535
PAGE = 4096
PACKED, PARENT = 1, 2


def align(value, step):
    return -(-value // step) * step


def encode(layout, values):
    out = b""
    for name, size in layout:
        value = values.get(name, 0)
        if isinstance(value, bytes):
            out += value[:size].ljust(size, b"\0")
        else:
            out += (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")
    return out


def size_of(layout):
    return sum(size for _, size in layout)


class Note:
    def __init__(self, segment, owner, kind, body, critical=False, record=None):
        self.segment, self.owner, self.kind, self.body, self.critical, self.record = segment, owner, kind, body, critical, record
        self.offset = 0
        self.sets = {}

    def encode(self):
        name = self.owner + b"\0"
        padding = bytes([self.sets.get("padding", 0)])
        sizes = [self.sets.get("namesz", len(name)), self.sets.get("descsz", len(self.body)), self.kind | (self.critical << 31)]
        out = b"".join(size.to_bytes(4, "little") for size in sizes) + name
        out += padding * (align(len(out), 4) - len(out)) + self.body
        return out + padding * (align(len(out), 4) - len(out))


def zstd_frame(data):
    """A zstd frame by hand (RFC 8878): blocks of one repeated byte, and blocks as they are."""
    out = bytes.fromhex("28b52ffd") + bytes([0xA0]) + len(data).to_bytes(4, "little")
    for at in range(0, len(data), PAGE):
        page = data[at:at + PAGE]
        last = at + PAGE >= len(data)
        same = page == page[:1] * len(page)
        header = last | (1 if same else 0) << 1 | len(page) << 3
        out += header.to_bytes(3, "little") + (page[:1] if same else page)
    return out
