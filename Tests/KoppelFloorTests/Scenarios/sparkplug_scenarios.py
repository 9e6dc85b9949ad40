"""A Sparkplug host looks at the agent over a real broker, with the payloads of Eclipse Tahu (PyPI's tahu)."""
import json
import os
import threading
import time
from collections import defaultdict

import paho.mqtt.client as mqtt

from account import Truth
from factory import Factory
from plant import wait_for

GROUP, NODE, HOST = "acme:hengelo", "floor", "scada"


class Host:
    """Takes everything of one group, decoded by Tahu, and keeps to the rules of a host: aliases come from births,
    numbers rise by one, a death counts only for the birth with its bdSeq."""

    def __init__(self, port):
        from tahu import sparkplug_b, sparkplug_b_pb2
        self.tahu, self.payload = sparkplug_b, sparkplug_b_pb2.Payload
        self.lock = threading.RLock()
        self.faults, self.births, self.deaths, self.wills = [], [], [], []
        self.device_births, self.device_deaths = defaultdict(int), defaultdict(int)
        self.names, self.types = {}, {}     # (device, alias) -> name, datatype
        self.values = defaultdict(dict)     # (device, name) -> {value: (milliseconds, is historical)}
        self.current = {}                   # (device, name) -> (milliseconds, value, quality)
        self.historical = self.live = self.gaps = 0
        self.seq, self.bdseq, self.alive = None, None, False
        self.subscribed = threading.Event()
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="host", protocol=mqtt.MQTTv311)
        self.client.on_connect = lambda c, *_: c.subscribe(f"spBv1.0/{GROUP}/#", qos=1)
        self.client.on_subscribe = lambda *_: self.subscribed.set()
        self.client.on_message = self.message
        self.client.reconnect_delay_set(0.05, 0.2)
        self.client.connect_async("127.0.0.1", port, keepalive=5)
        self.client.loop_start()
        wait_for("the host", self.subscribed.is_set, 10)

    def fault(self, text):
        if len(self.faults) < 20:
            self.faults.append(text)

    def message(self, _, __, m):
        try:
            with self.lock:
                self.take(m)
        except Exception as error:      # paho would swallow it
            self.fault(f"{m.topic}: {error!r} in {m.payload[:200]!r}")

    def take(self, m):
        levels = m.topic.split("/")
        kind, device = levels[2], (levels[4] if len(levels) > 4 else None)
        if kind in ("NCMD", "DCMD", "STATE"):
            return
        raw = self.payload()
        raw.ParseFromString(m.payload)
        if m.retain:
            self.fault(f"{m.topic} is retained")
        if kind == "NDEATH":
            return self.death(raw)
        if m.qos:
            self.fault(f"{m.topic} came with QoS {m.qos}")
        self.number(kind, raw)
        if abs(raw.timestamp - time.time() * 1000) > 20_000:
            self.fault(f"{m.topic}: sent at {raw.timestamp}")
        if kind == "NBIRTH":
            return self.birth(raw)
        if not self.alive:
            return self.fault(f"{kind} before NBIRTH")
        if kind == "DBIRTH":
            self.device_births[device] += 1
        if kind == "DDEATH":
            self.device_deaths[device] += 1
            return
        for metric in raw.metrics:
            self.metric(kind, device, metric)

    def number(self, kind, raw):
        if not raw.HasField("seq"):
            return self.fault(f"{kind} without seq")
        expected = 0 if kind == "NBIRTH" else None if self.seq is None else (self.seq + 1) % 256
        if self.alive and raw.seq != expected:
            self.fault(f"{kind} with seq {raw.seq}, expected {expected}")
        self.seq = raw.seq

    def birth(self, raw):
        by_name = {m.name: m for m in raw.metrics}
        self.bdseq = by_name["bdSeq"].long_value
        self.births.append(self.bdseq)
        self.alive, self.seq = True, 0
        rebirth = by_name["Node Control/Rebirth"]
        if rebirth.datatype != 11 or rebirth.boolean_value or rebirth.HasField("alias"):
            self.fault(f"Node Control/Rebirth is {rebirth}")
        self.names = {(None, m.alias): m.name for m in raw.metrics if m.HasField("alias")}

    def death(self, raw):
        if raw.HasField("seq") or [m.name for m in raw.metrics] != ["bdSeq"]:
            self.fault(f"NDEATH holds {raw}")
        number = raw.metrics[0].long_value
        self.deaths.append(number)
        if number == self.bdseq:
            self.alive = False

    def metric(self, kind, device, raw):
        key = (device, raw.alias)
        if kind == "DBIRTH":
            self.names[key], self.types[key] = raw.name, raw.datatype
        elif raw.name or raw.HasField("datatype"):
            self.fault(f"{kind} with name or datatype: {raw.name}")
        name = self.names.get(key)
        if name is None:
            return self.fault(f"{kind} of {device} with alias {raw.alias}, which no birth has")
        quality = dict(zip(raw.properties.keys, (v.int_value for v in raw.properties.values))).get("Quality")
        if "koppel/gapLost" in raw.properties.keys:
            self.gaps += 1
        value = None if raw.is_null else getattr(raw, raw.WhichOneof("value"))
        if raw.is_null == (raw.WhichOneof("value") is not None):
            self.fault(f"{name}: both null and a value, or neither: {raw}")
        if value is not None and name.startswith("counters/"):
            self.values[(device, name)].setdefault(value, (raw.timestamp, raw.is_historical))
            self.historical += raw.is_historical
            self.live += kind == "DDATA" and not raw.is_historical
        if not raw.is_historical:
            known = self.current.get((device, name))
            if known and raw.timestamp < known[0]:
                self.fault(f"{device} {name} goes back in time without is_historical")
            self.current[(device, name)] = (raw.timestamp, value, quality)

    # What a host sends

    def state(self, online):
        text = json.dumps({"online": online, "timestamp": int(time.time() * 1000)})
        self.client.publish(f"spBv1.0/STATE/{HOST}", text, qos=1, retain=True).wait_for_publish(5)

    def ask_for_rebirth(self):
        payload = self.payload()
        payload.timestamp = int(time.time() * 1000)
        self.tahu.addMetric(payload, "Node Control/Rebirth", None, self.tahu.MetricDataType.Boolean, True)
        self.client.publish(f"spBv1.0/{GROUP}/NCMD/{NODE}", payload.SerializeToString(), qos=0).wait_for_publish(5)

    def fresh(self, since):
        with self.lock:
            return {key for key, (moment, value, quality) in self.current.items()
                    if moment > since and value is not None and quality in (None, 192) and key[1].startswith("counters/")}

    def end(self):
        self.client.disconnect()
        self.client.loop_stop()


