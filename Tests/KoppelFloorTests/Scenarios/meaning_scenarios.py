"""What the registers of a machine mean: state, alarms, counter events and windows, while everything breaks off."""
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections import defaultdict

import paho.mqtt.client as mqtt

from plant import Agent, Broker, FaultProgram, free_port, make_folder, site, wait_for

MODEL = [{"name": name, "unit": 1, "addr": address, "kind": "storage", "width": 1, "value": value}
         for address, (name, value) in enumerate([("mode", 6), ("door", 0), ("parts", 100), ("temperature", 20)])]
POINTS = [
    {"signal": "status/mode", "address": 0, "wireType": "uint16", "kind": "state",
     "enum": {"1": "idle", "6": "execute", "9": "aborted"}},
    {"signal": "safety/door", "address": 1, "wireType": "uint16", "kind": "state", "enum": {"0": "closed", "1": "open"}},
    {"signal": "production/parts", "address": 2, "wireType": "uint16", "kind": "counter", "unit": {"ucum": "{#}"},
     "counter": {"modulus": 65536, "reset": "power-cycle", "maxRatePerSecond": 100, "counts": "all"}},
    {"signal": "spindle/temperature", "address": 3, "wireType": "uint16", "kind": "measurement", "unit": {"ucum": "Cel"},
     "quantityKind": "http://qudt.org/vocab/quantitykind/Temperature"},
]
RULES = {
    "state": {"basis": "register", "signal": "status/mode", "map": {
        "1": {"state": "notExecuting", "mode": "processing", "cause": "starved", "sub": "Idle"},
        "6": {"state": "executing", "mode": "processing", "cause": "none", "sub": "Execute"},
        "9": {"state": "outOfService", "mode": "processing", "cause": "fault", "sub": "Aborted"}}},
    "alarms": [
        {"code": "door", "signal": "safety/door", "when": {"equals": 1}, "level": "fault", "severity": 900,
         "text": {"nl": "Deur open", "en": "Door open"}},
        {"code": "hot", "signal": "spindle/temperature", "when": {"above": 70}, "level": "warning", "severity": 500,
         "text": {"nl": "Te heet", "en": "Too hot"}}],
}
STATES = {1: "notExecuting", 6: "executing", 9: "outOfService"}
SCHEMAS = {"_state": "state", "_event": "event", "_alarm": "alarm", "_oee": "oee", "_value": "value",
           "_batch": "batch"}


class Listener:
    """Takes everything; a fresh one sees what the broker retained."""

    def __init__(self, port, name, lasting):
        self.messages, self.ready, self.lock = [], threading.Event(), threading.Lock()
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv311,
                                  clean_session=not lasting)
        self.client.on_connect = lambda c, *_: c.subscribe("kpl/v1/#", qos=1)
        self.client.on_subscribe = lambda *_: self.ready.set()
        self.client.on_message = lambda _, __, m: self.messages.append((m.topic, m.payload, m.retain))
        self.client.reconnect_delay_set(0.05, 0.2)
        self.client.connect_async("127.0.0.1", port, keepalive=5)
        self.client.loop_start()
        wait_for(name, self.ready.is_set, 15)

    def on(self, part):
        return [(t, p) for t, p, _ in list(self.messages) if f"/{part}" in t]

    def events(self, kind):
        return [json.loads(p) for _, p in self.on(f"_event/{kind}")]

    def end(self):
        self.client.disconnect()
        self.client.loop_stop()


