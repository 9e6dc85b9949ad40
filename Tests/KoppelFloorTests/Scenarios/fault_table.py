"""Every fault of a machine or its line, one after the other, against one running agent: what it published, how soon all
was well again, and what the others noticed.

The faults are those of the catalogue (F: Modbus TCP, R: Modbus RTU). A per-request fault is aimed at unit 2 of three;
units 1 and 3 share its bus and m11 has a bus of its own. Each fault ends before the next one begins, and at the end
every reading of the whole run is accounted for.
"""
import os
import signal
import socket
import time

from account import SHOWN_AGAIN
from factory import Factory
from plant import wait_for

# The OPC UA names of the status codes the data model uses (its table 4.2).
NAMES = {
    0x00000000: "Good", 0x80320000: "BadWaitingForInitialData", 0x80AC0000: "BadConnectionRejected",
    0x803D0000: "BadNotSupported", 0x80890000: "BadConfigurationError", 0x808B0000: "BadDeviceFailure",
    0x80EE0000: "BadServerTooBusy", 0x80010000: "BadUnexpectedError", 0x80310000: "BadNoCommunication",
    0x40900000: "UncertainLastUsableValue", 0x800A0000: "BadTimeout",
    0x408F0000: "UncertainNoCommunicationLastUsableValue", 0x80050000: "BadCommunicationError",
    0x80070000: "BadDecodingError",
}
LINK = {"BadTimeout", "BadCommunicationError", "BadNoCommunication", "BadConnectionRejected",
        "UncertainNoCommunicationLastUsableValue"}
NOTHING = set()
BROKEN = {"BadCommunicationError", "BadTimeout", "UncertainNoCommunicationLastUsableValue"}
LATE = {"BadTimeout", "UncertainNoCommunicationLastUsableValue"}


class Row:
    """One fault: commands that begin and end it, and what unit 2 may say while it lasts besides good readings."""

    def __init__(self, name, begin, may, must=None, end=(), seconds=1.2, whole_bus=False):
        self.name, self.begin, self.end, self.may = name, begin, end, may
        self.must = must if must is not None else NOTHING
        self.seconds, self.whole_bus = seconds, whole_bus


def fault(mode, **more):
    unit = more.pop("unit", 2)
    return [f"fault {mode} unit={unit} " + " ".join(f"{k}={v}" for k, v in more.items())]


