"""SunSpec devices in one site: where their registers lie is found at connect, and no wrong register is ever shown."""
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections import defaultdict

import paho.mqtt.client as mqtt

from plant import Agent, Broker, free_port, make_folder, wait_for
from sunspec_devices import (ABSENT_SIGNED, Device, Park, common, dc_inputs, der, float_inverter, inverter, meter, vendor)

PROFILES = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../Devices"))
POWER, ENERGY = "electrical/active-power-export", "electrical/active-energy-export"
SERIAL, STATE, FAULT = "identity/serial-number", "status/operating-state", "status/ground-fault"
ABSENT, WRONG = ("bad", "sentinel-not-supported"), ("bad", "config-error")
UNREADABLE = ("bad", "decode-error")


def park():
    """Each layout is one that somebody has met; the powers differ, so that a mixed-up register shows."""
    solaredge = [common("SolarEdge", "SE17K", "SE-1", 65), inverter(103, 9041, 5_000_001),
                 common("SolarEdge", "Meter 1", "ME-1", 65), meter(-2100, 700_001, 800_001),
                 common("SolarEdge", "Meter 2", "ME-2", 65), meter(3200, 700_002, 800_002)]
    return {
        "zero": Device(0, [common("Acme", "One phase", "A-1"), inverter(101, 3001, 1_000_001)]),
        "far": Device(50_000, [common("Acme", "Two phases", "A-2"), inverter(102, 3002, 1_000_002)], end="short"),
        "solaredge": Device(40_000, solaredge),
        "vendor": Device(40_000, [common("Acme", "Own models", "A-4"), vendor(64_110, 20),
                                  inverter(103, 9004, 1_000_004), vendor(120, 26), vendor(64_111, 200),
                                  dc_inputs(4000, 5000)], end="nothing"),
        "floats": Device(40_000, [common("Fronius", "Primo", "F-1"), float_inverter(111, 3005.5, 1_000_008.0)],
                         end="zeros"),
        "stranger": Device(),
        "blank": Device(end="zeros"),
        "updated": Device(40_000, [common("Acme", "Updated", "A-8", 65), float_inverter(113, 9008.5, 1_000_016.0)]),
        "borders": Device(40_000, [common("Acme", "Borders", "A-9"), inverter(103, 9009, 1_000_009), dc_inputs(6000)],
                          refuses="borders"),
        "cuts": Device(40_000, [common("Acme", "Cuts", "A-10"), float_inverter(113, 9010.5, 1_000_032.0),
                                dc_inputs(7000)], refuses="cuts"),
        "new": Device(40_000, [common("Acme", "New", "A-11"), der(2500, 12_345_678_901)]),
        # A model of no length, two models 160 of which the first counts, and exception 3 where nothing is.
        "twice": Device(40_000, [common("Acme", "Twice", "A-12"), vendor(64_112, 0), inverter(103, 9012, 1_000_064),
                                 dc_inputs(1001, 1002, 1003, 1004, 1005, 1006), dc_inputs(7777)],
                        end="nothing", refusal=3),
        # Powers of ten that are none: not implemented for the current, 11 for the power, -11 for the frequency.
        "scales": Device(40_000, [common("Acme", "Scales", "A-13"),
                                  inverter(103, 9013, 1_000_128, {6: ABSENT_SIGNED, 15: 11, 17: -11 & 0xFFFF})]),
        # Its last model says that it runs past the last register.
        "endless": Device(40_000, [common("Acme", "Endless", "A-14"), inverter(103, 9014, 1_000_256),
                                   [160, 65_535] + [4711] * 60], end="nothing"),
    }


