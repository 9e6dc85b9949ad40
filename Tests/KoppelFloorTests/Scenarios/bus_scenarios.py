"""Buses and units that must not cost each other anything. Each scenario returns its figures."""
import asyncio
import json
import os
import shutil
import struct
import threading
import time

from account import Truth
from factory import Factory
from plant import Agent, make_folder, wait_for, write_profile


def bad_unit(command, **own):
    """A scenario in which unit 2 misbehaves for half of the time; the others keep nine tenths of their rate."""
    def run(o):
        with Factory(o, units=3, **own) as factory:
            factory.begin()
            half = o.seconds / 2
            factory.until(half)
            factory.device.tell(command)
            factory.until(o.seconds)
            factory.device.tell("clear")
            factory.wait_until_well()
            figures = factory.account()
            moments = Truth(factory.truth_path).moments
            middle = factory.started + half
            rates = {}
            for machine in ("m1", "m2", "m3"):
                served = moments[(machine, "c0")]
                before = sum(factory.started < t < middle for t in served)
                during = sum(middle <= t < middle + half for t in served)
                rates[machine] = round(during / max(1, before), 3)
            figures["rate_of_unit"] = rates.pop("m2")
            figures["rate_of_others"] = rates
            if min(rates.values()) < 0.9:
                figures["faults"] += 1
                figures["first_faults"].append(f"one unit costs the others: {rates}")
            return figures
    return run


dead_unit = bad_unit("fault drop unit=2", timeout_ms=100)
dead_unit.__doc__ = "F26: one dead unit of three leaves the others at least nine tenths of their rate."
slow_unit = bad_unit("fault delay ms=190 unit=2", timeout_ms=200)
slow_unit.__doc__ = "X20: a unit that uses its whole timeout each time leaves the others nine tenths of their rate."
absent_unit = bad_unit("fault exception code=11 unit=2", timeout_ms=300)
absent_unit.__doc__ = "F24, P18: a unit that its gateway calls absent costs the others nothing, and no connection."


class Farm:
    """Modbus TCP servers on so many ports, in a thread; each counts the questions it was asked."""

    def __init__(self, count):
        self.asked, self.connects = [[] for _ in range(count)], [0] * count
        self.ports, self.silent = [], set()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        for index in range(count):
            server = asyncio.run_coroutine_threadsafe(
                asyncio.start_server(lambda r, w, i=index: self.serve(i, r, w), "127.0.0.1", 0), self.loop).result(10)
            self.ports.append(server.sockets[0].getsockname()[1])

    async def serve(self, index, reader, writer):
        self.connects[index] += 1
        try:
            while True:
                head = await reader.readexactly(12)
                tid, _, _, unit, code, _, count = struct.unpack(">HHHBBHH", head)
                self.asked[index].append(time.monotonic())
                if index in self.silent:
                    continue
                value = len(self.asked[index])
                body = bytes([unit, code, 2 * count]) + struct.pack(">H", value & 0xFFFF) * count
                writer.write(struct.pack(">HHH", tid, 0, len(body)) + body)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def end(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def status(pid, name):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith(name + ":"))


def many_buses(o):
    """Issue 3, point 4: 200 buses in one process, all read at their rate, and none notices that one is dead."""
    folder, farm, faults = make_folder(), Farm(o.units), []
    agent = None
    try:
        write_profile(folder, o.signals, o.interval_ms, o.timeout_ms)
        config = os.path.join(folder, "site.yaml")
        with open(config, "w") as f:
            json.dump({
                "koppel": 1,
                "agent": {"id": "floor", "location": {"enterprise": "acme", "site": "hengelo"}, "clock": "isolated",
                          "data": os.path.join(folder, "data"), "journal": {"durability": o.durability}},
                "buses": {f"b{i}": {"url": f"tcp://127.0.0.1:{port}", "timeout": f"{o.timeout_ms}ms"}
                          for i, port in enumerate(farm.ports)},
                "machines": {f"m{i}": {"bus": f"b{i}", "unit": 1, "profile": "./acme.yaml"}
                             for i in range(o.units)},
                "destinations": {}}, f)
        agent = Agent(o.koppel, config, os.path.join(folder, "agent.log"))
        agent.start()
        wait_for("all buses", lambda: all(farm.asked) or agent.process.poll() is not None, 30)
        if agent.process.poll() is not None:
            raise AssertionError(f"the agent ended with {agent.process.returncode}: {agent.log()}")
        pid = agent.process.pid
        time.sleep(1)
        farm.silent = {0}
        begin, cpu = time.monotonic(), processor_seconds(pid)
        time.sleep(o.seconds)
        spent, cpu = time.monotonic() - begin, processor_seconds(pid) - cpu
        slots = spent * 1000 / o.interval_ms
        # A slot takes two requests: half of the signals stand far away.
        rates = [sum(begin <= t < begin + spent for t in asked) / slots / 2 for asked in farm.asked]
        worst = min(rates[1:])
        figures = {"buses": o.units, "worst_rate": round(worst, 3), "rate_of_the_dead": round(rates[0], 3),
                   "processor": round(cpu / spent, 3), "threads": status(pid, "Threads"),
                   "resident_mb": round(status(pid, "VmRSS") / 1024, 1), "connects_at_most": max(farm.connects[1:])}
        if worst < 0.9:
            faults.append(f"a bus is read at {worst:.2f} of its rate")
        if max(farm.connects[1:]) > 1:
            faults.append("a bus that works was connected more than once")
        seconds = agent.terminate()
        figures["stopped_after_s"] = round(seconds, 2)
        if any(agent.exits):
            faults.append(f"exit codes after SIGTERM: {agent.exits}")
        return {**figures, "faults": len(faults), "first_faults": faults}
    finally:
        if agent:
            agent.end()
        farm.end()
        shutil.rmtree(folder, ignore_errors=True)


SCENARIOS = {
    "dead-unit": (dead_unit, {"seconds": 6}),
    "slow-unit": (slow_unit, {"seconds": 16}),
    "absent-unit": (absent_unit, {"seconds": 6}),
    "many-buses": (many_buses, {"seconds": 8, "units": 200, "interval_ms": 1000}),
}
