"""Dashboards of Grafana, and what they and the rules measure."""

import json
import os
import re
import tempfile
from pathlib import Path

import yaml

from alerts import PROMETHEUS, groups
from tools import DEPLOY, Skipped, complaints_of, name, run

FOLDER = DEPLOY / "grafana/dashboards"
LISTED = re.compile(r"^([a-z_:][\w:]*)(?:\{([^}]*)\})?( histogram)?$")
# A name that is no function, no keyword and no label: it is followed by no bracket, and stands outside of {} and
# of by (...).
GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\s*\{([^}]*)\}")
NAME = re.compile(r"(?<![\w:$.\"])([a-zA-Z_:][\w:]*)\b(?!\s*\()")
KEYWORDS = {"and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring", "group_left", "group_right", "le"}
# What Prometheus itself adds, and Kubernetes.
EVERYWHERE = {"job", "instance", "namespace", "pod", "container", "cluster", "le"}
# What Grafana puts in for these is of no matter to whether an expression holds.
VARIABLES = {"$__rate_interval": "5m", "$__range": "1h", "$__interval": "1m"}


def known():
    """Every metric there is, with its labels."""
    found = {}
    for file in ("metrics.txt", "metrics-of-others.txt"):
        for line in (PROMETHEUS / file).read_text().splitlines():
            if not line or line.startswith("#"):
                continue
            metric, labels, histogram = LISTED.match(line).groups()
            labels = set(filter(None, (labels or "").split(",")))
            for ending in ("_bucket", "_sum", "_count") if histogram else ("",):
                found[metric + ending] = labels
    for group in groups():
        for rule in group["rules"]:
            if "record" in rule:
                found[rule["record"]] = {"promise"}
    return found


def listed():
    """The list of metrics is what the program measures, by `knipperlicht ops metrics-list`."""
    if "KL_BINARY" not in os.environ:
        raise Skipped("KL_BINARY does not say where the program is")
    said = run(os.environ["KL_BINARY"], "ops", "metrics-list")
    yield from complaints_of(said)
    measured = set(said.stdout.splitlines())
    lines = set((PROMETHEUS / "metrics.txt").read_text().splitlines())
    there = {line for line in lines if line and not line.startswith("#")}
    for metric in sorted(measured - there):
        yield f"deploy/prometheus/metrics.txt lacks {metric}"
    for metric in sorted(there - measured):
        yield f"deploy/prometheus/metrics.txt: the program does not measure {metric}"


def dashboards():
    return [(file, json.loads(file.read_text())) for file in sorted(FOLDER.glob("*.json"))]


def targets(dashboard):
    """Every expression of a dashboard with what it is for."""
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            if "expr" in target:
                yield panel["title"], target["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            query = variable["query"]["query"]
            yield f"${variable['name']}", re.match(r"label_values\((.*), \w+\)$", query)[1]


def used():
    """Every expression there is, with where it stands."""
    for group in groups():
        for rule in group["rules"]:
            yield f"deploy/prometheus/rules: {rule.get('alert') or rule.get('record')}", rule["expr"]
    for file, dashboard in dashboards():
        for title, expression in targets(dashboard):
            yield f"{name(file)}: {title}", expression


def metrics():
    """Rules and dashboards use metrics that there are, with labels that these have."""
    there = known()
    for place, expression in used():
        for metric, labels in SELECTOR.findall(expression):
            for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", labels):
                if metric in there and label not in there[metric] | EVERYWHERE:
                    yield f"{place}: {metric} has no label {label}"
        bare = GROUPING.sub(" ", re.sub(r"\{[^}]*\}", " ", re.sub(r'"[^"]*"', " ", expression)))
        for metric in sorted(set(NAME.findall(bare)) - KEYWORDS - there.keys()):
            yield f"{place}: there is no metric {metric} in deploy/prometheus/metrics*.txt"


def expressions():
    """What dashboards ask is understood by Prometheus, by promtool."""
    rules = []
    for file, dashboard in dashboards():
        for title, expression in targets(dashboard):
            for variable, value in VARIABLES.items():
                expression = expression.replace(variable, value)
            rules.append({"record": "asked", "expr": expression, "labels": {"by": f"{file.stem}: {title}"}})
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "asked.yaml")
        file.write_text(yaml.safe_dump({"groups": [{"name": "asked", "rules": rules}]}))
        yield from complaints_of(run("promtool", "check", "rules", "--lint=none", file))
