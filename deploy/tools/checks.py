#!/usr/bin/env python3
"""The repository's own rules that no other tool checks. Quick; reads files, builds nothing."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CODE = re.compile(r"\bKL\d{4}\b")
# What a model may not know: storage, wire, runtime and the wall clock.
IMPURE = re.compile(
    r"\b(sqlx|async_nats|tonic\w*|tokio\w*|SystemTime|(Timestamp|Zoned|Instant|Utc)::now)\b"
)
# Ways to a connection that is bound to nobody, and the files that may use them: the one type that
# binds a principal, and what makes the schemas before there is anybody. The gateway's are to services.
UNBOUND = re.compile(
    r"\b(PgPool\w*|PgConnectOptions|PgListener|\w*Connection::connect\w*|connect_lazy\w*|begin_with)\b"
)
MAY_CONNECT = {
    "crates/access/src/database.rs",
    "crates/eventing/src/schema.rs",
    "services/gateway/src/upstream.rs",
}
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
FENCED = re.compile(r"^ *(```|~~~).*?^ *\1", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6} +(.+?) *#* *$", re.MULTILINE)

TEST = re.compile(r"#\[(?:tokio::)?test[^\]]*\]\s*(?:#\[[^\]]*\]\s*)*(?:async )?fn (\w+)")
TOLD_TEST = re.compile(r"`(?:[\w-]+::)+(\w+)`")


def name(path):
    return path.relative_to(ROOT)


def rust(*folders):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.rs")):
            yield path, path.read_text()


def error_pages():
    """Every code a user can meet has a page that says what to do, and no page is left over."""
    used = {}
    for path, text in rust("crates", "services"):
        for code in CODE.findall(text):
            used.setdefault(code, path)
    pages = {page.stem for page in (ROOT / "docs/errors").glob("KL*.md")}
    for code in sorted(used.keys() - pages):
        yield f"{name(used[code])}: {code} has no page: write docs/errors/{code}.md"
    for code in sorted(pages - used.keys()):
        yield f"docs/errors/{code}.md: no source in crates/ or services/ has this code: remove it"


def checkout_path():
    """A file with this machine's paths in it works on this machine only."""
    if len(ROOT.parts) < 3:
        # "/src" or "/app" is too short to tell from ordinary text.
        return
    # The checkout may belong to another user than the one who checks.
    command = ["git", "-c", f"safe.directory={ROOT}", "grep", "-zlF", "--untracked", "-e", ROOT]
    out = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    # 1 is "nothing found".
    if out.returncode > 1:
        yield f"git grep failed, so paths were not checked: {out.stderr.strip()}"
        return
    # Not as the beginning or the end of a longer name.
    alone = re.compile(rb"(?<![\w.-])" + re.escape(bytes(ROOT)) + rb"(?![\w-])")
    for path in filter(None, out.stdout.split("\0")):
        if alone.search((ROOT / path).read_bytes()):
            yield f"{path}: holds the path of this checkout ({ROOT})"


def anchors(markdown):
    """The names a forge gives to headings."""
    headings = HEADING.findall(FENCED.sub("", markdown))
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


def links():
    pages = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "k8s/README.md"]
    pages += sorted((ROOT / "docs").rglob("*.md"))
    for page in filter(Path.exists, pages):
        text = page.read_text()
        for target in LINK.findall(FENCED.sub("", text)):
            if re.match(r"[a-z][a-z+.-]*:", target):
                continue
            file, _, anchor = target.partition("#")
            goal = (page.parent / file).resolve() if file else page
            if not goal.exists():
                yield f"{name(page)}: the link to {target} leads nowhere"
            elif anchor and goal.suffix == ".md" and anchor not in anchors(goal.read_text()):
                yield f"{name(page)}: {target}: that page has no such heading"


def pure_models():
    """What the system decides is plain data in, plain data out: no clock, no I/O, no async."""
    for path, text in rust("services"):
        room = path.relative_to(ROOT / "services").parts[1:]
        if room[0] != "src" or not room[1].startswith("model"):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if found := IMPURE.search(line.split("//")[0]):
                yield (
                    f"{name(path)}:{number}: a model may not use {found[0]}: "
                    "move it to the store, a call or a reaction"
                )


def bound_connections():
    """No query runs without a principal: `Database` alone opens connections."""
    for path, text in rust("crates", "services"):
        if str(name(path)) in MAY_CONNECT or "tests" in path.parts or path.name == "tests.rs":
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if found := UNBOUND.search(line.split("//")[0]):
                yield (
                    f"{name(path)}:{number}: {found[0]} opens a connection that is bound to nobody: "
                    "use `Database` of crates/access"
                )


def named_tests():
    """Whoever reads that something is tested finds the test under that name."""
    page = ROOT / "docs" / "security.md"
    tests = {found for _, text in rust("crates", "services", "tests") for found in TEST.findall(text)}
    for told in TOLD_TEST.findall(page.read_text()):
        if told not in tests:
            yield f"{name(page)}: there is no test `{told}`"


def main():
    checks = (error_pages, checkout_path, links, pure_models, bound_connections, named_tests)
    complaints = [complaint for check in checks for complaint in check()]
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    if complaints:
        sys.exit(f"{len(complaints)} of the repository's own rules broken")
    print("the repository's own rules: ok")


if __name__ == "__main__":
    main()
