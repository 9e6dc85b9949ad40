"""The receiving side: a hub that takes every batch over MQTT with a client we did not write."""
import json
import threading
import time
from collections import defaultdict
from datetime import datetime, timezone

import paho.mqtt.client as mqtt


def nanoseconds(text):
    base = datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    return int(base.timestamp()) * 1_000_000_000 + int(text[20:29])


class Ledger:
    """What arrived: first arrivals, repeats by (machine, signal, epoch, seq), declared gaps."""

    def __init__(self, keep_messages=0):
        self.lock = threading.Lock()
        self.readings = defaultdict(dict)   # (machine, signal) -> {(epoch, seq): (time, value, code)}
        self.order = defaultdict(list)
        self.gaps = defaultdict(list)
        self.newest_good = {}
        self.names = {}
        self.repeats = self.messages = 0
        self.clocks, self.status_clock = [], None   # what the batches, and the newest status, say of the clock
        self.faults, self.latencies, self.kept, self.kept_of = [], [], [], defaultdict(int)
        self.keep_messages = keep_messages

    def take(self, topic, payload):
        kind = next((level for level in topic.split("/") if level.startswith("_")), "")
        kind = "status" if topic.endswith("/status") else kind[1:]
        if topic.endswith(("/_meta/td", "/_meta/aas")):
            kind = "export"     # in the forms of others, which the data model does not describe
        if payload and self.kept_of[kind] < self.keep_messages // 4:
            self.kept_of[kind] += 1
            self.kept.append((kind, payload))
        if kind == "meta" and not topic.count("/rev/") and payload:
            d = json.loads(payload)
            self.names[d["@id"]] = d["location"][-1]["id"]
        if kind == "status" and payload:
            self.status_clock = json.loads(payload).get("clock", {}).get("state")
        if kind == "batch":
            self.take_batch(json.loads(payload))

    def take_batch(self, b):
        now, t0 = time.time_ns(), nanoseconds(b["t0"])
        with self.lock:
            self.messages += 1
            self.clocks.append(b.get("clock"))
            for series in b["series"]:
                key = (b["machine"], series["signal"])
                codes = series.get("s", [0] * len(series["v"]))
                for i, (dt, value) in enumerate(zip(series.get("dt", b.get("dt")), series["v"])):
                    self.take_reading(key, (b["epoch"], series["seq"] + i), (t0 + dt, value, codes[i]))
                    if not b["buffered"]:
                        self.latencies.append((now - t0 - dt) / 1e6)
            for gap in b.get("gaps", []):
                entry = (nanoseconds(gap["from"]), nanoseconds(gap["to"]), gap.get("lost", 0), gap["reason"])
                if entry not in self.gaps[(b["machine"], gap["signal"])]:
                    self.gaps[(b["machine"], gap["signal"])].append(entry)

    def take_reading(self, key, name, reading):
        known = self.readings[key].get(name)
        if known is None:
            self.readings[key][name] = reading
            self.order[key].append(name)
            if reading[2] == 0:
                self.newest_good[key] = reading[0]
        else:
            self.repeats += 1
            if known != reading:
                self.faults.append(f"{key} {name}: {known} became {reading}")

    def count(self):
        with self.lock:
            return sum(map(len, self.readings.values()))

    def fresh(self, since):
        """How many signals have a good reading from after this moment."""
        with self.lock:
            return sum(moment > since for moment in self.newest_good.values())


class Hub:
    """paho-mqtt with a session that survives, which puts all it gets into a ledger."""

    def __init__(self, port, ledger):
        self.ledger = ledger
        self.subscribed = threading.Event()
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=f"hub-{port}",
                                  protocol=mqtt.MQTTv311, clean_session=False)
        self.client.on_connect = lambda c, *_: c.subscribe("kpl/v1/#", qos=1)
        self.client.on_subscribe = lambda *_: self.subscribed.set()
        self.client.on_message = self.message
        self.client.reconnect_delay_set(0.05, 0.2)
        self.client.connect_async("127.0.0.1", port, keepalive=5)
        self.client.loop_start()

    def message(self, _, __, m):
        try:
            self.ledger.take(m.topic, m.payload)
        except Exception as error:      # paho would swallow it
            self.ledger.faults.append(f"{m.topic}: {error!r} in {m.payload[:200]!r}")

    def end(self):
        self.client.disconnect()
        self.client.loop_stop()
