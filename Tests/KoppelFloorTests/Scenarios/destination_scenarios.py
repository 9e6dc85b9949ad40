"""Several destinations of one journal: none holds up or doubles another. Each scenario returns its figures."""
import json
import os
import sqlite3
import subprocess
import time

from account import Account, Truth
from factory import Factory
from hub import Hub, Ledger
from plant import Broker, FaultProgram, free_port, wait_for


class Party:
    """A destination beside the factory's own: a broker, a hub behind it, and a bad network before it."""

    def __init__(self, factory, name):
        self.name = name
        self.folder = os.path.join(factory.folder, name)
        os.mkdir(self.folder)
        self.broker = Broker(self.folder, free_port())
        self.broker.start()
        self.ledger = Ledger(0)
        self.hub = Hub(self.broker.port, self.ledger)
        wait_for(f"the hub of {name}", self.hub.subscribed.is_set, 10)
        self.network = FaultProgram(factory.o.shared, "mqtt_chaos.py", [
            "--listen", "127.0.0.1:0", "--upstream", f"127.0.0.1:{self.broker.port}"])

    def settings(self, direct=False, **more):
        at = f"127.0.0.1:{self.broker.port}" if direct else self.network.ready["listen"]
        return {self.name: {"url": f"mqtt://{at}", "share": "all", "client-id": f"to-{self.name}", **more}}

    def status(self):
        """The status the broker keeps."""
        run = subprocess.run(["mosquitto_sub", "-p", str(self.broker.port), "-t", "kpl/v1/+/+/_agent/+/status", "-C", "1",
                              "-W", "5"], capture_output=True, text=True)
        return json.loads(run.stdout) if run.stdout else {}

    def end(self):
        self.hub.end()
        self.network.end()
        self.broker.stop()


def known_destinations(factory):
    path = os.path.join(factory.folder, "data", "journal.db")
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return {row[0] for row in database.execute("SELECT id FROM destinations")}
    finally:
        database.close()


def descriptors(factory):
    return len(os.listdir(f"/proc/{factory.agent.process.pid}/fd"))


def three_destinations(o):
    """U27, P55, P57: a healthy, a dead and a slow destination; they come, change and go by SIGHUP, and lose nothing."""
    with Factory(o) as factory:
        parties = []
        try:
            slow = Party(factory, "slow")
            parties.append(slow)
            dead = Party(factory, "dead")
            parties.append(dead)
            return run_three(factory, slow, dead)
        finally:
            for party in parties:
                party.end()


def run_three(factory, slow, dead):
    o = factory.o
    slow.network.tell("throttle bps=30000")
    slow.network.tell("delay ms=200 jitter=100")
    dead.network.tell("refuse")
    o.more = slow.settings()
    factory.write_site(factory.units)
    factory.begin()
    factory.until(1)
    # One more by SIGHUP, and it is dead.
    o.more = {**slow.settings(), **dead.settings(batch={"readings": 50})}
    factory.write_site(factory.units)
    factory.agent.hang_up()
    wait_for("the third destination", lambda: "dead" in known_destinations(factory), 10)
    open_files = descriptors(factory)
    factory.until(o.seconds * 0.4)
    before = factory.ledger.count()
    factory.until(o.seconds * 0.5)
    factory.expect(factory.ledger.count() > before, "the healthy destination stood still while another was dead")
    factory.expect(dead.ledger.count() == 0, "something arrived at a dead destination")
    # It comes back, and is cut off again and again in the middle of catching up (U19).
    dead.network.tell("fault cut type=PUBLISH every=60 count=2")
    dead.network.tell("accept")
    wait_for("the dead destination to live", lambda: dead.ledger.count() > 0, 30)
    # Another URL: only this one is connected anew (P55).
    o.more = {**slow.settings(), **dead.settings(direct=True, batch={"readings": 50})}
    factory.write_site(factory.units)
    factory.agent.hang_up()
    factory.until(o.seconds)
    slow.network.tell("clear")
    ledgers = {"plant": factory.ledger, "slow": slow.ledger, "dead": dead.ledger}
    since = time.time_ns()
    wanted = len(factory.machines) * o.signals
    for name, ledger in ledgers.items():
        wait_for(f"fresh values of all signals at {name}", lambda: ledger.fresh(since) >= wanted, 40)
    factory.expect(factory.agent.log().count("Uplink connected") >= 3, "the log tells of no connection")
    connected = [line for line in factory.agent.log().splitlines() if "Uplink connected" in line]
    factory.expect(sum("plant" in line for line in connected) == 1, "the healthy destination was connected anew")
    factory.facts["connects"] = len(connected)
    # The link of the changed destination takes its own moment to close.
    wait_for("as many descriptors as before", lambda: abs(descriptors(factory) - open_files) <= 4, 10)
    # What is taken out is forgotten, and its broker knows that nobody speaks there any more.
    o.more = slow.settings()
    factory.write_site(factory.units)
    factory.agent.hang_up()
    wait_for("the destination to be forgotten", lambda: "dead" not in known_destinations(factory), 10)
    factory.expect(dead.status().get("online") is False, f"its broker still has {dead.status()}")
    factory.expect(slow.status().get("online") is True, f"the broker of the slow one has {slow.status()}")
    figures = factory.account()
    truth = Truth(factory.truth_path)
    for party in (slow, dead):
        account = Account(party.ledger, truth, o.interval_ms * 1_000_000, from_first=party is dead)
        figures[f"{party.name}_readings"] = party.ledger.count()
        figures["first_faults"] += [f"{party.name}: {fault}" for fault in account.faults[:5]]
        figures["faults"] += len(account.faults) + account.holes
        if account.holes:
            figures["first_faults"].append(f"{party.name}: {account.holes} holes where nothing may miss")
    if figures["holes"] or figures["gaps"]:
        figures["faults"] += 1
        figures["first_faults"].append(f"{figures['holes']} holes: the buses noticed")
    return figures


