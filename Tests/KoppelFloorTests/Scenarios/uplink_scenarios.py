"""What happens between the agent and its broker. Each scenario returns its figures."""
import json
import signal
import subprocess

from factory import Factory


def load(o):
    """Everything the command line asks for: outage, kills, SIGTERM, faults of the machines, at once."""
    with Factory(o) as factory:
        factory.begin()
        for command in o.fault:
            factory.device.tell(command)
        broker, agent = factory.broker, factory.agent

        def term():
            agent.terminate()
            agent.start()

        def kill():
            agent.kill()
            agent.start()

        plan = [(o.seconds * o.random.random(), kill) for _ in range(o.kills)]
        if o.outage:
            plan += [(o.seconds * 0.3, broker.stop), (o.seconds * 0.3 + o.outage, broker.start)]
        if o.term:
            plan += [(o.seconds * 0.6, term)]
        for moment, action in sorted(plan, key=lambda step: step[0]):
            factory.until(moment)
            action()
        factory.until(o.seconds)
        if o.fault:
            factory.device.tell("clear")
        return factory.account()


def outage(o, how, **own):
    with Factory(o, **own) as factory:
        factory.begin()
        factory.until(o.seconds * 0.25)
        factory.broker.stop(how)
        factory.until(o.seconds * 0.25 + (o.outage or 1.5))
        factory.broker.start()
        factory.until(o.seconds)
        figures = factory.account()
        return figures


def broker_restart(o):
    """The broker is stopped under load and started again: every reading arrives, in order."""
    return nothing_missing(outage(o, signal.SIGTERM))


def broker_killed(o):
    """The broker is killed under load and started again."""
    return nothing_missing(outage(o, signal.SIGKILL))


def nothing_missing(figures):
    """For disturbances that leave polling alone: no hole at all, declared or not."""
    if figures["holes"] or figures["gaps"]:
        figures["faults"] += 1
        figures["first_faults"].append(f"{figures['holes']} holes and {figures['gaps']} gaps where nothing may miss")
    return figures


def broker_late(o):
    """U01, A17: the agent starts before broker, network and adapter are there, stores, and delivers when the broker comes."""
    with Factory(o) as factory:
        # A destination whose name nobody knows yet, and a line whose adapter is not plugged in.
        o.more = {"later": {"url": "mqtt://broker.invalid", "share": "all", "client-id": "later"}}
        factory.write_site(factory.units)
        with open(factory.config) as f:
            content = json.load(f)
        content["buses"]["unplugged"] = {"url": "rtu:/dev/serial/by-id/koppel-not-there?baud=9600&format=8N1"}
        content["machines"]["m99"] = {**content["machines"]["m1"], "bus": "unplugged", "every": "10s"}
        with open(factory.config, "w") as f:
            json.dump(content, f)
        factory.broker.stop()
        factory.begin(wait=False)
        factory.until(o.outage or 1.5)
        factory.broker.start()
        factory.wait_for_first_reading()
        factory.until(o.seconds)
        return nothing_missing(factory.account())


def uplink_half_open(o):
    """U03, U28: the connection stays open and carries nothing; it is noticed, replaced, and everything arrives."""
    with Factory(o, uplink=True, destination={"keepalive": "5s"}) as factory:
        factory.begin()
        factory.until(0.5)
        factory.uplink.tell("halfopen scope=existing")
        quiet_since = factory.ledger.count()
        factory.wait_until_well()
        # The broker has published the will of the old connection by now; what stands there is the word of the new one.
        status = subprocess.run(["mosquitto_sub", "-p", str(factory.broker.port), "-t", "kpl/v1/+/+/_agent/+/status",
                                 "-C", "1", "-W", "5"], capture_output=True, text=True).stdout
        factory.expect('"online":true' in status, f"the status that is retained: {status}")
        factory.expect(factory.facts["well_again_after_s"] <= 1.5 * 5 + 3, "it took longer than one and a half "
                       "keepalive, and three seconds, to notice")
        figures = nothing_missing(factory.account())
        figures["arrived_before"] = quiet_since
        return figures


def uplink_lost_acknowledgements(o):
    """U05: acknowledgements get lost on a live connection; the connection is replaced and everything arrives."""
    with Factory(o, uplink=True) as factory:
        factory.begin()
        factory.uplink.tell(f"fault drop type=PUBACK prob={o.prob}")
        factory.until(o.seconds)
        factory.uplink.tell("clear")
        stats = factory.uplink.tell("stats")["result"]
        figures = nothing_missing(factory.account())
        figures["connects"] = stats["connects"]
        return figures


def uplink_flapping(o):
    """U02: the broker comes and goes; nothing is lost and the broker is not stormed."""
    with Factory(o, uplink=True) as factory:
        factory.begin()
        factory.uplink.tell(f"flap up=0.7 down=0.7 for={o.seconds}")
        factory.until(o.seconds + 0.5)
        stats = factory.uplink.tell("stats")["result"]
        figures = nothing_missing(factory.account())
        figures["connects"] = stats["connects"]
        if figures["connects"] > 2 + o.seconds:
            figures["faults"] += 1
            figures["first_faults"].append(f"{figures['connects']} connections in {o.seconds} s")
        return figures


SCENARIOS = {
    "load": (load, {}),
    "broker-restart": (broker_restart, {"seconds": 4}),
    "broker-killed": (broker_killed, {"seconds": 4}),
    "broker-late": (broker_late, {"seconds": 3}),
    "uplink-half-open": (uplink_half_open, {}),
    "uplink-lost-acknowledgements": (uplink_lost_acknowledgements, {"seconds": 3}),
    "uplink-flapping": (uplink_flapping, {"seconds": 4}),
}
