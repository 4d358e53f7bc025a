#!/usr/bin/env python3
"""Migrations run while the version before them still serves (docs/migrations.md).

  migrations.py check   those that are out are as they were, and new ones hold no lock that the line
                        would notice and take nothing away that the version before still uses
  migrations.py out     at a release: all there are now are out
"""

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# As `sha256sum` writes it.
OUT = ROOT / "deploy" / "migrations.sha256"
# Not about locks or the version before: each migration is a transaction that sqlx runs once, its
# lock_timeout is set by `migrate`, and what type a column has is judged by whoever reads it.
NOT_ASKED = [
    "prefer-robust-stmts",
    "require-lock-timeout",
    "require-statement-timeout",
    "prefer-bigint-over-int",
    "prefer-bigint-over-smallint",
]


def there():
    folders = [ROOT / "crates" / "eventing", *sorted((ROOT / "services").iterdir())]
    for folder in folders:
        yield from sorted((folder / "migrations").glob("*.sql"))


def name(path):
    return path.relative_to(ROOT).as_posix()


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def out():
    lines = OUT.read_text().splitlines() if OUT.exists() else []
    return {path: digest for digest, path in (line.split(maxsplit=1) for line in lines)}


def check():
    known = out()
    complaints = []
    for path, was in known.items():
        if not (ROOT / path).exists():
            complaints.append(f"{path} is out and may not be removed")
        elif digest(ROOT / path) != was:
            complaints.append(f"{path} is out and may not be changed: write another migration")
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    new = [path for path in there() if name(path) not in known]
    if new:
        command = ["squawk", "--assume-in-transaction", "--pg-version=15", "--exclude", ",".join(NOT_ASKED)]
        if subprocess.run([*command, *map(name, new)], cwd=ROOT).returncode:
            complaints.append("squawk")
    if complaints:
        sys.exit("migrations: see docs/migrations.md")
    print(f"migrations: {len(known)} as they were, {len(new)} new")


def note():
    OUT.write_text("".join(f"{digest(path)}  {name(path)}\n" for path in there()))
    print(f"written: {name(OUT)}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["check"]:
            check()
        case ["out"]:
            note()
        case _:
            sys.exit(__doc__)
