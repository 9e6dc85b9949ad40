"""What the clock of the box does, and what the agent makes of it. Each scenario returns its figures.

The agent runs under kernel_clock.c, which gives it another wall clock and another kernel's word about it; the clocks
that count from boot stay as they are, as on a machine whose date somebody sets. The machines and the hub have the
true time.
"""
import os
import shutil
import sqlite3
import struct
import subprocess
import time

from account import Truth
from factory import Factory
from plant import base, wait_for

CLOCK_DOUBTFUL = 0x40000000
TEN_YEARS = 10 * 366 * 86_400


class SetClock:
    """The wall clock of the agent: by how many seconds it is off, and whether the kernel vouches for it."""

    def __init__(self, folder):
        library = compiled("kernel_clock.c", folder)
        self.path = os.path.join(folder, "kernel-clock")
        self.file = open(self.path, "w+b", buffering=0)
        self.set(0, True)
        self.environment = {**os.environ, "LD_PRELOAD": library, "KERNEL_CLOCK": self.path}

    def set(self, seconds, vouched):
        self.file.seek(0)
        self.file.write(struct.pack("=qq", int(seconds * 1e9), int(vouched)))


def compiled(name, folder):
    """A library to preload, made of a C file beside this one."""
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), name)
    library = os.path.join(folder, name.replace(".c", ".so"))
    subprocess.run([compiler(), "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    return library


def compiler():
    found = next(filter(None, map(shutil.which, ("cc", "clang", "gcc"))), None)
    if not found:
        raise AssertionError("no C compiler: cc, clang or gcc")
    return found


def true_time_of(truth, ledger):
    """The wall time at which the machine served a value, by the clock that counts from boot."""
    wall = time.time() - time.monotonic()

    def moment(key, value):
        machine, counter = ledger.names[key[0]], key[1].split("/")[1]
        place = value - base(int(machine[1:]), int(counter[1:])) - 1
        return wall + truth.moments[(machine, counter)][place]
    return moment


def expect_times(factory, off_by, limit=0.5):
    """Holds the time of every reading with a value against the moment the machine said it."""
    ledger, moment = factory.ledger, true_time_of(Truth(factory.truth_path), factory.ledger)
    worst = 0
    for key, readings in ledger.readings.items():
        for name, (at, value, code) in readings.items():
            if value is None or code not in (0, CLOCK_DOUBTFUL):
                continue
            error = min((abs(at / 1e9 - moment(key, value) - off) for off in off_by), default=0)
            worst = max(worst, error)
            factory.expect(error < limit, f"{key} {name}: its time is {error:.3f} s off")
    factory.facts["worst_time_error_s"] = round(worst, 3)


def expect_sane_gaps(factory, since):
    for key, gaps in factory.ledger.gaps.items():
        for begin, end, lost, reason in gaps:
            factory.expect(begin <= end, f"{key}: a gap from {begin} to {end}")
            factory.expect(begin / 1e9 > since - 1 and lost < 1_000, f"{key}: {lost} lost from {begin}, {reason}")


def journal(factory, question):
    path = os.path.join(factory.folder, "data", "journal.db")
    if not os.path.exists(path):
        return []
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5) as db:
            return db.execute(question).fetchall()
    except sqlite3.OperationalError:
        return []       # not made yet


def boots_at_1970(o):
    """D09, P53, T10: a box that starts at 1970, with TLS; the date comes later, and kill -9 in between."""
    certificates = os.path.join(o.shared, "faults", "certs.py")
    with Factory(o, uplink=True, tls=certificates, clock="watched") as factory:
        clock = SetClock(factory.folder)
        factory.agent.environment = clock.environment
        began = time.time()
        clock.set(100 - began, vouched=False)
        factory.begin(wait=False)
        stored = "SELECT count(*) FROM records"
        wait_for("readings of 1970", lambda: journal(factory, stored) > [(10,)], 20)
        factory.agent.kill()
        factory.agent.start()
        before = journal(factory, stored)[0][0]
        wait_for("readings of the second run", lambda: journal(factory, stored)[0][0] > before + 20, 20)
        wait_for("the certificate being refused", lambda: "not yet valid" in factory.agent.log(), 20)
        factory.expect(factory.ledger.messages == 0, "something was sent at 1970")
        oldest = journal(factory, "SELECT max(last_time) FROM records")[0][0] / 1e9
        factory.expect(oldest < 1_000, f"the agent stamped {oldest}: the clock was not at 1970")

        factory.uplink.tell("refuse")
        clock.set(0, vouched=True)
        known = "SELECT count(*) FROM periods WHERE true_offset IS NOT NULL AND wall_offset <> true_offset"
        wait_for("the true time in the journal", lambda: journal(factory, known) > [(0,)], 20)
        factory.agent.kill()        # between knowing the time and delivering
        factory.agent.start()
        factory.uplink.tell("clear")
        factory.wait_until_well()
        figures = factory.account()
        states = set(factory.ledger.clocks)
        counted = list(factory.faults)
        expect_times(factory, [0])
        expect_sane_gaps(factory, began)
        factory.expect(states == {"holdover", "synchronised"}, f"the batches say {states}")
        doubtful = sum(r[2] == CLOCK_DOUBTFUL for rs in factory.ledger.readings.values() for r in rs.values())
        factory.expect(doubtful > 20, f"only {doubtful} readings are marked")
        return with_more(figures, factory, counted, corrected=doubtful)


def clock_is_set(o):
    """D06, D07, D08: the date goes back one hour, ten years ahead, and over the end of summer time."""
    with Factory(o, clock="watched") as factory:
        clock = SetClock(factory.folder)
        factory.agent.environment = {**clock.environment, "TZ": "Europe/Amsterdam"}
        began = time.time()
        night = 1_792_889_998 - began       # 2026-10-25 00:59:58 UTC, two seconds before 02:00 comes again
        clock.set(night, vouched=True)
        factory.begin()
        factory.until(3)
        factory.expect(set(factory.ledger.clocks) == {"synchronised"}, "the end of summer time is no step")
        factory.expect(factory.ledger.status_clock == "synchronised", "the status does not trust the clock")
        back, ahead = night - 3_600, night + TEN_YEARS
        clock.set(back, vouched=False)
        wait_for("the doubt in the status", lambda: factory.ledger.status_clock == "unsynchronised", 25)
        factory.expect("unsynchronised" in factory.ledger.clocks, "no batch says that the clock is doubtful")
        factory.broker.stop()
        clock.set(ahead, vouched=True)
        time.sleep(6)                       # the journal looks at ages every 5 s
        waiting = journal(factory, "SELECT count(*) FROM records")[0][0]
        factory.expect(waiting > 100, f"only {waiting} records wait after a jump of ten years")
        factory.broker.start()
        clock.set(night, vouched=True)      # the time source puts it right
        wait_for("the trust again", lambda: factory.ledger.clocks[-1] == "synchronised", 25)
        factory.agent.terminate()
        time.sleep(0.5)
        clock.set(0, vouched=True)
        factory.agent.start()               # the calm of the account is measured in true time
        figures = factory.account()
        counted = list(factory.faults)
        expect_times(factory, [0, night, back, ahead])
        states = set(factory.ledger.clocks)
        factory.expect("holdover" in states, f"nothing was corrected: the batches say {states}")
        factory.expect("buffer-overflow" not in figures["gap_reasons"], "the jump made readings too old")
        expect_turns(factory)
        return with_more(figures, factory, counted)


def expect_turns(factory):
    for key, gaps in factory.ledger.gaps.items():
        factory.expect(all(begin <= end for begin, end, *_ in gaps), f"{key}: a gap is turned around: {gaps}")


def with_more(figures, factory, counted, **more):
    """Adds what was found after the account was made."""
    new = factory.faults[len(counted):]
    figures["faults"] += len(new)
    figures["first_faults"] = (figures["first_faults"] + new)[:10]
    return {**figures, **factory.facts, **more}


SCENARIOS = {
    "boots-at-1970": (boots_at_1970, {"units": 2, "signals": 4}),
    "clock-is-set": (clock_is_set, {"units": 2, "signals": 4}),
}
