"""A person at a terminal: types what a script says, and waits for what it expects to see.

    terminal.py SCRIPT    lines: "type TEXT", "see TEXT", "size ROWS COLUMNS"; TEXT with \\n, \\x05 and so on; {checkpt}, {work} are replaced
"""
import fcntl, os, pty, select, struct, sys, termios, time

LIMIT = 60  # seconds for anything to appear

def wait_for(terminal, seen, wanted, line):
    end = time.monotonic() + LIMIT
    while wanted not in seen:
        left = end - time.monotonic()
        if left <= 0:
            sys.exit("line %d: not seen: %r; seen: %r" % (line, wanted, bytes(seen[-2000:])))
        if select.select([terminal], [], [], left)[0]:
            try:
                seen += os.read(terminal, 65536)
            except OSError:
                sys.exit("line %d: the terminal has gone before %r; seen: %r" % (line, wanted, bytes(seen[-2000:])))
    del seen[:seen.index(wanted) + len(wanted)]

def main():
    child, terminal = pty.fork()
    if child == 0:
        os.environ["PS1"] = "ready> "
        os.execvp("bash", ["bash", "--norc", "-i"])
    seen = bytearray()
    for number, line in enumerate(open(sys.argv[1]), 1):
        verb, _, text = line.rstrip("\n").partition(" ")
        text = text.format(checkpt=sys.argv[2], work=sys.argv[3]).encode().decode("unicode_escape").encode("latin-1")
        if verb == "type":
            os.write(terminal, text)
        elif verb == "see":
            wait_for(terminal, seen, text, number)
        elif verb == "size":
            fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", *map(int, text.split()), 0, 0))
    os.close(terminal)
    os.waitpid(child, 0)

main()