# Machine: device, profile, which of several, and what has to arrive: a good value, or a quality with its reason.
MACHINES = {
    "zero": ("zero", "inverter-103-160", 1, {
        POWER: 3001, ENERGY: 1_000_001, SERIAL: "A-1", STATE: 4, FAULT: False, "electrical/voltage-l1": 230.0,
        "electrical/voltage-l2": ABSENT, "electrical/reactive-power": ABSENT, "electrical/dc-power-1": ABSENT}),
    "far": ("far", "inverter-103-160", 1, {POWER: 3002, ENERGY: 1_000_002, "electrical/voltage-l2": 230.1,
                                           "electrical/voltage-l3": ABSENT}),
    "solaredge": ("solaredge", "inverter-103-160", 1, {POWER: 9041, ENERGY: 5_000_001, SERIAL: "SE-1"}),
    "grid": ("solaredge", "meter-203", 1, {
        "electrical/active-power": -2100, "electrical/active-energy-import": 700_001,
        "electrical/active-energy-export": 800_001, SERIAL: "ME-1", "electrical/active-power-l1": ABSENT}),
    "turned": ("solaredge", "meter-203", 1, {"electrical/active-power": 2100, SERIAL: "ME-1"}),
    "hall": ("solaredge", "meter-203", 2, {
        "electrical/active-power": 3200, "electrical/active-energy-import": 700_002, SERIAL: "ME-2"}),
    "vendor": ("vendor", "inverter-103-160", 1, {
        POWER: 9004, ENERGY: 1_000_004, "electrical/dc-power-1": 4000, "electrical/dc-power-2": 5000,
        "identity/dc-input-2": "Input 2", "electrical/dc-power-3": ABSENT, "status/dc-state-4": ABSENT}),
    "floats": ("floats", "inverter-113-160", 1, {POWER: 3005.5, ENERGY: 1_000_008, "electrical/voltage-l1": 230.25,
                                                 "electrical/voltage-l2": ABSENT, "electrical/dc-power-1": ABSENT}),
    "wrong": ("floats", "inverter-103-160", 1, {POWER: WRONG, STATE: WRONG, "electrical/dc-power-1": ABSENT}),
    "third": ("solaredge", "meter-203", 3, {"electrical/active-power": WRONG}),
    "stranger": ("stranger", "inverter-103-160", 1, {POWER: WRONG, SERIAL: WRONG}),
    "blank": ("blank", "inverter-103-160", 1, {POWER: WRONG, SERIAL: WRONG}),
    "updated": ("updated", "inverter-113-160", 1, {
        POWER: 9008.5, ENERGY: 1_000_016, SERIAL: "A-8", STATE: 4, "electrical/frequency": 50.0, "heat/cabinet": 41.5}),
    "borders": ("borders", "inverter-103-160", 1, {POWER: 9009, SERIAL: "A-9", "electrical/dc-power-1": 6000}),
    "cuts": ("cuts", "inverter-113-160", 1, {POWER: 9010.5, SERIAL: "A-10", "electrical/dc-power-1": 7000}),
    "new": ("new", "der-701", 1, {
        POWER: 25_000, ENERGY: 12_345_678_901, "electrical/voltage-mean": 230.5, "electrical/frequency": 50.0,
        STATE: 3, FAULT: False, "electrical/active-power-export-l1": ABSENT, "storage/state-of-charge": ABSENT}),
    "twice": ("twice", "inverter-103-160", 1, {
        POWER: 9012, SERIAL: "A-12", "electrical/dc-power-1": 1001, "electrical/dc-power-6": 1006,
        "identity/dc-input-6": "Input 6"}),
    "scales": ("scales", "inverter-103-160", 1, {
        ENERGY: 1_000_128, "electrical/voltage-l1": 230.0, "electrical/current-l1": ABSENT, POWER: UNREADABLE,
        "electrical/frequency": UNREADABLE}),
    "endless": ("endless", "inverter-103-160", 1, {POWER: 9014, "electrical/dc-power-1": ABSENT}),
}


# A meter that counts the other way, as Devices/README.md says to turn it around.
TURNED = {"electrical/active-power*": {"scale": -1}}


class Shown:
    """The newest value of each signal, and every good one there ever was."""

    def __init__(self, port):
        self.newest, self.good, self.ready = {}, defaultdict(set), threading.Event()
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        self.client.on_connect = lambda c, *_: c.subscribe("kpl/v1/+/+/+/_value/#", qos=1)
        self.client.on_subscribe = lambda *_: self.ready.set()
        self.client.on_message = self.take
        self.client.connect_async("127.0.0.1", port)
        self.client.loop_start()

    def take(self, _, __, message):
        if not message.payload:
            return
        place, signal_name = message.topic.split("/_value/")
        key = (place.split("/")[-1], signal_name)
        body = json.loads(message.payload)
        self.newest[key] = body
        if body["quality"] == "good":
            self.good[key].add(body["value"])

    def difference(self, key, wanted):
        """What is not as wanted; `None` if all is well."""
        body = self.newest.get(key)
        if body is None:
            return "nothing arrived"
        if isinstance(wanted, tuple):
            found = (body["quality"], body.get("reason"))
            return None if found == wanted and body["value"] is None else f"{found} with {body['value']}, not {wanted}"
        is_right = body["quality"] == "good" and body["value"] == wanted
        return None if is_right else f"{body['value']!r} {body['quality']} {body.get('reason')}, not {wanted!r}"

    def end(self):
        self.client.disconnect()
        self.client.loop_stop()


def wrongs(values, machines):
    return [f"{name} {signal_name}: {found}" for name, (_, _, _, wanted) in machines.items()
            for signal_name, value in wanted.items()
            if (found := values.difference((name, signal_name), value)) is not None]


def machine(name, o):
    device, profile, number, _ = MACHINES[name]
    place = {"bus": device, "unit": 1, "profile": f"sunspec/{profile}", "every": f"{o.interval_ms}ms"}
    place |= {"sunspec": {"device": number}} if number > 1 else {}
    return place | ({"signals": TURNED} if name == "turned" else {})


