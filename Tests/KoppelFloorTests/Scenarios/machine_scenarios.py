"""What machines do to the agent. Each scenario returns its figures."""
from account import Truth
from factory import Factory


def disturbed(o, command, then=None, **own):
    """A fault of the machines for most of the load, then a calm in which all has to be well again."""
    with Factory(o, **own) as factory:
        factory.begin()
        factory.until(0.5)
        factory.device.tell(command)
        factory.until(o.seconds)
        if then:
            factory.device.tell(then)
        factory.device.tell("clear")
        return factory.account()


def half_open(o):
    """F03: machines take requests and never answer, then the connection is cut."""
    return disturbed(o, "halfopen scope=existing", then="cut", timeout_ms=300)


def dripping(o):
    """F06: answers come byte by byte, and never within the time a request has."""
    return disturbed(o, "fault drip ms=30 prob=0.3", timeout_ms=300)


def late(o):
    """F13 and R07: answers come after their time, when something else was asked."""
    return disturbed(o, "fault late ms=450 prob=0.2", timeout_ms=300)


def wrong_unit(o):
    """F16: an answer from another unit is refused."""
    return disturbed(o, "fault wrong_unit prob=0.2", timeout_ms=300)


def serial_late(o):
    """R07: on a serial line nothing but time tells a late answer from the next one."""
    return disturbed(o, "fault late ms=450 prob=0.05", timeout_ms=300, rtu=True)


def serial_duplicate(o):
    """R08: every answer of a serial line may come twice."""
    return disturbed(o, "fault duplicate prob=0.2", timeout_ms=300, rtu=True)


def dead_unit(o):
    """F26: one dead unit of three leaves the others at least nine tenths of their rate."""
    with Factory(o, units=3, timeout_ms=100) as factory:
        factory.begin()
        half = o.seconds / 2
        factory.until(half)
        factory.device.tell("fault drop unit=2")
        factory.until(o.seconds)
        factory.device.tell("clear")
        factory.wait_until_well()
        figures = factory.account()
        moments = Truth(factory.truth_path).moments
        rates = {}
        for machine in ("m1", "m3"):
            served = moments[(machine, "c0")]
            middle = factory.started + half
            before = sum(factory.started < t < middle for t in served)
            during = sum(middle <= t < middle + half for t in served)
            rates[machine] = round(during / max(1, before), 3)
        figures["rate_of_others"] = rates
        if min(rates.values()) < 0.9:
            figures["faults"] += 1
            figures["first_faults"].append(f"a dead unit costs the others: {rates}")
        return figures


SCENARIOS = {
    "machine-half-open": (half_open, {"seconds": 2.5}),
    "machine-dripping": (dripping, {"seconds": 3}),
    "machine-late": (late, {"seconds": 3}),
    "machine-wrong-unit": (wrong_unit, {"seconds": 2.5}),
    "serial-late": (serial_late, {"seconds": 4, "units": 2}),
    "serial-duplicate": (serial_duplicate, {"seconds": 3, "units": 2}),
    "dead-unit": (dead_unit, {"seconds": 6}),
}
