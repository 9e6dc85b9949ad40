#!/usr/bin/env python3
"""A small factory on loopback with the real agent in the middle, and a check of every reading.

    floor.py --koppel BINARY [--seconds 20] [--outage 5] [--kills 3] [--term] [--units 3] [--signals 20]

Simulated machines (shared/faults/modbus_chaos.py) count up by one for each answer they send, so the values that
arrive show what was lost, repeated or reordered. A private mosquitto stands in for the hub's broker; paho-mqtt is
the receiver. Nothing here shares code with the agent.

After the load there is a quiet phase without faults. Then, per signal:
- each (epoch, seq) arrives with one content only, and first arrivals rise;
- each seq from the first to the last arrived, or is covered by the count of a declared gap;
- values rise by exactly one, or the hole is covered in time by a declared gap;
- no value is the device's mark of a frame that had to be refused (57005, 3735936685);
- what the device served is delivered or declared.

Prints one JSON object with the figures; exit 1 if anything does not hold.
"""
import argparse
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from datetime import datetime, timezone

import paho.mqtt.client as mqtt

POISON = {57005, 3735936685}
BAD = 1 << 31


def nanoseconds(text):
    base = datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    return int(base.timestamp()) * 1_000_000_000 + int(text[20:29])


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"waited {seconds} s for {what}")
        time.sleep(0.02)


class Broker:
    def __init__(self, folder, port):
        self.port, self.process = port, None
        self.config = os.path.join(folder, "mosquitto.conf")
        with open(self.config, "w") as f:
            f.write(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
                    "max_queued_messages 0\nlog_type error\n")

    def start(self):
        self.process = subprocess.Popen(["mosquitto", "-c", self.config],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("mosquitto", self.answers, 10)

    def answers(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self, how=signal.SIGTERM):
        if self.process:
            self.process.send_signal(how)
            self.process.wait(10)
            self.process = None


class Receiver:
    """A hub: takes every batch, notes first arrivals, finds repeats by (machine, signal, epoch, seq)."""

    def __init__(self, port, keep_messages):
        self.lock = threading.Lock()
        self.readings = defaultdict(dict)   # (machine, signal) -> {(epoch, seq): (time, value, code)}
        self.order = defaultdict(list)
        self.gaps = defaultdict(list)
        self.units, self.names = {}, {}
        self.repeats = self.messages = 0
        self.faults, self.latencies, self.kept = [], [], []
        self.keep_messages = keep_messages
        self.last = time.monotonic()
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=f"hub-{port}",
                                  protocol=mqtt.MQTTv311, clean_session=False)
        self.client.on_connect = lambda c, *_: c.subscribe("kpl/v1/#", qos=1)
        self.client.on_message = self.message
        self.client.reconnect_delay_set(0.05, 0.2)
        self.client.connect_async("127.0.0.1", port, keepalive=5)
        self.client.loop_start()

    def message(self, _, __, m):
        kind = next((level for level in m.topic.split("/") if level.startswith("_")), "")
        kind = "status" if m.topic.endswith("/status") else kind[1:]
        if len(self.kept) < self.keep_messages:
            self.kept.append((kind, m.payload))
        if kind == "meta" and not m.topic.count("/rev/"):
            d = json.loads(m.payload)
            self.names[d["@id"]] = d["location"][-1]["id"]
        if kind != "batch":
            return
        now = time.time_ns()
        b = json.loads(m.payload)
        t0 = nanoseconds(b["t0"])
        with self.lock:
            self.last = time.monotonic()
            self.messages += 1
            for series in b["series"]:
                key = (b["machine"], series["signal"])
                codes = series.get("s", [0] * len(series["v"]))
                for i, (dt, value) in enumerate(zip(series.get("dt", b.get("dt")), series["v"])):
                    reading = (t0 + dt, value, codes[i])
                    name = (b["epoch"], series["seq"] + i)
                    known = self.readings[key].get(name)
                    if known is None:
                        self.readings[key][name] = reading
                        self.order[key].append(name)
                        if not b["buffered"]:
                            self.latencies.append((now - t0 - dt) / 1e6)
                    else:
                        self.repeats += 1
                        if known != reading:
                            self.faults.append(f"{key} {name}: {known} became {reading}")
            for gap in b.get("gaps", []):
                entry = (nanoseconds(gap["from"]), nanoseconds(gap["to"]), gap.get("lost", 0), gap["reason"])
                if entry not in self.gaps[(b["machine"], gap["signal"])]:
                    self.gaps[(b["machine"], gap["signal"])].append(entry)

    def count(self):
        with self.lock:
            return sum(map(len, self.readings.values()))


