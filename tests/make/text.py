"""The words of a description, and the bodies of records: protobuf's text format, with a few additions (README.md)."""

import re

TOKEN = re.compile(r'(?P<space>[ \t\r]+|#[^\n]*)|(?P<newline>\n)|(?P<string>"(?:[^"\\\n]|\\.)*")|(?P<number>-?0x[0-9a-fA-F]+|-?[0-9]+)(?![\w.])|'
                   r'(?P<word>[\w.]+)|(?P<symbol>[{}\[\]:,+*])')
ESCAPE = re.compile(r'\\(x[0-9a-fA-F]{2}|.)')
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\\": "\\", '"': '"'}


class Mistake(Exception):
    """In the description, not in the image."""


def unquote(text):
    def one(match):
        what = match.group(1)
        if what[0] == "x" and len(what) == 3:
            return chr(int(what[1:], 16))
        if what not in ESCAPES:
            raise Mistake("an unknown escape: \\" + what)
        return ESCAPES[what]
    return ESCAPE.sub(one, text[1:-1].encode().decode("latin-1")).encode("latin-1")


class Body(list):
    """The fields of a message, each a pair of name (or number) and value."""


class Words:
    """A position in a description; statements take from it."""

    def __init__(self, text, name):
        self.name, self.items, self.at = name, [], 0
        position, line = 0, 1
        while position < len(text):
            match = TOKEN.match(text, position)
            if match is None:
                raise Mistake(f"{name}:{line}: cannot read {text[position:position + 20]!r}")
            position, kind = match.end(), match.lastgroup
            if kind != "space":
                self.items.append((kind, match.group(), line))
            line += match.group().count("\n")
        self.items.append(("end", "", line))

    def mistake(self, why):
        kind, text, line = self.items[self.at]
        return Mistake(f"{self.name}:{line}: {why}" + (f" before {text!r}" if text.strip() else ""))

    def peek(self):
        return self.items[self.at][:2]

    def take(self, *kinds):
        kind, text = self.peek()
        if kinds and kind not in kinds:
            raise self.mistake(f"{' or '.join(kinds)} expected")
        self.at += 1
        return text

    def accept(self, text):
        if self.peek()[1] == text:
            self.at += 1
            return True
        return False

    def expect(self, text):
        if not self.accept(text):
            raise self.mistake(f"{text!r} expected")

    def skip_lines(self):
        while self.peek()[0] == "newline":
            self.at += 1

    def at_line_end(self):
        return self.peek()[0] in ("newline", "end")

    def end_line(self):
        if not self.at_line_end():
            raise self.mistake("the end of the line expected")
        self.skip_lines()

    def number(self):
        text = self.take("number")
        return int(text, 0)

    def string(self):
        return unquote(self.take("string"))

    def hexadecimal(self):
        """Bytes to the end of the line."""
        digits = ""
        while not self.at_line_end():
            digits += self.take("number", "word")
        return bytes.fromhex(digits)

    def body(self, i=0):
        """Fields up to the closing brace; a value is a number, bytes, a word, a list of them, or a body. `i` counts a repeat's rounds."""
        fields = Body()
        self.skip_lines()
        while not self.accept("}"):
            if self.accept("repeat"):
                count, start = self.number(), self.at
                for n in range(count):
                    self.at = start
                    fields.append(self.field(n))
            else:
                fields.append(self.field(i))
            self.accept(",")
            self.skip_lines()
        return fields

    def field(self, i):
        name = self.number() if self.accept("unknown") else self.take("word")
        if self.accept("{"):
            return name, self.body(i)
        self.expect(":")
        return name, self.value(i)

    def value(self, i):
        if self.accept("["):
            values = []
            while not self.accept("]"):
                values.append(self.value(i))
                self.accept(",")
                self.skip_lines()
            return values
        kind, _ = self.peek()
        if kind == "string":
            return self.string()
        if kind == "word":
            return self.take()
        number = self.number()
        while self.peek()[1] == "+":
            self.take()
            factor = self.number()
            self.expect("*")
            self.expect("i")
            number += factor * i
        return number
