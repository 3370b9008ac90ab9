"""What schemas/*.proto say, and messages in protobuf's wire format and in its JSON."""

import base64
import glob
import re

from text import Body, Mistake

VARINT, BYTES = 0, 2
SCALARS = {"int32", "int64", "uint32", "uint64", "sint32", "sint64", "bool", "string", "bytes"}
WORD = re.compile(r'"[^"]*"|\w[\w.]*|[{}=;]')


class Field:
    def __init__(self, name, number, kind, repeated):
        self.name, self.number, self.kind, self.repeated = name, number, kind, repeated
        first, *rest = name.split("_")
        self.json = first + "".join(word.capitalize() for word in rest)


def varint(value):
    out = bytearray()
    value &= (1 << 64) - 1
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def tagged(number, wire, payload):
    return varint(number << 3 | wire) + (varint(len(payload)) if wire == BYTES else b"") + payload


class Schemas:
    def __init__(self, directory):
        self.messages, self.enums = {}, {}
        for path in sorted(glob.glob(directory + "/*.proto")):
            with open(path) as file:
                self.words = WORD.findall(re.sub(r"//[^\n]*", "", file.read()))
            while self.words:
                self.declaration("")
        self.kinds = {name[len("KIND_"):]: number for name, number in self.enums["Kind"].items()}

    def declaration(self, scope):
        what = self.words.pop(0)
        if what == "message":
            self.message(scope)
        elif what == "enum":
            self.enum(scope)
        else:
            while self.words.pop(0) != ";":
                pass

    def enum(self, scope):
        name = scope + self.words.pop(0)
        values = self.enums[name] = {}
        self.words.pop(0)
        while self.words[0] != "}":
            word, _, number, _ = (self.words.pop(0) for _ in range(4))
            values[word] = int(number)
        self.words.pop(0)

    def message(self, scope):
        name = scope + self.words.pop(0)
        fields = self.messages[name] = {}
        self.words.pop(0)
        while self.words[0] != "}":
            if self.words[0] in ("message", "enum", "reserved"):
                self.declaration(name + ".")
                continue
            repeated = self.words[0] == "repeated"
            if repeated:
                self.words.pop(0)
            kind, field, _, number, _ = (self.words.pop(0) for _ in range(5))
            fields[field] = Field(field, int(number), kind, repeated)
        self.words.pop(0)

    def resolve(self, scope, kind):
        for table in (self.messages, self.enums):
            for name in (f"{scope}.{kind}", kind):
                if name in table:
                    return table, name
        raise Mistake(f"{kind}: no schema has this type")

    def record_message(self, kind):
        return "".join(word.capitalize() for word in kind.split("_"))

    def encode(self, name, body):
        """A message of the type `name` from text.Words.body(): its bytes, in the order that the body has, and its JSON."""
        wire, fields, found = b"", self.messages[name], {}
        for key, value in body:
            if isinstance(key, int):
                for one in value if isinstance(value, list) else [value]:
                    wire += tagged(key, BYTES, one) if isinstance(one, bytes) else tagged(key, VARINT, varint(one))
                continue
            if key not in fields:
                raise Mistake(f"{name} has no field {key}")
            wire += self.encode_field(name, fields[key], value, found)
        ordered = {field.json: found[field.json] for field in sorted(fields.values(), key=lambda f: f.number) if field.json in found}
        return wire, ordered

    def encode_field(self, name, field, value, found):
        many = field.repeated and isinstance(value, list) and not isinstance(value, Body)
        encoded = [self.encode_value(name, field, one) for one in (value if many else [value])]
        for _, _, shown, default in encoded:
            if field.repeated:
                found.setdefault(field.json, []).append(shown)
            elif not default:
                found[field.json] = shown
            else:
                found.pop(field.json, None)
        if many and encoded and encoded[0][0] == VARINT:
            return tagged(field.number, BYTES, b"".join(payload for _, payload, _, _ in encoded))
        return b"".join(tagged(field.number, wire, payload) for wire, payload, _, _ in encoded)

    def encode_value(self, name, field, value):
        """Wire type, payload, JSON, and whether it is the default, which JSON leaves out."""
        if field.kind in ("string", "bytes"):
            if not isinstance(value, bytes):
                raise Mistake(f"{name}.{field.name}: text expected")
            shown = value.decode() if field.kind == "string" else base64.b64encode(value).decode()
            return BYTES, value, shown, not value
        if field.kind in SCALARS:
            return VARINT, *self.encode_number(name, field, value)
        table, kind = self.resolve(name, field.kind)
        if table is self.messages:
            wire, shown = self.encode(kind, value)
            return BYTES, wire, shown, False
        number = table[kind][value] if value in table[kind] else value
        names = {n: word for word, n in table[kind].items()}
        return VARINT, varint(number), names.get(number, number), number == 0

    def encode_number(self, name, field, value):
        if field.kind == "bool":
            value = {"true": 1, "false": 0}.get(value, value)
        if not isinstance(value, int):
            raise Mistake(f"{name}.{field.name}: a number expected instead of {value!r}")
        coded = (value << 1 if value >= 0 else ~(value << 1)) if field.kind.startswith("sint") else value
        shown = bool(value) if field.kind == "bool" else str(value) if field.kind.endswith("64") else value
        return varint(coded), shown, value == 0
