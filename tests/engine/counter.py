"""counter.py: a server of asyncio's that counts the lines it gets. Its port is in the file `port`."""

import asyncio
import os

count = 0


async def answer(reader, writer):
    global count
    await reader.readline()
    count += 1
    writer.write(b"%d\n" % count)
    await writer.drain()
    writer.close()


async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    with open("port.new", "w") as port:
        port.write(str(server.sockets[0].getsockname()[1]))
    os.rename("port.new", "port")
    async with server:
        await server.serve_forever()


asyncio.run(main())
