"""What a scenario offers beside what its requester chose: shown with the plan, and how to ask for it instead."""

from bot.core.backups_seen import as_typed
from bot.core.plan import Ask
from bot.core.request import ChangeRequest
from bot.core.runbook import Runbook
from bot.core.runbook.steps import ALL, NOTHING
from bot.messages.wording import escape, listed

_DROP, _RESTORE = "drop_columns", "restore_tables"
_HARMLESS = "One that may be empty or has a default hardly ever hurts older code."


def others(request: ChangeRequest, runbook: Runbook) -> list[str]:
    """The choice, and what else there was, as lines of mrkdwn; nothing where there was nothing to choose."""
    scenario = runbook.scenario(request.scenario)
    if scenario is None or not request.choice:
        return []
    left = [ask for ask in scenario.choices if ask.action != request.choice]
    does = "no more is done than that" if request.choice == NOTHING else "its step is among these"
    lines = [f"*Chosen*: `{escape(request.choice)}`, so {does}. Not chosen:"]
    lines += [_line(scenario.name, ask) for ask in left]
    if request.choice != NOTHING:
        lines.append(f"• `/rollback {escape(scenario.name)}` does no more than the other steps")
    if any(ask.action == _DROP for ask in scenario.choices):
        lines.append(f"*Recommended*: leave harmless columns in place. {_HARMLESS}")
    return [*lines, f"To have another instead, withdraw {request.id} first."]


def choice_line(request: ChangeRequest, runbook: Runbook) -> list[str]:
    """The choice, on the card."""
    is_shown = bool(others(request, runbook))
    return [f"Chosen: `{escape(request.choice)}`; the plan shows what else there is."] if is_shown else []


def _line(scenario: str, ask: Ask) -> str:
    named = ask.params.get("tables")
    tables = [str(name) for name in named] if isinstance(named, (list, tuple)) else []
    whole = tables == [ALL]
    of = "every table of the runbook" if whole else escape(listed(tables))
    does = {
        _DROP: (f"drops the added columns of {of}", "/dbrestore columns"),
        _RESTORE: (f"restores {of}", f"/dbrestore {' '.join([ALL] if whole else map(as_typed, tables))}"),
    }
    effect, by_itself = does.get(ask.action, (escape(ask.action.replace("_", " ")), ""))
    later = f"; by itself, also later: `{escape(by_itself)}`" if by_itself else ""
    return f"• `/rollback {escape(scenario)} {escape(ask.action)}` also {effect}{later}"
