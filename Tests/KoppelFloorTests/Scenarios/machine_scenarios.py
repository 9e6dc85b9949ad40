"""What machines do to the agent. Each scenario returns its figures."""
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
    """R08: answers of a serial line come twice, the second right behind the first."""
    return disturbed(o, "fault duplicate prob=0.2", timeout_ms=300, rtu=True, pace=0)


def serial_duplicate_later(o):
    """R08: the second answer comes a frame's length later, when the line seems silent, as USB adapters deliver it."""
    return disturbed(o, "fault duplicate prob=0.2", timeout_ms=300, rtu=True)


SCENARIOS = {
    "machine-half-open": (half_open, {"seconds": 2.5}),
    "machine-dripping": (dripping, {"seconds": 3}),
    "machine-late": (late, {"seconds": 3}),
    "machine-wrong-unit": (wrong_unit, {"seconds": 2.5}),
    "serial-late": (serial_late, {"seconds": 4, "units": 2}),
    "serial-duplicate": (serial_duplicate, {"seconds": 3, "units": 2}),
    "serial-duplicate-later": (serial_duplicate_later, {"seconds": 3, "units": 2}),
}
