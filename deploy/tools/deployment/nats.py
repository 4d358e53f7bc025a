"""NATS."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from tools import DEPLOY, Skipped, complaints_of, name, run

FILE = DEPLOY / "nats/nats.conf"


def configuration():
    """nats.conf, by nats-server itself, with certificates for this once."""
    if not shutil.which("openssl"):
        raise Skipped("openssl is not here, so there are no certificates to try it with")
    text = FILE.read_text()
    if "sync_interval: always" not in text:
        yield f"{name(FILE)}: what is acknowledged is not on the disk: sync_interval: always"
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        (place / "tls").mkdir()
        make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"]
        make += ["-subj", "/CN=nats", "-keyout", place / "tls/tls.key", "-out", place / "tls/tls.crt"]
        subprocess.run(make, check=True, capture_output=True)
        shutil.copy(place / "tls/tls.crt", place / "tls/ca.crt")
        (place / "accounts.conf").write_text("accounts { KL { jetstream: enabled } }\n")
        (place / "nats.conf").write_text(text.replace("/etc/nats", directory).replace("/data", directory))
        told = run("nats-server", "-t", "-c", place / "nats.conf", env={"NATS_NAME": "nats-0"})
        yield from complaints_of(told)
