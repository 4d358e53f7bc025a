"""Rules of Prometheus."""

import yaml

from tools import DEPLOY, K8S, complaints_of, documents, name, run

PROMETHEUS = DEPLOY / "prometheus"
RULES = sorted((PROMETHEUS / "rules").glob("*.yaml"))
CLUSTER_RULES = K8S / "overlays/production/rules.yaml"


def groups():
    return [group for file in RULES for group in documents(file)[0]["groups"]]


def alerts():
    """Each alert, as often as it has a severity."""
    return [rule for group in groups() for rule in group["rules"] if "alert" in rule]


def key(alert):
    return alert["alert"], alert["labels"]["severity"]


def prometheus():
    """Configuration, rules and their tests, by promtool."""
    yield from complaints_of(run("promtool", "check", "config", PROMETHEUS / "prometheus.yml"))
    tests = sorted((PROMETHEUS / "tests").glob("*.yaml"))
    yield from complaints_of(run("promtool", "test", "rules", *tests, cwd=PROMETHEUS / "tests"))


def tested():
    """Every alert fires in a test, and is silent in one."""
    fires, silent = set(), set()
    for file in sorted((PROMETHEUS / "tests").glob("*.yaml")):
        for test in documents(file)[0]["tests"]:
            for expected in test["alert_rule_test"]:
                told = expected.get("exp_alerts") or []
                fires |= {(expected["alertname"], one["exp_labels"]["severity"]) for one in told}
                if not told:
                    silent.add(expected["alertname"])
    for alert in alerts():
        if key(alert) not in fires:
            yield f"{' as a '.join(key(alert))}: no test in deploy/prometheus/tests makes it fire"
        if alert["alert"] not in silent:
            yield f"{alert['alert']}: no test in deploy/prometheus/tests shows when it is silent"


def cluster_rules():
    rule = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "knipperlicht"},
        "spec": {"groups": groups()},
    }
    return "# Made of deploy/prometheus/rules: `make k8s-rules`.\n" + yaml.safe_dump(rule, sort_keys=False, width=120)


def write_cluster_rules():
    CLUSTER_RULES.write_text(cluster_rules())


def in_cluster():
    """The operator of Prometheus is told the same rules."""
    if not CLUSTER_RULES.exists() or CLUSTER_RULES.read_text() != cluster_rules():
        yield f"{name(CLUSTER_RULES)} is not what deploy/prometheus/rules says: make k8s-rules"
