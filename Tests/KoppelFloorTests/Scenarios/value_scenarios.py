"""What the values themselves do: torn pairs, sentinels, hostile text, counters that wrap and restart."""
import json
import os
import time
from collections import defaultdict

from hub import Hub, Ledger
from plant import Agent, Broker, FaultProgram, free_port, make_folder, site, wait_for
import shutil
import signal

HOSTILE = "\x1b[2J\x07<script>\"'%s%n\\"
DIMENSIONLESS = {"unit": {"ucum": "1"}, "quantityKind": "http://qudt.org/vocab/quantitykind/Dimensionless"}
COUNTER = {"modulus": 4294967296, "reset": "power-cycle", "maxRatePerSecond": 1000, "counts": "all"}
MODEL = [
    {"name": "twin", "unit": 1, "addr": 0, "kind": "twin", "rate": 1000, "width": 2},
    {"name": "nan", "unit": 1, "addr": 10, "kind": "const", "width": 2, "value": 0x7FC00000},
    {"name": "infinite", "unit": 1, "addr": 12, "kind": "const", "width": 2, "value": 0x7F800000},
    {"name": "absent", "unit": 1, "addr": 14, "kind": "const", "width": 1, "value": 0x8000},
    {"name": "text", "unit": 1, "addr": 20, "kind": "text", "width": 12, "text": HOSTILE},
    {"name": "broken", "unit": 1, "addr": 36, "kind": "const", "width": 1, "value": 0xC328},
    {"name": "parts", "unit": 1, "addr": 40, "kind": "read_counter", "width": 2, "value": 100},
]
POINTS = [
    {"signal": "test/twin", "address": 0, "wireType": "uint32", "kind": "measurement", **DIMENSIONLESS},
    {"signal": "test/nan", "address": 10, "wireType": "float32", "kind": "measurement", **DIMENSIONLESS},
    {"signal": "test/infinite", "address": 12, "wireType": "float32", "kind": "measurement", **DIMENSIONLESS},
    {"signal": "test/absent", "address": 14, "wireType": "int16", "kind": "measurement", **DIMENSIONLESS,
     "sentinels": [{"raw": "0x8000", "means": "not-supported"}]},
    {"signal": "test/text", "address": 20, "wireType": "string", "length": 12, "kind": "text"},
    {"signal": "test/broken", "address": 36, "wireType": "string", "length": 1, "kind": "text"},
    {"signal": "test/parts", "address": 40, "wireType": "uint32", "kind": "counter", "unit": {"ucum": "{#}"},
     "counter": COUNTER},
]


class Values:
    """One machine with these points, the agent and a broker. `profile` is what else stands in the device profile."""

    def __init__(self, o, model=MODEL, points=POINTS, **profile):
        self.o, self.folder = o, make_folder()
        self.model, self.points, self.profile = model, points, profile
        self.served_path = os.path.join(self.folder, "device.jsonl")
        self.parts = []

    def __enter__(self):
        o, folder = self.o, self.folder
        model = os.path.join(folder, "model.json")
        with open(model, "w") as f:
            json.dump(self.model, f)
        self.device = FaultProgram(o.shared, "modbus_chaos.py", [
            "serve", "--tcp", "127.0.0.1:0", "--model", model, "--journal", self.served_path])
        self.broker = Broker(folder, free_port())
        self.broker.start()
        self.ledger = Ledger(0)
        self.payloads = []
        take = self.ledger.take
        self.ledger.take = lambda topic, payload: (self.payloads.append((topic, payload)), take(topic, payload))
        self.hub = Hub(self.broker.port, self.ledger)
        wait_for("the hub", self.hub.subscribed.is_set, 10)
        points = [{**point, "entity": "HoldingRegister", "sampling": {"everyReading": True},
                   "label": {"nl": point["signal"], "en": point["signal"]}} for point in self.points]
        with open(os.path.join(folder, "acme.yaml"), "w") as f:
            json.dump({"profile": "acme-values", "version": "1.0.0", "manufacturer": "Acme", "model": "Values",
                       "protocol": "modbus", "addressing": "zero-based",
                       "defaults": {"timeoutMs": 500, "intervalMs": o.interval_ms}, **self.profile, "points": points}, f)
        config = os.path.join(folder, "site.yaml")
        with open(config, "w") as f:
            json.dump(site(folder, {"hall": f"tcp://{self.device.ready['tcp']}"}, self.broker.port, o, {1: "hall"}), f)
        self.agent = Agent(o.koppel, config, os.path.join(folder, "agent.log"))
        self.agent.start()
        wait_for("the first readings", lambda: self.ledger.newest_good, 20)
        return self

    def series(self, signal):
        """(value, status code) of each reading, in order."""
        with self.ledger.lock:
            return [reading[1:] for key, readings in self.ledger.readings.items() if key[1] == signal
                    for _, reading in sorted(readings.items())]

    def more(self, signal, count=5):
        known = len(self.series(signal))
        wait_for(f"{count} more readings of {signal}", lambda: len(self.series(signal)) >= known + count, 15)

    def __exit__(self, *_):
        self.agent.end()
        self.hub.end()
        self.device.end()
        self.broker.stop(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)


