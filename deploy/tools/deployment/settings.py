"""What is said in two places."""

import re

from tools import DEPLOY, K8S, documents, name

POSTGRES, CLUSTER = DEPLOY / "postgres/postgresql.conf", K8S / "overlays/production/postgres.yaml"
# The operator of PostgreSQL sets these itself, or they are not its to set.
OPERATORS_OWN = {"listen_addresses", "fsync", "synchronous_commit", "full_page_writes"}


def postgres():
    """PostgreSQL is told the same by compose and on Kubernetes."""
    lines = re.findall(r"^(\w+) = '?([^'\n]*)'?$", POSTGRES.read_text(), re.MULTILINE)
    here = {key: value for key, value in lines if key not in OPERATORS_OWN}
    there = next(d for d in documents(CLUSTER) if d["kind"] == "Cluster")["spec"]["postgresql"]["parameters"]
    for key in sorted(here.keys() | there.keys()):
        if here.get(key) != there.get(key):
            yield f"{key}: {here.get(key)} in {name(POSTGRES)}, {there.get(key)} in {name(CLUSTER)}"
