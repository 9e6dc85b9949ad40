"""Another party's hub with a broker of its own: it sees exactly what the policy names, and nothing else."""
import copy
import glob
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict

from account import Truth
from hub import nanoseconds
from meaning_scenarios import Listener
from plant import Agent, Broker, FaultProgram, base, free_port, make_folder, site, wait_for, write_profile

WINDOW = 2_000_000_000
FUNCTIONS = ["mean", "min", "max", "last", "delta", "count"]
ALLOWED = re.compile(r"kpl/v1/acme/hengelo/(p-[0-9a-f]{6}/(_meta|_meta/rev/[0-9]+|_batch)|_agent/a-[0-9a-f]{6}/status)")


def policy(shared, name):
    """The worked example of the data model with other signals and shorter windows."""
    with open(os.path.join(shared, "data-model/examples/sharing.sharing.json")) as f:
        p = json.load(f)
    p["destination"]["id"] = name
    p["enforcement"].update({"include": ["counters/*"], "exclude": ["counters/c1"], "window": "PT2S",
                             "functions": FUNCTIONS, "significantDigits": 12, "minGoodFraction": 0.9,
                             "maxMessagesPerHour": 100000, "validUntil": "2100-01-01T00:00:00.000000000Z"})
    for rule in p["agreement"]["permission"]:
        for constraint in rule["constraint"]:
            value = constraint["rightOperand"]
            if value.get("@value") == "PT15M":
                value["@value"] = "PT2S"
            if constraint["leftOperand"] == "odrl:dateTime":
                value["@value"] = "2100-01-01T00:00:00Z"
    return p


