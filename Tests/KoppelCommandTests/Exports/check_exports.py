#!/usr/bin/env python3
"""Holds exported devices against what others say of the two forms.

  check_exports.py FOLDER     every FOLDER/NAME.wot.json with its NAME.aas.json

A Thing Description or Thing Model: our own strict schema, and the published schemas of W3C where they are at hand.
An Asset Administration Shell: the metamodel 3.0 as aas-core3.0 holds it, independently of us, with all its constraints.
Both: they say the same of the same device.

Published schemas are looked for in the folder KOPPEL_SCHEMAS names, else in schemas of the shared folder beside the
project: td.json and tm.json (Thing Description 1.1), modbus.json (Modbus binding), aas.json (AAS 3.0.1). They are no
part of the project. Exit status 1 if anything fails.
"""
import json
import os
import sys
from pathlib import Path

from aas_core3 import jsonization, verification
from jsonschema.validators import validator_for

HERE = Path(__file__).resolve().parent
# Larger shells are held against the metamodel only: the published schema takes minutes for them, and says the same.
SLOW = 50_000
OUTSIDE = Path(os.environ.get("KOPPEL_SCHEMAS", HERE.parents[3] / "shared" / "schemas"))


def validator(path):
    schema = json.loads(path.read_text())
    # The schema of the binding refers to the main branch's Thing Description, which is another version by now.
    schema.pop("anyOf", None) if path.name == "modbus.json" else None
    return validator_for(schema)(schema)


def outside(*names):
    return [validator(OUTSIDE / name) for name in names if (OUTSIDE / name).is_file()]


def schema_faults(validators, document):
    for one in validators:
        for error in one.iter_errors(document):
            yield f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"


def shell_faults(document):
    try:
        environment = jsonization.environment_from_jsonable(document)
    except jsonization.DeserializationException as error:
        yield f"{error.path}: {error.cause}"
        return
    for error in verification.verify(environment):
        yield f"{error.path}: {error.cause}"


def elements(parent):
    """The elements of a collection or submodel by their short names."""
    return {element["idShort"]: element for element in parent.get("value", parent.get("submodelElements", []))}


def disagreements(thing, shell):
    """What the two forms say differently of the same device."""
    interface = elements(shell["submodels"][0])["InterfaceMODBUS"]
    endpoint = elements(elements(interface)["EndpointMetadata"])
    properties = elements(elements(elements(interface)["InteractionMetadata"])["properties"])
    if "@type" not in thing and endpoint["base"].get("value") != thing.get("base"):
        yield f"base {endpoint['base'].get('value')} and {thing.get('base')}"
    if list(properties) != list(thing["properties"]):
        yield "not the same properties in the same order"
        return
    for name, told in thing["properties"].items():
        form = told["forms"][0]
        have = elements(properties[name])
        parts = elements(have["forms"])

        def value(key, usual=None):
            return parts.get(key, endpoint.get(key, {"value": usual})).get("value")

        pairs = [
            (have["key"]["value"], told["kpl:signalName"]),
            (have["type"]["value"], told["type"]),
            # A unit without a UN/ECE code stands as the address of its QUDT entry, as schema.org allows.
            (have.get("unit", {}).get("value"), told.get("schema:unitCode", told.get("qudt:hasUnit", {}).get("@id"))),
            (value("href"), form["href"]),
            (value("modv_entity"), form["modv:entity"]),
            (value("modv_type"), form["modv:type"]),
            (value("modv_pollingTime"), str(form["modv:pollingTime"])),
            (value("modv_timeout"), str(form["modv:timeout"]) if "modv:timeout" in form else None),
        ]
        for key in ("Byte", "Word"):
            if f"modv:mostSignificant{key}" in form:
                want = "true" if form[f"modv:mostSignificant{key}"] else "false"
                pairs.append((value(f"modv_mostSignificant{key}"), want))
        if "minimum" in told:
            pairs.append((float(have["min_max"]["min"]), float(told["minimum"])))
            pairs.append((float(have["min_max"]["max"]), float(told["maximum"])))
        yield from (f"{name}: {left} and {right}" for left, right in pairs if left != right)
    lost = any(key.startswith("kpl:") for told in thing["properties"].values() for key in told["forms"][0])
    if lost != ("ExternalDescriptor" in elements(interface)):
        yield "the shell points at the profile exactly where it has no element of its own"


def main(folder):
    own = [validator(HERE / "thing.schema.json")]
    things = own + outside("td.json", "modbus.json")
    models = own + outside("tm.json", "modbus.json")
    shells = outside("aas.json")
    failed = count = 0
    for path in sorted(Path(folder).glob("*.wot.json")):
        thing = json.loads(path.read_text())
        other = path.with_name(path.name.replace(".wot.", ".aas."))
        shell = json.loads(other.read_text())
        faults = [f"{path.name}: {fault}" for fault in schema_faults(models if "@type" in thing else things, thing)]
        small = other.stat().st_size < SLOW
        faults += [f"{other.name}: {fault}" for fault in schema_faults(shells if small else [], shell)]
        faults += [f"{other.name}: {fault}" for fault in shell_faults(shell)]
        faults = faults or [f"{path.name}: {fault}" for fault in disagreements(thing, shell)]
        print("\n".join(faults[:20]), end="\n" if faults else "")
        failed += len(faults)
        count += 1
    print(f"{count} devices, {failed} faults, published schemas: {len(things) + len(shells) - 1} of 3")
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]) if len(sys.argv) == 2 else __doc__)
