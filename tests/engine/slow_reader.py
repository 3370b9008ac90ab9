"""Freezes into a pipe that is read slowly, until a line about it was seen on the terminal, then quickly: the image goes to a file.

    slow_reader.py IMAGE SEEN COMMAND…        stderr is a terminal, on which SEEN appears, and is wiped off at the end
    slow_reader.py --quiet IMAGE COMMAND…     stderr is a pipe, and nothing comes of it in twice the time that the line takes
"""
import os, pty, select, subprocess, sys, time

PIECE, QUIET, LIMIT = 16384, 2.2, 60

def run(image, wanted, errors, command):
    seen, begun, slow = bytearray(), time.monotonic(), True
    with open(image, "wb") as out:
        while True:
            if select.select([errors], [], [], 0.02 if slow else 0)[0]:
                try:
                    seen += os.read(errors, 65536)
                except OSError:
                    pass
            took = time.monotonic() - begun
            if wanted in seen if wanted else took > QUIET:
                slow = False
            if took > LIMIT:
                sys.exit("not seen: %r; seen: %r" % (wanted, bytes(seen[-2000:])))
            piece = os.read(command.stdout.fileno(), PIECE)
            if not piece:
                break
            out.write(piece)
    status = command.wait()
    while select.select([errors], [], [], 0)[0]:
        try:
            more = os.read(errors, 65536)
        except OSError:
            break
        if not more:
            break
        seen += more
    if slow:
        sys.exit("it was over before anything could be seen; seen: %r" % bytes(seen))
    return status, bytes(seen)

def main():
    if sys.argv[1] == "--quiet":
        command = subprocess.Popen(sys.argv[3:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        status, seen = run(sys.argv[2], b"", command.stderr.fileno(), command)
        if seen:
            sys.exit("seen: %r" % seen)
    else:
        terminal, there = pty.openpty()
        command = subprocess.Popen(sys.argv[3:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=there)
        os.close(there)
        status, seen = run(sys.argv[1], sys.argv[2].encode(), terminal, command)
        if not seen.endswith(b"\r\x1b[K"):
            sys.exit("the line is still there: %r" % seen[-200:])
    sys.exit(status)

main()
