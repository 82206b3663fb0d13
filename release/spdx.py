"""Converts a list of components from CycloneDX, as release/sbom prints it, to SPDX 2.3. release/spdx calls it."""

import json
import re
import sys
import uuid
from datetime import datetime

from license_expression import get_spdx_licensing
from spdx_tools.spdx.jsonschema.document_converter import DocumentConverter
from spdx_tools.spdx.model import (
    Actor,
    ActorType,
    Checksum,
    ChecksumAlgorithm,
    CreationInfo,
    Document,
    ExternalPackageRef,
    ExternalPackageRefCategory,
    Package,
    PackagePurpose,
    Relationship,
    RelationshipType,
    SpdxNoAssertion,
)
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

DOCUMENT = "SPDXRef-DOCUMENT"
LICENCES = get_spdx_licensing()
CRATES_IO = "registry+https://github.com/rust-lang/crates.io-index#"


def identifier(component: dict) -> str:
    """Returns the SPDX identifier of a component, which may contain only letters, digits, dots and hyphens."""
    return "SPDXRef-" + re.sub("[^A-Za-z0-9.-]", "-", f"{component['name']}-{component['version']}")


def package(component: dict) -> Package:
    """Converts a component."""
    location: object = SpdxNoAssertion()
    if component["bom-ref"].startswith(CRATES_IO):
        name, version = component["name"], component["version"]
        location = f"https://static.crates.io/crates/{name}/{name}-{version}.crate"
    licences = [choice["expression"] for choice in component["licenses"]]
    if len(licences) != 1:
        sys.exit(f"release/spdx: {component['name']} has {len(licences)} licence expressions instead of one")
    return Package(
        spdx_id=identifier(component),
        name=component["name"],
        version=component["version"],
        download_location=location,
        files_analyzed=False,
        checksums=[Checksum(ChecksumAlgorithm.SHA256, entry["content"]) for entry in component.get("hashes", [])],
        license_concluded=SpdxNoAssertion(),
        license_declared=LICENCES.parse(licences[0], validate=True),
        copyright_text=SpdxNoAssertion(),
        description=component.get("description"),
        external_references=[
            ExternalPackageRef(ExternalPackageRefCategory.PACKAGE_MANAGER, "purl", component["purl"])
        ],
        primary_package_purpose=PackagePurpose[component["type"].upper()],
    )


def document(text: bytes) -> Document:
    """Converts a list."""
    bom = json.loads(text)
    main = bom["metadata"]["component"]
    components = [main, *bom["components"]]
    identifiers = {component["bom-ref"]: identifier(component) for component in components}
    if len(set(identifiers.values())) != len(components):
        sys.exit("release/spdx: two components have the same name and version")
    [target] = [entry["value"] for entry in bom["metadata"]["properties"] if entry["name"].endswith(":triple")]
    name = f"{main['name']}-{main['version']}-{target}"
    # The form that the specification has for documents that are published at no fixed address.
    namespace = f"https://spdx.org/spdxdocs/{name}-{uuid.uuid5(uuid.NAMESPACE_OID, text.decode())}"
    relationships = [Relationship(DOCUMENT, RelationshipType.DESCRIBES, identifiers[main["bom-ref"]])]
    for dependency in bom["dependencies"]:
        for other in dependency.get("dependsOn", []):
            pair = identifiers[dependency["ref"]], identifiers[other]
            relationships.append(Relationship(pair[0], RelationshipType.DEPENDS_ON, pair[1]))
    creators = [Actor(ActorType.TOOL, f"{tool['name']}-{tool['version']}") for tool in bom["metadata"]["tools"]]
    created = datetime.fromisoformat(bom["metadata"]["timestamp"][:19])
    creation = CreationInfo("SPDX-2.3", DOCUMENT, name, namespace, creators, created, data_license="CC0-1.0")
    return Document(creation, [package(component) for component in components], relationships=relationships)


with open(sys.argv[1], "rb") as file:
    result = document(file.read())
errors = [message.validation_message for message in validate_full_spdx_document(result)]
if errors:
    sys.exit("\n".join(f"release/spdx: {error}" for error in errors))
json.dump(DocumentConverter().convert(result), sys.stdout, indent=2)
print()
