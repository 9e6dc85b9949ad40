"""One run of the simulated factory: start it, disturb it, wait until all is well again, and account for everything."""
import os
import shutil
import signal
import subprocess
import sys
import time

from account import Account, Truth, percentile, validate
from hub import Hub, Ledger
from plant import (Agent, Broker, FaultProgram, device_model, free_port, make_folder, site, wait_for, write_profile)
import json

# The unit id of a machine on a bus of its own, which should notice nothing of what happens to the others.
WITNESS = 11


class Factory:
    """Machines, broker and hub run when the body of `with` begins; the agent starts with `begin()`."""

    def __init__(self, o, **own):
        self.o = o
        for name, value in own.items():
            setattr(o, name, value)
        self.folder = make_folder()
        self.broker = self.hub = self.device = self.uplink = None
        self.facts, self.faults = {}, []
        self.units = list(range(1, o.units + 1))
        self.second = None

    def __enter__(self):
        try:
            self.set_up()
            return self
        except BaseException:
            self.__exit__(None, None, None)
            raise

    def set_up(self):
        o = self.o
        self.truth_path = os.path.join(self.folder, "device.jsonl")
        self.link = os.path.join(self.folder, "tty") if o.rtu else None
        line = ["--rtu", self.link, "--baud", str(o.pace)] if o.rtu else []
        line += ["--tcp", "127.0.0.1:0"] if self.serial_units() != self.units else []
        self.device = FaultProgram(o.shared, "modbus_chaos.py", [
            "serve", *line, "--model", device_model(self.folder, self.units, o.signals), "--journal", self.truth_path])
        if getattr(o, "witness", False):
            self.second = FaultProgram(o.shared, "modbus_chaos.py", [
                "serve", "--tcp", "127.0.0.1:0", "--model", device_model(self.folder, [WITNESS], o.signals),
                "--journal", self.truth_path + ".witness"])
        port = free_port()
        self.broker = Broker(self.folder, port)
        self.broker.start()
        self.ledger = Ledger(o.validate)
        self.hub = Hub(port, self.ledger)
        wait_for("the hub", self.hub.subscribed.is_set, 10)
        self.broker.save()
        if o.uplink:
            tls = self.certificates() if getattr(o, "tls", None) else []
            self.uplink = FaultProgram(o.shared, "mqtt_chaos.py",
                                       ["--listen", "127.0.0.1:0", "--upstream", f"127.0.0.1:{port}", *tls])
            port = int(self.uplink.ready["listen"].split(":")[1])
            if tls:
                o.destination = {**o.destination, "url": f"mqtts://127.0.0.1:{port}",
                                 "tls": {"ca": os.path.join(self.folder, "certs", "ca.crt")}}
        self.port = port
        write_profile(self.folder, o.signals, o.interval_ms, o.timeout_ms)
        self.config = os.path.join(self.folder, "site.yaml")
        self.write_site(self.units)
        self.agent = Agent(o.koppel, self.config, os.path.join(self.folder, "agent.log"))

    def certificates(self):
        folder = os.path.join(self.folder, "certs")
        os.mkdir(folder)
        subprocess.run([sys.executable, self.o.tls, folder], check=True)
        return ["--tls-cert", os.path.join(folder, "server.crt"), "--tls-key", os.path.join(folder, "server.key")]

    def write_site(self, units):
        """The site file with these machines; read at start and at SIGHUP."""
        buses = {}
        if self.serial_units() != self.units:
            buses["hall"] = f"tcp://{self.device.ready['tcp']}"
        if self.link:
            buses["line"] = f"rtu:{self.link}?baud=115200&format=8N1"
        content = site(self.folder, buses, self.port, self.o,
                       {u: "line" if u in self.serial_units() else "hall" for u in units})
        if self.second:
            content["buses"]["witness"] = {"url": f"tcp://{self.second.ready['tcp']}"}
            content["machines"][f"m{WITNESS}"] = {**content["machines"]["m1"], "bus": "witness", "unit": WITNESS}
        with open(self.config + ".new", "w") as f:
            json.dump(content, f)
        os.replace(self.config + ".new", self.config)
        self.units = units

    def serial_units(self):
        """The units on the serial line: none, all, or so many of the last ones."""
        count = {False: 0, True: len(self.units)}.get(self.o.rtu, self.o.rtu)
        return self.units[len(self.units) - count:]

    @property
    def machines(self):
        """The ids of all machines in the site file."""
        return [f"m{unit}" for unit in self.units] + ([f"m{WITNESS}"] if self.second else [])

    # Running

    def begin(self, wait=True):
        self.started_at = time.monotonic()
        self.agent.start()
        if wait:
            self.wait_for_first_reading()
        self.started = time.monotonic()

    def wait_for_first_reading(self):
        wait_for("the first reading", lambda: self.ledger.newest_good or self.agent.process.poll() is not None, 20)
        if self.agent.process.poll() is not None:
            raise AssertionError(f"the agent ended with {self.agent.process.returncode}: {self.agent.log()}")

    def until(self, second):
        """Waits for this second of the load."""
        time.sleep(max(0, self.started + second - time.monotonic()))

    def wait_until_well(self, limit=30):
        """All signals of all machines have to come through again, fresh and good."""
        since = time.time_ns()
        wanted = len(self.machines) * self.o.signals
        begin = time.monotonic()
        try:
            wait_for("fresh values of all signals", lambda: self.ledger.fresh(since) >= wanted, limit)
        except AssertionError:
            self.faults.append(f"after {limit} s only {self.ledger.fresh(since)} of {wanted} signals are fresh")
        self.facts["well_again_after_s"] = round(time.monotonic() - begin, 2)

    def expect(self, condition, sentence):
        if not condition:
            self.faults.append(sentence)

    # The end

    def account(self):
        """Ends the agent, holds what arrived against what was served, and returns the figures."""
        self.wait_until_well()
        self.agent.terminate()
        time.sleep(0.2)
        o, ledger = self.o, self.ledger
        truth = Truth(self.truth_path, *([self.truth_path + ".witness"] if self.second else []))
        account = Account(ledger, truth, o.interval_ms * 1_000_000)
        faults = self.faults + account.faults
        if any(self.agent.exits):
            faults.append(f"exit codes after SIGTERM: {self.agent.exits}")
        if len(ledger.readings) < len(self.machines) * o.signals:
            faults.append(f"only {len(ledger.readings)} signals arrived")
        if o.validate:
            faults += validate(o.shared, self.folder, ledger.kept)
        return {
            "readings": ledger.count(), "served": truth.count(),
            "seconds": round(time.monotonic() - self.started_at, 1), "repeats": ledger.repeats,
            "messages": ledger.messages, "kills": self.agent.kills, "holes": account.holes,
            "holes_declared": account.declared, "holes_refused": account.refused,
            "gaps": sum(map(len, ledger.gaps.values())),
            "lost_declared": sum(g[2] for gaps in ledger.gaps.values() for g in gaps),
            "gap_reasons": sorted({g[3] for gaps in ledger.gaps.values() for g in gaps}),
            "latency_ms_p50": percentile(ledger.latencies, 50), "latency_ms_p99": percentile(ledger.latencies, 99),
            "peak_rss_kib": self.agent.peak_rss, "validated": len(ledger.kept), "seed": o.seed, **self.facts,
            "faults": len(faults), "first_faults": faults[:10]}

    def __exit__(self, *_):
        if hasattr(self, "agent"):
            self.agent.end()
        if self.hub:
            self.hub.end()
        for program in (self.device, self.second, self.uplink):
            if program:
                program.end()
        if self.broker:
            self.broker.stop(signal.SIGKILL)
        if self.o.keep:
            shutil.copytree(self.folder, self.o.keep, symlinks=True, dirs_exist_ok=True,
                            ignore=shutil.ignore_patterns("*.sock", "notify"))
        shutil.rmtree(self.folder, ignore_errors=True)
