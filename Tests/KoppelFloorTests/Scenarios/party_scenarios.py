"""Against programs we did not write: pymodbus as the machine, mosquitto_sub as the receiver; and the check itself."""
import json
import os
import subprocess
import sys
import time
from collections import defaultdict

from account import Account
from hub import Ledger
from plant import (Agent, Broker, address, base, free_port, make_folder, site, wait_for, write_profile)
import shutil

PYMODBUS = """
import asyncio, sys
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import SimData, SimDevice, DataType
words = SimDevice(id=1, simdata=[SimData(0, values=list(range(1000)), datatype=DataType.REGISTERS)])
async def main():
    server = ModbusTcpServer(words, address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    print(server.transport.sockets[0].getsockname()[1], flush=True)
    await asyncio.sleep(120)
asyncio.run(main())
"""


def other_parties(o):
    """pymodbus is the machine and mosquitto_sub the receiver: each value arrives, numbered without a hole."""
    folder = make_folder()
    broker = Broker(folder, free_port())
    machine = receiver = agent = None
    try:
        broker.start()
        machine = subprocess.Popen([sys.executable, "-c", PYMODBUS], stdout=subprocess.PIPE, text=True)
        port = machine.stdout.readline().strip()
        heard = os.path.join(folder, "heard")
        with open(heard, "w") as out:
            receiver = subprocess.Popen(["stdbuf", "-oL", "mosquitto_sub", "-p", str(broker.port), "-q", "1", "-v", "-d",
                                         "-t", "kpl/v1/#"], stdout=out, stderr=subprocess.STDOUT)
        wait_for("mosquitto_sub", lambda: "Subscribed" in open(heard).read(), 10)
        write_profile(folder, o.signals, o.interval_ms, o.timeout_ms)
        config = os.path.join(folder, "site.yaml")
        with open(config, "w") as f:
            json.dump(site(folder, {"hall": f"tcp://127.0.0.1:{port}"}, broker.port, o, {1: "hall"}), f)
        agent = Agent(o.koppel, config, os.path.join(folder, "agent.log"))
        agent.start()
        wait_for("ten batches", lambda: open(heard).read().count("_batch {") >= 10, 20)
        agent.terminate()
        time.sleep(0.2)
        faults, numbers, readings = [], defaultdict(list), 0
        for line in open(heard):
            topic, _, payload = line.partition(" ")
            if not topic.endswith("/_batch"):
                continue
            for series in json.loads(payload)["series"]:
                counter = int(series["signal"].split("/c")[1])
                where = address(counter, o.signals)
                for i, value in enumerate(series["v"]):
                    numbers[counter].append(series["seq"] + i)
                    readings += value is not None
                    if value not in (None, (where << 16) + where + 1):
                        faults.append(f"counter {counter} says {value}")
        for counter, seqs in numbers.items():
            if seqs != list(range(seqs[0], seqs[0] + len(seqs))):
                faults.append(f"counter {counter}: the numbers have holes: {seqs}")
        if len(numbers) != o.signals or readings < 5 * o.signals:
            faults.append(f"{len(numbers)} signals and {readings} readings arrived")
        if any(agent.exits):
            faults.append(f"exit codes {agent.exits}: {agent.log()}")
        return {"readings": readings, "signals": len(numbers), "faults": len(faults), "first_faults": faults[:10]}
    finally:
        for process in (agent and agent.process, receiver, machine):
            if process and process.poll() is None:
                process.kill()
                process.wait()
        broker.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Served:
    """Ten values of one counter, as a device's journal would tell them."""

    def __init__(self):
        self.served = {("m1", "c0"): {base(1, 0) + n for n in range(1, 11)}}
        self.writes = []


def check_can_fail(_):
    """The check itself: it is silent about a sound delivery and finds each kind of unsound one."""
    first = base(1, 0)
    sound = [(n, first + n, 0) for n in range(1, 11)]

    def verdict(rows, gaps=(), writes=()):
        ledger, truth = Ledger(), Served()
        ledger.names["urn:m1"] = "m1"
        key = ("urn:m1", "counters/c0")
        for seq, value, code in rows:
            ledger.take_reading(key, (1, seq), (seq * 1000, value, code))
        ledger.gaps[key] = list(gaps)
        truth.writes = list(writes)
        return Account(ledger, truth, 0).faults

    without_five = [row for row in sound if row[0] != 5]
    renumbered = [(n, value, code) for n, (_, value, code) in enumerate(without_five, 1)]
    refused = [(5, None, 0x800A0000) if n == 5 else (n, v, c) for n, v, c in sound]
    waiting = [(5, None, 0x80320000) if n == 5 else (n, v, c) for n, v, c in sound]
    gap = (4000, 6000, 1, "buffer-overflow")
    cases = [
        ("a sound delivery", verdict(sound), False),
        ("a seq that is missing", verdict(without_five), True),
        ("a seq that is missing and declared", verdict(without_five, [gap]), False),
        ("more missing than declared", verdict([r for r in sound if r[0] not in (5, 6)], [gap]), True),
        ("a value lost without a number", verdict(renumbered), True),
        ("a value lost before the first", verdict([(n - 1, v, c) for n, v, c in sound[1:]]), True),
        ("a refused answer told as bad", verdict(refused), False),
        ("a lost value hidden by a start", verdict(waiting), True),
        ("readings out of order", verdict([sound[0], sound[2], sound[1], *sound[3:]]), True),
        ("one reading with two contents", verdict([*sound, (10, first + 9, 0)]), True),
        ("the same reading twice", verdict([*sound, sound[-1]]), False),
        ("a value twice", verdict([*sound, (11, first + 10, 0)]), True),
        ("a refused frame believed", verdict([*sound, (11, 3735936685, 0)]), True),
        ("a value never said", verdict([*sound, (11, first + 11, 0)]), True),
        ("a bad reading with a value", verdict([*sound[:-1], (10, first + 10, 0x800A0000)]), True),
        ("a write", verdict(sound, writes=["{}"]), True),
    ]
    faults = [f"{name}: {found or 'nothing found'}" for name, found, is_unsound in cases if bool(found) != is_unsound]
    return {"cases": len(cases), "faults": len(faults), "first_faults": faults}


SCENARIOS = {
    "other-parties": (other_parties, {}),
    "check-can-fail": (check_can_fail, {}),
}
