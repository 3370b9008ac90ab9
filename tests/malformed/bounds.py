#!/usr/bin/env python3
"""bounds.py DUMP EDIT CHECKPT: what images made to be costly cost. Peak memory stays within a few MiB and a small multiple of the file; four times the file takes no more than linear time. TAP."""

import os
import resource
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../make"))

import maker
from schema import Schemas

# What a program needs by itself, with its threads' buffers; what a byte of a record may cost unpacked (FORMAT.md, 10) where a tool holds two copies.
MEMORY_BASE, MEMORY_PER_BYTE = 24 << 20, 300
SECONDS, SLACK = 60, 0.5

IMAGE = 'record IMAGE critical { tool: "maker" }\nrecord DESCRIPTORS critical { process: 1 descriptors { number: 3 } }\n'
CHUNK = 16 << 20  # the largest that there is; who unpacks has one in each thread
BOMB = f"chunk_size {CHUNK}\npacked\n" + IMAGE + "".join(f"pages 1 0x{CHUNK * (i + 1):x} {CHUNK >> 12} byte {i}\n" for i in range(3))
# A frame header that promises 2^60 bytes, and one block.
GIANT = "packed\n" + IMAGE + "pages 1 0x10000 1 byte 1\nset chunk.0.stored hex 28b52ffde0000000000000001003800011\n"

# What takes a count: these are tried with n and 4 n.
GROWING = {
    "empty mappings": lambda n: IMAGE + f"record MEMORY {{ process: 1 repeat {n} mappings {{ }} }}\n",
    "mappings": lambda n: IMAGE + f"record MEMORY {{ process: 1 repeat {n} mappings {{ start: 4096 + 8192 * i end: 8192 + 8192 * i }} }}\n",
    "descriptors": lambda n: IMAGE + f"record DESCRIPTORS {{ process: 2 repeat {n} descriptors {{ number: 0 + 1 * i }} }}\n",
    "files": lambda n: IMAGE + "".join(f"record FILE {{ id: {i + 1} }}\n" for i in range(n)),
    "open files of one file": lambda n: IMAGE + "record FILE { id: 1 }\n" + "".join(f"record OPEN_FILE {{ id: {i + 1} file: 1 }}\n" for i in range(n)),
    "unknown records": lambda n: IMAGE + "".join(f'record {1000 + i} ""\n' for i in range(n)),
    "program headers": lambda n: IMAGE + f"mapping repeat {n} 0x1000 to 0x2000 step 8192 r\n",
}
COUNT = 5000

# 128 TiB of addresses, of which a page is stored: nothing may go through them page by page.
VAST = IMAGE + 'record PROCESS critical { process: 1 pid: 1 space: 1 }\nrecord FILE { id: 1 type: FILE_TYPE_REGULAR path: "PATH" size: 0x7fffffffffff }\n' \
    "record MEMORY critical { process: 1 space: 1 mappings { start: 0x1000 end: 0x7ffffffff000 protection: 3 flags: FLAGS file: NUMBER } }\n" \
    "pages 1 0x10000 1 byte 1\n"
VAST_COMMANDS = [["--hex", "0x1000,0x7fffffffe000"], ["--json", "--hex", "0x1000,0x7fffffffe000"], ["--search", "hex:0000"], ["--strings"], ["--maps"], ["--core", "out.core"],
                 ["--extract", "0x1000,0x7fffffffe000", "-o", "out"], ["--diff", "anonymous.ckpt"], ["--diff", "file.ckpt"], ["--diff", "gone.ckpt"]]


def run(words):
    """Seconds of CPU, peak bytes, exit status."""
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        null = os.open("/dev/null", os.O_RDWR)
        os.dup2(null, 1)
        os.dup2(null, 2)
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        os.execv(words[0], words)
    _, status, usage = os.wait4(pid, 0)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, os.waitstatus_to_exitcode(status), time.monotonic() - began


class Bounds:
    def __init__(self, dump, edit, checkpt):
        self.commands = [[dump], [dump, "--verify"], [dump, "--json", "--maps", "--fds", "--notes", "--index"], [edit, "--drop-fd", "3", "-o", "out.ckpt"]]
        if checkpt:
            self.commands += [[checkpt, "check"], [checkpt, "check", "--plan"]]
        self.schemas = Schemas(os.path.join(maker.HERE, "../../schemas"))
        self.count = 0

    def make(self, text):
        with open("costly.txt", "w") as file:
            file.write(text)
        # In a process of its own: what this one takes is counted for each that it starts.
        pid = os.fork()
        if pid == 0:
            maker.make("costly.txt", self.schemas).image.write("costly.ckpt")
            os._exit(0)
        if os.waitpid(pid, 0)[1] != 0:
            raise SystemExit("making costly.ckpt failed")
        return os.path.getsize("costly.ckpt")

    def result(self, name, problems):
        self.count += 1
        print(f"{'not ok' if problems else 'ok'} {self.count} - {name}")
        for problem in problems:
            print("# " + problem)

    def measure(self, text, problems, more=0):
        """CPU seconds of each command."""
        size, seconds = self.make(text), []
        for command in self.commands:
            cpu, peak, status, _ = run([*command, "costly.ckpt"])
            most = MEMORY_BASE + MEMORY_PER_BYTE * size + more
            if peak > most:
                problems.append(f"{command}: {peak >> 10} KiB of memory for a file of {size} bytes")
            if status not in (0, 1):
                problems.append(f"{command}: exit status {status}")
            seconds.append(cpu)
        return seconds

    def one(self, name, text, more=0):
        problems = []
        self.measure(text, problems, more)
        self.result(name, problems)

    def vast(self):
        kinds = {"anonymous": ("/", 0x22, 0), "file": ("/etc/passwd", 2, 1), "gone": ("/nowhere", 2, 1)}
        for name, (path, flags, file) in kinds.items():
            self.make(VAST.replace("PATH", path).replace("FLAGS", str(flags)).replace("NUMBER", str(file)))
            os.rename("costly.ckpt", f"{name}.ckpt")
        for words in VAST_COMMANDS:
            problems = []
            for name in kinds:
                cpu, peak, status, _ = run([self.commands[0][0], *words, f"{name}.ckpt"])
                if cpu > 5 or peak > MEMORY_BASE or status not in (0, 1):
                    problems.append(f"{name}: {cpu:.1f} s, {peak >> 10} KiB, exit status {status}")
            self.result("128 TiB: " + " ".join(words), problems)

    def growing(self, name, text):
        problems = []
        few, many = self.measure(text(COUNT), problems), self.measure(text(4 * COUNT), problems)
        for command, before, after in zip(self.commands, few, many):
            if after > 8 * before + SLACK:
                problems.append(f"{command}: {before:.2f} s, and {after:.2f} s for four times as many")
        self.result(f"{4 * COUNT} {name}", problems)


def main(*programs):
    bounds = Bounds(*programs)
    bounds.one("frames that unpack into 16 MiB each", BOMB, CHUNK * min(3, os.cpu_count()))
    bounds.one("a frame that promises 2^60 bytes", GIANT)
    bounds.vast()
    for name, text in GROWING.items():
        bounds.growing(name, text)
    print(f"1..{bounds.count}")


if __name__ == "__main__":
    main(*sys.argv[1:])