def retained(port, machine):
    """The topics of a machine that a broker still keeps, but for descriptors of older revisions."""
    run = subprocess.run(["mosquitto_sub", "-p", str(port), "-t", f"kpl/v1/acme/hengelo/{machine}/#", "-W", "1",
                          "--retained-only", "-F", "%t"], capture_output=True, text=True)
    return [topic for topic in run.stdout.split() if "/rev/" not in topic]


def removed_while_stopped(o):
    """3.11, P57: a machine goes from the site file while the agent stands still: its backlog goes out, then its topics."""
    with Factory(o) as factory:
        late = Party(factory, "late")
        try:
            o.more = late.settings()
            factory.write_site(factory.units)
            factory.begin()
            wait_for("the second destination", lambda: late.ledger.fresh(0) >= len(factory.units) * o.signals, 10)
            factory.until(1)
            late.network.tell("refuse")
            factory.until(o.seconds)
            factory.agent.terminate()
            gone = f"m{factory.units[-1]}"
            factory.expect(len(retained(factory.port, gone)) > o.signals, "nothing of the machine was retained")
            factory.write_site(factory.units[:-1])
            factory.agent.start()
            wait_for("its topics to be cleared", lambda: not retained(factory.port, gone), 20)
            factory.expect(retained(late.broker.port, gone), "a destination that was away was cleared all the same")
            late.network.tell("accept")
            wait_for("its topics to be cleared there too", lambda: not retained(late.broker.port, gone), 40)
            figures = factory.account()
            truth = Truth(factory.truth_path)
            account = Account(late.ledger, truth, o.interval_ms * 1_000_000)
            figures["faults"] += len(account.faults)
            figures["first_faults"] += [f"late: {fault}" for fault in account.faults[:5]]
            for name, ledger in (("plant", factory.ledger), ("late", late.ledger)):
                arrived = {value for (machine, _), readings in ledger.readings.items()
                           if ledger.names.get(machine) == gone for _, value, _ in readings.values()}
                served = set().union(*(values for (machine, _), values in truth.served.items() if machine == gone))
                if len(served - arrived) > o.signals:
                    figures["faults"] += 1
                    figures["first_faults"].append(f"{name}: {len(served - arrived)} values of {gone} never arrived")
            return figures
        finally:
            late.end()


SCENARIOS = {
    "removed-while-stopped": (removed_while_stopped, {"seconds": 2, "validate": 0}),
    "three-destinations": (three_destinations, {"seconds": 5, "validate": 0}),
}
