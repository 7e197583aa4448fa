"""All checks asked for, the incident that they open, its timeline as a file, and its end: over signed HTTP."""

from tests.simulator.wire import Answer, Fault, on
from tests.world import ANA, BEN, INC, World

OTHER = "C_GENERAL"


def kinds_when(world: World, kind: str, stream: str = "I-1") -> list[str]:
    """The kinds of an incident's events once this one is among them."""
    world.wait_until(lambda: kind in world.kinds(stream))
    return world.kinds(stream)


def file_when_there(world: World, name: str) -> str:
    """The text of the file, once it is shared."""
    return world.slack.wait_for(lambda: world.slack.file(name) or "")


def test_checks_that_fail_are_shown_to_the_channel_and_open_its_incident(world: World) -> None:
    world.rollback("verify")
    (shown, *_) = world.slack.wait_for(lambda: world.slack.find(INC, text="Checks fail now"))
    assert "incident *I-1* is open in this channel" in world.read(shown)
    assert "Site: fail" in world.read(shown)
    assert world.data("incident_opened", "I-1")[0]["checks"] == ["Site", "Admin dashboard", "API", "Error rate"]
    world.rollback("verify", user=BEN)
    world.told(BEN, "is read at most once in 60 s. Ask again at")
    assert world.kinds("I-2") == []


def test_checks_that_pass_open_nothing(world: World) -> None:
    world.site.broken.clear()
    world.rollback("verify")
    world.slack.wait_for(lambda: world.slack.find(INC, text="Every check that decides passes now"))
    assert world.kinds("I-1") == []


def test_the_timeline_is_a_file_in_the_thread_of_the_card_with_every_event_and_with_names(world: World) -> None:
    world.rollback("vercel because <!here> | *checkout* is broken")
    world.wait_for_state("Waiting for approval")
    kinds_when(world, "request_joined")
    world.deny(BEN, "The database is the cause")
    kinds_when(world, "request_ended")
    world.wait_until(lambda: "request_closed" in world.kinds())
    world.rollback("timeline")
    text = file_when_there(world, "I-1-timeline.md")
    thread = world.slack.thread(INC, world.cards()[0]["ts"])
    assert [one["name"] for message in thread for one in message.get("files", ())] == ["I-1-timeline.md"]
    told = [line.split(" | ")[1] for line in text.splitlines() if "/" in line and line.startswith("| 2")]
    assert {f"R-1/{number}" for number in range(1, len(world.kinds()) + 1)} <= set(told)
    assert "| Ben | Denied the request: The database is the cause |" in text
    assert r"because \!here \| \*checkout\* is broken" in text
    world.told(ANA, "The timeline of I-1 is shared as a file, in its thread.")
    with world.slack.lock:
        world.slack.state.messages[INC].remove(world.slack.thread(INC, thread[0]["ts"])[0])
    world.rollback("timeline")
    world.told(ANA, "The timeline of I-1 is shared as a file, in this channel.")


def test_the_incident_of_the_channel_is_resolved_and_its_timeline_is_still_to_be_had(world: World) -> None:
    world.rollback("verify")
    kinds_when(world, "incident_opened")
    assert "who may resolve I-1" in world.rollback("resolve i-1", user=BEN, channel=OTHER).text
    world.told(BEN, "Commands work in")
    assert "who may resolve I-1" in world.rollback("resolve", user=BEN).text
    kinds_when(world, "incident_resolved")
    world.rollback("timeline")
    assert "by Ben, after" in file_when_there(world, "I-1-timeline.md")
    assert "No incident is open in this channel" in world.rollback("resolve").text


def test_what_cannot_be_had_is_refused_with_the_way_out(world: World) -> None:
    world.rollback("timeline")
    world.told(ANA, "No incident was ever open in this channel.")
    assert "takes no further word" in world.rollback("timeline I-1").text
    assert "There is no incident R-1" in world.rollback("resolve r-1").text
    world.rollback("verify", channel=OTHER)
    world.told(ANA, "Commands work in")


def test_a_file_of_which_slack_does_not_say_whether_it_arrived_is_not_sent_again(world: World) -> None:
    world.rollback("verify")
    kinds_when(world, "incident_opened")
    world.slack.lay(Fault(on("files.completeUploadExternal", "POST"), answer=Answer(500)))
    world.rollback("timeline")
    world.told(ANA, "Slack did not say whether the timeline of I-1 arrived. Look in ")
