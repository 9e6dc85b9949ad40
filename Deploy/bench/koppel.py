"""Koppel as an agent under ../shared/bench/bench.py: writes a profile and a site file for a workload.

KOPPEL names the program; without it the release build of this tree is used. KOPPEL_DURABILITY is process (the
default here, as the comparison asks) or power. Every reading is stored and published, in batches, QoS 1.
"""
import json
import os

NAME = "koppel"
HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.environ.get("KOPPEL", os.path.join(HERE, "../../.build/release/koppel"))


def prepare(w, d, env):
    if not os.path.exists(PROGRAM):
        return {"skip": f"{PROGRAM} is not built"}
    wire = "float32" if w.kind == "f32" else "int16"
    # As fast as the bus takes it, where the workload says so.
    interval = f"{w.interval_ms}ms" if w.interval_ms else "0ms"
    points = [{"signal": f"bench/t{t}", "entity": "HoldingRegister", "address": w.address(t), "wireType": wire,
               "kind": "measurement", "quantityKind": "http://qudt.org/vocab/quantitykind/Dimensionless",
               "unit": {"ucum": "1"}, "label": {"nl": f"t{t}", "en": f"t{t}"},
               "sampling": {"everyReading": not w.static}} for t in range(w.tags)]
    profile = {"profile": "bench-device", "version": "1.0.0", "manufacturer": "Bench", "model": "Device",
               "protocol": "modbus", "addressing": "zero-based", "points": points}
    with open(f"{d}/device.yaml", "w") as f:
        json.dump(profile, f)
    site = {"koppel": 1,
            "agent": {"id": "bench", "location": {"enterprise": "bench", "site": "bench"}, "data": f"{d}/data",
                      "clock": "isolated",
                      "journal": {"limit": "8GiB", "keep": "1d",
                                  "durability": os.environ.get("KOPPEL_DURABILITY", "process")}},
            "buses": {f"b{i}": {"url": f"tcp://{env.host}:{env.base + i}", "timeout": "1s"}
                      for i in range(w.devices)},
            "machines": {f"m{i}": {"bus": f"b{i}", "unit": 1, "profile": "./device.yaml", "every": interval}
                         for i in range(w.devices)},
            "destinations": {"plant": {"url": f"mqtt://{env.host}:{env.broker}", "publish": ["meta", "batches"],
                                       "share": "all"}}}
    with open(f"{d}/site.yaml", "w") as f:
        json.dump(site, f)
    return {"argv": [PROGRAM, "run", "--config", f"{d}/site.yaml", "--log", "warning"],
            "topic": "kpl/v1/#"}
