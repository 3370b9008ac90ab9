"""Talks to checkptd in its own tongue, and otherwise: ask.py CASE PID FILE [ARGUMENT…]

Prints what came back: "done", "failed ERRNO: sentence", or "closed". The packets are those of checkpt/daemon/message.h, written down once more.
"""
import array, errno, os, signal, socket, struct, sys

MAGIC, VERSION = 0x64706B63, 1
FREEZE, FINDING, PROGRESS, STORED, END, DONE, FAILED = range(1, 8)
HEAD = struct.Struct("<IIIIIIiiiIQQQ")

def packet(kind=FREEZE, magic=MAGIC, version=VERSION, flags=0, mode=0, level=0, tid=0, unused=0, text=b""):
    return HEAD.pack(magic, version, kind, flags, mode, level, tid, 0, 0, unused, 0, 0, 0) + text

def connect():
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.settimeout(100)
    connection.connect(os.environ["CHECKPTD_SOCKET"])
    return connection

def send(connection, data, fds):
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    connection.sendmsg([data], rights)

def receive(connection):
    for _ in range(2):  # a reset is told once, before what was sent until then
        try:
            return connection.recv(65536)
        except ConnectionResetError:
            pass
    return b""

def answers(connection):
    while True:
        data = receive(connection)
        if not data:
            yield None, 0, b""
            return
        fields = HEAD.unpack(data[:HEAD.size])
        assert fields[0] == MAGIC and fields[1] == VERSION
        yield fields[2], fields[8], data[HEAD.size:]

def outcome(connection):
    for kind, error, text in answers(connection):
        if kind is None:
            return "closed"
        if kind == DONE:
            return "done"
        if kind == FAILED:
            return "failed %s: %s" % (errno.errorcode.get(error, error), text.rstrip(b"\0").decode())

def create(path):
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

def ask(data, fds):
    connection = connect()
    try:
        send(connection, data, fds)
    except BrokenPipeError:
        pass
    return outcome(connection)

def wait_for_line():
    print("ready", flush=True)
    sys.stdin.readline()

def main():
    case, pid, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    pidfd = os.pidfd_open(pid)
    plain = lambda **fields: ask(packet(**fields), [pidfd, create(path)])
    output = lambda fd: ask(packet(), [pidfd, fd])
    def later():
        out = create(path)
        wait_for_line()
        return ask(packet(), [pidfd, out])
    def swapped():
        connection, out = connect(), create(path)
        send(connection, packet(), [pidfd, out])
        os.dup2(os.open(path + ".other", os.O_RDWR | os.O_CREAT, 0o600), out)
        return outcome(connection)
    def renamed():
        connection, out = connect(), create(path)
        os.rename(path, path + ".moved")
        os.symlink(sys.argv[4], path)
        send(connection, packet(), [pidfd, out])
        return outcome(connection)
    def leaves():
        connection = connect()
        send(connection, packet(), [pidfd, create(path)])
        return "left"
    def leaves_when_stored():
        connection = connect()
        send(connection, packet(flags=1), [pidfd, create(path)])
        kinds = []
        for kind, _, _ in answers(connection):
            kinds.append(kind)
            if kind in (STORED, FAILED, None):
                return "stored" if kind == STORED else str(kinds)
    def wrong_end():
        connection = connect()
        send(connection, packet(flags=1), [pidfd, create(path)])
        for kind, error, text in answers(connection):
            if kind == STORED:
                send(connection, packet(kind=FREEZE), [])
            elif kind in (FAILED, None):
                return "failed %s" % text.rstrip(b"\0").decode() if kind else "closed"
    def ends():
        connection = connect()
        send(connection, packet(flags=1), [pidfd, create(path)])
        for kind, error, text in answers(connection):
            if kind == STORED:
                assert os.path.exists("/proc/%d" % pid)
                send(connection, packet(kind=END), [])
            elif kind in (DONE, FAILED, None):
                return {DONE: "done", FAILED: "failed", None: "closed"}[kind]
    def many():
        idle = [connect() for _ in range(8)]
        return ask(packet(), [pidfd, create(path)])
    def dead():
        child = os.fork()
        if child == 0:
            signal.pause()
        of_child = os.pidfd_open(child)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return ask(packet(), [of_child, create(path)])
    def zombie():
        child = os.fork()
        if child == 0:
            os._exit(0)
        of_child = os.pidfd_open(child)
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        return ask(packet(), [of_child, create(path)])
    def filtered():
        import ctypes
        program = (ctypes.c_ulonglong * 1)(0x7FFF000000000006)  # BPF_RET | BPF_K: allow
        header = struct.pack("<HxxxxxxQ", 1, ctypes.addressof(program))
        libc = ctypes.CDLL(None, use_errno=True)
        assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, ctypes.c_char_p(header), 0, 0) == 0
        return plain()
    def other_root():
        pipe = os.pipe()
        return ask(packet(), [pidfd, pipe[0]])
    cases = {
        "good": plain,
        "later": later,
        "empty": lambda: ask(b"", []),
        "short": lambda: ask(b"checkpt", [pidfd, create(path)]),
        "huge": lambda: ask(packet() + b"x" * 60000 + b"\0", [pidfd, create(path)]),
        "magic": lambda: plain(magic=1),
        "version": lambda: plain(version=2),
        "unused": lambda: plain(unused=1),
        "kind": lambda: plain(kind=99),
        "end-first": lambda: plain(kind=END),
        "mode": lambda: plain(mode=3),
        "level": lambda: plain(level=23),
        "flags": lambda: plain(flags=2),
        "tid": lambda: plain(tid=-1),
        "text": lambda: plain(text=b"/etc/shadow\0"),
        "unterminated": lambda: plain(text=b"x" * 4096),
        "no-fds": lambda: ask(packet(), []),
        "one-fd": lambda: ask(packet(), [pidfd]),
        "three-fds": lambda: ask(packet(), [pidfd, create(path), create(path)]),
        "many-fds": lambda: ask(packet(), [pidfd] * 250),
        "no-pidfd": lambda: ask(packet(), [create(path), create(path)]),
        "proc-pidfd": lambda: ask(packet(), [os.open("/proc/%d" % pid, os.O_RDONLY), create(path)]),
        "dead": dead,
        "zombie": zombie,
        "read-only": lambda: output(os.open(path, os.O_RDONLY | os.O_CREAT, 0o600)),
        "path-only": lambda: output(os.open(path, os.O_PATH)),
        "directory": lambda: output(os.open("/tmp", os.O_RDONLY)),
        "device": lambda: output(os.open("/dev/null", os.O_RDWR)),
        "memory": lambda: output(os.open("/proc/self/mem", os.O_RDWR)),
        "proc-file": lambda: output(os.open("/proc/self/comm", os.O_RDWR)),
        "pidfd-twice": lambda: output(pidfd),
        "pipe-to-read": other_root,
        "connection": lambda: ask(packet(), [pidfd, connect().fileno()]),
        "swapped": swapped,
        "renamed": renamed,
        "leaves": leaves,
        "leaves-when-stored": leaves_when_stored,
        "wrong-end": wrong_end,
        "ends": ends,
        "many": many,
        "silent": lambda: outcome(connect()),
        "filtered": filtered,
    }
    print(cases[case]())

main()