def second_by_hand(o, device):
    """What is wrong with what `scan` and `read --device 2` say of a SolarEdge with two meters."""
    url, library = f"tcp://127.0.0.1:{device.port}", ["--profiles", PROFILES]
    scan = subprocess.run([o.koppel, "scan", "--bus", url, "--units", "1"] + library, capture_output=True, text=True,
                          timeout=30)
    faults = [] if "sunspec/meter-203 (SunSpec models 1, 203; 2 devices, see read --device)" in scan.stdout else [scan.stdout]
    read = subprocess.run([o.koppel, "read", "--bus", url, "--unit", "1", "--profile", "sunspec/meter-203", "--device",
                           "2", "--json"] + library, capture_output=True, text=True, timeout=30)
    found = {signal["signal"]: signal["value"] for signal in json.loads(read.stdout)[0]["signals"]}
    wanted = {"electrical/active-power": 3200, "electrical/active-energy-import": 700_002, SERIAL: "ME-2"}
    return faults + [f"read --device 2 says {name} is {found.get(name)}" for name, value in wanted.items()
                     if found.get(name) != value]


def chains(o):
    """Issue 5: fourteen SunSpec devices, each with its own addresses and models, most of them awkward; one moves them."""
    folder, devices, faults = make_folder(), Park(park()), []
    agent = values = None
    broker = Broker(folder, free_port())
    try:
        broker.start()
        values = Shown(broker.port)
        wait_for("the listener", values.ready.is_set, 10)
        config = os.path.join(folder, "site.yaml")
        with open(config, "w") as f:
            json.dump({
                "koppel": 1,
                "agent": {"id": "floor", "profiles": [PROFILES], "clock": "isolated",
                          "location": {"enterprise": "acme", "site": "hengelo"},
                          "data": os.path.join(folder, "data"), "journal": {"durability": o.durability}},
                "buses": {name: {"url": f"tcp://127.0.0.1:{device.port}", "timeout": f"{o.timeout_ms}ms",
                                 "connection": "per-sweep" if name == "zero" else "keep"}
                          for name, device in devices.devices.items()},
                "machines": {name: machine(name, o) for name in MACHINES},
                "destinations": {"plant": {"url": f"mqtt://127.0.0.1:{broker.port}", "publish": ["values"],
                                           "share": "all"}}}, f)
        agent = Agent(o.koppel, config, os.path.join(folder, "agent.log"))
        agent.start()
        begin = time.monotonic()

        def until_right(machines):
            """Waits until what these machines show is right; else that it is not becomes a fault."""
            try:
                wait_for("the right values",
                         lambda: not wrongs(values, machines) or agent.process.poll() is not None, 20)
            except AssertionError:
                faults.extend(wrongs(values, machines))
            if agent.process.poll() is not None:
                raise AssertionError(f"the agent ended with {agent.process.returncode}: {agent.log()}")

        until_right(MACHINES)
        found_after = time.monotonic() - begin
        faults += second_by_hand(o, devices.devices["solaredge"])

        # Its model 1 is one register longer from now on, so everything behind it has moved.
        devices.restart("updated", 40_000,
                        [common("Acme", "Updated", "A-8b", 66), float_inverter(113, 9018.5, 1_000_016.0)])
        until_right({"updated": ("updated", "inverter-113-160", 1, {POWER: 9018.5, ENERGY: 1_000_016, STATE: 4})})
        time.sleep(o.seconds)

        # A good value is the one that the register of this signal held, at every moment.
        allowed = {(name, signal_name): {value} for name, (_, _, _, wanted) in MACHINES.items()
                   for signal_name, value in wanted.items() if not isinstance(value, tuple)}
        allowed[("updated", POWER)] = {9008.5, 9018.5}
        allowed[("updated", SERIAL)] = {"A-8", "A-8b"}
        for key, good in list(values.good.items()):
            if not good <= allowed.get(key, good):
                faults.append(f"{key} was shown as {sorted(map(str, good))}, and held {allowed[key]}")
        for name, (_, _, _, wanted) in MACHINES.items():
            for signal_name, value in wanted.items():
                shown = values.good[(name, signal_name)]
                if isinstance(value, tuple) and shown:
                    faults.append(f"{name} {signal_name} has no value, and was shown as {shown}")
        if devices.devices["zero"].connects < 4:
            faults.append("the bus that connects for each sweep kept its connection")
        # What was refused is learned: it is not asked for in every turn.
        asked, refused = {}, {}
        for name, device in devices.devices.items():
            asked[name], refused[name] = device.asked, device.refused
        time.sleep(2)
        for name in ("borders", "cuts", "vendor"):
            device = devices.devices[name]
            more, refusals = device.asked - asked[name], device.refused - refused[name]
            if more and refusals > more / 5:
                faults.append(f"{name} refuses {refusals} of {more} requests, again and again")
        agent.terminate()
        if any(agent.exits):
            faults.append(f"exit codes after SIGTERM: {agent.exits}")
        return {"machines": len(MACHINES), "found_after_s": round(found_after, 2),
                "asked": sum(device.asked for device in devices.devices.values()),
                "refused": {name: device.refused for name, device in devices.devices.items() if device.refused},
                "faults": len(faults), "first_faults": faults[:12]}
    finally:
        if o.keep and agent:
            shutil.copytree(folder, o.keep, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.sock", "notify"))
        if agent:
            agent.end()
        if values:
            values.end()
        broker.stop(signal.SIGKILL)
        devices.end()
        shutil.rmtree(folder, ignore_errors=True)


SCENARIOS = {
    "sunspec-chains": (chains, {"seconds": 0.5, "interval_ms": 300}),
}
