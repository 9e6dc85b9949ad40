"""The processes of the simulated factory: machines, broker, uplink and agent, each on ports and in folders of its own."""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.02)


class Broker:
    """A private mosquitto. It keeps the hub's session over a restart, so that what it has acknowledged arrives."""

    def __init__(self, folder, port):
        self.port, self.process = port, None
        self.config = os.path.join(folder, "mosquitto.conf")
        with open(self.config, "w") as f:
            f.write(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\nautosave_interval 0\n"
                    f"persistence_location {folder}/\nmax_queued_messages 0\nmax_inflight_messages 0\n"
                    "log_type error\nuser root\n")

    def start(self):
        path = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        self.process = subprocess.Popen([path, "-c", self.config], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        wait_for("mosquitto", self.answers, 10)

    def answers(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def save(self):
        """Writes the sessions to disk, so that they survive a kill."""
        self.process.send_signal(signal.SIGUSR1)
        path = os.path.join(os.path.dirname(self.config), "mosquitto.db")
        wait_for("the broker's sessions on disk", lambda: os.path.exists(path), 5)

    def stop(self, how=signal.SIGTERM):
        if self.process:
            self.process.send_signal(how)
            self.process.wait(10)
            self.process = None


class FaultProgram:
    """A program of shared/faults, which says where it listens when it is ready and takes commands on a socket."""

    def __init__(self, shared, name, arguments):
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(shared, "faults", name), *arguments, "--max-seconds", "7200"],
            stdout=subprocess.PIPE, text=True)
        self.ready = json.loads(self.process.stdout.readline())
        host, port = self.ready["control"].split(":")
        self.control = (host, int(port))

    def tell(self, command):
        with socket.create_connection(self.control, timeout=10) as s:
            s.sendall((command + "\n").encode())
            answer = s.makefile().readline()
        if '"ok": true' not in answer:
            raise AssertionError(f"{command}: {answer}")
        return json.loads(answer)

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Agent:
    """`koppel run` on a site file, started and ended as often as a scenario likes."""

    def __init__(self, koppel, config, log):
        self.command = [koppel, "run", "--config", config]
        self.log_path, self.process, self.kills, self.exits = log, None, 0, []
        self.environment = None
        self.peak_rss = 0

    def start(self, without_log=False):
        """`without_log`: with standard error closed, as `2>&-` in a shell does."""
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            env=self.environment,
                                            preexec_fn=(lambda: os.close(2)) if without_log else None)

    def log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def note_memory(self):
        with open(f"/proc/{self.process.pid}/status") as f:
            sizes = [int(line.split()[1]) for line in f if line.startswith("VmHWM")]
        self.peak_rss = max([self.peak_rss, *sizes])

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.kills += 1

    def terminate(self, limit=15):
        """Sends SIGTERM and returns how many seconds the end took. The exit code has to be 0."""
        self.note_memory()
        begin = time.monotonic()
        self.process.terminate()
        self.exits.append(self.process.wait(limit))
        return time.monotonic() - begin

    def hang_up(self):
        self.process.send_signal(signal.SIGHUP)

    def end(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


BASE_STEP = 1_000_000


def base(unit, counter):
    """The value a counter starts from. No two counters ever share a value, so a mixed-up answer shows."""
    return (unit * 1000 + counter) * BASE_STEP % (1 << 31)


def address(counter, signals):
    """Half of the counters stand far away, so that a unit is read with two requests of the same length."""
    return 2 * counter if counter < (signals + 1) // 2 else 400 + 2 * counter


def device_model(folder, units, signals):
    path = os.path.join(folder, f"model-{units[0]}.json")
    with open(path, "w") as f:
        json.dump([{"name": f"u{u}.c{i}", "unit": u, "addr": address(i, signals), "kind": "read_counter", "width": 2,
                    "value": base(u, i)} for u in units for i in range(signals)], f)
    return path


def write_profile(folder, signals, interval_ms, timeout_ms):
    points = [{"signal": f"counters/c{i}", "entity": "HoldingRegister", "address": address(i, signals),
               "wireType": "uint32", "kind": "measurement",
               "quantityKind": "http://qudt.org/vocab/quantitykind/Dimensionless", "unit": {"ucum": "1"},
               "label": {"nl": f"Teller {i}", "en": f"Counter {i}"},
               "sampling": {"deadband": 0, "everyReading": True}} for i in range(signals)]
    profile = {"profile": "acme-counter", "version": "1.0.0", "manufacturer": "Acme", "model": "Counter",
               "protocol": "modbus", "addressing": "zero-based",
               "defaults": {"mostSignificantByte": True, "mostSignificantWord": True, "timeoutMs": timeout_ms,
                            "intervalMs": interval_ms}, "points": points}
    with open(os.path.join(folder, "acme.yaml"), "w") as f:
        json.dump(profile, f)


def site(folder, buses, broker_port, o, bus_of_unit):
    return {"koppel": 1,
            "agent": {"id": "floor", "location": {"enterprise": "acme", "site": "hengelo"},
                      "data": os.path.join(folder, "data"),
                      **({} if getattr(o, "clock", "") == "watched" else {"clock": "isolated"}),
                      "journal": {"limit": o.journal_limit, "keep": "1d", "durability": o.durability,
                                  **({"free-space-floor": o.free_space_floor} if o.free_space_floor else {})}},
            "buses": {name: {"url": url, "timeout": f"{o.timeout_ms}ms"} for name, url in buses.items()},
            "machines": {f"m{u}": {"bus": bus, "unit": u, "profile": "./acme.yaml",
                                   "every": f"{o.interval_ms}ms"} for u, bus in bus_of_unit.items()},
            "destinations": {"plant": {"url": f"mqtt://127.0.0.1:{broker_port}",
                                       "publish": ["meta", "values", "batches", "state", "events", "alarms"],
                                       "share": "all", **o.destination}, **getattr(o, "more", {})}}


def make_folder():
    return tempfile.mkdtemp(prefix="koppel-floor-")
