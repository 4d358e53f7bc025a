"""The image."""

import re
from fnmatch import fnmatch
from pathlib import Path

from tools import DEPLOY, ROOT, complaints_of, name, run

FILE, LEFT_OUT = DEPLOY / "Dockerfile", ROOT / ".dockerignore"


def dockerfile():
    """The Dockerfile, by hadolint."""
    return complaints_of(run("hadolint", "--no-color", FILE))


def context():
    """What the image is built of is in what its build is given."""
    web = next(stage for stage in FILE.read_text().split("\nFROM ") if " AS web\n" in stage)
    copied = [Path(path) for path in re.findall(r"^COPY (\S+) \1$", web, re.MULTILINE)]
    for plugin in sorted(ROOT.glob("web/vite/*.ts")):
        for read in re.findall(r"new URL\('\.\./\.\./([^']+)'", plugin.read_text()):
            if not any(Path(read).is_relative_to(path) for path in copied):
                yield f"{name(plugin)} reads {read}, which {name(FILE)} does not copy for the web app"
    for source in sorted([*ROOT.glob("crates/*/src/**/*.rs"), *ROOT.glob("services/*/src/**/*.rs")]):
        package = ROOT.joinpath(*name(source).parts[:2])
        for folder in re.findall(r'#\[folder = "([^"]+)"\]', source.read_text()):
            embedded = name((package / folder).resolve())
            # The web app is built in a stage of its own.
            if embedded != Path("web/dist") and is_left_out(embedded):
                yield f"{name(source)} embeds {embedded}, which {name(LEFT_OUT)} leaves out"


def is_left_out(path):
    """As .dockerignore says; of its lines the last that fits decides."""
    left_out = False
    for line in LEFT_OUT.read_text().splitlines():
        if any(fnmatch(str(part), line.removeprefix("!")) for part in [path, *path.parents]):
            left_out = not line.startswith("!")
    return left_out
