"""What Kubernetes is told."""

import functools
import re
import warnings

import kubernetes_validate
import yaml

from tools import K8S, complaints_of, run

OVERLAYS = ("dev", "production")
# The newest that the schemas know; what is used is in every version since 1.34.
VERSION = "1.37"
# Secrets that somebody else makes: the operator of PostgreSQL, cert-manager for its account.
MADE_ELSEWHERE = {"postgres-ca", "acme-account"}


@functools.cache
def objects(overlay):
    """What `kubectl kustomize` makes of an overlay."""
    made = run("kubectl", "kustomize", K8S / "overlays" / overlay)
    if made.returncode:
        raise SystemExit("\n".join(complaints_of(made)))
    return list(yaml.safe_load_all(made.stdout))


def title(overlay, thing):
    return f"k8s/overlays/{overlay}: {thing['kind']} {thing['metadata']['name']}"


def is_of_kubernetes(thing):
    group = thing["apiVersion"].rpartition("/")[0]
    return "." not in group or group.endswith(".k8s.io")


def schemas():
    """Every object of Kubernetes itself, by its schema, strictly."""
    foreign = set()
    for overlay in OVERLAYS:
        for thing in objects(overlay):
            if not is_of_kubernetes(thing):
                foreign.add(thing["kind"])
                continue
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    kubernetes_validate.validate(thing, VERSION, strict=True)
            except kubernetes_validate.ValidationError as error:
                yield f"{title(overlay, thing)}: {'.'.join(map(str, error.path))}: {error.message}"
    print(f"SKIPPED: the schemas of operators are in no registry, so these were not checked: {', '.join(sorted(foreign))}")


def pods(overlay):
    """Every pod that an overlay describes, with whose it is."""
    for thing in objects(overlay):
        spec = thing.get("spec", {})
        template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
        if template and "containers" in template.get("spec", {}) and is_of_kubernetes(thing):
            yield thing, template


def asked_for(pod):
    """The names that a pod refers to, with their kinds."""
    yield "ServiceAccount", pod.get("serviceAccountName")
    for volume in pod.get("volumes", []):
        for source in [volume, *volume.get("projected", {}).get("sources", [])]:
            secret = source.get("secret", {})
            yield "Secret", secret.get("secretName") or secret.get("name")
            yield "ConfigMap", source.get("configMap", {}).get("name")
            yield "PersistentVolumeClaim", source.get("persistentVolumeClaim", {}).get("claimName")
    for container in pod["containers"]:
        for source in container.get("envFrom", []):
            yield "Secret", source.get("secretRef", {}).get("name")
            yield "ConfigMap", source.get("configMapRef", {}).get("name")
        for variable in container.get("env", []):
            secret = variable.get("valueFrom", {}).get("secretKeyRef", {})
            if not secret.get("optional"):
                yield "Secret", secret.get("name")


def secrets(overlay):
    """The secrets that will be there: by a script for trying out, by operators for real."""
    if overlay == "dev":
        script = (K8S / "overlays/dev/make-secrets").read_text()
        loop = re.search(r"for service in (.*?); do(.*?)^done", script, re.MULTILINE | re.DOTALL)
        found = re.findall(r'^ *(?:secret|certificate) "?([\w$-]+)"?', script, re.MULTILINE)
        return {
            one.replace("$service", service) for one in found for service in loop[1].split()
        }
    made = {"ExternalSecret": lambda t: t["spec"]["target"]["name"], "Certificate": lambda t: t["spec"]["secretName"]}
    return MADE_ELSEWHERE | {made[t["kind"]](t) for t in objects(overlay) if t["kind"] in made}


def references():
    """Whatever a pod asks for is there."""
    for overlay in OVERLAYS:
        there = {(thing["kind"], thing["metadata"]["name"]) for thing in objects(overlay)}
        there |= {("Secret", secret) for secret in secrets(overlay)}
        for owner, template in pods(overlay):
            for kind, asked in asked_for(template["spec"]):
                if asked and (kind, asked) not in there:
                    yield f"{title(overlay, owner)}: there is no {kind} {asked}"


def selectors():
    """Whatever selects pods selects some."""
    for overlay in OVERLAYS:
        labels = [template["metadata"]["labels"] for _, template in pods(overlay)]
        # Those of operators carry what they are told to.
        for thing in objects(overlay):
            told = thing.get("spec", {}).get("inheritedMetadata", thing.get("spec", {}).get("template", {}).get("metadata", {}))
            labels.append(told.get("labels", {}))
        for thing in objects(overlay):
            spec = thing.get("spec", {})
            chosen = {
                "Service": lambda: spec.get("selector", {}),
                "PodDisruptionBudget": lambda: spec["selector"].get("matchLabels", {}),
                "NetworkPolicy": lambda: spec["podSelector"].get("matchLabels", {}),
            }.get(thing["kind"], dict)()
            if chosen and not any(chosen.items() <= one.items() for one in labels):
                yield f"{title(overlay, thing)}: selects nothing with {chosen}"
            if thing["kind"] in ("Service", "PodDisruptionBudget") and not chosen:
                yield f"{title(overlay, thing)}: selects everything"


def versions():
    """Every container has an image with a version, is not root and cannot write to its image."""
    for overlay in OVERLAYS:
        for owner, template in pods(overlay):
            for container in template["spec"]["containers"]:
                place = f"{title(overlay, owner)}: {container['name']}"
                if not re.search(r":v?\d+\.\d+", container["image"]):
                    yield f"{place}: {container['image']} has no version"
                if not template["spec"]["securityContext"].get("runAsNonRoot"):
                    yield f"{place}: may be root"
                if "memory" not in container["resources"].get("limits", {}):
                    yield f"{place}: may take all memory"
