"""What the agent learns of a machine that lacks registers its profile speaks of, and keeps over a restart."""
import json
import os
import time

from plant import wait_for
from value_scenarios import DIMENSIONLESS, Values

# The machine lacks 4 to 5, where a point is. Between c and d it has registers that nobody wants.
READABLE = {"a": 0, "b": 2, "c": 6, "d": 16}
HOLE = 4
MODEL = [{"name": name, "unit": 1, "addr": address, "kind": "read_counter", "width": 2, "value": 1000 * address}
         for name, address in READABLE.items()]
MODEL.append({"name": "between", "unit": 1, "addr": 8, "kind": "text", "width": 8, "text": "between"})
POINTS = [{"signal": f"test/{name}", "address": address, "wireType": "uint32", "kind": "measurement", **DIMENSIONLESS}
          for name, address in sorted({**READABLE, "hole": HOLE}.items(), key=lambda item: item[1])]
WAITING, TIMEOUT, ILLEGAL_ADDRESS = 0x8032, 0x800A, 0x8089


def holes(o):
    """F31, P28, P30: a hole in a merged read costs only the point in it, and is not asked for after a restart."""
    faults = []

    def expect(condition, sentence):
        if not condition:
            faults.append(sentence)

    with Values(o, MODEL, POINTS, limits={"gaps": "all"}) as run:

        def reads():
            """(addresses, whether it was refused) of each read so far, in order."""
            with open(run.served_path) as f:
                lines = [json.loads(line) for line in f if line.endswith("\n")]
            return [(range(line["addr"], line["addr"] + line["n"]), not line["sig"])
                    for line in lines if line["ev"] == "served"]

        def wait_until_well(since):
            wait_for("good values of all readable points", lambda: run.ledger.fresh(since) >= len(READABLE), 15)

        def hole_is_told():
            return (None, ILLEGAL_ADDRESS) in {(value, code >> 16) for value, code in run.series("test/hole")}

        wait_until_well(time.time_ns())
        # The reads have settled when all that there is came with reads that were not refused.
        wait_for("reads around the hole", lambda: not any(refused for _, refused in reads()[-10:]), 15)
        wait_for("the reason of the hole", hole_is_told, 15)
        run.more("test/a", 5)
        first = reads()
        expect(first[0][1] and HOLE in first[0][0] and len(first[0][0]) > 4, f"F31: the first read was {first[0]}")
        refused = [span for span, was_refused in first if was_refused]
        expect(len(refused) <= o.signals * 4, f"F31: {len(refused)} reads were refused before the hole was known")
        expect(run.agent.terminate() is not None and run.agent.exits == [0], f"exit codes {run.agent.exits}")
        learned = os.path.join(run.folder, "data", "learned.json")
        expect(os.path.exists(learned), "P28: nothing was kept in learned.json")

        before = len(reads())
        run.agent.start()
        wait_until_well(time.time_ns())
        run.more("test/a", 10)
        again = [span for span, was_refused in reads()[before:] if was_refused or HOLE in span]
        expect(not again, f"P28, P30: after the restart the hole was asked for: {again[:3]}")
        expect(run.agent.terminate() is not None and run.agent.exits == [0, 0], f"exit codes {run.agent.exits}")

        # Waiting is what a start says, and a busy machine may answer late; neither has to do with the hole.
        for name in READABLE:
            codes = [code >> 16 for _, code in run.series(f"test/{name}")]
            settled = set(codes[codes.index(0):]) - {0, WAITING, TIMEOUT}
            expect(not settled, f"F31: {name} was good and did not stay so: {settled}")
        hole = {(value, code >> 16) for value, code in run.series("test/hole")}
        expect((None, ILLEGAL_ADDRESS) in hole, f"F31: the point in the hole says {hole}")
        expect(all(value is None and code >> 15 for value, code in hole), f"F31: the hole was shown as {hole}")
        latest = [p for t, p in run.payloads if p and t.endswith("/test/hole")]
        expect(latest and b"modbus-illegal-address" in latest[-1], f"F31: the reason is missing: {latest[-1:]}")
        return {"readings": run.ledger.count(), "reads": len(reads()), "refused": len(refused),
                "faults": len(faults), "first_faults": faults[:10]}


SCENARIOS = {
    "holes": (holes, {"units": 1, "signals": len(POINTS), "interval_ms": 50}),
}
