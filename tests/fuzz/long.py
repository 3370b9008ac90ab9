#!/usr/bin/env python3
"""long.py PROGRAMS OUT SECONDS TARGET…: fuzzes every target for SECONDS of CPU time, two at a time, in turns of ten minutes, and adds up what it took.

A program is copied before each of its turns, so that one may be built anew meanwhile. OUT/corpus/TARGET grows from turn to turn, what broke a target lies in
OUT/found, and OUT/figures has a line for each turn: target, CPU seconds, executions, edges and features reached, most memory (MiB), how it ended. To be started again with the same OUT,
it goes on where it was. A file OUT/stop ends it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TURN = 600
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Fuzzing:
    def __init__(self, programs, out, seconds, targets):
        self.programs, self.out, self.seconds = programs, out, seconds
        self.used = dict.fromkeys(targets, 0.0)
        self.busy = set()
        self.lock = threading.Lock()
        for directory in ("found", "logs", "bin"):
            os.makedirs(f"{out}/{directory}", exist_ok=True)
        if os.path.exists(f"{out}/figures"):
            for line in open(f"{out}/figures"):
                target, used = line.split()[:2]
                if target in self.used:
                    self.used[target] += float(used)

    def stopped(self):
        return os.path.exists(f"{self.out}/stop")

    def pick(self):
        with self.lock:
            left = [t for t in self.used if t not in self.busy and self.used[t] < self.seconds and os.path.exists(f"{self.programs}/{t}")]
            if not left or self.stopped():
                return None
            target = min(left, key=self.used.get)
            self.busy.add(target)
            return target

    def command(self, target):
        program = f"{self.out}/bin/{target}"
        shutil.copy2(f"{self.programs}/{target}", program)
        os.makedirs(f"{self.out}/corpus/{target}", exist_ok=True)
        command = [program, "-timeout=60", "-rss_limit_mb=1024", "-malloc_limit_mb=64", "-print_final_stats=1", f"-artifact_prefix={self.out}/found/{target}-",
                   f"-max_len={8192 if target == 'record' else 20480}"]
        if target != "record":
            command.append(f"-dict={HERE}/image.dict")
        stored = [f"{HERE}/corpus/{target}", f"{HERE}/found/{target}", f"{self.out}/seeds/{target}"]
        return command + [f"{self.out}/corpus/{target}"] + [d for d in stored if os.path.isdir(d)]

    def turn(self, target):
        number = len(os.listdir(f"{self.out}/logs"))
        path = f"{self.out}/logs/{number:03}-{target}"
        used, turn = 0.0, min(TURN, self.seconds - self.used[target])
        with open(path, "w") as log:
            # The interceptor of memmem() looks at all that there is to search, in every call.
            environment = dict(os.environ, ASAN_OPTIONS="intercept_memmem=0")
            child = subprocess.Popen(self.command(target), stdout=log, stderr=subprocess.STDOUT, env=environment)
            while child.poll() is None:
                used = cpu_seconds(child.pid)
                if used >= turn or self.stopped():
                    child.send_signal(signal.SIGINT)
                    child.wait()
                    break
                time.sleep(1)
        self.note(target, used, path)

    def note(self, target, used, path):
        text = open(path, errors="replace").read()
        numbers = [re.findall(pattern, text) or ["0"] for pattern in (r"executed_units: *(\d+)", r"cov: (\d+)", r"ft: (\d+)", r"peak_rss_mb: *(\d+)")]
        broken = re.findall(r"not so: .*|ERROR: .*|runtime error: .*", text)
        with self.lock:
            self.used[target] += used
            with open(f"{self.out}/figures", "a") as file:
                print(target, f"{used:.0f}", *(n[-1] for n in numbers), broken[0] if broken else "fine", file=file)

    def work(self):
        while (target := self.pick()) is not None:
            self.turn(target)
            with self.lock:
                self.busy.discard(target)


def main(programs, out, seconds, *targets):
    subprocess.run([sys.executable, "-B", f"{HERE}/seeds.py", f"{out}/seeds"], check=True)
    fuzzing = Fuzzing(programs, out, float(seconds), targets)
    workers = [threading.Thread(target=fuzzing.work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
