#!/usr/bin/env python3
"""Makes sure the tools are there: ensure.py run | test | browser | check | deployment | bench

What the machine has and is new enough is used as it is; the rest is fetched once,
pinned by version and sha256 in tools.lock.toml, into `.knipperlicht/tools`:

    bin/NAME           a link to a program: nats-server, cargo-nextest, cargo-deny, typos, buf,
                       schemathesis, hadolint, kubectl, promtool; fhir-resources and manifests are a
                       Python that has those libraries
    postgres           a link to the directory that holds PostgreSQL's server programs
    store/NAME-VERSION what was fetched; a version once there is never changed

Who starts the servers looks, in this order, at
    nats-server   $KL_NATS_SERVER (a file), .knipperlicht/tools/bin/nats-server, PATH
    PostgreSQL    $KL_POSTGRES_BIN (a directory), .knipperlicht/tools/postgres, PATH,
                  /usr/lib/postgresql/*/bin, newest first
and pgbench is looked for beside PostgreSQL's programs, then in PATH.

With KL_TOOLS_PINNED=1 the machine's own tools and packages are left out of account.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit(f"tools: Python 3.11 or newer is needed, this is {sys.version.split()[0]}")

import base64
import contextlib
import fcntl
import fnmatch
import functools
import hashlib
import io
import os
import platform
import re
import shutil
import subprocess
import tarfile
import tempfile
import time
import tomllib
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TOOLS = ROOT / ".knipperlicht" / "tools"
BIN, STORE, POSTGRES = TOOLS / "bin", TOOLS / "store", TOOLS / "postgres"
LOCK = tomllib.loads((HERE / "tools.lock.toml").read_text())
PINNED_ONLY = bool(os.environ.get("KL_TOOLS_PINNED"))
NEEDS = {
    "run": ["cargo", "cc", "nats-server", "postgres"],
    "test": ["cargo", "cc", "nats-server", "postgres", "cargo-nextest", "schemathesis", "fhir-resources", "buf"],
    "check": ["cargo", "cc", "cargo-fmt", "cargo-clippy", "cargo-deny", "typos", "buf", "squawk"],
    "web": ["buf"],
    "browser": ["chromium"],
    "deployment": ["nats-server", "manifests", "kubectl", "hadolint", "promtool", "compose-schema"],
    "sbom": ["cargo", "cc", "cargo-cyclonedx"],
    "bench": ["cargo", "cc", "nats-server", "postgres", "pgbench"],
}


class Missing(Exception):
    """A tool that is not there and cannot be had: its text says what to do."""


class Refused(Missing):
    """What was served is not what was pinned."""


def say(text):
    print(f"tools: {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def progress(what):
    say(f"{what} ...")
    begin = time.monotonic()
    yield
    say(f"{what}: done in {time.monotonic() - begin:.1f} s")


# --- What is there ---------------------------------------------------------------------


def numbers(text):
    return [int(part) for part in text.split(".")]


def says_version(program):
    """What a program answers when asked for its version; empty when it does not run."""
    ask = LOCK.get(Path(program).name, {}).get("ask", ["--version"])
    try:
        out = subprocess.run([program, *ask], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return out.stdout if out.returncode == 0 else ""


def is_new_enough(name, program):
    answer = says_version(program)
    number = re.search(r"\d+(\.\d+)*", answer)
    # Its own name as well: any program would do otherwise.
    return bool(number) and name in answer and numbers(number[0]) >= numbers(LOCK[name]["minimum"])


def wanted(name):
    tool = LOCK[name]
    return f"{tool['minimum']} or newer" if "minimum" in tool else tool["version"]


def stored(name):
    return STORE / f"{name}-{LOCK[name]['version']}"


def is_program(path):
    return os.access(path, os.X_OK) and not os.path.isdir(path)


def has_tool(name):
    """The pinned version, or (for those with a minimum) the machine's own."""
    override = os.environ.get("KL_NATS_SERVER") if name == "nats-server" else None
    if override:
        if is_program(override) and is_new_enough(name, override):
            return True
        raise Missing(
            f"KL_NATS_SERVER={override} is no nats-server {wanted(name)}: correct or unset it"
        )
    if (BIN / name).is_symlink():
        # It names the version, so a changed pin is noticed without running anything.
        return (BIN / name).resolve() == stored(name) / name and is_program(BIN / name)
    if PINNED_ONLY or "minimum" not in LOCK[name]:
        return False
    own = machine_program(name)
    return bool(own) and is_new_enough(name, own)


