# A long job that knows nothing of checkpoints: work.py INPUT OUTPUT NOTES. For every block of the input a line of a long chain of digests goes to the output.
import hashlib
import sys

ROUNDS = 3000
digest = b""
with open(sys.argv[1], "rb") as blocks, open(sys.argv[2], "w", buffering=1) as output, open(sys.argv[3]) as notes:
    count = 0
    while block := blocks.read(4096):
        for _ in range(ROUNDS):
            digest = hashlib.sha256(digest + block).digest()
        count += 1
        print("block", count, digest.hex(), file=output)