def check(receiver, served, interval_ns):
    faults = list(receiver.faults)
    holes = declared = 0
    for key, readings in sorted(receiver.readings.items()):
        if key[1].endswith("-total"):
            continue
        names = receiver.order[key]
        if names != sorted(names):
            faults.append(f"{key}: readings arrived out of order")
        gaps = receiver.gaps[key]
        by_epoch = defaultdict(list)
        for epoch, seq in sorted(readings):
            by_epoch[epoch].append(seq)
        for epoch, seqs in by_epoch.items():
            missing = seqs[-1] - seqs[0] + 1 - len(seqs)
            if missing > sum(g[2] for g in gaps):
                faults.append(f"{key}: {missing} of {seqs[-1]} seq numbers missing and not declared")
        previous = None
        for name in sorted(readings):
            moment, value, code = readings[name]
            if (value is None) != (code >= BAD):
                faults.append(f"{key} {name}: value {value} with status {code:#x}")
            if value is None:
                continue
            if value in POISON:
                faults.append(f"{key} {name}: the value of a refused frame: {value}")
            if code == 0x408F0000:      # a stale reading shown again
                continue
            if previous is not None and value != previous[1] + 1:
                holes += 1
                # A hole of n values was read between the two, give or take an interval on each side.
                if value <= previous[1]:
                    faults.append(f"{key} {name}: {value} after {previous[1]}")
                elif any(g[0] <= moment and g[1] >= previous[0] - interval_ns for g in gaps):
                    declared += 1
                else:
                    faults.append(f"{key} {name}: {value - previous[1] - 1} values missing before {value}, no gap")
            previous = (moment, value)
        machine = receiver.names.get(key[0], "?")
        known = served.get((machine, key[1].split("/")[1]), set())
        values = {v for _, v, _ in readings.values() if v is not None}
        lost = [v for v in known - values if v <= max(values, default=0)]
        room = sum(g[2] for g in gaps)
        if len(lost) > room:
            faults.append(f"{key}: {len(lost)} served values neither delivered nor declared, e.g. {sorted(lost)[:5]}")
        invented = values - known
        if known and invented:
            faults.append(f"{key}: {len(invented)} values the machine never said, e.g. {sorted(invented)[:5]}")
    return faults, holes, declared


