"""Random faults of the network to three destinations, and kill -9 of the agent, for as long as asked: each destination
gets everything, or is told what is missing. `koppel verify` listens at each as a hub would, and has to come to the same
conclusion as the account of the machines' own values."""
import json
import os
import signal
import subprocess
import time

from account import Account, Truth
from destination_scenarios import Party
from factory import Factory
from plant import wait_for

# Each undoes itself.
OF_A_NETWORK = ["refuse for=3", "blackhole for=3", "halfopen for=6", "flap up=0.7 down=0.7 for=6", "cut", "cut rst=1",
                "fault drop type=PUBACK prob=0.2 for=6", "fault repeat type=PUBACK prob=0.3 for=6",
                "fault cut type=PUBLISH every=40 count=2", "throttle bps=40000 for=8", "delay ms=300 jitter=100 for=5",
                "fault drop type=PUBACK prob=1 for=3", "stall dir=up for=4", "chunk n=1 for=3",
                "fault puback rc=0x97 for=3", "fault disconnect rc=0x8B count=1"]
OF_A_MACHINE = ["drop", "delay ms=700", "exception code=6", "disconnect", "wrong_tid", "garbage n=20"]


class Verifier:
    """`koppel verify` at one broker, from before the first reading until it is told to stop."""

    def __init__(self, koppel, folder, name, port):
        self.path = os.path.join(folder, f"verify-{name}.json")
        with open(self.path, "w") as out, open(self.path + ".log", "w") as log:
            self.process = subprocess.Popen(
                [koppel, "verify", "--broker", f"mqtt://127.0.0.1:{port}", "--topic", "kpl/v1/#", "--json"],
                stdout=out, stderr=log, stdin=subprocess.DEVNULL)

    def conclusion(self):
        """Its exit code and its document."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(30)
        with open(self.path) as f, open(self.path + ".log") as log:
            text = f.read()
            return code, json.loads(text) if text.strip() else {"error": log.read()[-500:]}

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def three_parties(o):
    """Three destinations over bad networks, and kill -9: every one gets all of it, or is told what is missing."""
    with Factory(o, uplink=True, destination={"keepalive": "5s"}) as factory:
        parties, verifiers = [], []
        try:
            for name in ("second", "third"):
                parties.append(Party(factory, name))
            ports = {"plant": factory.broker.port, **{party.name: party.broker.port for party in parties}}
            verifiers += [Verifier(o.koppel, factory.folder, name, port) for name, port in ports.items()]
            return disturb_and_account(factory, parties, dict(zip(ports, verifiers)))
        finally:
            for one in parties + verifiers:
                one.end()


def disturb_and_account(factory, parties, verifiers):
    o = factory.o
    o.more = {}
    for party in parties:
        o.more |= party.settings(keepalive="5s", publish=["meta", "batches"])
    factory.write_site(factory.units)
    factory.begin()
    networks = [factory.uplink] + [party.network for party in parties]
    kills = [o.seconds * o.random.random() for _ in range(o.kills)]
    while (now := time.monotonic() - factory.started) < o.seconds:
        if kills and now >= min(kills):
            kills.remove(min(kills))
            factory.agent.note_memory()
            factory.agent.kill()
            factory.agent.start()
        elif o.random.random() < 0.8:
            o.random.choice(networks).tell(o.random.choice(OF_A_NETWORK))
        else:
            unit = o.random.choice(factory.units)
            factory.device.tell(f"fault {o.random.choice(OF_A_MACHINE)} unit={unit} for={o.random.uniform(0.5, 3):.1f}")
        factory.until(now + o.random.uniform(0.3, 2.5))
    for network in networks:
        network.tell("clear")
    factory.device.tell("clear")
    since, wanted = time.time_ns(), len(factory.machines) * o.signals
    for party in parties:
        wait_for(f"fresh values of all signals at {party.name}", lambda: party.ledger.fresh(since) >= wanted, 90)
    figures = factory.account()
    truth = Truth(factory.truth_path)
    for party in parties:
        account = Account(party.ledger, truth, o.interval_ms * 1_000_000)
        figures[f"{party.name}_readings"], figures[f"{party.name}_holes"] = party.ledger.count(), account.holes
        figures["first_faults"] += [f"{party.name}: {fault}" for fault in account.faults[:5]]
        figures["faults"] += len(account.faults)
    for name, verifier in verifiers.items():
        code, document = verifier.conclusion()
        figures[f"verify_{name}"] = {key: value for key, value in document.items() if not isinstance(value, (list, dict))}
        if code:
            figures["faults"] += 1
            figures["first_faults"].append(f"koppel verify at {name} ends with {code}: {json.dumps(document)[:600]}")
    return figures


SCENARIOS = {
    "three-parties": (three_parties, {"seconds": 15, "kills": 1, "units": 4, "signals": 10, "interval_ms": 200,
                                      "validate": 0}),
}
