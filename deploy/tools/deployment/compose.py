"""compose.yaml."""

import json
import re
import tomllib

import jsonschema
import yaml

from tools import DEPLOY, ROOT, Skipped, name

FILE = DEPLOY / "compose.yaml"
LOCK = tomllib.loads((DEPLOY / "tools/tools.lock.toml").read_text())


def schema():
    """compose.yaml, by the schema of the Compose specification."""
    file = ROOT / ".knipperlicht/tools/store" / f"compose-schema-{LOCK['compose-schema']['version']}/schema.json"
    if not file.exists():
        raise Skipped("the schema could not be had (see above)")
    validator = jsonschema.Draft202012Validator(json.loads(file.read_text()))
    for error in validator.iter_errors(yaml.safe_load(FILE.read_text())):
        yield f"{name(FILE)}: {'.'.join(map(str, error.path))}: {error.message}"


def versions():
    """Every image of compose.yaml has a version, files that it names are there."""
    for service, told in yaml.safe_load(FILE.read_text())["services"].items():
        tag = told["image"].rpartition(":")[2]
        if not re.search(r"\d+\.\d+", tag):
            yield f"{name(FILE)}: {service}: {told['image']} has no version"
        # The tests run with these; so does whoever deploys.
        for image, tool in (("nats", "nats-server"), ("postgres", "postgres")):
            pinned = LOCK[tool]["version"]
            if told["image"].startswith(f"{image}:") and not pinned.startswith(tag.partition("-")[0]):
                yield f"{name(FILE)}: {service}: {told['image']}, but the tests run with {pinned}"
        for volume in told.get("volumes", []):
            source = volume.partition(":")[0]
            is_made = source.startswith("./secrets/")
            if source.startswith("./") and not is_made and not (DEPLOY / source).exists():
                yield f"{name(FILE)}: {service}: {source} is not there"
