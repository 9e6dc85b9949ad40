"""Random faults of machines, lines and broker for as long as asked: memory stays flat and every reading is accounted for."""
import os
import time

from factory import Factory

# Each takes the random generator and gives a command that undoes itself.
OF_ONE_UNIT = ["delay ms=700", "drop", "garbage n=20", "truncated", "disconnect", "disconnect rst=1", "disconnect_mid",
               "wrong_tid", "wrong_unit", "wrong_function", "wrong_protocol id=1", "length_lie add=3",
               "length_lie length=65535", "short", "long", "byte_count add=2", "late ms=900", "duplicate", "stale_first",
               "drip ms=40", "split at=3 ms=10", "exception code=4", "exception code=6", "exception code=10",
               "exception code=11", "exception code=12"]
OF_A_LINE = ["crc_error", "bit_flip", "noise_prefix", "noise_suffix", "foreign", "duplicate", "late ms=900", "drop",
             "wrong_unit", "exception code=6"]
OF_ALL = ["refuse for=2", "halfopen for=2", "cut", "cut rst=1", "latency ms=20", "latency ms=0", "unplug for=1.5",
          "noise every_ms=150 for=2", "second_master every_ms=300 for=2"]


def disturb(factory, random):
    """One more fault: mostly of one unit for some seconds, sometimes of all at once, seldom of the broker."""
    kind = random.random()
    if kind < 0.85:
        unit = random.choice(factory.units)
        modes = OF_A_LINE if unit in factory.serial_units() else OF_ONE_UNIT
        factory.device.tell(f"fault {random.choice(modes)} unit={unit} prob={random.uniform(0.1, 1):.2f} "
                            f"for={random.uniform(1, 8):.1f}")
    elif kind < 0.97:
        command = random.choice(OF_ALL)
        # A line that is unplugged cannot be pulled once more.
        if not command.startswith("unplug") or os.path.lexists(factory.link):
            factory.device.tell(command)
    else:
        factory.broker.stop()
        time.sleep(random.uniform(0.5, 3))
        factory.broker.start()


def memory(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


def median(values):
    return sorted(values)[len(values) // 2]


def soak(o):
    """Random faults on fifty units, forty over TCP and ten on a serial line, with broker outages between."""
    with Factory(o, rtu=max(1, o.units // 5), timeout_ms=400) as factory:
        factory.begin()
        sizes, descriptors, next_look = [], [], 0
        while (now := time.monotonic() - factory.started) < o.seconds:
            disturb(factory, o.random)
            if now >= next_look:
                pid = factory.agent.process.pid
                sizes.append(memory(pid))
                descriptors.append(len(os.listdir(f"/proc/{pid}/fd")))
                next_look = now + max(1, o.seconds / 200)
            factory.until(now + o.random.uniform(0.2, 1.5))
        for command in ("clear", "latency ms=0"):
            factory.device.tell(command)
        quarter = max(1, len(sizes) // 4)
        early, late = median(sizes[quarter:2 * quarter] or sizes), median(sizes[-quarter:])
        factory.facts |= {"rss_second_quarter_kib": early, "rss_last_quarter_kib": late, "rss_highest_kib": max(sizes),
                          "descriptors": [min(descriptors), max(descriptors)],
                          "log_lines": factory.agent.log().count("\n")}
        if o.seconds >= 600:
            factory.expect(late <= early * 1.1, f"memory grew from {early} to {late} KiB")
        return factory.account()


SCENARIOS = {
    "soak": (soak, {"seconds": 20, "units": 50, "signals": 4, "interval_ms": 1000}),
}
