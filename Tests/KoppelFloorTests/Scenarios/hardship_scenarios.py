"""What the box does to the agent: calls that hang, a pause, no memory, no descriptors, no processor, no listener for the
log. Each scenario returns its figures."""
import json
import os
import re
import resource
import signal
import socket
import struct
import subprocess
import threading
import time

from account import Truth
from clock_scenarios import compiler
from factory import WITNESS, Factory
from plant import FaultProgram, device_model, free_port, wait_for

RECEIVE, LOOKUP, SYNC = range(3)


class Stuck:
    """Calls of the C library in the agent that hang for as long as a scenario says (stuck.c)."""

    def __init__(self, folder):
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "stuck.c")
        library = os.path.join(folder, "stuck.so")
        subprocess.run([compiler(), "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
        self.path = os.path.join(folder, "stuck")
        self.file = open(self.path, "w+b", buffering=0)
        self.file.write(bytes(24))
        self.environment = {**os.environ, "LD_PRELOAD": library, "STUCK": self.path}

    def set(self, call, value):
        self.file.seek(8 * call)
        self.file.write(struct.pack("=q", value))


class Systemd:
    """The socket a service tells systemd on how it is."""

    def __init__(self, folder, watchdog_seconds):
        self.path = os.path.join(folder, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.environment = {"NOTIFY_SOCKET": self.path, "WATCHDOG_USEC": str(int(watchdog_seconds * 1e6))}
        self.alive = 0
        self.last = time.monotonic()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while data := self.socket.recv(4096):
            if b"WATCHDOG=1" in data:
                self.alive += 1
                self.last = time.monotonic()


def status(factory):
    run = subprocess.run([factory.o.koppel, "status", "--config", factory.config, "--json"], capture_output=True,
                         text=True, timeout=20)
    return json.loads(run.stdout) if run.stdout else {}


def states(factory, what):
    return {one["id"]: one["state"] for one in status(factory).get(what, [])}


def stuck_calls(o):
    """A06, U20: a bus and a name lookup that hang cost nobody else anything; a journal that hangs ends the watchdog."""
    with Factory(o, witness=True, durability="power") as factory:
        o.more = {"named": {"url": f"mqtt://broker.test:{factory.port}", "share": "all", "publish": ["meta"],
                            "client-id": "named"}}
        factory.write_site(factory.units)
        stuck, systemd = Stuck(factory.folder), Systemd(factory.folder, 2)
        factory.agent.environment = {**stuck.environment, **systemd.environment}
        stuck.set(LOOKUP, 1)
        factory.begin()
        stuck.set(RECEIVE, int(factory.device.ready["tcp"].split(":")[1]))
        wait_for("the stuck bus to be told", lambda: "thread=bus hall" in factory.agent.log(), 20)
        factory.expect(states(factory, "buses") == {"hall": "stuck", "witness": "open"},
                       f"the status says {states(factory, 'buses')}")
        since, alive = time.time_ns(), systemd.alive
        wait_for("the other bus", lambda: factory.ledger.fresh(since) >= o.signals, 5)
        wait_for("a watchdog that goes on", lambda: systemd.alive > alive, 5)
        wait_for("the hanging lookup to be told", lambda: "looking up broker.test" in factory.agent.log(), 20)
        stuck.set(RECEIVE, 0)
        stuck.set(LOOKUP, 2)
        wait_for("the failing lookup to be told", lambda: "cannot be resolved" in factory.agent.log(), 20)
        stuck.set(LOOKUP, 0)
        wait_for("the destination with the name", lambda: states(factory, "destinations").get("named") == "connected", 40)
        stuck.set(SYNC, 1)
        wait_for("the stuck journal to be told", lambda: "thread=journal write" in factory.agent.log(), 20)
        before = systemd.alive
        time.sleep(2.5)      # more than twice what systemd was promised
        factory.expect(systemd.alive <= before + 1, "systemd still hears that all is well while nothing can be stored")
        stuck.set(SYNC, 0)
        wait_for("the watchdog again", lambda: systemd.alive > before + 1, 10)
        return factory.account()


def paused(o):
    """A08: the box stands still and goes on: the gap is declared, connections are renewed, machines see no burst."""
    with Factory(o, destination={"keepalive": "5s"}) as factory:
        factory.begin()
        factory.until(1)
        factory.agent.process.send_signal(signal.SIGSTOP)
        factory.until(1 + o.seconds)
        factory.agent.process.send_signal(signal.SIGCONT)
        woken = time.monotonic()
        time.sleep(2)
        figures = factory.account()
        served = sorted(t for times in Truth(factory.truth_path).moments.values() for t in times)
        first_second = sum(woken <= t < woken + 1 for t in served)
        usual = len(factory.units) * o.signals * 1000 / o.interval_ms
        figures["answers_in_first_second"] = first_second
        if first_second > 1.5 * usual:
            figures["faults"] += 1
            figures["first_faults"].append(f"{first_second} values in the first second instead of {usual:.0f}")
        if not figures["gaps"]:
            figures["faults"] += 1
            figures["first_faults"].append("no gap is declared")
        return figures


def limit(agent, what, value):
    """Sets a soft limit of the running agent; `None` takes it back."""
    hard = resource.prlimit(agent.process.pid, what)[1]
    resource.prlimit(agent.process.pid, what, (hard if value is None else value, hard))


def processor_seconds(process):
    with open(f"/proc/{process.pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def short_of_everything(o):
    """A05, A11, A13, A18: nobody reads the log, no descriptors, hardly any processor, then no memory: nothing is lost."""
    with Factory(o, uplink=True) as factory:
        reading, writing = os.pipe()      # that nobody reads
        factory.agent.log_path = f"/dev/fd/{writing}"
        factory.begin()
        factory.agent.log_path = os.path.join(factory.folder, "agent.log")
        process = factory.agent.process
        # More than a pipe takes is said into it, if the agent says it at all (A13).
        for _ in range(3):
            factory.agent.hang_up()
            time.sleep(0.1)
        os.set_blocking(writing, False)
        try:
            while True:
                os.write(writing, b"x" * 4096)
        except BlockingIOError:
            pass
        with open(factory.config, "a") as f:
            f.write("\nnonsense: [\n")
        for _ in range(5):
            factory.agent.hang_up()
            time.sleep(0.1)
        factory.write_site(factory.units)
        # No descriptor is left when the connection has to be made anew (A11).
        open_files = len(os.listdir(f"/proc/{process.pid}/fd"))
        limit(factory.agent, resource.RLIMIT_NOFILE, open_files - 2)
        factory.uplink.tell("cut")
        used = processor_seconds(process)
        time.sleep(2)
        used = processor_seconds(process) - used
        factory.facts["cpu_without_descriptors"] = round(used / 2, 3)
        factory.expect(used < 1.2, f"it used {used / 2:.0%} of a core while it had no descriptors")
        factory.expect(process.poll() is None, "it ended for want of descriptors")
        limit(factory.agent, resource.RLIMIT_NOFILE, None)
        factory.wait_until_well()
        # A twentieth of a core (A18).
        end = time.monotonic() + o.seconds
        while time.monotonic() < end:
            process.send_signal(signal.SIGSTOP)
            time.sleep(0.19)
            process.send_signal(signal.SIGCONT)
            time.sleep(0.01)
        # No memory: either it lives with it, or the kernel's word is the end of it, as kill -9 is (A05).
        with open(f"/proc/{process.pid}/statm") as f:
            size = int(f.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        limit(factory.agent, resource.RLIMIT_AS, size)
        time.sleep(1)
        factory.facts["lives_without_memory"] = process.poll() is None
        factory.agent.kill()
        factory.agent.start(without_log=True)
        figures = factory.account()
        for descriptor in (reading, writing):
            os.close(descriptor)
        return figures


def quiet_log(o):
    """A12: thirty units that all fail ten times a second are a handful of log lines, and so is their return."""
    with Factory(o) as factory:
        factory.begin()
        before = factory.agent.log().count("\n")
        factory.device.tell("fault drop")
        factory.until(o.seconds)
        lines = factory.agent.log().splitlines()[before:]
        factory.facts["lines"] = len(lines)
        factory.expect(0 < len(lines) < 10, f"{len(lines)} lines in {o.seconds} s, such as {lines[:3]}")
        factory.device.tell("clear")
        return factory.account()


SCENARIOS = {
    "stuck-calls": (stuck_calls, {"seconds": 1}),
    "paused": (paused, {"seconds": 6}),
    "short-of-everything": (short_of_everything, {"seconds": 2}),
    "quiet-log": (quiet_log, {"seconds": 6, "units": 30, "signals": 2}),
}