def everything_arrived(host, factory, faults):
    """Each value the machines counted has to have arrived, from the first that did to the last."""
    truth = Truth(factory.truth_path)
    missing = 0
    for (device, name), values in host.values.items():
        served = truth.served[(device, name.split("/")[1])]
        wanted = {value for value in served if min(values) <= value <= max(values)}
        missing += len(wanted - set(values))
        foreign = set(values) - served
        if foreign:
            faults.append(f"{device} {name}: the machine never said {sorted(foreign)[:3]}")
    if missing:
        faults.append(f"{missing} values of {truth.count()} did not arrive")
    return {"arrived": sum(map(len, host.values.values())), "served": truth.count(), "missing": missing}


def soon_lost(path):
    """A machine that does not answer is lost after 3 s and not after 30."""
    with open(path) as f:
        profile = json.load(f)
    for point in profile["points"]:
        point["sampling"].update(staleAfterMs=1500, badAfterMs=3000)
    with open(path, "w") as f:
        json.dump(profile, f)


def sparkplug(o):
    """Sparkplug B before an independent host: births, data, deaths, rebirth, a lost broker, a primary host that goes."""
    o.destination = {"dialect": "sparkplug-b", "sparkplug": {"primary-host": HOST}, "keepalive": "5s"}
    with Factory(o) as factory:
        soon_lost(os.path.join(factory.folder, "acme.yaml"))
        host = Host(factory.broker.port)
        try:
            figures = run(o, factory, host)
        finally:
            host.end()
        return figures


