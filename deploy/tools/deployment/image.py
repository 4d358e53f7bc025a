"""The image."""

from tools import DEPLOY, complaints_of, run


def dockerfile():
    """The Dockerfile, by hadolint."""
    return complaints_of(run("hadolint", "--no-color", DEPLOY / "Dockerfile"))
