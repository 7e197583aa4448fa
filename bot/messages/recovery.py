"""The recovery timeline of the runbook in one incident: each phase with its times, its owner and how it went.

No clock is read: a phase is late when the log says so, and the one that is next says until when it is due.
"""

from datetime import timedelta

from bot.core.incident import Incident, Tick
from bot.core.runbook import Runbook
from bot.core.runbook.tables import Phase
from bot.messages.wording import at_most, escape, mention, moment

_WHAT, _OWNER, _SHOWN = 240, 80, 12
_A_DAY = timedelta(days=1)  # a phase that ends later is told with its dates: a time alone would be of no day


def phases(incident: Incident, runbook: Runbook) -> list[str]:
    """A line of mrkdwn for each; nothing where the runbook has none."""
    now = _due_now(incident, runbook)
    lines = [_line(incident, number, phase, is_now=number == now) for number, phase in enumerate(runbook.timeline)]
    more = [f"… and {len(lines) - _SHOWN} more in the runbook"] if len(lines) > _SHOWN else []
    return ["*Recovery timeline*", *lines[:_SHOWN], *more] if lines else []


def next_phase(incident: Incident, runbook: Runbook) -> tuple[int, Phase] | None:
    """The first one that isn't done: its number and itself."""
    number = len(incident.phases_done)
    return (number, runbook.timeline[number]) if number < len(runbook.timeline) else None


def _due_now(incident: Incident, runbook: Runbook) -> int | None:
    """The first one that is neither done nor late."""
    if incident.is_final:
        return None
    settled = incident.phases_done.keys() | incident.phases_late
    return next((number for number in range(len(runbook.timeline)) if number not in settled), None)


def _line(incident: Incident, number: int, phase: Phase, *, is_now: bool) -> str:
    form = "{time}" if phase.ends <= _A_DAY else "{date_short_pretty} at {time}"
    begins, ends = (moment(incident.made_at + after, form) for after in (phase.begins, phase.ends))
    told, tick = f"{begins}-{ends} {_named(phase)}", incident.phases_done.get(number)
    is_late = number in incident.phases_late
    if tick:
        when = " late" if is_late else " on time" if tick.at <= incident.made_at + phase.ends else ""
        return f"✅ {told}: done{when}, {_by(tick)} at {moment(tick.at, form)}"
    if incident.is_final:
        return f"▫️ {told}: nobody marked it as done"
    if is_late:
        return f"⏰ {told}: *late*, not marked as done"
    return f"▶️ *{told}: due next*" if is_now else f"▫️ {told}"


def _by(tick: Tick) -> str:
    return f"by {escape(tick.evidence)}" if tick.evidence else f"said {mention(tick.by)}"


def _named(phase: Phase) -> str:
    """What it is and whose, as mrkdwn."""
    owner = f" ({at_most(escape(phase.owner), _OWNER)})" if phase.owner else ""
    return f"{at_most(escape(phase.what), _WHAT)}{owner}"