def machine_program(name):
    """In PATH, but not in our own directory, which the Makefile puts in front."""
    path = [part for part in os.get_exec_path() if Path(part) != BIN]
    return shutil.which(name, path=os.pathsep.join(path))


def is_postgres(directory):
    return is_program(directory / "initdb") and is_program(directory / "postgres")


def has_postgres():
    override = os.environ.get("KL_POSTGRES_BIN")
    if override:
        if is_postgres(Path(override)) and is_new_enough("postgres", Path(override, "postgres")):
            return True
        raise Missing(
            f"KL_POSTGRES_BIN={override} holds no initdb and postgres {wanted('postgres')}: "
            "correct or unset it"
        )
    if PINNED_ONLY:
        return POSTGRES.resolve().parent == stored("postgres") and is_postgres(POSTGRES)
    return is_postgres(POSTGRES)


def machine_postgres():
    """The machine's own server programs: those in PATH, then the newest of Debian's."""
    initdb = machine_program("initdb")
    # The link's target, because the rest (psql, pgbench) is beside it and not always in PATH.
    in_path = [Path(initdb).resolve().parent] if initdb else []
    debian = Path("/usr/lib/postgresql").glob("[0-9]*/bin")
    newest_first = sorted(debian, key=lambda d: numbers(d.parent.name), reverse=True)
    for directory in in_path + newest_first:
        if is_postgres(directory) and is_new_enough("postgres", directory / "postgres"):
            return directory
    return None


def pgbench():
    beside = Path(os.environ.get("KL_POSTGRES_BIN") or POSTGRES) / "pgbench"
    return beside if is_program(beside) else machine_program("pgbench")


# --- Getting it ------------------------------------------------------------------------


def can_apt():
    return not PINNED_ONLY and os.geteuid() == 0 and bool(shutil.which("apt-get"))


def apt(*packages):
    names = " ".join(packages)
    with progress(f"installing {names} with apt-get"):
        # A new machine's lists are empty or old. Whether that failed shows when installing.
        update_apt()
        if apt_get("install", "--yes", "--no-install-recommends", *packages):
            raise Missing(f"{names}: apt-get could not install it (see above): do it by hand")


@functools.cache
def update_apt():
    apt_get("update")


def apt_get(*arguments):
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    return show(["apt-get", "--quiet", *arguments], env)


def show(command, env=None, cwd=None):
    """Runs it with its output on stderr, as all progress; returns its exit code."""
    nothing = subprocess.DEVNULL
    return subprocess.run(command, env=env, cwd=cwd, stdin=nothing, stdout=sys.stderr).returncode


def link(name, target):
    """Atomically, so whoever looks meanwhile sees the old or the new one."""
    name.parent.mkdir(parents=True, exist_ok=True)
    draft = name.with_name(f".{name.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    draft.symlink_to(target)
    draft.replace(name)


@contextlib.contextmanager
def new_store_entry(name):
    """A directory to fill, that takes its final name only once it is complete."""
    STORE.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=STORE))
    try:
        # Readable for the unprivileged user that root starts PostgreSQL as.
        draft.chmod(0o755)
        yield draft
        shutil.rmtree(stored(name), ignore_errors=True)
        draft.rename(stored(name))
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def platform_key():
    system = {"Darwin": "macos"}.get(platform.system(), platform.system().lower())
    return f"{system}-{platform.machine()}"


@functools.cache
def pip():
    own = [sys.executable, "-m", "pip"]
    if subprocess.run([*own, "--version"], capture_output=True).returncode == 0:
        return own
    if not shutil.which("pip3") and can_apt():
        apt("python3-pip")
    # Another Python's pip serves as well: it only downloads.
    if found := shutil.which("pip3"):
        return [found]
    raise Missing("Python's pip is not here: install it (Debian: apt-get install python3-pip)")


