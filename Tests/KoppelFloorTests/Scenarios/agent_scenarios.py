"""What happens to the agent itself. Each scenario returns its figures."""
import hashlib
import os
import signal
import socket
import sqlite3
import struct
import subprocess
import time
from collections import defaultdict

from account import Truth
from factory import Factory
from plant import wait_for


def killed(o):
    """A01: kill -9 at random moments, also while the broker is away."""
    with Factory(o) as factory:
        factory.begin()
        kills = sorted(o.seconds * o.random.random() for _ in range(o.kills))
        away = (o.seconds * 0.4, o.seconds * 0.4 + (o.outage or 1))
        plan = [(moment, "kill") for moment in kills] + [(away[0], "stop"), (away[1], "start")]
        if not any(away[0] < moment < away[1] for moment in kills):
            plan.append((sum(away) / 2, "kill"))
        for moment, what in sorted(plan):
            factory.until(moment)
            if what == "kill":
                factory.agent.kill()
                factory.agent.start()
            else:
                getattr(factory.broker, what)()
        factory.until(o.seconds)
        return factory.account()


def killed_before_acknowledgement(o):
    """A03: kill -9 between PUBLISH and PUBACK: what was sent is sent again, and nothing is lost."""
    # Latest values would fill the window before a batch is in it, and they are never sent again.
    with Factory(o, uplink=True, destination={"publish": ["meta", "batches"]}, validate=0) as factory:
        factory.begin()
        factory.until(0.5)
        factory.uplink.tell("fault drop type=PUBACK")
        before = factory.ledger.messages
        wait_for("batches whose acknowledgement is dropped", lambda: factory.ledger.messages >= before + 4, 10)
        factory.agent.kill()
        factory.uplink.tell("clear")
        factory.agent.start()
        factory.until(o.seconds)
        figures = factory.account()
        if not figures["repeats"]:
            figures["faults"] += 1
            figures["first_faults"].append("nothing was sent again, so the kill came at no interesting moment")
        return figures


def stopped(o):
    """SIGTERM under load, and started again: exit 0, and what is missing is declared as agent-stopped."""
    with Factory(o) as factory:
        factory.begin()
        factory.until(o.seconds / 2)
        factory.facts["stop_took_s"] = round(factory.agent.terminate(), 2)
        factory.agent.start()
        factory.until(o.seconds)
        return factory.account()


def stopped_while_all_hangs(o):
    """A07: SIGTERM with a hung machine, a hung broker and a backlog: exit 0 within 10 s, nothing lost."""
    with Factory(o, uplink=True) as factory:
        factory.begin()
        factory.until(0.5)
        factory.uplink.tell("halfopen")
        factory.until(1.5)
        factory.device.tell("halfopen")
        factory.until(2)
        took = factory.agent.terminate(limit=20)
        factory.facts["stop_took_s"] = round(took, 2)
        factory.expect(took <= 10.5, f"stopping took {took:.1f} s")
        for program in (factory.uplink, factory.device):
            program.tell("clear")
        factory.agent.start()
        factory.until(o.seconds)
        return factory.account()


def started_twice(o):
    """A09: a second agent on the same data folder ends with 69 and names the first; the first goes on."""
    with Factory(o) as factory:
        factory.begin()
        second = subprocess.run(factory.agent.command, capture_output=True, text=True, timeout=20)
        factory.expect(second.returncode == 69, f"the second agent ended with {second.returncode}")
        factory.expect(str(factory.agent.process.pid) in second.stderr,
                       f"the second agent does not name process {factory.agent.process.pid}: {second.stderr}")
        factory.expect(factory.agent.process.poll() is None, "the first agent ended")
        factory.until(o.seconds)
        figures = factory.account()
        figures["second_said"] = second.stderr.strip()[-300:]
        return figures


def full_journal(o):
    """S01: the journal is full while the broker is away: the oldest goes and is declared, polling goes on."""
    with Factory(o) as factory:
        factory.begin()
        factory.until(0.3)
        factory.broker.stop()
        journal = os.path.join(factory.folder, "data", "journal.db")
        # Of 1 MiB an eighth is for the write-ahead log, and 97 % of the rest may be in use.
        wait_for("a full journal", lambda: os.path.getsize(journal) > 880_000, 40)
        time.sleep(o.seconds)
        factory.broker.start()
        figures = factory.account()
        if "buffer-overflow" not in figures["gap_reasons"]:
            figures["faults"] += 1
            figures["first_faults"].append("nothing was dropped, so this run shows nothing")
        return figures