TCP = [
    Row("F01 device off", ["blackhole", "cut"], LINK, LINK, whole_bus=True),
    Row("F02 port closed", ["refuse"], LINK, LINK, whole_bus=True),
    Row("F03 half-open", ["halfopen"], LINK, LINK, end=["cut"], whole_bus=True, seconds=2.5),
    Row("F04 sometimes slower than the timeout", fault("delay", ms=400, prob=0.5), LATE, LATE),
    Row("F05 slow within the timeout", ["latency ms=60"], NOTHING, end=["latency ms=0"], whole_bus=True),
    Row("F06 byte by byte", fault("drip", ms=60), LATE | BROKEN, LATE | BROKEN),
    Row("F07 no answer now and then", fault("drop", prob=0.3), LATE),
    Row("F08 truncated", fault("truncated", prob=0.5), BROKEN, BROKEN),
    Row("F09 lost in mid-frame", fault("disconnect_mid", prob=0.5), LINK, whole_bus=True),
    Row("F10 reset", fault("disconnect", rst=1, prob=0.5), LINK, whole_bus=True),
    Row("F11 garbage", fault("garbage", n=20, prob=0.5), BROKEN, BROKEN),
    Row("F12 other transaction id", fault("wrong_tid", prob=0.5), BROKEN, BROKEN),
    Row("F13 after the timeout", fault("late", ms=400, prob=0.5), LATE, LATE),
    Row("F14 twice", fault("duplicate"), NOTHING),
    Row("F15 old and new in one segment", fault("stale_first"), NOTHING),
    Row("F16 another unit", fault("wrong_unit", prob=0.5), BROKEN, BROKEN),
    Row("F17 other function code", fault("wrong_function", prob=0.5), BROKEN, BROKEN),
    Row("F18 protocol id 1", fault("wrong_protocol", id=1, prob=0.5), BROKEN, BROKEN),
    Row("F18 protocol id 256", fault("wrong_protocol", id=256, prob=0.5), BROKEN, BROKEN),
    Row("F19 length 3 too long", fault("length_lie", add=3, prob=0.5), BROKEN, BROKEN),
    Row("F19 length 65535", fault("length_lie", length=65535, prob=0.5), BROKEN, BROKEN),
    Row("F20 one register fewer", fault("short", prob=0.5), BROKEN, BROKEN),
    Row("F20 one register more", fault("long", prob=0.5), BROKEN, BROKEN),
    Row("F21 byte count off by 2", fault("byte_count", add=2, prob=0.5), BROKEN, BROKEN),
    Row("F21 byte count off by 1", fault("byte_count", add=1, prob=0.5), BROKEN, BROKEN),
    *[Row(f"F22 exception {code}", fault("exception", code=code), {name} | LATE | {"BadNoCommunication"}, {name},
          seconds=0.4)
      for code, name in [(1, "BadNotSupported"), (4, "BadDeviceFailure"), (5, "UncertainLastUsableValue"),
                         (7, "BadNotSupported"), (8, "BadDeviceFailure"), (9, "BadUnexpectedError"),
                         (12, "BadUnexpectedError"), (255, "BadUnexpectedError")]],
    Row("F23 busy", fault("exception", code=6), {"BadServerTooBusy"} | LATE, {"BadServerTooBusy"}),
    Row("F24 gateway: path", fault("exception", code=10), {"BadNoCommunication"} | LATE, {"BadNoCommunication"}),
    Row("F24 gateway: target", fault("exception", code=11), {"BadNoCommunication"} | LATE, {"BadNoCommunication"}),
    Row("F26 one dead unit", fault("drop"), LATE | {"BadNoCommunication"}, {"BadTimeout"}, seconds=3),
    Row("F28 split over segments", fault("split", at=3, ms=10), NOTHING),
    Row("F29 idle connection closed", ["cut"], LINK, whole_bus=True, seconds=0.3),
]

RTU = [
    Row("R02 wrong CRC", fault("crc_error", prob=0.3), BROKEN, BROKEN),
    Row("R03 bit errors", fault("bit_flip", prob=0.3), BROKEN, BROKEN),
    Row("R04 noise before", fault("noise_prefix", prob=0.5), BROKEN),
    Row("R04 noise after", fault("noise_suffix", prob=0.5), BROKEN),
    Row("R04 noise on the line", ["noise every_ms=90 for=1"], BROKEN, whole_bus=True),
    Row("R05 echo", ["fault echo"], BROKEN, whole_bus=True),
    Row("R06 another unit answers", fault("wrong_unit", prob=0.5), BROKEN, BROKEN),
    Row("R07 after the timeout", fault("late", ms=400, prob=0.3), BROKEN, LATE),
    Row("R08 twice", fault("duplicate", prob=0.5), BROKEN),
    Row("R09 second master", ["second_master every_ms=130 for=1"], BROKEN, whole_bus=True),
    Row("R09 foreign frames", fault("foreign", prob=0.5), BROKEN),
    Row("R10 gaps inside a frame", fault("drip", ms=8), BROKEN),
    Row("R11 adapter pulled", ["unplug"], LINK, LINK, end=["replug"], whole_bus=True),
    Row("R17 adapter takes no bytes", [signal.SIGSTOP], LINK, LINK, end=[signal.SIGCONT], whole_bus=True),
]


class Watch:
    """What arrived of each machine from a moment on."""

    def __init__(self, ledger):
        self.ledger = ledger

    def codes(self, machines, since, until):
        """The status codes in this time. A value that is shown again keeps the time it was read at, some sweeps ago."""
        with self.ledger.lock:
            return {code for key, readings in self.ledger.readings.items() if self.machine(key) in machines
                    for moment, _, code in readings.values()
                    if since - (400_000_000 if code in SHOWN_AGAIN else 0) <= moment <= until}

    def good(self, machine, since, until):
        with self.ledger.lock:
            return sum(code == 0 and since <= moment <= until for key, readings in self.ledger.readings.items()
                       if self.machine(key) == machine for moment, _, code in readings.values())

    def machine(self, key):
        return self.ledger.names.get(key[0])