def wheel(name):
    """The pinned wheel, as an open zip file."""
    tool = LOCK[name]
    pinned = tool["sha256"].get(platform_key())
    if not pinned:
        raise Missing(
            f"{name}: no build is pinned for {platform_key()}: install {name} {wanted(name)}"
        )
    package = f"{tool['wheel']}=={tool.get('release', tool['version'])}"
    download = [*pip(), "download"]
    with tempfile.TemporaryDirectory() as directory, progress(f"fetching {name} {tool['version']}"):
        command = [*download, "--no-deps", "--only-binary=:all:", "--retries=2"]
        # The wheels hold programs, not Python: the Python they say they need does not matter.
        command += ["--python-version=3.13", f"--dest={directory}", package]
        if not sys.stderr.isatty():
            command += ["--quiet"]
        if show(command):
            raise Missing(
                f"{name}: the Python package {package} could not be fetched (see above): "
                f"make the package index reachable for pip, or install {name} {wanted(name)}"
            )
        content = next(Path(directory).glob("*.whl")).read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != pinned:
        raise Refused(
            f"{name}: the Python package {package} has sha256 {found}, not the pinned {pinned}: "
            "refused; find out why before changing tools.lock.toml"
        )
    return zipfile.ZipFile(io.BytesIO(content))


def dug_out(archive, inside):
    """What lies at the end of this path through archives in archives."""
    first, *deeper = inside
    if isinstance(archive, zipfile.ZipFile):
        content = archive.read(fnmatch.filter(archive.namelist(), first)[0])
    else:
        content = archive.extractfile(fnmatch.filter(archive.getnames(), first)[0]).read()
    if not deeper:
        return content
    file = io.BytesIO(content)
    opened = zipfile.ZipFile if zipfile.is_zipfile(file) else lambda file: tarfile.open(fileobj=file)
    file.seek(0)
    return dug_out(opened(file), deeper)


def get_tool(name):
    if "wheel" not in LOCK[name]:
        build_tool(name)
        link(BIN / name, Path("..", "store", stored(name).name, name))
        return
    try:
        archive = wheel(name)
        with new_store_entry(name) as entry:
            inside = LOCK[name].get("inside", [f"*.data/scripts/{name}"])
            (entry / name).write_bytes(dug_out(archive, inside))
            (entry / name).chmod(0o755)
            if not says_version(entry / name):
                raise Missing(
                    f"{name}: the pinned build does not run here: install {name} {wanted(name)}"
                )
    except Refused:
        raise
    except Missing as reason:
        if "crate" not in LOCK[name] or not shutil.which("cargo"):
            raise
        say(f"{reason}; building it instead")
        build_tool(name)
    link(BIN / name, Path("..", "store", stored(name).name, name))


def get_python_tool(name):
    """A program in Python with all it consists of, in a folder of its own: the machine's Python runs
    it, and none of the machine's packages."""
    exact = LOCK[name]["version"]
    with new_store_entry(name) as entry, progress(f"fetching {name} {exact}"):
        install = [*pip(), "install", "--quiet", "--no-deps", "--disable-pip-version-check"]
        install += ["--target", entry / "lib", "--requirement", HERE / LOCK[name]["requirements"]]
        # Newer ones refuse to touch the machine's packages; this does not.
        env = os.environ | {"PIP_BREAK_SYSTEM_PACKAGES": "1", "PIP_ROOT_USER_ACTION": "ignore"}
        if show(install, env):
            raise Missing(
                f"{name}: {LOCK[name]['requirements']} could not be installed (see above): "
                "make the package index reachable for pip"
            )
        program, script = entry / name, entry / "lib" / "bin" / name
        # A library has no program of its own: its name then is a Python that finds it.
        run = f' "$here/lib/bin/{name}"' if script.exists() else ""
        program.write_text(
            "#!/bin/sh\n"
            'here="$(dirname "$(readlink -f "$0")")"\n'
            f'PYTHONPATH="$here/lib" exec {sys.executable} -s{run} "$@"\n'
        )
        program.chmod(0o755)
        if not says_version(program):
            raise Missing(f"{name}: what was installed does not run with {sys.executable}")
    link(BIN / name, Path("..", "store", stored(name).name, name))