class Machine:
    """One machine with rules, the agent, a broker, and what was done to the machine."""

    def __init__(self, o):
        self.o, self.folder, self.faults = o, make_folder(), []
        self.modes, self.alarms, self.counts = [6], [], []

    def __enter__(self):
        o, folder = self.o, self.folder
        model = os.path.join(folder, "model.json")
        with open(model, "w") as f:
            json.dump(MODEL, f)
        self.device = FaultProgram(o.shared, "modbus_chaos.py", ["serve", "--tcp", "127.0.0.1:0", "--model", model])
        self.broker = Broker(folder, free_port())
        self.broker.start()
        self.hub = Listener(self.broker.port, "hub", lasting=True)
        self.broker.save()
        points = [{**p, "entity": "HoldingRegister", "label": {"nl": p["signal"], "en": p["signal"]}} for p in POINTS]
        self.profile = {"profile": "acme-press", "version": "1.0.0", "manufacturer": "Acme", "model": "Press",
                        "protocol": "modbus", "addressing": "zero-based",
                        "defaults": {"timeoutMs": 500, "intervalMs": o.interval_ms}, "points": points, **RULES}
        self.write_profile()
        o.destination = {"publish": ["meta", "values", "batches", "state", "events", "alarms", "oee"]}
        content = site(folder, {"hall": f"tcp://{self.device.ready['tcp']}"}, self.broker.port, o, {1: "hall"})
        content["agent"]["window"] = "1s"
        with open(os.path.join(folder, "site.yaml"), "w") as f:
            json.dump(content, f)
        self.agent = Agent(o.koppel, os.path.join(folder, "site.yaml"), os.path.join(folder, "agent.log"))
        self.agent.start()
        wait_for("the first state", lambda: self.hub.on("_state"), 20)
        return self

    def write_profile(self):
        with open(os.path.join(self.folder, "acme.yaml"), "w") as f:
            json.dump(self.profile, f)

    def __exit__(self, *_):
        self.agent.end()
        self.hub.end()
        self.device.end()
        self.broker.stop(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def settle(self):
        """The machine was read three times more, so what it says is read and stored."""
        def answers():
            return self.device.tell("stats")["result"]["answers"]
        before = answers()
        wait_for("three more rounds of readings", lambda: answers() >= before + 3, 20)

    def set(self, name, value):
        self.device.tell(f"set {name} value={value}")
        self.settle()

    def mode(self, number):
        if number != self.modes[-1]:
            self.modes.append(number)
        self.set("mode", number)

    def door(self, is_open):
        self.alarms.append(("door", is_open))
        self.set("door", int(is_open))

    def parts(self, value, verdict=None):
        if verdict:
            self.counts.append(verdict)
        self.set("parts", value)

    def expect(self, condition, sentence):
        if not condition:
            self.faults.append(sentence)

    # What must have arrived

    def first_arrivals(self, kind):
        """Events of a kind by their id, in order of arrival; a repeat has to be the same to the last byte."""
        known = {}
        for _, payload in self.hub.on(f"_event/{kind}"):
            event = json.loads(payload)
            if known.setdefault(event["id"], payload) != payload:
                self.faults.append(f"{kind}: a repeat differs: {known[event['id']]} and {payload}")
        return [json.loads(p) for p in known.values()]

    def check(self):
        changes = self.first_arrivals("state-changed")
        story = [changes[0]["data"]["from"]["state"]] + [c["data"]["to"]["state"] for c in changes] if changes else []
        wanted = [STATES[mode] for mode in self.modes]
        self.expect(story == wanted, f"states arrived as {story} and were {wanted}")
        chain = [(a["data"]["to"], b["data"]["from"]) for a, b in zip(changes, changes[1:])]
        self.expect(all(a == b for a, b in chain), "a state change does not follow from the one before it")
        alarms = [(e["data"]["code"], e["data"]["active"]) for e in self.first_arrivals("alarm")]
        self.expect(alarms == self.alarms, f"alarms arrived as {alarms} and were {self.alarms}")
        verdicts = [e["data"]["verdict"] for e in self.first_arrivals("counter-reset")]
        self.expect(verdicts == self.counts, f"D02, D03: counter events arrived as {verdicts}, were {self.counts}")
        for kinds in (["state-changed"], ["alarm", "counter-reset"]):
            numbers = sorted(e["sequence"] for k in kinds for e in self.first_arrivals(k))
            self.expect(len(set(numbers)) == len(numbers), f"{kinds}: a sequence number stands for two events")
        self.check_windows()
        self.validate()

    def check_windows(self):
        windows = {}
        for _, payload in self.hub.on("_oee"):
            window = json.loads(payload)
            if windows.setdefault(window["start"], payload) != payload:
                self.faults.append(f"one window, told in two ways: {payload}")
            total = sum(d["seconds"] for d in window["durations"])
            self.expect(abs(total - 1) < 1e-6, f"a window of 1 s holds {total} s: {payload}")
        self.windows = [json.loads(p) for p in windows.values()]
        self.expect(len(self.windows) >= 3, f"only {len(self.windows)} windows arrived")
        known = [w["coverage"] for w in self.windows]
        self.expect(max(known, default=0) == 1, f"no window was known as a whole: {known}")
        self.expect(min(known, default=1) < 1, f"no window says that the agent was away: {known}")

    def validate(self):
        by_schema = defaultdict(list)
        for index, (topic, payload, _) in enumerate(list(self.hub.messages)):
            kind = next((SCHEMAS[level] for level in topic.split("/") if level in SCHEMAS), None)
            if kind and payload:
                path = os.path.join(self.folder, f"{index}.{kind}.json")
                with open(path, "wb") as f:
                    f.write(payload)
                by_schema[kind].append(path)
        self.expect(set(by_schema) == set(SCHEMAS.values()), f"only {sorted(by_schema)} were seen")
        for name, paths in by_schema.items():
            run = subprocess.run([sys.executable, os.path.join(self.o.shared, "data-model/check.py"), name, *paths],
                                 capture_output=True, text=True)
            self.faults += run.stdout.splitlines()[:3] if run.returncode else []

    def retained(self):
        """What a client sees that connects now."""
        fresh = Listener(self.broker.port, "fresh", lasting=False)
        wait_for("retained messages", lambda: fresh.on("_value") and fresh.on("_agent"), 10)
        newest = {topic.split("/m1/")[1]: payload for topic, payload, _ in list(fresh.messages)
                  if "/m1/_state" in topic or "/m1/_alarm/" in topic}
        fresh.end()
        return {topic: json.loads(payload) for topic, payload in newest.items() if payload}

    def expect_retained(self, state, alarms, when):
        wanted = {"_state": state, **{f"_alarm/{code}": True for code in alarms}}
        seen = {}

        def holds():
            seen.clear()
            seen.update({t: m.get("state", m.get("active")) for t, m in self.retained().items()})
            return seen == wanted
        try:
            wait_for("retained topics", holds, 15)
        except AssertionError:
            self.faults.append(f"{when}: retained is {seen} and should be {wanted}")


def meaning(o):
    """A01, U02, D02, D03: states, alarms and windows over outages and kills: nothing lost, same ids, retained right."""
    with Machine(o) as run:
        run.mode(1)
        run.mode(6)
        run.door(True)
        run.expect_retained("executing", ["door"], "at first")
        run.broker.stop()
        run.mode(9)
        run.door(False)
        run.parts(65_534)
        run.agent.kill()
        run.agent.start()
        run.settle()
        run.parts(3, "rollover")
        run.mode(6)
        run.broker.start()
        run.expect_retained("executing", [], "after an outage and a kill")
        run.parts(40_000)
        run.parts(7, "reset")
        run.door(True)
        run.agent.kill()
        run.agent.start()
        run.settle()
        since = run.retained()["_state"]["since"]
        run.mode(1)
        run.agent.kill()
        run.broker.stop(signal.SIGKILL)
        run.broker.start()
        run.agent.start()
        run.settle()
        run.expect_retained("notExecuting", ["door"], "after a broker that forgot everything")
        run.expect(run.retained()["_state"]["since"] > since, "the state was not told anew")
        since = run.retained()["_state"]["since"]
        run.agent.terminate()
        # An alarm the profile does not know any more is cleared.
        run.profile["alarms"] = [a for a in run.profile["alarms"] if a["code"] != "door"]
        run.alarms.append(("door", False))
        run.write_profile()
        run.agent.start()
        run.settle()
        run.expect_retained("notExecuting", [], "without the rule of an alarm")
        run.expect(run.retained()["_state"]["since"] == since, "since did not survive a restart")
        wait_for("the last alarm", lambda: len(run.first_arrivals("alarm")) >= len(run.alarms), 15)
        def known_whole():
            return any(json.loads(p)["coverage"] == 1 for _, p in run.hub.on("_oee"))
        wait_for("a window known as a whole", known_whole, 15)
        run.agent.terminate()
        run.expect(run.agent.exits == [0, 0], f"exit codes {run.agent.exits}")
        run.check()
        repeats = len(run.hub.on("_event/")) - sum(len(run.first_arrivals(k))
                                                   for k in ("state-changed", "alarm", "counter-reset"))
        return {"states": len(run.modes), "alarms": len(run.alarms), "windows": len(run.windows), "repeats": repeats,
                "kills": run.agent.kills, "faults": len(run.faults), "first_faults": run.faults[:10]}


def lost(o):
    """3.6, F03: a machine that falls silent is unknown, never off; its windows say so, and it comes back."""
    with Machine(o) as run:
        run.device.tell("halfopen scope=all")
        wait_for("the stale alarm", lambda: run.hub.events("alarm"), 15)
        run.device.tell("clear")
        run.device.tell("cut")
        wait_for("the end of the alarm", lambda: len(run.hub.events("alarm")) >= 2, 20)
        run.alarms = [("kpl-stale", True), ("kpl-stale", False)]
        told = [json.loads(p) for _, p in run.hub.on("_state") if p]
        doubts = [(s["state"], s["quality"]) for s in told]
        run.expect(("executing", "uncertain") in doubts, f"the state was never stale: {doubts}")
        run.expect("notAvailable" not in {s for s, _ in doubts}, f"silence was taken for off: {doubts}")
        wait_for("a window with silence", lambda: any(
            d.get("cause") == "communication" for _, p in run.hub.on("_oee") for d in json.loads(p)["durations"]), 15)
        alarms = [(e["data"]["code"], e["data"]["active"]) for e in run.first_arrivals("alarm")]
        run.expect(alarms == run.alarms, f"alarms arrived as {alarms}")
        run.agent.terminate()
        return {"told": doubts, "faults": len(run.faults), "first_faults": run.faults[:10]}


SCENARIOS = {
    "meaning": (meaning, {"units": 1, "interval_ms": 50}),
    "meaning-lost": (lost, {"units": 1, "interval_ms": 50}),
}
