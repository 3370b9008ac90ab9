#!/usr/bin/env python3
"""refused.py DUMP EDIT CHECKPT FILE…: makes each described image and runs every program on it; prints TAP. CHECKPT may be empty. In a description stands what must come of it:
    expect open 1 "SENTENCE"    every program refuses to open it
    expect fault 1 "SENTENCE"   --verify lists it; with several, these and no others. One of the index stops a thaw without --verify, too
    expect thaw 1 "SENTENCE"    what stands behind the file's name when checkpt is to resume it
    expect edit 1 "SENTENCE"    the same of ckptedit
    expect edit 0 ""            an edit writes what is damaged anew; its result is whole
    expect whole 0 ""           --verify finds nothing"""

import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../make"))

import maker
from schema import Schemas


class Trial:
    def __init__(self, programs, description, schemas):
        self.dump, self.edit, self.checkpt = programs
        self.name = os.path.basename(description)[:-len(".txt")]
        self.made = maker.make(description, schemas)
        self.path = self.name + ".ckpt"
        self.made.image.write(self.path)
        self.problems = []

    def sentences(self, what):
        return [sentence for word, _, sentence in self.made.expectations if word == what]

    def run(self, *words):
        return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", timeout=120)

    def expect(self, result, status, stderr, stdout=None):
        """`stderr` is the one line, None for any one line."""
        lines = result.stderr.splitlines()
        right = len(lines) == (0 if stderr == "" else 1) and (stderr is None or lines == ([stderr] if stderr else []))
        if result.returncode == status and right and stdout in (None, result.stdout):
            return
        self.problems += [f"{result.args}: exit status {result.returncode} instead of {status}, on stderr:", *lines, "instead of:", stderr or "(a line)"]
        if stdout not in (None, result.stdout):
            self.problems += ["on stdout:", *result.stdout.splitlines(), "instead of:", *stdout.splitlines()]

    def way_out(self, sentence):
        sizes = [int(number) for pair in re.findall(r"it says that the file has (\d+) bytes, but it has (\d+)", sentence) for number in pair]
        truncated = sentence.startswith("truncated: ") or (sizes and sizes[0] > sizes[1])
        some = truncated and os.path.getsize(self.path) >= 4096
        return "; way out: ckptedit --salvage, which makes an image of what is left" if some else ""

    def refuses_to_open(self, sentence):
        for words in ([self.dump], [self.dump, "--verify"], [self.dump, "--json", "--maps"]):
            self.expect(self.run(*words, self.path), 1, f"ckptdump: {self.path}: opening: {sentence}{self.way_out(sentence)}")
        self.expect(self.run(self.edit, "--drop-fd", "3", "-o", "out.ckpt", self.path), 1, f"ckptedit: {self.path}: opening: {sentence}{self.way_out(sentence)}")
        for words in ["-r"], ["check"], ["check", "--plan"], ["thaw", "--pid"]:
            if self.checkpt:
                self.expect(self.run(self.checkpt, *words, self.path), 1, f"checkpt: {self.path}: opening: {sentence}{self.way_out(sentence)}")

    def has_faults(self, faults):
        """In any order: what threads find comes when they find it."""
        count = f"{len(faults)} fault" + ("" if len(faults) == 1 else "s")
        result = self.run(self.dump, "--verify", self.path)
        result.stdout = "".join(sorted(result.stdout.splitlines(keepends=True)))
        self.expect(result, 1, f"ckptdump: {self.path}: verifying: {count}", "".join(sorted(f"{self.path}: {fault}\n" for fault in faults)))
        index = [fault for fault in faults if fault.startswith("index entry")]
        if self.checkpt and index and not self.sentences("thaw"):
            self.cannot_be_resumed("resuming: " + index[0])
        elif self.checkpt:
            result = self.run(self.checkpt, "check", "--verify", self.path)
            accepted = self.sentences("thaw") or ["verifying: " + fault for fault in faults]
            said = result.stderr.rstrip("\n").removeprefix(f"checkpt: {self.path}: ")
            self.expect(result, 1, f"checkpt: {self.path}: {said if said in accepted else accepted[0]}")

    def is_edited(self):
        """Damage may be healed by an edit; else there is no output."""
        result = self.run(self.edit, "--drop-fd", "3", "-o", "out.ckpt", self.path)
        wanted = [(status, sentence) for word, status, sentence in self.made.expectations if word == "edit"]
        for status, sentence in wanted or [(1, None)]:
            self.expect(result, status, sentence and f"ckptedit: {self.path}: {sentence}")
        if os.path.exists("out.ckpt") != (result.returncode == 0):
            self.problems.append("an output was left behind")
        if result.returncode == 0:
            self.expect(self.run(self.dump, "--verify", "out.ckpt"), 0, "", "out.ckpt: whole\n")

    def is_whole(self):
        self.expect(self.run(self.dump, "--verify", self.path), 0, "", f"{self.path}: whole\n")

    def cannot_be_resumed(self, sentence):
        for words in ["-r"], ["check"]:
            if self.checkpt:
                self.expect(self.run(self.checkpt, *words, self.path), 1, f"checkpt: {self.path}: {sentence}")

    def judge(self):
        before = open(self.path, "rb").read() if os.path.getsize(self.path) < 1 << 24 else None
        for sentence in self.sentences("open"):
            self.refuses_to_open(sentence)
        if self.sentences("fault"):
            self.has_faults(self.sentences("fault"))
        if self.sentences("whole"):
            self.is_whole()
        for sentence in self.sentences("thaw"):
            self.cannot_be_resumed(sentence)
        if self.sentences("fault") or self.sentences("edit"):
            self.is_edited()
        if not self.made.expectations:
            self.problems.append("nothing is expected of it")
        if before is not None and open(self.path, "rb").read() != before:
            self.problems.append("the image was changed")
        if self.sentences("open") and os.path.exists("out.ckpt"):
            self.problems.append("an output was left behind")
        self.clean()
        return self.problems

    def clean(self):
        for name in os.listdir("."):
            if name.endswith(".ckpt"):
                os.unlink(name)


def main(dump, edit, checkpt, *files):
    schemas = Schemas(os.path.join(maker.HERE, "../../schemas"))
    for number, path in enumerate(files, 1):
        trial = Trial((dump, edit, checkpt), path, schemas)
        problems = trial.judge()
        print(f"{'not ok' if problems else 'ok'} {number} - {trial.name}")
        for line in problems:
            print("# " + line)
    print(f"1..{len(files)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