def write_is_seen(o):
    """X04: the check that no machine is ever written to can fail."""
    with Factory(o) as factory:
        factory.begin()
        host, port = factory.device.ready["tcp"].split(":")
        with socket.create_connection((host, int(port)), timeout=5) as s:
            s.sendall(struct.pack(">HHHBBHH", 1, 0, 6, 1, 6, 0, 1))     # write register 0 of unit 1
            s.recv(260)
        figures = factory.account()
        writes = [fault for fault in figures["first_faults"] if "wrote to a machine" in fault]
        figures["faults"] -= len(writes)
        if len(writes) != 1:
            figures["faults"] += 1
            figures["first_faults"].append(f"{len(writes)} writes were seen instead of one")
        return figures


def bad_site_file(o):
    """A19: a wrong site file: exit 78, all issues on standard error, nothing started."""
    with Factory(o) as factory:
        with open(factory.config) as f:
            text = f.read()
        text = text.replace('"every": "100ms"', '"every": "soon"').replace('"unit": 1', '"unit": 777')
        with open(factory.config, "w") as f:
            f.write(text)
        run = subprocess.run(factory.agent.command, capture_output=True, text=True, timeout=20)
        faults = []
        if run.returncode != 78:
            faults.append(f"it ended with {run.returncode}")
        faults += [f"standard error does not tell of {word}: {run.stderr}" for word in ("soon", "777", "site.yaml:")
                   if word not in run.stderr]
        if os.path.exists(os.path.join(factory.folder, "data", "journal.db")):
            faults.append("a journal was made all the same")
        return {"said": run.stderr.strip()[-800:], "faults": len(faults), "first_faults": faults}


def newer_journal(o):
    """A15: the journal of a newer version: exit 78, the file stays as it is, the text says which version."""
    with Factory(o) as factory:
        factory.begin()
        factory.agent.terminate()
        data = os.path.join(factory.folder, "data")
        path = next(os.path.join(data, name) for name in os.listdir(data) if name.endswith((".sqlite", ".db")))
        database = sqlite3.connect(path)
        database.execute("PRAGMA user_version=999")
        database.commit()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()

        def digest():
            with open(path, "rb") as f:
                return hashlib.sha256(f.read()).hexdigest()

        before = digest()
        for _ in range(3):      # as systemd would
            run = subprocess.run(factory.agent.command, capture_output=True, text=True, timeout=20)
        faults = []
        if run.returncode != 78:
            faults.append(f"it ended with {run.returncode}")
        if "999" not in run.stderr:
            faults.append(f"it does not say which version: {run.stderr}")
        if digest() != before:
            faults.append("the file was changed")
        return {"said": run.stderr.strip()[-400:], "faults": len(faults), "first_faults": faults}


def journal_damaged(o):
    """S03, S04: the journal is overwritten while the agent runs: it is set aside, a new epoch begins, polling goes on,
    and all that was not delivered is declared missing."""
    with Factory(o) as factory:
        factory.begin()
        factory.broker.stop()       # so that the file is read again
        factory.until(o.seconds)
        for name in ("journal.db", "journal.db-wal"):
            path = os.path.join(factory.folder, "data", name)
            size = os.path.getsize(path)
            with open(path, "r+b") as f:
                f.write(os.urandom(size))
        factory.broker.start()
        wait_for("the new journal", lambda: "damaged and set aside" in factory.agent.log(), 30)
        before = factory.ledger.count()
        wait_for("readings of the new epoch", lambda: factory.ledger.count() > before + 50, 20)
        figures = factory.account()
        if "journal-damaged" not in figures["gap_reasons"]:
            figures["faults"] += 1
            figures["first_faults"].append("the damage is not declared")
        return figures


def reload_bad_file(o):
    """A20: SIGHUP with a wrong file: the old one goes on and the issues are told."""
    with Factory(o) as factory:
        factory.begin()
        with open(factory.config, "w") as f:
            f.write("koppel: 1\nagent: [\n")
        factory.agent.hang_up()
        wait_for("the report of the wrong file", lambda: "the old one goes on" in factory.agent.log(), 10)
        factory.until(o.seconds)
        figures = factory.account()
        if figures["holes"] or figures["gaps"]:
            figures["faults"] += 1
            figures["first_faults"].append("a file that is not used cost readings")
        return figures