class Floor:
    """Three machines, of which one is nobody's business, the owner's broker, a hub's, and one whose policy is unclear."""

    def __init__(self, o):
        self.o, self.folder, self.faults = o, make_folder(), []
        o.signals, o.interval_ms = 2, 200

    def __enter__(self):
        self.brokers, self.ears, self.agent, self.device = {}, {}, None, None
        try:
            self.set_up()
            return self
        except BaseException:
            self.__exit__(None, None, None)
            raise

    def set_up(self):
        o, folder = self.o, self.folder
        o.destination = {}
        self.truth_path = os.path.join(folder, "device.jsonl")
        model = [{"name": f"u{u}.c{i}", "unit": u, "addr": 2 * i if i == 0 else 400 + 2 * i, "kind": "read_counter",
                  "width": 2, "value": base(u, i)} for u in (1, 2, 3) for i in range(2)]
        with open(os.path.join(folder, "model.json"), "w") as f:
            json.dump(model, f)
        self.device = FaultProgram(o.shared, "modbus_chaos.py", [
            "serve", "--tcp", "127.0.0.1:0", "--model", os.path.join(folder, "model.json"), "--journal", self.truth_path])
        for name in ("plant", "hub", "stranger"):
            home = os.path.join(folder, name)
            os.mkdir(home)
            self.brokers[name] = Broker(home, free_port())
            self.brokers[name].start()
            self.ears[name] = Everything(self.brokers[name].port, name, lasting=True)
        write_profile(folder, 2, o.interval_ms, o.timeout_ms)
        with open(os.path.join(folder, "acme.yaml")) as f:
            vault = json.load(f)
        vault["profile"] = "acme-vault"
        for point in vault["points"]:
            point["signal"] = point["signal"].replace("counters/", "vault/")
        with open(os.path.join(folder, "vault.yaml"), "w") as f:
            json.dump(vault, f)
        content = site(folder, {"hall": f"tcp://{self.device.ready['tcp']}"}, self.brokers["plant"].port, o,
                       {1: "hall", 2: "hall", 3: "hall"})
        content["machines"]["m3"]["profile"] = "./vault.yaml"
        for machine in content["machines"].values():
            machine["location"] = {"area": "secret-hall", "line": "secret-line"}
            machine["nameplate"] = {"serial-number": "SN-24051234", "asset-tag": "E-0417"}
        unclear = policy(o.shared, "stranger")
        unclear["agreement"]["permission"][0]["constraint"][0]["operator"] = "odrl:isNoneOf"
        for name, text in (("hub", policy(o.shared, "hub")), ("stranger", unclear)):
            with open(os.path.join(folder, f"{name}.yaml"), "w") as f:
                json.dump(text, f)
            content["destinations"][name] = {"url": f"mqtt://127.0.0.1:{self.brokers[name].port}",
                                             "share": {"policy": f"./{name}.yaml"}}
        self.config = os.path.join(folder, "site.yaml")
        with open(self.config, "w") as f:
            json.dump(content, f)
        self.agent = Agent(o.koppel, self.config, os.path.join(folder, "agent.log"))

    def __exit__(self, *_):
        if self.agent:
            self.agent.end()
        for ear in self.ears.values():
            ear.end()
        for broker in self.brokers.values():
            broker.stop(signal.SIGKILL)
        if self.device:
            self.device.end()
        if self.o.keep:
            shutil.copytree(self.folder, self.o.keep, dirs_exist_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def expect(self, condition, sentence):
        if not condition:
            self.faults.append(sentence)

    def koppel(self, *arguments):
        return subprocess.run([self.o.koppel, *arguments], capture_output=True, text=True)

    def windows(self):
        """How many different windows the hub has of the machine it has least of."""
        starts = defaultdict(set)
        for topic, payload in self.ears["hub"].on("_batch"):
            starts[topic].add(json.loads(payload)["t0"])
        return min((len(s) for s in starts.values()), default=0) if len(starts) == 2 else 0

    def wait_for_windows(self, more):
        wanted = self.windows() + more
        wait_for(f"{more} more windows", lambda: self.windows() >= wanted, 40)


class Everything(Listener):
    """Takes all that a broker has, of whatever kind."""

    def __init__(self, port, name, lasting):
        super().__init__(port, name, lasting)
        self.client.on_connect = lambda c, *_: c.subscribe("#", qos=1)
        self.client.subscribe("#", qos=1)


def share_with_hub(o):
    """A hub of another party sees the windows its policy names, also after a kill, and nothing else"""
    with Floor(o) as floor:
        floor.agent.start()
        floor.wait_for_windows(4)
        floor.agent.kill()
        wait_for("the will", lambda: any(json.loads(p)["online"] is False for _, p in floor.ears["hub"].on("status")), 20)
        # What a crash may leave behind: half a line.
        with open(os.path.join(floor.folder, "data/audit/audit.jsonl"), "a") as f:
            f.write('{"agent":"urn:uuid:')
        time.sleep(2.5)
        floor.agent.start()
        floor.wait_for_windows(4)
        floor.agent.terminate()
        floor.agent.start()
        floor.wait_for_windows(3)
        late = Everything(floor.brokers["hub"].port, "late", lasting=False)
        wait_for("what the hub's broker retained", lambda: len([1 for t, _, r in late.messages if r]) >= 5, 10)
        late.end()
        floor.agent.terminate()
        time.sleep(0.5)
        check_nothing_else(floor, late)
        figures = check_windows(floor)
        check_audit(floor)
        check_words(floor)
        if any(floor.agent.exits):
            floor.faults.append(f"exit codes {floor.agent.exits}: {floor.agent.log()[-2000:]}")
        return {**figures, "messages": len(floor.ears["hub"].messages), "faults": len(floor.faults),
                "first_faults": floor.faults[:10]}


def check_nothing_else(floor, late):
    plant = floor.ears["plant"]
    secrets = {"m1", "m2", "m3", "secret-hall", "secret-line", "SN-24051234", "E-0417", "Acme", "acme-counter", "Counter",
               "counters/c1", "vault", "floor", "modbus", "Teller"}
    for topic, payload in [(t, p) for t, p in plant.on("_meta") if t.endswith("_meta")]:
        d = json.loads(payload)
        secrets |= {d["@id"], d["agent"]}
    secrets |= {json.loads(p)["session"] for _, p in plant.on("status") if p}
    floor.expect(len(secrets) > 18, "the owner's broker got no descriptors to compare with")
    seen = floor.ears["hub"].messages + late.messages
    for topic, payload, _ in seen:
        floor.expect(ALLOWED.fullmatch(topic), f"the hub saw {topic}")
        for secret in secrets:
            floor.expect(secret not in topic and secret.encode() not in payload, f"{secret} in {topic}: {payload[:300]}")
    names = {t.split("/")[4] for t, _, _ in seen if "/p-" in t}
    floor.expect(len(names) == 2, f"two machines are shared, and the hub knows {names}")
    agents = {t for t, _, _ in seen if t.endswith("/status")}
    floor.expect(len(agents) == 1, f"the agent goes by {agents}")
    floor.expect(not floor.ears["stranger"].messages, f"the stranger got {floor.ears['stranger'].messages[:3]}")
    kept = defaultdict(list)
    for topic, payload, _ in seen:
        kind = {"_batch": "batch", "status": "status"}.get(topic.split("/")[-1], "descriptor")
        kept[kind].append(payload)
        if kind == "descriptor":
            d = json.loads(payload)
            floor.expect([s["name"] for s in d["signals"]] == ["counters/c0"], f"the descriptor names {d['signals']}")
            floor.expect(d["signals"][0]["sampling"]["intervalMs"] == 2000, f"the descriptor says {d['signals'][0]}")
            floor.expect(d["@id"] != "" and d["location"][-1]["id"] in names, f"the descriptor names {d['location']}")
    for kind, payloads in kept.items():
        paths = []
        for index, payload in enumerate(payloads[:30]):
            paths.append(os.path.join(floor.folder, f"{index}.{kind}.json"))
            with open(paths[-1], "wb") as f:
                f.write(payload)
        run = subprocess.run([sys.executable, os.path.join(floor.o.shared, "data-model/check.py"), kind, *paths],
                             capture_output=True, text=True)
        floor.expect(run.returncode == 0, f"{kind}: {run.stdout[:500]}{run.stderr[-300:]}")
    floor.expect(set(kept) == {"batch", "status", "descriptor"}, f"the hub got only {sorted(kept)}")


def raw_readings(floor):
    """What the owner's broker got: machine number -> sorted (time, value or None, code), and gaps (from, to)."""
    readings, gaps = defaultdict(dict), defaultdict(list)
    for topic, payload in floor.ears["plant"].on("_batch"):
        machine = topic.split("/")[-2]
        b = json.loads(payload)
        t0 = nanoseconds(b["t0"])
        for s in b["series"]:
            if s["signal"] != "counters/c0":
                continue
            codes = s.get("s", [0] * len(s["v"]))
            for i, (dt, v) in enumerate(zip(s.get("dt", b.get("dt")), s["v"])):
                readings[machine][(b["epoch"], s["seq"] + i)] = (t0 + dt, v, codes[i])
        for gap in b.get("gaps", []):
            if gap["signal"] == "counters/c0":
                gaps[machine].append((nanoseconds(gap["from"]), nanoseconds(gap["to"])))
    return {m: sorted(r.values(), key=lambda x: x[0]) for m, r in readings.items()}, gaps


def expected(readings, gaps, start):
    """The figures of one window, made from single readings: each value stands until the next one or a gap."""
    end = start + WINDOW
    area = covered = 0
    inside = [r for r in readings if start <= r[0] < end]
    good = [v for _, v, code in inside if v is not None]
    before = [r for r in readings if r[0] < start][-1:]
    first = None
    for index, (t, v, code) in enumerate(before + inside):
        following = (before + inside)[index + 1:]
        stands = min([following[0][0] if following else end, end] + [max(a, t) for a, b in gaps if b >= t])
        if v is None or (t < start and stands <= start):
            continue
        if first is None:
            first = v
        area += v * (stands - max(t, start))
        covered += stands - max(t, start)
    if not good:
        return None
    return {"mean": area / covered if covered else None, "min": min(good), "max": max(good), "last": good[-1],
            "delta": good[-1] - first, "count": len(good), "known": covered / WINDOW}


def check_windows(floor):
    readings, gaps = raw_readings(floor)
    truth = Truth(floor.truth_path)
    shift = time.time() - time.monotonic()
    windows, repeats = {}, 0
    owners, declared = {}, defaultdict(set)
    for topic, payload in floor.ears["hub"].on("_batch"):
        b = json.loads(payload)
        start = nanoseconds(b["t0"])
        floor.expect(start % WINDOW == 0 and b["dt"] == [0], f"no whole window of UTC: {payload[:200]}")
        for gap in b.get("gaps", []):
            declared[topic] |= set(range(nanoseconds(gap["from"]), nanoseconds(gap["to"]), WINDOW))
        for s in b["series"]:
            floor.expect(s["signal"] == "counters/c0" and s["window"] == "PT2S" and s["seq"] == start // WINDOW,
                         f"an odd series: {s}")
            key = (topic, s["agg"], b["epoch"], s["seq"])
            content = (start, s["v"], s.get("s"))
            repeats += key in windows
            floor.expect(windows.setdefault(key, content) == content, f"{key}: {windows[key]} became {content}")
            if s["v"][0] is not None and s["agg"] == "max":
                owners[topic] = next(m for m in readings if abs(s["v"][0] - base(int(m[1:]), 0)) < 500_000)
    floor.expect(sorted(owners.values()) == ["m1", "m2"], f"the windows are those of {owners}")
    compared = whole = 0
    for (topic, function, _, seq), (start, v, codes) in windows.items():
        machine = owners[topic]
        figures = expected(readings[machine], gaps[machine], start)
        code = codes[0] if codes else 0
        if figures is None:
            if function in ("min", "max", "last"):
                floor.expect(v == [None] and code >= 1 << 31, f"{machine} {seq} {function}: {v} {codes} without data")
            continue
        compared += 1
        wanted = figures[function]
        near = wanted is not None and v[0] is not None and abs(v[0] - wanted) <= 1e-9 * max(1, abs(wanted))
        floor.expect(near, f"{machine} {seq} {function}: {v}, and its readings give {wanted}")
        floor.expect((code == 0) == (figures["known"] >= 0.9), f"{machine} {seq} {function}: {codes}, known {figures['known']}")
        whole += code == 0
        if function == "count" and code == 0:
            served = [n for n in truth.served[(machine, "c0")]
                      if start <= (truth.when[(machine, "c0", n)] + shift) * 1e9 < start + WINDOW]
            floor.expect(abs(len(served) - v[0]) <= 1, f"{machine} {seq}: {v[0]} readings, the machine served {len(served)}")
        if function == "max" and code == 0:
            served = max((n for n in truth.served[(machine, "c0")]
                          if (truth.when[(machine, "c0", n)] + shift) * 1e9 < start + WINDOW), default=0)
            floor.expect(abs(served - v[0]) <= 1, f"{machine} {seq}: highest {v[0]}, the machine served {served}")
    for topic in owners:
        numbers = sorted({seq for t, _, _, seq in windows if t == topic})
        holes = [n for n in range(numbers[0], numbers[-1]) if n not in numbers and n * WINDOW not in declared[topic]]
        floor.expect(not holes, f"{owners[topic]}: windows {holes} are missing and not declared")
        floor.expect(len({k[2] for k in windows}) == 1, "the numbers of the windows began anew")
    floor.expect(compared > 60 and whole > 30, f"only {compared} figures were compared, {whole} of them good")
    return {"figures": compared, "good": whole, "repeats": repeats}


def check_audit(floor):
    data = os.path.join(floor.folder, "data")
    run = floor.koppel("audit", "verify", "--data", data)
    floor.expect(run.returncode == 0, f"audit verify: {run.returncode} {run.stdout}{run.stderr}")
    path = os.path.join(data, "audit/audit.jsonl")
    with open(path) as f:
        records = [json.loads(line) for line in f]
    for index, record in enumerate(records):
        one = os.path.join(floor.folder, f"{index}.audit.json")
        if index < 20 or record["decision"] != "sent":
            with open(one, "w") as f:
                json.dump(record, f)
    run = subprocess.run([sys.executable, os.path.join(floor.o.shared, "data-model/check.py"), "audit",
                          *glob.glob(os.path.join(floor.folder, "*.audit.json"))[:60]], capture_output=True, text=True)
    floor.expect(run.returncode == 0, f"audit records: {run.stdout[:500]}{run.stderr[-300:]}")
    sent = {r["payload"]["sha256"] for r in records if r["decision"] == "sent" and r["destination"] == "hub"}
    for topic, payload, _ in floor.ears["hub"].messages:
        if payload and not (topic.endswith("/status") and json.loads(payload)["online"] is False):
            known = "sha256:" + hashlib.sha256(payload).hexdigest() in sent
            floor.expect(known, f"a message left and is not written down: {topic} {payload[:200]}")
    sessions = [r for r in records if r["destination"] == "plant" and r["content"]["class"] == "_session"]
    floor.expect(len(sessions) == 2 and all(r["content"]["samples"] > 10 for r in sessions),
                 f"the owner's own broker had two sessions that ended in order, and {len(sessions)} are written down")
    floor.expect(any(r["destination"] == "stranger" and r["decision"] == "denied" and r["why"] == "unknown-operator"
                     for r in records), "the closed destination is not written down")
    floor.expect(not any(r["destination"] == "stranger" and r["decision"] == "sent" for r in records), "the stranger was served")
    tampered = copy.deepcopy(records)
    tampered[3]["topic"] = tampered[3]["topic"] + "x"
    with open(path, "w") as f:
        f.writelines(json.dumps(r, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n" for r in tampered)
    run = floor.koppel("audit", "verify", "--data", data)
    floor.expect(run.returncode == 1 and "audit.jsonl:4:" in run.stdout, f"a changed record: {run.returncode} {run.stdout}")


def check_words(floor):
    for language, words in (("nl", ["GESLOTEN", "het gemiddelde", "2 seconden", "90 dagen", "alleen afspraak"]),
                            ("en", ["CLOSED", "the mean", "2 seconds", "90 days", "only agreed"])):
        run = floor.koppel("share", "show", "--config", floor.config, "--lang", language)
        floor.expect(run.returncode == 1, f"share show ended with {run.returncode}: {run.stderr}")
        for word in words:
            floor.expect(word in run.stdout, f"share show --lang {language} does not say {word}: {run.stdout}")
    run = floor.koppel("explain", "m1", "counters/c0", "--config", floor.config)
    floor.expect("to hub" in run.stdout and "PT2S" in run.stdout, f"explain: {run.stdout}{run.stderr}")
    run = floor.koppel("explain", "m1", "counters/c1", "--config", floor.config)
    floor.expect("not named by the policy" in run.stdout, f"explain: {run.stdout}{run.stderr}")
    run = floor.koppel("check", "--config", floor.config)
    floor.expect(run.returncode == 0 and "stays closed" in run.stdout + run.stderr, f"check: {run.stdout}{run.stderr}")


SCENARIOS = {
    "share-with-hub": (share_with_hub, {}),
}
