"""Fills a redis-server with users, sessions, rankings and logs. redis.py SOCKET MIB"""

import hashlib
import json
import random
import socket
import sys

random.seed(11)
WORDS = sorted({word for line in open("/usr/share/common-licenses/GPL-3") for word in line.split() if word.isalpha()})


def command(*words):
    words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def entry(i):
    if i % 10 < 3:
        return command("HSET", f"user:{i}", "name", f"{random.choice(WORDS)} {random.choice(WORDS)}", "mail", f"u{random.randrange(10**8)}@example.com",
                       "balance", f"{random.random() * 1e4:.2f}", "seen", 1700000000 + random.randrange(10**7), "about", " ".join(random.choices(WORDS, k=20)))
    if i % 10 < 8:
        session = {"user": random.randrange(10**6), "csrf": "%032x" % random.getrandbits(128), "agent": "Mozilla/5.0 (X11; Linux x86_64)",
                   "cart": [{"sku": sku, "price": sku / 100} for sku in random.choices(range(10**5), k=16)]}
        return command("SET", "session:" + hashlib.md5(b"%d" % i).hexdigest(), json.dumps(session), "EX", 86400)
    if i % 10 < 9:
        return command("ZADD", f"rank:{i % 1000}", random.random(), f"player:{random.randrange(10**6)}")
    return command("RPUSH", f"log:{i % 500}", " ".join(random.choices(WORDS, k=12)))


server = socket.socket(socket.AF_UNIX)
server.connect(sys.argv[1])


def answers(count):
    """Short ones, a line each."""
    got = b""
    while got.count(b"\r\n") < count:
        got += server.recv(1 << 20)


def used():
    server.sendall(command("INFO", "memory"))
    got = b""
    while b"\r\n" not in got or len(got) < got.index(b"\r\n") + 4 + int(got[1:got.index(b"\r\n")]):
        got += server.recv(1 << 16)
    return int(got.split(b"used_memory:")[1].split(b"\r")[0])


done = 0
while used() < int(sys.argv[2]) << 20:
    server.sendall(b"".join(entry(i) for i in range(done, done + 5000)))
    answers(5000)
    done += 5000