def get_from_debian(name):
    """A program out of a package of Debian's, which is not installed: that would start its service."""
    package = LOCK[name]["deb"]
    if PINNED_ONLY or not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise Missing(f"{name}: only Debian's package {package} has it: install {name} {wanted(name)}")
    if os.geteuid() == 0:
        update_apt()
    with tempfile.TemporaryDirectory() as directory, progress(f"fetching {name} from {package}"):
        if show(["apt-get", "--quiet", "download", package], cwd=directory):
            raise Missing(f"{name}: Debian's package {package} could not be fetched (see above)")
        found = next(Path(directory).glob("*.deb"))
        subprocess.run(["dpkg-deb", "--extract", found, directory], check=True)
        with new_store_entry(name) as entry:
            shutil.copy(Path(directory, "usr", "bin", name), entry / name)
            if not is_new_enough(name, entry / name):
                raise Missing(f"{name}: Debian's is too old: install {name} {wanted(name)}")
    link(BIN / name, Path("..", "store", stored(name).name, name))


def schema_file(name):
    return stored(name) / "schema.json"


def get_schema(name):
    """A JSON schema out of a package of the npm registry."""
    tool = LOCK[name]
    package = f"{tool['npm']}@{tool['version']}"
    if not shutil.which("npm"):
        raise Missing(f"{name}: npm is not here, and {package} holds it")
    with tempfile.TemporaryDirectory() as directory, progress(f"fetching {name} {tool['version']}"):
        if show(["npm", "pack", "--silent", package], cwd=directory):
            raise Missing(f"{name}: the npm package {package} could not be fetched (see above)")
        content = next(Path(directory).glob("*.tgz")).read_bytes()
    found = "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
    if found != tool["integrity"]:
        raise Refused(f"{name}: the npm package {package} is {found}, not what is pinned: refused")
    with new_store_entry(name) as entry, tarfile.open(fileobj=io.BytesIO(content)) as archive:
        (entry / "schema.json").write_bytes(dug_out(archive, tool["inside"]))


def build_tool(name):
    crate, exact = LOCK[name]["crate"], LOCK[name]["version"]
    what = f"building {name} {exact} with cargo (minutes, once)"
    with new_store_entry(name) as entry, progress(what):
        # Unoptimised: these tools wait for other programs and files, the build is what costs.
        command = ["cargo", "install", crate, f"--version={exact}", "--locked", "--debug"]
        command += ["--root", entry, "--target-dir", entry / "target"]
        if show(command, os.environ | {"CARGO_PROFILE_DEV_DEBUG": "0"}):
            raise Missing(
                f"{name}: neither fetched nor built (see above): install {name} {wanted(name)}"
            )
        (entry / "bin" / name).rename(entry / name)
        shutil.rmtree(entry / "target")


def get_postgres():
    found = None if PINNED_ONLY else machine_postgres()
    if not found and can_apt():
        try:
            apt_postgres()
            found = machine_postgres()
        except Missing as reason:
            say(f"{reason}; using the pinned build instead")
    if not found:
        get_pinned_postgres()
        found = Path("store", stored("postgres").name, "bin")
    link(POSTGRES, found)


def apt_postgres():
    """Debian's server programs only: its package would also make a cluster and start it."""
    switch = Path("/etc/postgresql-common/createcluster.d/knipperlicht.conf")
    switch.parent.mkdir(parents=True, exist_ok=True)
    switch.write_text("create_main_cluster = false\n")
    try:
        apt("postgresql")
    finally:
        # What the administrator installs later is none of our business.
        switch.unlink()


