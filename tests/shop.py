"""The shop that the tests' rollbacks are of: its runbook, its two deployments, and going back to the good one."""

from typing import Any

from bot.core.deployment import Deployment, RollbackFacts

ASKED_AT = 1_795_230_720.0  # 2026-11-21 03:12 UTC, when the typical request is made

RUNBOOK_TEXT = """
[service]
name = "Web shop"
site = "https://shop.example.com"
[approval]
approvers = ["S0APPROVERS"]
[vercel]
project = "web-shop"
team = "acme"
[[checks]]
name = "Site"
kind = "http"
url = "/"
samples = 5
max_seconds = 3.0
[[checks]]
name = "Login"
kind = "http"
url = "${LOGIN_URL}/login"
[[checks]]
name = "Error rate"
kind = "error_rate"
url = "/"
[[checks]]
name = "Search"
kind = "http"
url = "/search"
required = false
[[scenarios]]
name = "schema"
title = "Database schema issues"
symptoms = ["Users can't log in"]
risk = "high"
steps = [{ action = "rollback_deployment" }]
[[contacts]]
role = "Primary"
name = "Jo Doe"
detail = "System owner"
[[contacts]]
role = "Hosting"
name = "Vercel Support"
url = "https://vercel.com/help"
"""

BROKEN = Deployment(
    id="dpl_New2222222222222222222222",
    url="web-shop-new2222-acme.vercel.app",
    created_at=ASKED_AT - 720,
    sha="9f8e7d6c5b4a39281706f5e4d3c2b1a098765432",
    subject="New checkout",
    author="ben",
    branch="main",
)
GOOD = Deployment(
    id="dpl_Old1111111111111111111111",
    url="web-shop-old1111-acme.vercel.app",
    created_at=ASKED_AT - 90_000,
    sha="a1b2c3d4e5f60718293a4b5c6d7e8f9001122334",
    subject="Fix login",
    author="ana",
    branch="main",
)
DOMAINS = ("shop.example.com", "www.shop.example.com")
LIVE_BEFORE = dict.fromkeys(DOMAINS, BROKEN.id)


def facts(**changes: Any) -> RollbackFacts:
    """A rollback of the shop, with these facts otherwise."""
    known: dict[str, Any] = {
        "project_id": "prj_shop",
        "project_name": "web-shop",
        "live": LIVE_BEFORE,
        "deployment": BROKEN,
        "target": GOOD,
        "domains": DOMAINS,
        "how": "rollback",
        "auto_assign": True,
        "job": None,
        "rolled_back": False,
        "rolling": None,
        "rolling_configured": False,
        "plan": "pro",
        "target_production": BROKEN.id,
        "crons_deployment": "",
    }
    return RollbackFacts(**{**known, **changes})
