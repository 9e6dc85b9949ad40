"""`koppel verify`: it finds each kind of fault in a stream we made, and says complete of a real run with outages."""
import json
import shutil
import signal
import subprocess
import time

import paho.mqtt.client as mqtt

from factory import Factory
from plant import Broker, free_port, make_folder

SECOND = 1_000_000_000


def moment(second):
    return f"2026-03-02T08:{15 + second // 60:02}:{second % 60:02}.000000000Z"


def batch(machine, first, last, epoch=1, shift=0, gaps=(), signal_name="a/b", **series):
    """Readings of one signal, one a second; the number is also the second."""
    numbers = list(range(first, last + 1))
    return {"machine": f"urn:uuid:{machine}", "rev": 1, "epoch": epoch, "t0": moment(first),
            "dt": [(n - first) * SECOND for n in numbers], "buffered": False, "clock": "synchronised",
            "series": [{"signal": signal_name, "unit": "V", "seq": first, "v": [n + shift for n in numbers], **series}],
            **({"gaps": list(gaps)} if gaps else {})}


def gap(first, last, lost, reason="buffer-overflow"):
    return {"signal": "a/b", "from": moment(first), "to": moment(last), "lost": lost, "reason": reason}


MEAN = {"agg": "mean", "window": "PT15M"}
# name: what is published on the machine's _batch, and what has to be said of it: (complete, field, number)
STREAMS = {
    "sound": ([batch("sound", 1, 5), batch("sound", 6, 9), batch("sound", 4, 9)], (True, "repeats", 6)),
    "hole": ([batch("hole", 1, 5), batch("hole", 8, 9)], (False, "missing", 2)),
    "declared": ([batch("declared", 1, 5), batch("declared", 8, 9, gaps=[gap(6, 8, 2)])],
                 (True, "missingAndDeclared", 2)),
    "under-declared": ([batch("under", 1, 5), batch("under", 9, 9, gaps=[gap(6, 8, 2)])], (False, "missing", 3)),
    "slot-missed": ([batch("slot", 1, 5), batch("slot", 8, 9, gaps=[gap(5, 8, 9, "slot-missed")])],
                    (False, "missing", 2)),
    "conflict": ([batch("conflict", 1, 5), batch("conflict", 4, 5, shift=0.5)], (False, "conflicts", 2)),
    "disorder": ([batch("disorder", 1, 3), batch("disorder", 6, 7), batch("disorder", 4, 5)], (False, "outOfOrder", 2)),
    "bare-epoch": ([batch("bare", 1, 5), batch("bare", 1, 2, epoch=2)], (False, "epochsWithoutWord", 1)),
    "bad": ([batch("bad", 1, 3) | {"series": [{"signal": "a/b", "seq": 1, "v": [1, None, 3],
                                              "s": [0, 0x800A0000, 0]}]}], (True, "bad", 1)),
    "aggregated": ([batch("agg", 1, 3, **MEAN), batch("agg", 1, 3, shift=9, agg="max", window="PT15M"),
                    batch("agg", 6, 6, **MEAN, gaps=[gap(4, 5, 900)])], (True, "missingAndDeclared", 2)),
    "unreadable": ([batch("unreadable", 1, 3), batch("unreadable", 4, 5) | {"t0": "yesterday"}],
                   (True, "missing", 0)),
    "foreign": ([batch("foreign", 1, 3), {"temperature": 20}], (True, "missing", 0)),
}


