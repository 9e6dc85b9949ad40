"""Every reading is accounted for: what the machines served against what arrived at the hub.

Per signal:
- each (epoch, seq) arrives with one content only, and first arrivals rise;
- each seq from the first to the last arrived, or is covered by the count of a declared gap;
- values rise by exactly one from the counter's start, or a declared gap lies over the hole and counts enough, or a bad
  reading lies within it (the machine counts an answer that had to be refused);
- no value is the machine's mark of a frame that had to be refused (57005, 3735936685);
- no value arrived that the machine never said.
And no machine was ever written to.
"""
import json
import os
import subprocess
import sys
from collections import defaultdict

from plant import base

POISON = {57005, 3735936685}
BAD = 1 << 31
WAITING = 0x80320000       # the first reading after a start: it tells of no failed poll
# The last value shown again: the machine is silent, or it answers that its value is not ready.
SHOWN_AGAIN = {0x408F0000, 0x40900000}


class Truth:
    """What the machines served, from the device's own journal."""

    def __init__(self, *paths):
        self.served = defaultdict(set)      # (machine, counter) -> values
        self.moments = defaultdict(list)    # (machine, counter) -> monotonic seconds
        self.writes = []
        self.when = {}                      # (machine, counter, value) -> monotonic seconds
        for path in paths:
            self.take(path)

    def take(self, path):
        with open(path) as f:
            for line in f:
                entry = json.loads(line)
                if entry["ev"] == "write":
                    self.writes.append(line.strip())
                if "sig" not in entry:
                    continue
                for name, value in (entry["sig"].items() if isinstance(entry["sig"], dict) else entry["sig"]):
                    unit, counter = name.split(".")
                    key = (f"m{unit[1:]}", counter)
                    self.served[key].add(value)
                    self.moments[key].append(entry["t"])
                    self.when[(*key, value)] = entry["t"]

    def count(self):
        return sum(map(len, self.served.values()))


class Account:
    def __init__(self, ledger, truth, interval_ns, from_first=False):
        """`from_first`: the hub was not there from the beginning, so the account begins with what it got first."""
        self.ledger, self.truth, self.interval, self.from_first = ledger, truth, interval_ns, from_first
        self.holes = self.declared = self.refused = 0
        self.faults = list(ledger.faults)
        self.faults += [f"the agent wrote to a machine: {line}" for line in truth.writes]
        for key, readings in sorted(ledger.readings.items()):
            self.check_numbers(key, readings)
            self.check_values(key, readings)

    def check_numbers(self, key, readings):
        if self.ledger.order[key] != sorted(self.ledger.order[key]):
            self.faults.append(f"{key}: readings arrived out of order")
        by_epoch = defaultdict(list)
        for epoch, seq in sorted(readings):
            by_epoch[epoch].append(seq)
        missing = sum(seqs[-1] - seqs[0] + 1 - len(seqs) for seqs in by_epoch.values())
        room = sum(gap[2] for gap in self.ledger.gaps[key])
        if missing > room:
            self.faults.append(f"{key}: {missing} seq numbers are missing and {room} are declared lost")

    def check_values(self, key, readings):
        machine, counter = self.ledger.names.get(key[0], "?"), key[1].split("/")[1]
        known = self.truth.served.get((machine, counter), set())
        previous, refused = (0, base(int(machine[1:] or 0), int(counter[1:]))), 0
        for name in sorted(readings):
            moment, value, code = readings[name]
            if (value is None) != (code >= BAD):
                self.faults.append(f"{key} {name}: value {value} with status {code:#x}")
            if value is None or code in SHOWN_AGAIN:
                refused += code != WAITING
                continue
            if self.from_first and previous[0] == 0:
                previous = (0, value - 1)
            if (moment, value) == previous:
                continue        # told once more with its own time, so that a gap has a reading to travel with
            if value in POISON:
                self.faults.append(f"{key} {name}: the value of a refused frame: {value}")
            elif value not in known:
                self.faults.append(f"{key} {name}: the machine never said {value}")
            if value != previous[1] + 1:
                self.check_hole(key, name, previous, (moment, value), refused)
            previous, refused = (moment, value), 0

    def were_asked_again(self, key, first, next):
        """True if each value between these two was served less than half an interval after the one before it, or before
        the one after it: then the machine was asked twice for one slot, because the agent doubted what came first, and
        the slot has its reading."""
        if next - first > 4:
            return False
        when = getattr(self.truth, "when", {})
        name = (self.ledger.names.get(key[0], "?"), key[1].split("/")[1])
        times = [when.get((*name, value)) for value in range(first, next + 1)]
        if None in times:
            return False
        close = [b - a < self.interval / 2e9 for a, b in zip(times, times[1:])]
        return all(before or after for before, after in zip(close, close[1:]))

    def check_hole(self, key, name, previous, now, refused):
        self.holes += 1
        missing = now[1] - previous[1] - 1
        over = [g for g in self.ledger.gaps[key] if g[0] <= now[0] and g[1] >= previous[0] - self.interval]
        if missing < 0:
            self.faults.append(f"{key} {name}: {now[1]} after {previous[1]}")
        elif self.were_asked_again(key, previous[1], now[1]):
            self.refused += 1
        elif over and sum(gap[2] for gap in over) + refused >= missing:
            self.declared += 1
        elif refused:
            self.refused += 1
        else:
            self.faults.append(f"{key} {name}: {missing} values are missing before {now[1]}; gaps there: {over}")


def validate(shared, folder, kept):
    """Holds messages against the data model with its own checker."""
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


def percentile(values, p):
    return round(sorted(values)[min(len(values) - 1, int(p / 100 * len(values)))], 2) if values else None
