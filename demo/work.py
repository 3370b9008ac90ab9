# A long job that knows nothing of checkpoints: work.py INPUT OUTPUT NOTES. For every block of the input a line of a long chain of digests goes to the output.
import hashlib
import os
import sys

ROUNDS = 3000
digest = b""
os.open(sys.argv[3], os.O_RDONLY)
with open(sys.argv[1], "rb") as blocks, open(sys.argv[2], "w", buffering=1) as output:
    count = 0
    while block := blocks.read(4096):
        for _ in range(ROUNDS):
            digest = hashlib.sha256(digest + block).digest()
        count += 1
        print("block", count, digest.hex(), file=output)
