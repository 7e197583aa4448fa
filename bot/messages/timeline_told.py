"""What was told to whom in an incident, when, by whom and how; what was ticked; which phases were in time."""

from collections.abc import Iterator

from bot.core.incident import Checklist, Happened, Reminder, Telling, Tick
from bot.messages.account import Account
from bot.messages.events import spelled
from bot.messages.markdown import harmless, table


def communication(account: Account) -> Iterator[str]:
    """Each reminder with how it ended, and the words of its draft."""
    yield ""
    if not account.incident.reminders:
        yield "Nothing became due to be told."
    for reminder in account.incident.reminders.values():
        overdue = f", overdue since {spelled(reminder.overdue_at)}" if reminder.overdue_at else ""
        due = f"due {spelled(reminder.due_at)}{overdue}"
        yield f"- **{harmless(reminder.audience)}**, {due}: {_ended(account, reminder)}"
        subject = f"*{account.said(reminder.subject)}* " if reminder.subject else ""
        yield from ("", f"  > {subject}{account.said(reminder.text)}", "")


def _ended(account: Account, reminder: Reminder) -> str:
    at = spelled(reminder.at) if reminder.at else ""
    match reminder.state:
        case Telling.DONE:
            return f"told at {at}, {_way(account, reminder)}"
        case Telling.DROPPED:
            return (
                f"not told: not needed, said {account.who(reminder.by)} at {at}. {account.said(reminder.why)}".strip()
            )
        case Telling.SNOOZED:
            until = spelled(reminder.until) if reminder.until else ""
            return f"not told yet; {account.who(reminder.by)} let it rest until {until}"
        case Telling.SENDING:
            return f"being sent since {at}, as {account.who(reminder.by)} pressed"
        case Telling.LOST:
            return (
                f"may have been sent at {at}, as {account.who(reminder.by)} pressed. {account.said(reminder.failure)}"
            )
        case Telling.DUE:
            return f"not told yet. {account.said(reminder.failure)}".strip()


def _way(account: Account, reminder: Reminder) -> str:
    who = account.who(reminder.by)
    if reminder.is_own:
        return f"by {who}, in the internal channel"
    done = [e for e in account.events if e.kind == Happened.REMINDER_DONE and e.data["reminder"] == reminder.key]
    if not done or "reference" not in done[-1].data:
        return f"by {who}, who said so; how is not in the log"
    by_mail = reminder.reference.startswith("<")
    way = "by mail, with the Message-ID" if by_mail else "on the status page, as its incident"
    return f"by the bot, as {who} pressed, {way} {harmless(reminder.reference)}"


def checklists(account: Account) -> Iterator[str]:
    """Each list with every item: who ticked it, when and with what evidence, or that it is open."""
    yield ""
    if not account.incident.checklists:
        yield "None was opened."
    for checklist in account.incident.checklists.values():
        ended = f", time over {spelled(checklist.ended_at)}" if checklist.ended_at else ""
        yield f"**{harmless(checklist.name)}**: {len(checklist.left)} open, opened {spelled(checklist.at)}{ended}"
        yield ""
        yield from _items(account, checklist)
        yield ""


def _items(account: Account, checklist: Checklist) -> Iterator[str]:
    for number, item in enumerate(checklist.items):
        tick = checklist.ticks.get(number)
        by = f" ({_ticked(account, tick)})" if tick else ""
        yield f"- [{'x' if tick else ' '}] {account.said(item)}{by}"


def _ticked(account: Account, tick: Tick) -> str:
    evidence = f": {account.said(tick.evidence)}" if tick.evidence else ""
    return f"{account.who(tick.by)}, {spelled(tick.at)}{evidence}"


def phases(account: Account) -> Iterator[str]:
    """The phases as the runbook has them now, and how each went."""
    incident, rows = account.incident, []
    for number, phase in enumerate(account.runbook.timeline):
        done = incident.phases_done.get(number)
        ended = f"ended {spelled(done.at)} by {account.who(done.by)}" if done else "not ended"
        late = "; late" if number in incident.phases_late else ""
        begins, ends = (spelled(incident.made_at + at) for at in (phase.begins, phase.ends))
        rows.append((str(number + 1), begins, ends, harmless(phase.what), harmless(phase.owner), f"{ended}{late}"))
    head = ("phase", "from", "to", "what", "owner", "how it went")
    yield from table(head, rows) if rows else ("", "The runbook has none.")
