"""What a Vercel rollback is decided on: deployments, and what production shows of them."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Deployment:
    """One build. Times are seconds since 1970, as Vercel's milliseconds divided; unknown texts are ""."""

    id: str
    url: str
    created_at: float
    sha: str = ""
    subject: str = ""  # the first line of the commit message
    author: str = ""
    branch: str = ""


def deployment_from_json(facts: object) -> Deployment:
    """The deployment that `dataclasses.asdict` wrote."""
    if not isinstance(facts, Mapping):
        raise TypeError("not a deployment")
    return Deployment(**facts)
