#!/usr/bin/env python3
"""holder.py DIRECTORY KIND: a program that holds one thing of this kind and counts rounds in DIRECTORY/progress until DIRECTORY/stop is there. Exit status 77: this kernel or user cannot."""

import ctypes
import os
import select
import socket
import subprocess
import sys
import threading
import time

SYS_SETRESUID, SYS_MODIFY_LDT, SYS_GETTID, SYS_MEMFD_SECRET = 117, 154, 186, 447
PR_SET_SYSCALL_USER_DISPATCH = 59
libc = ctypes.CDLL(None, use_errno=True)


def message_queue():
    rt = ctypes.CDLL("librt.so.1", use_errno=True)
    name = b"/checkpt-%d" % os.getpid()
    queue = rt.mq_open(name, os.O_CREAT | os.O_RDWR, 0o600, None)
    rt.mq_unlink(name)
    return queue >= 0


def segments():
    entry = (ctypes.c_uint32 * 4)(3, 0x1000, 0xFFFFF, 0x51)
    return libc.syscall(SYS_MODIFY_LDT, 1, entry, 16) == 0


def dispatched():
    selector = ctypes.create_string_buffer(1)
    return libc.prctl(PR_SET_SYSCALL_USER_DISPATCH, 1, ctypes.c_ulong(0), ctypes.c_ulong(0), selector) == 0 and selector


def thread(work):
    """A further thread's id, once it has done its work."""
    done = []

    def body():
        work()
        done.append(libc.syscall(SYS_GETTID))
        time.sleep(100000)

    threading.Thread(target=body, daemon=True).start()
    while not done:
        time.sleep(0.001)
    return done[0]


def rights():
    here, there = socket.socketpair()
    socket.send_fds(here, [b"x"], [0])
    return here, there


def urgent():
    here, there = socket.socketpair()
    try:
        here.send(b"x", socket.MSG_OOB)
    except OSError:
        return False
    return here, there


def notifications():
    try:
        return os.pipe2(os.O_EXCL)
    except OSError:
        return False


def acceptor():
    server = socket.socket(socket.AF_UNIX)
    server.bind(os.path.join(sys.argv[1], "accepting.sock"))
    server.listen()
    kept = []
    threading.Thread(target=lambda: kept.append(server.accept()), daemon=True).start()
    return server, kept


def shared():
    """With a process that is nobody's child any more, until it is told to stop, too."""
    kept = socket.socketpair()
    if os.fork() == 0:
        if os.fork() == 0:
            while not os.path.exists(os.path.join(sys.argv[1], "stop")):
                time.sleep(0.01)
        os._exit(0)
    os.wait()
    return kept


def bound(name):
    kept = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    kept.bind(os.path.join(sys.argv[1], name))
    return (kept,)


def connected(path, kind=socket.SOCK_STREAM):
    """To a TCP socket of one's own, or to the file of somebody's, in the directory above."""
    if path:
        client = socket.socket(socket.AF_UNIX, kind)
        client.connect(os.path.join(os.path.dirname(sys.argv[1]), path))
        return (client,)
    server = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(server.getsockname())
    return server, client, server.accept()


def watch(path, mask):
    descriptor = libc.inotify_init()
    libc.inotify_add_watch(descriptor, path.encode(), mask)
    return descriptor


def watched_without_a_name():
    """Open, so that it lives."""
    path = os.path.join(sys.argv[1], "gone")
    file = open(path, "w")
    descriptor = watch(path, 2)
    os.unlink(path)
    return file, descriptor


def watched_and_unread():
    descriptor = watch(sys.argv[1], 0x100)
    open(os.path.join(sys.argv[1], "new"), "w").close()
    return descriptor > 0


def watched_elsewhere():
    """By an epoll here; the descriptor is another process's only, which is no child."""
    epoll, event = select.epoll(), os.eventfd(0)
    epoll.register(event, select.EPOLLIN)
    child = os.fork()
    if child == 0:
        if os.fork() == 0:
            while os.path.isdir(sys.argv[1]) and not os.path.exists(os.path.join(sys.argv[1], "stop")):
                time.sleep(0.01)
        os._exit(0)
    os.waitpid(child, 0)
    os.close(event)
    return (epoll,)


def watching_input():
    epoll = select.epoll()
    epoll.register(0, select.EPOLLIN)
    return (epoll,)


# What is held lives as long as what these return; something false: it cannot be had here.
KINDS = {
    "nothing": lambda: True,
    "pipe": os.pipe,
    "netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "rights": rights,
    "urgent": urgent,
    "notifications": notifications,
    "connected": lambda: connected(None),
    "client": lambda: connected("whole.sock"),
    "acceptor": acceptor,
    "shared": shared,
    "logger": lambda: bound("log.sock"),
    "writer": lambda: connected("logger/log.sock", socket.SOCK_DGRAM),
    "accepted": lambda: connected("acceptor/accepting.sock"),
    "child": lambda: subprocess.Popen(["sleep", "1000"]),
    "pidfd": lambda: (os.pidfd_open(os.getpid()),),
    "epoll-elsewhere": watched_elsewhere,
    "epoll-input": watching_input,
    "inotify-gone": watched_without_a_name,
    "inotify-unread": watched_and_unread,
    "queue": message_queue,
    "secret": lambda: libc.syscall(SYS_MEMFD_SECRET, 0) >= 0,
    "segments": segments,
    "dispatched": dispatched,
    "thread-file": lambda: open("/proc/self/task/%d/comm" % thread(lambda: None)),
    # By the system call itself: the C library changes all threads.
    "two-users": lambda: thread(lambda: libc.syscall(SYS_SETRESUID, 1234, 1234, 1234)),
}


def main(directory, kind):
    kept = KINDS[kind]()
    if not kept:
        sys.exit(77)
    os.chdir(directory)
    open("ready", "w").close()
    rounds = 0
    while not os.path.exists("stop"):
        rounds += 1
        with open("progress", "w") as progress:
            progress.write("%012d\n" % rounds)
        time.sleep(0.001)
    if kind == "writer":
        kept[0].send(b"the end")
    if kind == "logger" and kept[0].recv(100) != b"the end":
        os._exit(1)
    if kind == "child":
        kept.kill()
        kept.wait()
    open("whole", "w").close()
    os._exit(0)


main(*sys.argv[1:])
