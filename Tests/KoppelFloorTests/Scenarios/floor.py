#!/usr/bin/env python3
"""A small factory on loopback with the real agent in the middle, and a check of every reading.

    floor.py [SCENARIO] --koppel BINARY [--seconds 20] [--outage 5] [--kills 3] ...
    floor.py --list

Simulated machines (shared/faults/modbus_chaos.py) count up by one for each answer they send, so the values that
arrive show what was lost, repeated or reordered. A private mosquitto stands in for the hub's broker; paho-mqtt is
the receiver. Nothing here shares code with the agent. After the disturbance there is a calm, in which every signal
has to come through fresh and good; then every reading is accounted for (account.py says how).

Each scenario has a short form, which is the default, and takes longer ones by its options. Without a name it is
`load`, which takes --outage, --kills, --term and --fault all at once.

Prints one JSON object with the figures; exit 1 if anything does not hold.
"""
import argparse
import json
import os
import random
import sys
import time

import agent_scenarios
import bus_scenarios
import clock_scenarios
import destination_scenarios
import export_scenarios
import fault_table
import hardship_scenarios
import journal_scenarios
import learning_scenarios
import machine_scenarios
import meaning_scenarios
import party_scenarios
import sharing_scenarios
import soak
import sparkplug_scenarios
import sunspec_chains
import uplink_scenarios
import uplink_soak
import value_scenarios
import verify_scenarios

SCENARIOS = {**uplink_scenarios.SCENARIOS, **machine_scenarios.SCENARIOS, **bus_scenarios.SCENARIOS,
             **agent_scenarios.SCENARIOS,
             **party_scenarios.SCENARIOS, **sharing_scenarios.SCENARIOS,
             **fault_table.SCENARIOS, **soak.SCENARIOS, **uplink_soak.SCENARIOS,
             **sparkplug_scenarios.SCENARIOS,
             **value_scenarios.SCENARIOS, **meaning_scenarios.SCENARIOS,
             **clock_scenarios.SCENARIOS, **destination_scenarios.SCENARIOS, **hardship_scenarios.SCENARIOS,
             **learning_scenarios.SCENARIOS, **verify_scenarios.SCENARIOS, **journal_scenarios.SCENARIOS,
             **export_scenarios.SCENARIOS, **sunspec_chains.SCENARIOS}
SHARED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../../shared")


def options():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("scenario", nargs="?", default="load", choices=sorted(SCENARIOS), metavar="SCENARIO")
    a.add_argument("--koppel")
    a.add_argument("--list", action="store_true", help="the scenarios, one line each")
    a.add_argument("--shared", default=SHARED)
    a.add_argument("--seconds", type=float, help="of load, before the calm")
    a.add_argument("--outage", type=float, default=0, help="seconds without broker")
    a.add_argument("--kills", type=int, help="kill -9 the agent so often at random moments")
    a.add_argument("--term", action="store_true", help="end the agent with SIGTERM once and start it again")
    a.add_argument("--units", type=int)
    a.add_argument("--signals", type=int)
    a.add_argument("--interval-ms", type=int)
    a.add_argument("--timeout-ms", type=int, default=500, help="how long a machine may take to answer")
    a.add_argument("--durability", default="process", choices=["process", "power"])
    a.add_argument("--journal-limit")
    a.add_argument("--free-space-floor")
    a.add_argument("--prob", type=float, default=0.1, help="share of packets a fault takes")
    a.add_argument("--rtu", action="store_true", help="machines on a serial line")
    a.add_argument("--pace", type=int, default=115_200, help="baud at which the serial line passes frames; 0: at once")
    a.add_argument("--rows", help="of a fault table only these, as F01,F13")
    a.add_argument("--fault", action="append", default=[], help="a command for the device, e.g. 'fault drop prob=0.1'")
    a.add_argument("--seed", type=int, default=int(time.time()))
    a.add_argument("--validate", type=int, default=40, help="messages to validate against the data model")
    a.add_argument("--keep", help="leave the folder here")
    return a


def main():
    a = options()
    o = a.parse_args()
    if o.list:
        for name, (run, _) in sorted(SCENARIOS.items()):
            print(f"{name:30} {run.__doc__}")
        return 0
    if not o.koppel:
        a.error("--koppel says which binary to test")
    run, usual = SCENARIOS[o.scenario]
    for name, value in {"seconds": 4, "kills": 0, "units": 3, "signals": 12, "interval_ms": 100,
                        "journal_limit": "1GiB", **usual}.items():
        if getattr(o, name, None) is None:
            setattr(o, name, value)
    o.random, o.uplink, o.destination = random.Random(o.seed), False, {}
    try:
        figures = run(o)
    except AssertionError as error:
        figures = {"seed": o.seed, "faults": 1, "first_faults": [str(error)[-2000:]]}
    print(json.dumps({"scenario": o.scenario, **figures}))
    return 1 if figures["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
