"""The form behind a bare /rollback: scenarios by what people see, choices, and Slack's limits."""

from bot.core.runbook import load_runbook
from bot.messages.form import of_scenario, offers
from bot.messages.picture import Block
from tests.core.small_runbooks import SMALL, VERCEL
from tests.histories import CHANNEL
from tests.messages.shown import HOSTILE, texts
from tests.messages.views import ACTIONS, LONG, crowded, form, shipped, takes
from tests.simulator.slack_reading import mentions


def options(view: Block) -> list[Block]:
    """What can be chosen."""
    found: list[Block] = next(block for block in view["blocks"] if block.get("block_id") == "what")["element"][
        "options"
    ]
    return found


def read(view: Block) -> str:
    return "\n".join(texts(view["blocks"]))


def test_it_lists_the_scenarios_that_work_by_their_symptoms() -> None:
    text = read(form(shipped()))
    assert "*Deployment build failure*: Build fails during Vercel deployment; Error messages in" in text
    assert "/rollback build-failure · only looks, needs no approval" in text


def test_it_says_how_many_scenarios_are_left_out() -> None:
    offered = offers(shipped(), ("restore_tables",))
    assert "The runbook has 4 scenarios more, not in this form" in read(form(shipped(), offered))


def test_a_scenario_without_symptoms_is_listed_by_its_title() -> None:
    steps = 'steps = [{ action = "rollback_deployment" }]'
    book = load_runbook(f'{SMALL}{VERCEL}[[scenarios]]\nname = "s"\ntitle = "Slow"\nrisk = "low"\n{steps}\n', {})
    assert "*Slow*" in read(form(book)).splitlines()


def test_each_choice_of_a_scenario_is_an_option_and_nothing_of_them_is_the_scenario_alone() -> None:
    schema = shipped().scenario("schema")
    assert schema
    assert [(one.command, one.label) for one in of_scenario(schema, ("drop_columns", "restore_tables"))] == [
        ("/rollback schema", "Database schema issues"),
        ("/rollback schema drop_columns", "Database schema issues: drop columns"),
        ("/rollback schema restore_tables", "Database schema issues: restore tables"),
    ]


def test_a_choice_that_this_version_cannot_do_is_not_offered() -> None:
    schema = shipped().scenario("schema")
    assert schema
    assert "/rollback schema drop_columns" not in [one.command for one in of_scenario(schema, ACTIONS)]


def test_it_offers_no_vercel_and_no_tables_where_the_runbook_has_none() -> None:
    assert offers(load_runbook(SMALL, {}), ACTIONS) == ()
    assert [one.command for one in offers(shipped(), ("restore_tables",))] == ["/dbrestore"]


def test_it_offers_the_plain_ones_however_many_scenarios_there_are() -> None:
    view = form(crowded(), reason=LONG)
    takes(view)
    assert len(options(view)) == 60
    assert [option["value"] for option in options(view)][-2:] == ["/rollback vercel", "/dbrestore"]


def test_a_choice_is_never_cut_off_its_scenario() -> None:
    choose = '{ choose = [{ action = "rollback_deployment" }, { action = "none" }] }'
    scenario = f'[[scenarios]]\nname = "s"\ntitle = "{LONG}"\nrisk = "low"\nsteps = [{choose}]\n'
    offered = of_scenario(load_runbook(SMALL + VERCEL + scenario, {}).scenarios[0], ACTIONS)
    assert offered[1].label.endswith("…: rollback deployment")
    takes(form(shipped(), offered))


def test_nothing_that_the_runbook_or_a_person_wrote_means_anything_to_slack() -> None:
    book = load_runbook(_hostile(), {})
    assert mentions(form(book, reason=HOSTILE)) == []
    assert f"<#{CHANNEL}>" in read(form(book))


def _hostile() -> str:
    odd = HOSTILE.splitlines()[0]
    steps = 'steps = [{ action = "rollback_deployment" }]'
    return (
        f"{SMALL}{VERCEL}[[scenarios]]\nname = \"s\"\ntitle = '{odd}'\nrisk = \"low\"\nsymptoms = ['{odd}']\n{steps}\n"
    )