def reload_storm(o):
    """A21: 100 SIGHUP within a second, some with another file: no crash, the last file wins, nothing is lost."""
    with Factory(o) as factory:
        everyone = factory.units
        factory.begin()
        for number in range(100):
            factory.until(number / 100)
            if number % 20 == 0:
                factory.write_site(everyone[:-1] if number % 40 == 0 else everyone)
            factory.agent.hang_up()
        factory.write_site(everyone)
        factory.agent.hang_up()
        factory.until(o.seconds)
        return factory.account()


def reload_adds_machine(o):
    """A22: SIGHUP under load with one machine more: journal and cursors stay, nothing is lost."""
    with Factory(o) as factory:
        everyone = factory.units
        factory.write_site(everyone[:-1])
        factory.begin()
        factory.until(o.seconds / 2)
        before = factory.ledger.count()
        factory.write_site(everyone)
        factory.agent.hang_up()
        factory.until(o.seconds)
        figures = factory.account()
        if figures["repeats"] > before / 2:
            figures["faults"] += 1
            figures["first_faults"].append(f"{figures['repeats']} repeats: the cursor did not stay")
        return figures


def reload_removes_machine(o):
    """A22: SIGHUP takes a machine away while the broker is away: what was read of it before still arrives."""
    return machine_removed(o, lambda agent: agent.hang_up())


def restart_removes_machine(o):
    """A machine is gone from the site file when the agent starts: what was read of it before still arrives."""
    def restart(agent):
        agent.terminate()
        agent.start()
    return machine_removed(o, restart)


def machine_removed(o, how):
    with Factory(o) as factory:
        gone = factory.units[-1]
        factory.begin()
        factory.until(0.5)
        factory.broker.stop()
        factory.until(1.5)
        factory.write_site(factory.units[:-1])
        how(factory.agent)
        factory.until(o.seconds)
        factory.broker.start()

        def lost():
            values = defaultdict(set)
            with factory.ledger.lock:
                for (machine, name), readings in factory.ledger.readings.items():
                    if factory.ledger.names.get(machine) == f"m{gone}":
                        values[name] = {value for _, value, _ in readings.values()}
            served = Truth(factory.truth_path).served
            return max(len(served[(f"m{gone}", f"c{i}")] - values[f"counters/c{i}"]) for i in range(o.signals))

        # Fresh values of the others say nothing of when the last message of this one arrives. The answer to the question
        # that was under way at the reload is nobody's any more.
        try:
            wait_for("what was read of the machine that was taken away", lambda: lost() <= 1, 10)
        except AssertionError:
            factory.faults.append(f"of the machine that was taken away {lost()} values of a signal are lost")
            factory.faults.append(f"the agent said: {factory.agent.log()[-2000:]}")
        return factory.account()


SCENARIOS = {
    "killed": (killed, {"seconds": 4, "kills": 3}),
    "killed-before-acknowledgement": (killed_before_acknowledgement, {"seconds": 2.5}),
    "stopped": (stopped, {"seconds": 2.5}),
    "stopped-while-all-hangs": (stopped_while_all_hangs, {"seconds": 3}),
    "started-twice": (started_twice, {"seconds": 1}),
    "full-journal": (full_journal, {"seconds": 1.5, "units": 4, "signals": 100, "interval_ms": 20, "journal_limit": "1MiB"}),
    "write-is-seen": (write_is_seen, {"seconds": 1}),
    "bad-site-file": (bad_site_file, {}),
    "newer-journal": (newer_journal, {}),
    "journal-damaged": (journal_damaged, {"seconds": 3}),
    "reload-bad-file": (reload_bad_file, {"seconds": 1.5}),
    "reload-storm": (reload_storm, {"seconds": 1.5}),
    "reload-removes-machine": (reload_removes_machine, {"seconds": 2.5}),
    "restart-removes-machine": (restart_removes_machine, {"seconds": 2.5}),
    "reload-adds-machine": (reload_adds_machine, {"seconds": 3}),
}
