"""The App Home that somebody opens."""

from typing import Any

from bot.homes import Homes


def opened(event: dict[str, Any], *, homes: Homes) -> None:
    """Publish it for who opened it; the app's other tab is none of ours."""
    if event.get("tab") == "home":
        homes.publish(event["user"])