def run_row(factory, watch, row):
    o = factory.o
    tell(factory, row.begin)
    begin = time.time_ns()
    time.sleep(row.seconds)
    end = time.time_ns()
    tell(factory, row.end)
    factory.device.tell("clear")
    fresh = time.time_ns()
    wanted = len(factory.machines) * o.signals
    wait_for(f"fresh values after {row.name}", lambda: factory.ledger.fresh(fresh) >= wanted, 30)
    recovered = (time.time_ns() - end) / 1e9
    # Where the connection is what fails, the unit that is asked first may be the only one to notice.
    whose = {"m1", "m2", "m3"} if row.whole_bus else {"m2"}
    codes = watch.codes(whose, begin, fresh)
    published = {NAMES.get(code, hex(code)) for code in codes} - {"Good"}
    full = (end - begin) / 1e6 / o.interval_ms * o.signals
    share = {m: round(watch.good(m, begin, end) / full, 2) for m in factory.machines if m != "m2"}
    # At the edges of a short time a sweep more or less is chance.
    slack = 1.5 * o.signals / full
    if not published <= row.may:
        factory.faults.append(f"{row.name}: the unit said {sorted(published)}")
    if row.must and not published & row.must:
        factory.faults.append(f"{row.name}: the unit said {sorted(published)}, and none of {sorted(row.must)}")
    if share["m11"] < 0.9 - slack:
        factory.faults.append(f"{row.name}: a machine on another bus had {share['m11']} of its readings")
    return {"fault": row.name, "injected": [str(c) for c in row.begin], "published": sorted(published),
            "recovered_s": round(recovered, 2), "same_bus": min(share["m1"], share["m3"]), "other_bus": share["m11"]}


def tell(factory, commands):
    for command in commands:
        if isinstance(command, signal.Signals):
            os.kill(factory.device.process.pid, command)
        else:
            factory.device.tell(command)


def table(o, rows):
    chosen = [row for row in rows if not o.rows or any(row.name.startswith(name) for name in o.rows.split(","))]
    with Factory(o, witness=True, rtu=rows is RTU, pace=o.pace, timeout_ms=250) as factory:
        factory.begin()
        factory.wait_until_well()
        watch = Watch(factory.ledger)
        factory.facts["rows"] = [run_row(factory, watch, row) for row in chosen]
        return factory.account()


def tcp(o):
    """F01 to F29: each fault of a machine on Modbus TCP, one after the other."""
    return table(o, TCP)


def rtu(o):
    """R02 to R17: each fault of a serial line, one after the other."""
    return table(o, RTU)


def one_connection(o):
    """F25: another master holds the only connection a machine allows; the agent says so, and comes in when it leaves."""
    with Factory(o) as factory:
        factory.device.tell("limit connections=1")
        host, port = factory.device.ready["tcp"].split(":")
        with socket.create_connection((host, int(port))):
            factory.begin(wait=False)
            wait_for("a line about the bus in the log", lambda: "bus" in factory.agent.log(), 10)
            time.sleep(1)
            factory.expect(factory.ledger.newest_good == {}, "readings came although no connection was free")
        begin = time.monotonic()
        factory.wait_for_first_reading()
        factory.facts["came_in_after_s"] = round(time.monotonic() - begin, 2)
        factory.until(1)
        connects = factory.device.tell("stats")
        factory.facts["connections"] = connects.get("connections", connects.get("connects"))
        return factory.account()


SCENARIOS = {
    "faults-tcp": (tcp, {"signals": 4, "interval_ms": 100}),
    "faults-rtu": (rtu, {"signals": 4, "interval_ms": 200}),
    "one-connection": (one_connection, {"seconds": 1}),
}