def get_pinned_postgres():
    archive = wheel("postgres")
    with new_store_entry("postgres") as entry:
        member = next(m for m in archive.namelist() if m.endswith(".tar.gz"))
        # The programs find share/ and lib/ relative to their own place, so the tree stays whole.
        untar = ["tar", "-xzf", "-", "--no-same-owner", "--strip-components=1", "-C", entry]
        subprocess.run(untar, input=archive.read(member), check=True)
        for program in ("initdb", "postgres"):
            command = [entry / "bin" / program, "--version"]
            out = subprocess.run(command, capture_output=True, text=True)
            if out.returncode:
                raise Missing(
                    f"postgres: the pinned {program} does not run here ({out.stderr.strip()}): "
                    f"install PostgreSQL {wanted('postgres')}, or set KL_POSTGRES_BIN"
                )


def get_pgbench():
    if can_apt():
        apt("postgresql-contrib")
    if not pgbench():
        raise Missing(
            "pgbench is neither beside PostgreSQL's programs nor in PATH: install it "
            "(Debian: apt-get install postgresql-contrib), or set KL_POSTGRES_BIN"
        )


def chromium():
    return os.environ.get("KL_CHROMIUM") or machine_program("chromium")


def get_chromium():
    if can_apt():
        apt("chromium")
    if not chromium():
        raise Missing(
            "no Chromium, which the web app is tested with: install it "
            "(Debian: apt-get install chromium), or set KL_CHROMIUM"
        )


def get_compiler():
    if can_apt():
        apt("gcc", "libc6-dev")
    else:
        raise Missing(
            "no C compiler `cc`, which Rust links with: install one "
            "(Debian: apt-get install gcc libc6-dev; macOS: xcode-select --install)"
        )


def has_cargo(command, advice):
    if not shutil.which(command):
        raise Missing(f"{command} is not in PATH: {advice}")
    return True


IS_THERE = {
    "cargo": lambda: has_cargo("cargo", "install Rust, at least Cargo.toml's rust-version"),
    "cargo-fmt": lambda: has_cargo("cargo-fmt", "rustup component add rustfmt"),
    "cargo-clippy": lambda: has_cargo("cargo-clippy", "rustup component add clippy"),
    "cc": lambda: shutil.which("cc"),
    "postgres": has_postgres,
    "pgbench": pgbench,
    "chromium": chromium,
    "compose-schema": lambda: schema_file("compose-schema").exists(),
}
GET = {
    "cc": get_compiler,
    "postgres": get_postgres,
    "pgbench": get_pgbench,
    "chromium": get_chromium,
    "schemathesis": lambda: get_python_tool("schemathesis"),
    "fhir-resources": lambda: get_python_tool("fhir-resources"),
    "manifests": lambda: get_python_tool("manifests"),
    "promtool": lambda: get_from_debian("promtool"),
    "compose-schema": lambda: get_schema("compose-schema"),
}


def is_there(need):
    return IS_THERE[need]() if need in IS_THERE else has_tool(need)


def get(need):
    # Another run may have got it while this one waited for the lock.
    if not is_there(need):
        GET[need]() if need in GET else get_tool(need)


@contextlib.contextmanager
def alone():
    """One run at a time installs."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    with open(TOOLS / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another run is installing tools, waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def ensure(need):
    """Whether the tool is there now; says what to do when it is not."""
    try:
        if not is_there(need):
            with alone():
                get(need)
        return True
    except Missing as reason:
        say(str(reason))
    except PermissionError as error:
        say(f"{need}: {error.filename} belongs to another user: remove .knipperlicht as that user")
    return False


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in NEEDS:
        sys.exit(f"usage: ensure.py {'|'.join(NEEDS)}")
    if "postgres" in NEEDS[sys.argv[1]] and os.geteuid() == 0 and not shutil.which("setpriv"):
        say(
            "warning: no setpriv (Debian: apt-get install util-linux): PostgreSQL refuses to run "
            "as root, and without setpriv it cannot be started as another user"
        )
    # All of them, so one run tells everything that is missing.
    sys.exit(0 if all([ensure(need) for need in NEEDS[sys.argv[1]]]) else 1)


if __name__ == "__main__":
    main()