def run(o, factory, host):
    faults, agent = [], factory.agent
    wanted = len(factory.machines) * o.signals
    well = lambda what: (lambda since: wait_for(what, lambda: len(host.fresh(since)) >= wanted, 20))(time.time_ns() // 10**6)

    # The host is not there yet: nothing is sent.
    host.state(False)
    factory.begin(wait=False)
    wait_for("the connection", lambda: "Uplink connected" in agent.log(), 15)
    time.sleep(0.7)
    if host.births or host.values:
        faults.append("something was sent before the primary host was online")
    host.state(True)
    well("data after the host came online")
    if not host.historical:
        faults.append("what was stored while the host was away did not come as historical")
    first = host.bdseq

    # A rebirth: the same bdSeq, everything anew.
    births = len(host.births)
    host.ask_for_rebirth()
    wait_for("the rebirth", lambda: len(host.births) > births, 10)
    if host.births[-1] != first:
        faults.append(f"the rebirth has bdSeq {host.births[-1]} and not {first}")
    well("data after the rebirth")

    # kill -9: the broker publishes the will, which matches the birth.
    agent.kill()
    wait_for("the death after kill -9", lambda: host.deaths[-1:] == [first], 10)
    agent.start()
    well("data after kill -9")
    second = host.bdseq
    if second != (first + 1) % 256:
        faults.append(f"bdSeq went from {first} to {second} over a kill")

    # The broker is away: what was stored meanwhile comes as historical.
    before = host.historical
    factory.broker.stop()
    time.sleep(o.outage or 1.5)
    host.subscribed.clear()
    factory.broker.start()
    wait_for("the host's return", host.subscribed.is_set, 10)
    host.state(True)
    well("data after the outage")
    if host.historical <= before:
        faults.append("nothing historical came after the outage")

    # The primary host goes: death, nothing more; and it comes back.
    third = host.bdseq
    host.state(False)
    wait_for("the death when the host went", lambda: host.deaths[-1:] == [third], 10)
    time.sleep(0.5)
    count = host.live
    time.sleep(0.8)
    if host.live != count:
        faults.append("data went on while the primary host was offline")
    host.state(True)
    well("data after the host's return")
    if host.bdseq != (third + 1) % 256:
        faults.append(f"bdSeq went from {third} to {host.bdseq} over the absence of the host")

    # A machine is lost and comes back.
    factory.device.tell("fault drop unit=1")
    fourth = dict(host.device_births)
    wait_for("the death of the lost machine", lambda: host.device_deaths["m1"] > 0, 60)
    factory.device.tell("clear")
    wait_for("the birth of the machine that is back", lambda: host.device_births["m1"] > fourth["m1"], 20)
    if host.device_deaths.keys() != {"m1"}:
        faults.append(f"deaths of devices: {dict(host.device_deaths)}")
    well("data of all machines at the end")
    last = host.bdseq
    agent.terminate()
    wait_for("the death at an orderly end", lambda: host.deaths[-1:] == [last], 10)
    time.sleep(0.3)
    figures = everything_arrived(host, factory, faults)
    faults += host.faults
    return {"seed": o.seed, **figures, "historical": host.historical, "live": host.live, "gaps": host.gaps,
            "births": host.births, "deaths": host.deaths, "faults": len(faults), "first_faults": faults[:10]}


def half_open(o):
    """A connection that carries nothing any more swallows data nobody acknowledges: it comes again as historical."""
    o.destination = {"dialect": "sparkplug-b", "publish": ["values", "batches"], "keepalive": "5s"}
    with Factory(o, uplink=True) as factory:
        host = Host(factory.broker.port)
        try:
            faults = []
            factory.begin(wait=False)
            wanted = len(factory.machines) * o.signals
            since = time.time_ns() // 10**6
            wait_for("data", lambda: len(host.fresh(since)) >= wanted, 20)
            time.sleep(1)
            factory.uplink.tell("halfopen scope=existing")
            births = len(host.births)
            wait_for("a new connection", lambda: len(host.births) > births, 20)
            since = time.time_ns() // 10**6
            wait_for("data after the half-open connection", lambda: len(host.fresh(since)) >= wanted, 20)
            # The past is told after what is live.
            truth = lambda: everything_arrived(host, factory, [])["missing"]
            wait_for("what the dead connection swallowed", lambda: not truth(), 10)
            factory.agent.terminate()
            time.sleep(0.3)
            figures = everything_arrived(host, factory, faults)
            if not host.historical:
                faults.append("nothing came as historical")
            faults += host.faults
            return {"seed": o.seed, **figures, "historical": host.historical, "live": host.live, "births": host.births,
                    "deaths": host.deaths, "faults": len(faults), "first_faults": faults[:10]}
        finally:
            host.end()


SCENARIOS = {"sparkplug": (sparkplug, {"seconds": 4}), "sparkplug-half-open": (half_open, {"seconds": 4})}
