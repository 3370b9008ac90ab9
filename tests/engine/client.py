"""client.py ADDRESS TEXT: sends TEXT to a server, prints what comes back: a line, or what HTTP has to say. ADDRESS is a port of this host's, or a path. Waits for who does not take connections yet."""

import os
import socket
import sys
import time

address, text = sys.argv[1], sys.argv[2].encode().decode("unicode_escape").encode()
deadline = time.monotonic() + 60
while True:
    connection = socket.socket(socket.AF_INET if address.isdigit() else socket.AF_UNIX)
    try:
        connection.connect(("127.0.0.1", int(address)) if address.isdigit() else address)
        break
    except OSError:
        connection.close()
        if time.monotonic() > deadline:
            raise
        time.sleep(0.01)
connection.settimeout(60)
connection.sendall(text)
answer = b""
while answer.startswith(b"HTTP") or not answer.endswith(b"\n"):
    piece = connection.recv(65536)
    if not piece:
        break
    answer += piece
connection.close()
os.write(1, answer)
