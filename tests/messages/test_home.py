"""The App Home: what each person sees of the log, and that it only links."""

from datetime import timedelta

from bot.messages.home import closed_home, home
from bot.messages.picture import Block
from tests.histories import ANA, BEGIN, BEN, CY, LIFE, runbook, running, verified, waiting
from tests.messages.shown import HOSTILE, hostile, texts
from tests.messages.views import LINK, busy, crowd, overview, takes
from tests.simulator.slack_reading import mentions
from tests.workspace import EVE

WAITING, OPEN, PINNED, STOPPED, INCIDENTS, RUNS = (
    "Waiting for your approval",
    "Open requests",
    "Pinned rollback",
    "Stopped writes",
    "Incidents and reminders",
    "Last runs",
)


def parts(view: Block) -> dict[str, str]:
    """What stands under each title."""
    found: dict[str, str] = {}
    title = ""
    for block in view["blocks"]:
        if block["type"] == "header":
            title = block["text"]["text"]
        else:
            found[title] = "\n".join([*([found[title]] if title in found else []), *texts(block)])
    return found


def test_what_a_person_may_approve_and_has_not_waits_for_them() -> None:
    assert f"<{LINK}|R-17>" in parts(home(BEN, busy(), runbook()))[WAITING]


def test_what_a_person_asked_for_does_not_wait_for_them() -> None:
    assert parts(home(ANA, busy(), runbook()))[WAITING] == "None."


def test_what_a_person_has_approved_no_longer_waits_for_them_but_for_others() -> None:
    seen = overview(waiting().approved_by(BEN).request)
    assert parts(home(BEN, seen, runbook()))[WAITING] == "None."
    assert "R-17" in parts(home(CY, seen, runbook()))[WAITING]


def test_nothing_waits_for_who_was_no_approver_when_it_was_asked() -> None:
    assert parts(home(EVE, busy(), runbook()))[WAITING] == "None."


def test_what_has_expired_or_runs_waits_for_nobody() -> None:
    late = overview(waiting().request)
    late = type(late)(BEGIN + LIFE + timedelta(seconds=1), late.requests, (), (), late.link, late.link_in)
    assert parts(home(BEN, late, runbook()))[WAITING] == "None."
    assert parts(home(BEN, overview(running().request), runbook()))[WAITING] == "None."


def test_everybody_who_may_ask_sees_the_same_but_for_what_waits() -> None:
    of_ana, of_ben = (parts(home(person, busy(), runbook())) for person in (ANA, BEN))
    assert {title for title in of_ana if of_ana[title] != of_ben[title]} == {WAITING}
    assert "it holds" not in of_ana[OPEN]
    assert "Unless a deployment was promoted since, pushes do not go live." in of_ana[PINNED]
    assert "R-15" in of_ana[STOPPED]
    assert "open since" in of_ana[INCIDENTS]
    assert "✅ *Verified*" in of_ana[RUNS]


def test_who_may_not_ask_sees_one_sentence_and_nothing_of_the_log() -> None:
    (told,) = texts(closed_home()["blocks"])
    assert told.count(".") == 1
    assert "R-" not in told


def test_there_is_nothing_to_press_on_it() -> None:
    kinds = {block["type"] for block in home(BEN, busy(), runbook())["blocks"]}
    assert kinds == {"header", "section", "context"}


def test_it_says_as_of_when_it_is() -> None:
    assert f"As of <!date^{int(BEGIN.timestamp())}^" in str(home(BEN, busy(), runbook()))


def test_slack_takes_it_with_the_longest_of_everything_and_says_what_it_leaves_out() -> None:
    view = home(BEN, crowd(), runbook())
    takes(view)
    assert "… and 40 more requests" in parts(view)[OPEN]


def test_nothing_that_people_wrote_means_anything_to_slack() -> None:
    ran = hostile(HOSTILE).planned().approved().started().finished().stopped_by(BEN, HOSTILE).request
    seen = overview(hostile(HOSTILE).planned().request, ran, runs=(ran, verified().request))
    assert set(mentions(home(BEN, seen, runbook()))) == {ANA}