def percentile(values, p):
    return round(sorted(values)[min(len(values) - 1, int(p / 100 * len(values)))], 2) if values else None


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--koppel", required=True)
    a.add_argument("--shared", default=os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                                    "../../../../shared"))
    a.add_argument("--seconds", type=float, default=10)
    a.add_argument("--outage", type=float, default=0, help="stop the broker for so long in the middle")
    a.add_argument("--kills", type=int, default=0, help="kill -9 the agent so often at random moments")
    a.add_argument("--term", action="store_true", help="end the agent with SIGTERM once in the middle and start it again")
    a.add_argument("--units", type=int, default=3)
    a.add_argument("--signals", type=int, default=20)
    a.add_argument("--interval-ms", type=int, default=100)
    a.add_argument("--durability", default="process")
    a.add_argument("--fault", action="append", default=[], help="a command for the device, e.g. 'fault drop prob=0.1'")
    a.add_argument("--seed", type=int, default=int(time.time()))
    a.add_argument("--validate", type=int, default=300, help="messages to validate against the data model")
    a.add_argument("--keep", help="leave the folder here")
    o = a.parse_args()
    rng = random.Random(o.seed)
    folder = tempfile.mkdtemp(prefix="koppel-floor-")
    port = free_port()
    broker, device, agent = Broker(folder, port), None, None
    receiver = None
    kills, exits = 0, []
    try:
        faults_folder = os.path.join(o.shared, "faults")
        truth = os.path.join(folder, "device.jsonl")
        device = subprocess.Popen(
            [sys.executable, os.path.join(faults_folder, "modbus_chaos.py"), "serve", "--tcp", "127.0.0.1:0",
             "--units", f"1-{o.units}", "--signals", str(o.signals), "--journal", truth],
            stdout=subprocess.PIPE, text=True)
        ready = json.loads(device.stdout.readline())
        points = [{"signal": f"counters/c{i}", "entity": "HoldingRegister", "address": 2 * i, "wireType": "uint32",
                   "kind": "measurement", "quantityKind": "http://qudt.org/vocab/quantitykind/Dimensionless",
                   "unit": {"ucum": "1"}, "label": {"nl": f"Teller {i}", "en": f"Counter {i}"},
                   "sampling": {"deadband": 0, "everyReading": True}} for i in range(o.signals)]
        profile = {"profile": "acme-counter", "version": "1.0.0", "manufacturer": "Acme", "model": "Counter",
                   "protocol": "modbus", "addressing": "zero-based",
                   "defaults": {"mostSignificantByte": True, "mostSignificantWord": True, "timeoutMs": 500,
                                "intervalMs": o.interval_ms}, "points": points}
        with open(os.path.join(folder, "acme.yaml"), "w") as f:
            json.dump(profile, f)
        site = {"koppel": 1,
                "agent": {"id": "floor", "location": {"enterprise": "acme", "site": "hengelo"},
                          "data": os.path.join(folder, "data"), "clock": "isolated",
                          "journal": {"limit": "1GiB", "keep": "1d", "durability": o.durability}},
                "buses": {"hall": {"url": f"tcp://{ready['tcp']}", "timeout": "500ms"}},
                "machines": {f"m{u}": {"bus": "hall", "unit": u, "profile": "./acme.yaml",
                                       "every": f"{o.interval_ms}ms"} for u in range(1, o.units + 1)},
                "destinations": {"plant": {"url": f"mqtt://127.0.0.1:{port}",
                                           "publish": ["meta", "values", "batches", "state", "events", "alarms"],
                                           "share": "all"}}}
        config = os.path.join(folder, "site.yaml")
        with open(config, "w") as f:
            json.dump(site, f)
        broker.start()
        receiver = Receiver(port, o.validate)
        wait_for("the receiver", receiver.client.is_connected, 10)

        log = open(os.path.join(folder, "agent.log"), "ab")

        def start_agent():
            return subprocess.Popen([o.koppel, "run", "--config", config], stdout=log, stderr=log,
                                    stdin=subprocess.DEVNULL)

        begin = time.monotonic()
        agent = start_agent()
        wait_for("the first reading", lambda: receiver.count() > 0 or agent.poll() is not None, 20)
        if agent.poll() is not None:
            sys.stderr.write(open(os.path.join(folder, "agent.log")).read())
            raise SystemExit(f"the agent ended with {agent.returncode}")
        for command in o.fault:
            subprocess.run([sys.executable, os.path.join(faults_folder, "modbus_chaos.py"), "ctl",
                            ready["control"], *command.split()], check=True, stdout=subprocess.DEVNULL)
        plan = sorted([(o.seconds * rng.random(), "kill") for _ in range(o.kills)]
                      + ([(o.seconds * 0.3, "stop"), (o.seconds * 0.3 + o.outage, "start")] if o.outage else [])
                      + ([(o.seconds * 0.6, "term")] if o.term else []))
        started = time.monotonic()
        for moment, what in plan:
            time.sleep(max(0, started + moment - time.monotonic()))
            if what == "kill":
                agent.kill(); agent.wait(); kills += 1
                agent = start_agent()
            elif what == "term":
                agent.terminate()
                exits.append(agent.wait(15))
                agent = start_agent()
            elif what == "stop":
                broker.stop()
            else:
                broker.start()
        time.sleep(max(0, started + o.seconds - time.monotonic()))
        if o.fault:
            subprocess.run([sys.executable, os.path.join(faults_folder, "modbus_chaos.py"), "ctl",
                            ready["control"], "clear"], check=True, stdout=subprocess.DEVNULL)
        time.sleep(2.0)     # the quiet phase: a fresh reading has to come through
        wait_for("a fresh reading", lambda: time.monotonic() - receiver.last < 1, 40)
        usage = open(f"/proc/{agent.pid}/status").read()
        rss = next(int(l.split()[1]) for l in usage.splitlines() if l.startswith("VmHWM"))
        agent.terminate()
        exits.append(agent.wait(15))
        time.sleep(0.3)
        elapsed = time.monotonic() - begin

        served = defaultdict(set)
        for line in open(truth):
            entry = json.loads(line)
            if entry.get("kind", entry.get("event")) == "write":
                receiver.faults.append(f"the agent wrote to a machine: {line}")
            if "sig" in entry:
                for name, value in (entry["sig"].items() if isinstance(entry["sig"], dict) else entry["sig"]):
                    unit, counter = name.split(".")
                    served[(f"m{unit[1:]}", counter)].add(value)
        faults, holes, declared = check(receiver, served, o.interval_ms * 1_000_000)
        if any(exits):
            faults.append(f"exit codes after SIGTERM: {exits}")
        if receiver.count() < o.units * o.signals * 3:
            faults.append(f"only {receiver.count()} readings arrived")
        faults += validate(o.shared, folder, receiver.kept)
        figures = {
            "readings": receiver.count(), "served": sum(map(len, served.values())), "seconds": round(elapsed, 1),
            "repeats": receiver.repeats, "messages": receiver.messages, "kills": kills, "holes": holes,
            "holes_declared": declared,
            "gaps": sum(map(len, receiver.gaps.values())),
            "gap_reasons": sorted({g[3] for gaps in receiver.gaps.values() for g in gaps}),
            "latency_ms_p50": percentile(receiver.latencies, 50), "latency_ms_p99": percentile(receiver.latencies, 99),
            "peak_rss_kib": rss, "validated": len(receiver.kept), "seed": o.seed,
            "faults": len(faults), "first_faults": faults[:10]}
        print(json.dumps(figures))
        return 1 if faults else 0
    finally:
        for process in (agent, device):
            if process and process.poll() is None:
                process.kill(); process.wait()
        if receiver:
            receiver.client.loop_stop()
        broker.stop(signal.SIGKILL)
        if o.keep:
            shutil.copytree(folder, o.keep, dirs_exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)


def validate(shared, folder, kept):
    """Every message against the data model's own checker."""
    by_schema = defaultdict(list)
    schema = {"batch": "batch", "value": "value", "meta": "descriptor", "status": "status"}
    for index, (kind, payload) in enumerate(kept):
        if kind in schema and payload:
            path = os.path.join(folder, f"{index}.{schema[kind]}.json")
            with open(path, "wb") as f:
                f.write(payload)
            by_schema[schema[kind]].append(path)
    faults = [f"no message of kind {kind} was seen" for kind in schema if schema[kind] not in by_schema]
    for name, paths in by_schema.items():
        run = subprocess.run([sys.executable, os.path.join(shared, "data-model/check.py"), name, *paths],
                             capture_output=True, text=True)
        if run.returncode:
            faults += run.stdout.splitlines()[:5] + run.stderr.splitlines()[-1:]
    return faults


if __name__ == "__main__":
    sys.exit(main())