def values(o):
    """D01, D02, D03, D04, D10, F32: no torn pair, no number from a sentinel, harmless text, totals that never fall."""
    faults = []

    def expect(condition, sentence):
        if not condition:
            faults.append(sentence)

    with Values(o) as run:
        run.more("test/twin", 10)
        torn = [v for v, code in run.series("test/twin") if code == 0 and v >> 16 != v & 0xFFFF]
        expect(not torn, f"D01: torn pairs: {torn[:3]}")
        for name in ("nan", "infinite", "absent"):
            shown = [(v, code) for v, code in run.series(f"test/{name}") if v is not None or code < 1 << 31]
            expect(not shown, f"D04: {name} was shown as {shown[:3]}")
        texts = {v for v, code in run.series("test/text") if code == 0}
        expect(texts == {HOSTILE[:24]}, f"D10: the text arrived as {texts}")
        broken = {(v, code >> 16) for v, code in run.series("test/broken")}
        expect(all(v is None for v, _ in broken), f"D10: text that is no UTF-8 was shown: {broken}")
        wire = [p for t, p in run.payloads if p and t.endswith("_batch")]
        expect(not any(b < 0x20 for p in wire for b in p), "D10: a control character travels unescaped")
        expect(not any(b < 0x20 and b != 10 for b in run.agent.log().encode()), "D10: a control character is in the log")

        run.device.tell("set parts value=4294967290")
        run.more("test/parts", 15)
        run.device.tell("set parts value=2")
        run.more("test/parts", 5)
        run.device.tell("reboot for=1")
        time.sleep(1)
        run.more("test/parts", 8)
        totals = [v for v, code in run.series("test/parts-total") if v is not None]
        expect(all(a <= b for a, b in zip(totals, totals[1:])), f"D02, F32: the total fell: {totals}")
        raw = [reading for reading in run.series("test/parts") if reading[0] is not None]
        around = [(one, next) for one, next in zip(raw, raw[1:]) if next[0] < one[0]]
        expect(len(around) >= 3, f"D03: a wrap and two resets were asked for: {around}")
        told = [code != 0 for _, (_, code) in around]
        expect(told[:1] == [False], f"D03: the wrap was not told from a reset: {around[:1]}")
        expect(all(told[1:]), f"D02: a reset went by as a good reading: {around}")
        expect(run.agent.terminate() is not None and run.agent.exits == [0], f"exit codes {run.agent.exits}")
        return {"readings": run.ledger.count(), "wraps_and_resets": around, "total": totals[-1:],
                "faults": len(faults), "first_faults": faults[:10]}


SCENARIOS = {
    "values": (values, {"units": 1, "signals": len(POINTS) + 1, "interval_ms": 50}),
}
