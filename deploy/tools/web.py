#!/usr/bin/env python3
"""Builds the web app into web/dist, if anything of it changed; the program carries what is there.
web.py check looks at its texts and types and runs its unit tests; web.py test plays the scenarios on a
real Chromium, and web.py measure says there how soon its pages answer.

Without Node.js nothing is built: the program then says so on the page where the app would be.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
WEB, DIST = ROOT / "web", ROOT / "web" / "dist"
ENSURE = ROOT / "deploy" / "tools" / "ensure.py"
BUILT = ROOT / ".knipperlicht" / "web.sha256"
# What the app is built from, besides its own folder: the contracts.
SOURCES = [WEB, ROOT / "proto"]
NOT_SOURCES = {"node_modules", "dist", "gen", "test-results", ".svelte-kit"}
# The tasks that need one, and the scripts that do them.
IN_A_BROWSER = {"test": "e2e", "measure": "measure"}
# Vite's own requirement.
OLDEST_NODE = (20, 19)


def say(text):
    print(f"web: {text}", file=sys.stderr, flush=True)


def node_version():
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    found = re.match(r"v(\d+)\.(\d+)", answer)
    return tuple(map(int, found.groups())) if found else None


def sources():
    for source in SOURCES:
        for folder, folders, files in os.walk(source):
            folders[:] = sorted(set(folders) - NOT_SOURCES)
            for file in sorted(files):
                yield Path(folder, file)


def fingerprint():
    """Of all that the app is made of: another one makes another app."""
    hash = hashlib.sha256()
    for path in sources():
        hash.update(str(path.relative_to(ROOT)).encode() + b"\0")
        hash.update(hashlib.sha256(path.read_bytes()).digest())
    return hash.hexdigest()


def run(*command):
    say(" ".join(command))
    if subprocess.run(command, cwd=WEB, stdin=subprocess.DEVNULL, stdout=sys.stderr).returncode:
        sys.exit(f"web: {' '.join(command)} failed (see above)")


def build():
    wanted = fingerprint()
    was_built = BUILT.exists() and BUILT.read_text() == wanted
    if was_built and (DIST / "index.html").exists():
        return
    run("npm", "ci", "--no-audit", "--no-fund")
    run("npm", "run", "build")
    BUILT.parent.mkdir(parents=True, exist_ok=True)
    BUILT.write_text(wanted)


def main():
    task = sys.argv[1] if len(sys.argv) > 1 else "build"
    version = node_version()
    if not version or version < OLDEST_NODE:
        say(f"SKIPPED: {task}: no Node.js 20.19 or newer with npm here; the program carries no web app")
        return
    build()
    if task == "check":
        run("npm", "run", "check")
    elif task in IN_A_BROWSER:
        if subprocess.run([sys.executable, ENSURE, "browser"]).returncode == 0:
            run("npm", "run", IN_A_BROWSER[task])
        elif os.geteuid() == 0:
            sys.exit(f"web: no browser to {task} with (see above)")
        else:
            say(f"SKIPPED: {task}: not without a browser (see above)")


if __name__ == "__main__":
    main()
