"""Makes crates/policy/src/ray/serve/schema.json from the fields that `serve.py fields` prints for each release of Ray.

    for version in 2.9.0 2.10.0 …; do python serve.py fields; done | serve_table.py > schema.json

For each model, the table has each field with its types, and the minor versions in which it has each type.
"""

import json
import sys


def main():
    releases = sorted((json.loads(line) for line in sys.stdin), key=lambda release: minor(release["version"]))
    minors = [minor(release["version"]) for release in releases]
    models, protocols = {}, {}
    for index, release in enumerate(releases):
        for protocol in release["protocols"]:
            range_of = protocols.setdefault(protocol, [minors[index], minors[index]])
            assert range_of[1] in (minors[index], minors[index - 1]), protocol
            range_of[1] = minors[index]
        for name, model in release["models"].items():
            entry = models.setdefault(name, {"forbids": model["forbids"], "fields": {}})
            assert entry["forbids"] == model["forbids"], name
            for field, kind in model["fields"].items():
                variants = entry["fields"].setdefault(field, [])
                last = variants[-1] if variants else None
                if last and last["to"] == minors[index - 1] and last["kind"] == kind:
                    last["to"] = minors[index]
                else:
                    variants.append({"from": minors[index], "to": minors[index], "kind": kind})
    pydantic_2 = min(minor(release["version"]) for release in releases if release["pydantic"] == 2)
    lines = []
    for name in sorted(models):
        fields = [
            "      " + json.dumps(field) + ": ["
            + ", ".join(json.dumps({"from": it["from"], "to": it["to"], **it["kind"]}) for it in variants) + "]"
            for field, variants in sorted(models[name]["fields"].items())
        ]
        forbids = json.dumps(models[name]["forbids"])
        lines.append(f'    "{name}": {{"forbids": {forbids}, "fields": {{\n' + ",\n".join(fields) + "\n    }}")
    print(f'{{\n  "minors": {minors},\n  "pydantic 2 from": {pydantic_2},\n  "protocols": {json.dumps(protocols, sort_keys=True)},\n  "models": {{\n' + ",\n".join(lines) + "\n  }\n}")


def minor(version):
    return int(version.split(".")[1])


main()
