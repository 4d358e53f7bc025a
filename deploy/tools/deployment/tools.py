"""Where things are, and the programs that check them."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[3]
DEPLOY, K8S = ROOT / "deploy", ROOT / "k8s"


class Skipped(Exception):
    """A check that cannot be made here: its text says why."""


def name(path):
    return path.relative_to(ROOT)


def documents(path):
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def run(program, *arguments, **options):
    """The result of a program that ensure.py brings, when it could."""
    own = ROOT / ".knipperlicht/tools/bin" / program
    found = str(own) if os.access(own, os.X_OK) else shutil.which(program)
    if not found:
        raise Skipped(f"{program} could not be had (see above)")
    return subprocess.run([found, *map(str, arguments)], capture_output=True, text=True, **options)


def complaints_of(result):
    """What a program said that did not end well, a line each."""
    if result.returncode == 0:
        return []
    lines = (line.strip() for line in (result.stdout + result.stderr).splitlines())
    said = [line for line in lines if line and not re.match(r"SUCCESS|Checking|Unit Testing", line)]
    return said or [f"{result.args[0]} ended with {result.returncode}"]
