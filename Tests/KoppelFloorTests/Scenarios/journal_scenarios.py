"""The journal's disk goes wrong while the agent runs, or somebody else keeps the journal for himself.

The agent runs under disk_faults.c, which makes its data folder read-only or its syncs slow."""
import json
import os
import sqlite3
import struct
import subprocess
import sys
import time

from clock_scenarios import compiled
from factory import Factory
from plant import wait_for


class Disk:
    """The disk under the agent's data folder, as the scenario wants it."""

    def __init__(self, factory):
        library = compiled("disk_faults.c", factory.folder)
        self.path = os.path.join(factory.folder, "disk")
        self.set()
        factory.agent.environment = {**os.environ, "LD_PRELOAD": library, "DISK_FAULTS": self.path,
                                     "DISK_FAULTS_FOLDER": os.path.join(factory.folder, "data")}

    def set(self, read_only=False, sync_ms=0):
        with open(self.path, "r+b" if os.path.exists(self.path) else "wb") as f:
            f.write(struct.pack("qq", read_only, sync_ms))


def koppel(factory, *arguments):
    return subprocess.run([factory.o.koppel, *arguments], capture_output=True, text=True, timeout=60)


def status(factory):
    run = koppel(factory, "status", "--config", factory.config, "--json")
    return run.returncode, json.loads(run.stdout) if run.stdout else {}


def disk_readonly(o):
    """S02: the volume becomes read-only: what is stored is delivered, what cannot be stored is declared missing, the
    status tells, and storing goes on when it can be written again."""
    with Factory(o) as factory:
        disk = Disk(factory)
        factory.begin()
        factory.until(0.5)
        factory.broker.stop()
        factory.until(1.5)
        before = factory.ledger.count()
        disk.set(read_only=True)
        wait_for("the log line", lambda: "cannot be stored" in factory.agent.log(), 10)
        factory.broker.start()
        wait_for("what was stored before", lambda: factory.ledger.count() > before + 5 * o.signals, 20)
        code, document = status(factory)
        factory.expect(code == 1 and any("stored" in problem for problem in document["problems"]),
                       f"the status ends with {code} and says {document.get('problems')}")
        exported = koppel(factory, "journal", "export", "--config", factory.config, "--format", "jsonl")
        factory.expect(exported.returncode == 0 and exported.stdout.count("\n") > 0,
                       f"export ended with {exported.returncode}: {exported.stderr}")
        time.sleep(1)
        factory.expect(factory.agent.process.poll() is None, "the agent ended")
        disk.set()
        wait_for("storing again", lambda: "stored again" in factory.agent.log(), 20)
        figures = factory.account()
        if "disk-fault" not in figures["gap_reasons"]:
            figures["faults"] += 1
            figures["first_faults"].append(f"nothing was declared as disk-fault: {figures['gap_reasons']}")
        lines = [line for line in factory.agent.log().splitlines() if "cannot be stored" in line]
        figures["log_lines"] = len(lines)
        if len(lines) > 3 or not any("read-only" in line for line in lines):
            figures["faults"] += 1
            figures["first_faults"].append(f"{len(lines)} lines in the log: {lines[:2]}")
        return figures


def slow_sync(o):
    """S06: a sync takes 2 s: polling waits for the disk, slots are declared missed, nothing else is missing."""
    with Factory(o, durability="power") as factory:
        disk = Disk(factory)
        factory.begin()
        factory.until(0.5)
        disk.set(sync_ms=2000)
        factory.until(o.seconds)
        disk.set()
        figures = factory.account()
        if figures["gap_reasons"] != ["slot-missed"]:
            figures["faults"] += 1
            figures["first_faults"].append(f"declared: {figures['gap_reasons']}, where slots have to be missed")
        return figures


HOLDER = """
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("begin exclusive")
print("locked", flush=True)
time.sleep(float(sys.argv[2]))
db.execute("rollback")
"""


def journal_locked(o):
    """S07: another program keeps the journal locked: first the agent waits, then it says who, and export makes a copy."""
    with Factory(o) as factory:
        factory.begin()
        factory.until(0.5)
        path = os.path.join(factory.folder, "data", "journal.db")

        def hold(seconds):
            holder = subprocess.Popen([sys.executable, "-c", HOLDER, path, str(seconds)], stdout=subprocess.PIPE,
                                      text=True)
            holder.stdout.readline()
            return holder

        holder = hold(2)
        holder.wait()
        factory.expect("cannot be stored" not in factory.agent.log(), "a lock of two seconds was not waited for")
        holder = hold(7)
        exported = koppel(factory, "journal", "export", "--data", os.path.dirname(path), "--format", "csv")
        factory.expect(exported.returncode == 0 and exported.stdout.startswith("kind,time,"),
                       f"export ended with {exported.returncode}: {exported.stderr}")
        wait_for("the name of the holder", lambda: f"process {holder.pid}" in factory.agent.log(), 10)
        holder.wait()
        # Whoever writes at that moment waits for the lock in vain: it may be the place reached at the destination, and
        # then no reading had to wait long enough to be lost.
        wait_for("storing again", lambda: "Readings cannot be stored" not in factory.agent.log()
                 or "stored again" in factory.agent.log(), 20)
        return factory.account()


def disk_use(o):
    """S10: what each reading costs on flash is stated, and is about what the kernel counts."""
    with Factory(o) as factory:
        factory.begin()
        factory.until(o.seconds)
        wait_for("the figures", lambda: status(factory)[1].get("journal", {}).get("writtenBytesPerReading"), 30)
        stated = status(factory)[1]["journal"]
        with open(f"/proc/{factory.agent.process.pid}/io") as f:
            written = next(int(line.split()[1]) for line in f if line.startswith("write_bytes"))
        counted = written / factory.ledger.count()
        figures = factory.account()
        figures["disk_bytes_per_sample"] = stated["writtenBytesPerReading"]
        figures["kernel_bytes_per_sample"] = round(counted, 1)
        if not counted / 4 < stated["writtenBytesPerReading"] < counted * 4:
            figures["faults"] += 1
            figures["first_faults"].append(f"stated {stated}, counted {counted}")
        return figures


SCENARIOS = {
    "disk-readonly": (disk_readonly, {"seconds": 3}),
    "slow-sync": (slow_sync, {"seconds": 6}),
    "journal-locked": (journal_locked, {"seconds": 1}),
    "disk-use": (disk_use, {"seconds": 3}),
}
