"""What can be checked of deploy/ and k8s/ without an engine for containers and without a cluster. Run by
`make deployment` with the Python that ensure.py brings; what lacks a tool is skipped, and said so."""

import sys

import alerts
import compose
import dashboards
import image
import manifests
import nats
import runbooks
import settings
from tools import Skipped

CHECKS = [
    image.dockerfile,
    image.context,
    compose.schema,
    compose.versions,
    nats.configuration,
    settings.postgres,
    alerts.prometheus,
    alerts.tested,
    alerts.in_cluster,
    dashboards.listed,
    dashboards.metrics,
    dashboards.expressions,
    runbooks.pages,
    runbooks.commands,
    manifests.schemas,
    manifests.references,
    manifests.selectors,
    manifests.versions,
]


def main():
    if sys.argv[1:] == ["rules"]:
        alerts.write_cluster_rules()
        return
    complaints = []
    for check in CHECKS:
        try:
            complaints += check()
        except Skipped as reason:
            print(f"SKIPPED: {check.__doc__.splitlines()[0].rstrip('.')}: {reason}")
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    if complaints:
        sys.exit(f"{len(complaints)} complaints about deploy/ and k8s/")
    print("deploy/ and k8s/: ok")


if __name__ == "__main__":
    main()