class Verify:
    """`koppel verify --json`, running until it is asked for its verdict."""

    def __init__(self, koppel, port, *more):
        self.process = subprocess.Popen(
            [koppel, "verify", "--broker", f"mqtt://127.0.0.1:{port}", "--topic", "kpl/v1/#", "--json", *more],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if "Listening" not in self.process.stderr.readline():
            raise AssertionError(f"koppel verify does not listen: {self.process.communicate()}")

    def verdict(self, ask=True):
        if ask:
            self.process.send_signal(signal.SIGINT)
        out, errors = self.process.communicate(timeout=30)
        if not out:
            raise AssertionError(f"koppel verify ended with {self.process.returncode}: {errors}")
        return self.process.returncode, json.loads(out)

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


def finds_faults(o):
    """`koppel verify` finds each kind of fault in streams a plain MQTT client sends, and nothing in a sound one."""
    folder = make_folder()
    broker = Broker(folder, free_port())
    faults = []
    try:
        broker.start()
        for name, (messages, (complete, field, number)) in STREAMS.items():
            faults += one(o, broker, {name: messages}, complete and name != "unreadable",
                          lambda d: [f"{s[field]} {field} instead of {number}" for s in d["signals"][:1]
                                     if sum(x[field] for x in d["signals"]) != number]
                          + [f"complete is {s['complete']}" for s in d["signals"][:1]
                             if all(x["complete"] for x in d["signals"]) != complete])
        everything = {name: messages for name, (messages, _) in STREAMS.items()}
        faults += one(o, broker, everything, False, lambda d: [
            f"{d[field]} {field} instead of {number}" for field, number in (("ignored", 1), ("unreadable", 1))
            if d[field] != number])
        faults += ends_by_itself(o, broker)
        nobody = subprocess.run([o.koppel, "verify", "--broker", f"mqtt://127.0.0.1:{free_port()}", "--for", "2s"],
                                capture_output=True, text=True)
        if nobody.returncode != 69 or "refused" not in nobody.stderr:
            faults.append(f"without a broker: {nobody.returncode} {nobody.stderr}")
        return {"streams": len(STREAMS), "faults": len(faults), "first_faults": faults}
    finally:
        broker.stop()
        shutil.rmtree(folder, ignore_errors=True)


def one(o, broker, streams, is_sound, check):
    """Sends some streams past a receiver; what was wrong with its verdict."""
    verify = Verify(o.koppel, broker.port)
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    try:
        client.connect("127.0.0.1", broker.port)
        client.loop_start()
        for name, messages in streams.items():
            for message in messages:
                client.publish(f"kpl/v1/acme/hengelo/{name}/_batch", json.dumps(message), qos=1).wait_for_publish(5)
        time.sleep(0.3)
        code, document = verify.verdict()
        name = ", ".join(streams) if len(streams) == 1 else "all of them"
        faults = [f"{name}: {fault}" for fault in check(document)]
        if code != (0 if is_sound else 1) or document["complete"] != is_sound:
            faults.append(f"{name}: exit code {code}, complete {document['complete']}")
        return faults
    finally:
        client.loop_stop()
        client.disconnect()
        verify.end()


def ends_by_itself(o, broker):
    """With --until-complete it ends once the hole is declared, and 5 s later than that."""
    verify = Verify(o.koppel, broker.port, "--until-complete", "--for", "20s")
    begin = time.monotonic()
    try:
        for message in STREAMS["declared"][0]:
            subprocess.run(["mosquitto_pub", "-p", str(broker.port), "-q", "1", "-t", "kpl/v1/acme/hengelo/x/_batch", "-m",
                            json.dumps(message)], check=True)
        code, document = verify.verdict(ask=False)
        took = time.monotonic() - begin
        return [] if code == 0 and document["complete"] and 4 < took < 15 else [
            f"--until-complete ended with {code} after {took:.1f} s"]
    finally:
        verify.end()


def verified(o):
    """A real run with broker outages, lost acknowledgements, a kill and a stop: `koppel verify` says all is accounted
    for, and so does the other check."""
    with Factory(o, uplink=True) as factory:
        verify = Verify(o.koppel, factory.broker.port)
        try:
            factory.begin()
            factory.until(o.seconds * 0.2)
            factory.uplink.tell(f"fault drop type=PUBACK prob={o.prob}")
            factory.until(o.seconds * 0.4)
            factory.uplink.tell("clear")
            factory.agent.kill()
            factory.agent.start()
            factory.until(o.seconds * 0.6)
            factory.uplink.tell("refuse for=1")
            factory.until(o.seconds * 0.8)
            factory.agent.terminate()
            factory.agent.start()
            factory.until(o.seconds)
            figures = factory.account()
            code, document = verify.verdict()
        finally:
            verify.end()
    wrong = [f"{s['machine']} {s['signal']}: {s}" for s in document["signals"] if not s["complete"]]
    if code or not document["complete"]:
        wrong.append(f"koppel verify ended with {code}: {dict(document, signals=None)}")
    if document["readings"] != figures["readings"]:
        wrong.append(f"koppel verify counted {document['readings']} readings and the hub {figures['readings']}")
    if {d["reason"] for s in document["signals"] for d in s["declared"]} != set(figures["gap_reasons"]):
        wrong.append(f"reasons differ from {figures['gap_reasons']}")
    if not any(agent["departures"] for agent in document["agents"]):
        wrong.append("koppel verify did not see the agent go")
    figures["verified"], figures["repeats_seen"] = document["readings"], sum(s["repeats"] for s in document["signals"])
    figures["faults"] += len(wrong)
    figures["first_faults"] += wrong[:5]
    return figures


SCENARIOS = {
    "verify-finds-faults": (finds_faults, {}),
    "verified": (verified, {"seconds": 8}),
}
