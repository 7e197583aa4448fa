"""What can be typed in the demo beside commands, names and buttons: each does something to the world and says what."""

from collections import Counter
from collections.abc import Callable
from functools import partial

import httpx

from tests.database.damage import damage
from tests.database.server import Database
from tests.simulator import vercel_cast as the
from tests.simulator.wire import Fault
from tests.world import World

SLOW_SECONDS = 4.0


def site(world: World) -> str:
    """What the site answers now, and what is live."""
    status = httpx.get(world.site.url, trust_env=False).status_code
    live = Counter(world.vercel.live().values())
    builds = world.vercel.builds
    lines = [f'{count} of {len(the.DOMAINS)} domains serve "{builds[id_].subject}"' for id_, count in live.items()]
    return "\n".join([f"The site answers {status}.", *lines])


def people(world: World) -> str:
    """Who is here, and who is in the group of approvers."""
    approvers = {user for group in world.slack.groups.values() for user in group.users}
    here = [one for one in world.slack.people.values() if not one.is_bot and not one.deleted]
    kinds = {
        one.id: ["in the group of approvers"] * (one.id in approvers)
        + ["a guest"] * one.is_restricted
        + ["of another organization"] * (one.team != world.slack.team.id)
        for one in here
    }
    return "\n".join(f"{one.name}{': ' if kinds[one.id] else ''}{', '.join(kinds[one.id])}" for one in here)


def lose_answer(world: World) -> str:
    """Vercel applies the next order, and its answer never arrives."""
    world.vercel.lay(Fault(lambda r: r.method == "POST" and "/rollback/" in r.path, drop=True))
    return "Vercel will carry the next order out, and its answer will be lost on the way."


def nothing_moves(world: World) -> str:
    """The next order is taken, but nothing tells of it: no answer, no record, no domain."""
    lose_answer(world)
    world.vercel.records_jobs = False
    world.vercel.stuck_domains.update(the.DOMAINS)
    return "Vercel will answer nothing to the next order, and show nothing. The bot looks for the runbook's 3 minutes."


def it_moves_again(world: World) -> str:
    """What was ordered shows."""
    world.vercel.records_jobs = True
    world.vercel.stuck_domains.clear()
    return "Vercel shows what was ordered, and moves the domains."


def somebody_promotes(world: World) -> str:
    """Drift."""
    world.vercel.promote_by_someone(the.OLDER)
    return f"Somebody promoted {the.OLDER} in Vercel's dashboard."


def break_it(world: World) -> str:
    """Back to where the demo began."""
    world.vercel.promote_by_someone(the.BROKEN)
    return "The broken build is live again on every domain."


def slow_down(world: World) -> str:
    """Pages take their time."""
    world.site.delays = {"/": SLOW_SECONDS, "/admin": SLOW_SECONDS / 2}
    return f"Pages take {SLOW_SECONDS:g} s now. `/rollback performance` watches them: here for a minute, not for 15."


def speed_up(world: World) -> str:
    """They don't any more."""
    world.site.delays = {}
    return "Pages are quick again."


def kill_bot(world: World) -> str:
    """kill -9 and a new process."""
    world.restart()
    return "The bot was killed (kill -9) and runs again, on the same log."


def rows(database: Database) -> str:
    """What the profiles hold now, in numbers."""
    query = "SELECT count(*), count(*) FILTER (WHERE full_name = 'undefined') FROM public.user_profiles"
    ((profiles, wrong),) = database.rows(query)
    return f'Of {profiles} profiles, {wrong} have the name "undefined".'


def spoil(database: Database) -> str:
    """What a bad deployment does to rows."""
    damage(database.superuser())
    return f"The broken build has written into the tables. {rows(database)}"


def cut(database: Database) -> str:
    """End every session of the bot's in the database."""
    query = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE 'rollback-bot%'"
    return f"{database.value(query)} sessions of the bot in the database were ended."


def words(world: World, database: Database, help_text: str) -> dict[str, Callable[[], str]]:
    """What can be typed, and what it does."""
    of_world = {
        "people": people,
        "site": site,
        "lose the answer": lose_answer,
        "nothing moves": nothing_moves,
        "it moves again": it_moves_again,
        "somebody promotes": somebody_promotes,
        "break it": break_it,
        "slow down": slow_down,
        "speed up": speed_up,
        "kill the bot": kill_bot,
    }
    of_database = {"rows": rows, "cut the database": cut}
    return {
        "help": lambda: help_text,
        **{word: partial(act, world) for word, act in of_world.items()},
        **{word: partial(act, database) for word, act in of_database.items()},
    }
