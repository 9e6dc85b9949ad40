"""What a broker keeps of a machine besides its values: exports in the forms of others, older descriptors, flat topics."""
import json
import socket
import struct
import subprocess
import time

from destination_scenarios import Party
from factory import Factory
from plant import base, wait_for


def retained(port):
    """Everything the broker keeps, by topic."""
    run = subprocess.run(["mosquitto_sub", "-p", str(port), "-t", "kpl/v1/#", "--retained-only", "-F", "%t\t%p",
                          "-W", "1"], capture_output=True, text=True)
    return dict(line.split("\t", 1) for line in run.stdout.splitlines())


def read_as_told(thing, name):
    """Reads one property over Modbus TCP by nothing but its Thing Description."""
    host, port, unit = thing["base"].removeprefix("modbus+tcp://").rstrip("/").replace("/", ":").split(":")
    form = thing["properties"][name]["forms"][0]
    address, quantity = map(int, form["href"].split("?quantity="))
    function = {"HoldingRegister": 3, "InputRegister": 4}[form["modv:entity"]]
    with socket.create_connection((host, int(port)), timeout=5) as s:
        s.sendall(struct.pack(">HHHBBHH", 1, 0, 6, int(unit), function, address, quantity))
        answer = s.recv(260)
    assert form["modv:type"] == "xsd:unsignedInt" and form["modv:mostSignificantWord"]
    return struct.unpack(">I", answer[9:13])[0]


def exports(o):
    """3_11, 3_14, 3_15: exports that read the machine, older descriptors that stay, flat topics, all gone with it."""
    with Factory(o) as factory:
        flat = Party(factory, "flat")
        try:
            return run_exports(factory, flat)
        finally:
            flat.end()


def run_exports(factory, flat):
    factory.o.more = flat.settings(direct=True, topics="flat", exports=False)
    factory.write_site([1, 2])
    factory.begin()
    port = factory.broker.port
    place = "kpl/v1/acme/hengelo/"

    def kept(topic):
        return json.loads(retained(port).get(place + topic) or "{}")

    wait_for("the exports", lambda: f"{place}m2/_meta/aas" in retained(port), 10)
    thing = kept("m2/_meta/td")
    value, start = read_as_told(thing, "counters_c1"), base(2, 1)
    factory.expect(start < value < start + 100_000, f"the Thing Description leads to {value}, and not to {start} and more")
    shell = kept("m2/_meta/aas")["assetAdministrationShells"][0]
    factory.expect(shell["assetInformation"]["assetKind"] == "Instance", f"the shell is {shell}")
    descriptor = kept("m2/_meta")
    factory.expect(descriptor["links"] == {"td": "_meta/td", "aas": "_meta/aas"}, f"links: {descriptor.get('links')}")
    factory.expect(thing["id"] == descriptor["@id"] and thing["version"]["instance"] == "1", f"{thing['version']}")

    # The flat party has neither, and one level for the signal.
    wait_for("the flat party", lambda: f"{place}m1/_value/counters.c0" in retained(flat.broker.port), 10)
    there = retained(flat.broker.port)
    factory.expect(not any("/_meta/td" in topic or "/_value/counters/" in topic for topic in there), f"{sorted(there)}")

    # A new title is a new revision: the older one stays.
    with open(factory.config) as f:
        content = json.load(f)
    content["machines"]["m1"]["title"] = "Pers"
    with open(factory.config, "w") as f:
        json.dump(content, f)
    factory.agent.hang_up()
    wait_for("the next revision", lambda: kept("m1/_meta").get("rev") == 2, 10)
    factory.expect(kept("m1/_meta/rev/2").get("rev") == 2, "the new revision has no topic of its own")
    subprocess.run(["mosquitto_pub", "-p", str(port), "-r", "-n", "-t", f"{place}m1/_meta/rev/1"], check=True)
    factory.agent.hang_up()
    content["machines"]["m2"]["title"] = "Zaag"
    with open(factory.config, "w") as f:
        json.dump(content, f)
    factory.agent.hang_up()
    wait_for("the older descriptor again", lambda: kept("m1/_meta/rev/1").get("rev") == 1, 15)

    # A machine that goes takes its exports along.
    del content["machines"]["m2"]
    with open(factory.config, "w") as f:
        json.dump(content, f)
    factory.agent.hang_up()
    wait_for("m2 to go", lambda: f"{place}m2/_meta/td" not in retained(port), 10)
    time.sleep(0.2)
    left = [topic for topic in retained(port) if topic.startswith(place + "m2/") and "/_meta/rev/" not in topic]
    factory.expect(not left, f"of m2 the broker keeps {left}")
    factory.agent.terminate()
    return {"read": value, "shell": len(json.dumps(shell)), "faults": len(factory.faults),
            "first_faults": factory.faults[:10]}


SCENARIOS = {"exports": (exports, {"seconds": 1, "units": 2, "signals": 4, "validate": 0})}
