# Unmodified event loops: epoll, eventfds, pipes, socket pairs, inotify and threads that wait for each other. Each checks itself in every round.
. tests/engine/engine.sh
cat >loop.js <<'JS'
const fs = require('fs'), net = require('net'), crypto = require('crypto'), { Worker } = require('worker_threads');
process.chdir(process.argv[2]);
let rounds = 0, hashed = 0, answered = 0, echoed = 0, seen = 0, before = [0, 0, 0, 0];
const server = net.createServer(socket => socket.pipe(socket)).listen('echo.sock');
const client = net.connect('echo.sock');
client.on('data', data => { echoed += data.length; });
const broken = what => { fs.writeFileSync('broken', what + '\n'); console.log(what); process.exit(1); };
process.on('uncaughtException', error => broken(error.stack));
const worker = new Worker("const { parentPort } = require('worker_threads'); parentPort.on('message', m => parentPort.postMessage(m + 1));", { eval: true });
worker.on('message', m => { if (m !== ++answered) broken('a message is lost'); setTimeout(() => worker.postMessage(m), 1); });
worker.postMessage(0);
const expected = crypto.pbkdf2Sync('a', 'b', 500, 8, 'sha256').toString('hex');
(function hash() {
    crypto.pbkdf2('a', 'b', 500, 8, 'sha256', (error, key) => { if (error || key.toString('hex') !== expected) broken('a hash is another'); hashed++; setImmediate(hash); });
})();
fs.mkdirSync('watched');
fs.watch('watched', () => { seen++; });
setInterval(() => {
    const now = [seen, hashed, answered, echoed];
    client.write('x');
    fs.writeFileSync('watched/file', String(rounds));
    if (now.some((count, i) => count === before[i])) return;
    before = now;
    rounds++;
    fs.writeFileSync('next', String(rounds).padStart(12, '0') + '\n');
    fs.renameSync('next', 'progress');
    if (!fs.existsSync('stop')) return;
    fs.writeFileSync('whole', '');
    process.exit(0);
}, 5);
fs.writeFileSync('ready', String(process.pid));
JS
cat >loop.rb <<'RB'
Dir.chdir(ARGV[0])
Thread.abort_on_exception = true
queue, reader_end, writer_end = Queue.new, *IO.pipe
caught = lines = rounds = 0
trap("USR1") { caught += 1 }
Thread.new { number = 0; loop { queue.push(number); number += 1; sleep 0.002 } }
Thread.new { loop { writer_end.write("x" * 100 + "\n"); sleep 0.002 } }
Thread.new { while (line = reader_end.gets) do raise "a line is broken" unless line == "x" * 100 + "\n"; lines += 1; end }
File.write("ready", Process.pid.to_s)
until File.exist?("stop")
  raise "a number is lost" unless queue.pop == rounds
  rounds += 1
  Process.kill("USR1", Process.pid) if rounds % 10 == 0
  File.write("next", "%012d\n" % rounds)
  File.rename("next", "progress")
end
raise "it waits" unless lines > 2 && caught >= rounds / 10 - 1
File.write("whole", "")
exit!(0)
RB
cat >loop.py <<'PY'
import asyncio, os, signal, socket, sys
os.chdir(sys.argv[1])
async def echo(reader, writer):
    while line := await reader.readline():
        writer.write(line)
        await writer.drain()
async def main():
    loop, caught, here = asyncio.get_running_loop(), [], socket.socketpair()
    loop.add_signal_handler(signal.SIGUSR1, lambda: caught.append(1))
    (reader, writer), other = await asyncio.open_connection(sock=here[0]), await asyncio.open_connection(sock=here[1])
    task, rounds = asyncio.create_task(echo(*other)), 0
    open("ready", "w").write(str(os.getpid()))
    while not os.path.exists("stop"):
        rounds += 1
        writer.write(b"%d\n" % rounds)
        assert await reader.readline() == b"%d\n" % rounds, "a line is lost"
        assert await loop.run_in_executor(None, lambda: rounds * 2) == rounds * 2
        if rounds % 10 == 0:
            os.kill(os.getpid(), signal.SIGUSR1)
        await asyncio.sleep(0.001)
        with open("next", "w") as progress:
            progress.write("%012d\n" % rounds)
        os.rename("next", "progress")
    assert len(caught) >= rounds // 10 - 1, "a signal is lost"
    open("whole", "w").close()
    os._exit(0)
asyncio.run(main())
PY

# start INTERPRETER PROGRAM
start() {
    new_dir "$1"
    launch "$1" "$work/$2" "$dir"
    "$await" exists "$dir/ready"
}
for loop in node:js ruby:rb; do
    if command -v "${loop%:*}" >/dev/null; then
        life "${loop%:*}" "loop.${loop#*:}"
    else
        skip "${loop%:*}" 'it is not installed'
    fi
done
# asyncio keeps in mind the process id that its loop was made under, as something that a fork changes.
check 'asyncio starts' start python3 loop.py
again=1
while [ "$again" -le 5 ]; do
    check "asyncio is frozen ($again)" freeze
    check "asyncio runs on ($again)" advances
    again=$((again + 1))
done
if [ -n "$root" ]; then
    check 'asyncio is frozen for good' freeze_exit
    check 'asyncio is resumed under its old id' resume --pid
else
    skip 'asyncio is resumed under its old id' 'that takes root'
fi
check 'asyncio ends well' whole
finish
