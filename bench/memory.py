"""Kinds of real memory. memory.py KIND READY [ARGUMENT]: makes it, then the file READY, and writes a byte to standard output every millisecond.

heap     objects of Python: the syntax trees of its own library, and accounts in a dictionary
text     the texts of ARGUMENT MiB of files
copy     the private memory of process ARGUMENT, at once in our own
filled   ARGUMENT MiB that do not compress much; SIGUSR1 changes 1 % of their pages in one piece, SIGUSR2 as many pages all over, then READY is made anew
"""

import ast
import glob
import mmap
import os
import random
import signal
import sys
import time

PAGE = 4096
os.closerange(3, 4096)
random.seed(7)


def own(length):
    return mmap.mmap(-1, length, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


class Account:
    def __init__(self, number):
        self.number, self.balance = number, random.random() * 1e5
        self.name = f"{random.choice('Ada Grace Alan Edsger Barbara Donald Ken Frances'.split())} {random.randrange(10**6)}"
        self.history = [(random.randrange(10**9), random.random()) for _ in range(4)]


def heap(_):
    trees = [ast.parse(open(path, errors="replace").read()) for path in sorted(glob.glob(os.path.dirname(ast.__file__) + "/*.py"))]
    accounts = [Account(i) for i in range(250000)]
    return trees, {account.name: account for account in accounts}


def text(mib):
    texts, total = {}, 0
    for top in "/usr/include", "/usr/share/doc", "/usr/share/perl", "/usr/lib/python3", os.path.dirname(ast.__file__), "/usr/share/vim", "/usr/share":
        for directory, directories, files in os.walk(top):
            directories.sort()
            for path in (os.path.join(directory, name) for name in sorted(files)):
                if path in texts or os.path.islink(path) or not os.path.isfile(path) or total >= int(mib) << 20:
                    continue
                try:
                    texts[path] = open(path, encoding="utf-8").read()
                    total += len(texts[path])
                except (OSError, UnicodeError):
                    pass
    return texts


def copy(pid):
    """Pages that are zero, or not there, stay untouched."""
    kept, zeros = [], bytes(PAGE)
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for fields in (line.split() for line in maps):
            start, end = (int(x, 16) for x in fields[0].split("-"))
            if fields[1][1] != "w" or fields[1][3] != "p":
                continue
            kept.append(own(end - start))
            for at in range(start, end, PAGE * 256):
                memory.seek(at)
                bytes_there = memory.read(min(end - at, PAGE * 256))
                for i in range(0, len(bytes_there), PAGE):
                    if bytes_there[i:i + PAGE] != zeros:
                        kept[-1][at - start + i:at - start + i + PAGE] = bytes_there[i:i + PAGE]
    return kept


def filled(mib):
    memory, pages = own(int(mib) << 20), int(mib) << 8
    block = random.randbytes(1 << 19) + bytes(range(256)) * 2048
    for i in range(int(mib)):
        memory[i << 20:(i + 1) << 20] = block
        memory[i << 20:(i << 20) + 4] = i.to_bytes(4, "little")
        for page in range(256):
            memory[(i << 20) + page * PAGE + 8:(i << 20) + page * PAGE + 16] = random.randbytes(8)

    def change(where):
        for page in where:
            memory[page * PAGE + 100:page * PAGE + 108] = random.randbytes(8)
        open(ready, "w").close()

    signal.signal(signal.SIGUSR1, lambda *_: change(range(pages // 2, pages // 2 + pages // 100)))
    signal.signal(signal.SIGUSR2, lambda *_: change(random.sample(range(pages), pages // 100)))
    return memory


ready = os.path.abspath(sys.argv[2])
kept = {"heap": heap, "text": text, "copy": copy, "filled": filled}[sys.argv[1]](sys.argv[3] if len(sys.argv) > 3 else None)
open(ready, "w").close()
while True:
    try:
        os.write(1, b".")
    except OSError:
        os._exit(0)
    time.sleep(0.001)
