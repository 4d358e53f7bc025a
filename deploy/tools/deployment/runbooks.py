"""Runbooks."""

import re

from alerts import alerts
from tools import ROOT, name

FOLDER = ROOT / "docs/runbooks"
OPS = ROOT / "services/all/src/ops"
ASKED = re.compile(r"(?:knipperlicht|k8s/|run --rm) ?ops ([a-z][a-z-]*)")


def pages():
    """Every alert has a page, and every page an alert."""
    names = {alert["alert"] for alert in alerts()}
    there = {page.stem for page in FOLDER.glob("*.md")} - {"README"}
    for missing in sorted(names - there):
        yield f"{missing} has no page: write docs/runbooks/{missing}.md"
    for left in sorted(there - names):
        yield f"docs/runbooks/{left}.md: there is no such alert: remove it"
    for alert in alerts():
        if alert["annotations"].get("runbook") != f"docs/runbooks/{alert['alert']}.md":
            yield f"{alert['alert']}: its annotation `runbook` does not lead to its page"


def commands():
    """Every `ops` command that a page names is there."""
    enum = re.search(r"enum OpsCommand \{(.*?)^\}", (OPS / "mod.rs").read_text(), re.MULTILINE | re.DOTALL)[1]
    variants = re.findall(r"^    ([A-Z]\w+)", enum, re.MULTILINE)
    there = {re.sub(r"(?<!^)([A-Z])", r"-\1", variant).lower() for variant in variants}
    for page in sorted([*FOLDER.glob("*.md"), ROOT / "docs/deploy.md", ROOT / "k8s/README.md"]):
        for command in sorted(set(ASKED.findall(page.read_text())) - there):
            yield f"{name(page)}: there is no `knipperlicht ops {command}`"
