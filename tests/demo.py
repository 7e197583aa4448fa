"""`make demo`: the real bot and a real PostgreSQL, with stand-ins for Slack, Vercel and the site.

With a terminal, you type and press. Without one it plays both main jobs through; the exit status says whether each
ended in *Verified*.
"""

import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from types import FrameType
from typing import Any

import httpx

from handlers import BUTTONS, COMMANDS
from tests.database.server import Database, server
from tests.demo_levers import spoil, words
from tests.demo_screen import BOLD, DIM, Follower, Screen
from tests.simulator.slack_delivery import Answered, json_object
from tests.world import ANA, INC, World

# What a laptop's own settings must not change: other modes of the bot, and proxies between the processes.
APART = {
    **dict.fromkeys(("SLACK_APP_TOKEN", "TOTP_KEY", "SMTP_URL", "MAIL_FROM"), ""),
    **dict.fromkeys(("STATUSPAGE_API_KEY", "STATUSPAGE_PAGE_ID", "STATUSPAGE_API_URL"), ""),
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"), ""),
    "LOG_LEVEL": "INFO",
    "LOG_FORMAT": "text",
}
JOB_SECONDS, DOMAIN_SECONDS = 2.0, 0.7  # slow enough to be read, as Vercel is
PATIENCE = 3.0  # seconds until a button that isn't there is not waited for any more
PLAYED_SECONDS = 60.0  # until the job that plays itself has to be Verified
ASK = "/rollback vercel because checkout is broken"
ASK_FOR_ROWS = "/dbrestore user_profiles because names are wrong"

OPENING = f"""\
Production is broken: a build went live 20 minutes ago, the site answers 500 on every page, and people's names are gone.
The bot and the PostgreSQL are real; Slack, Vercel and the site are stand-ins on this machine.

You are ana, on call. Type
    {ASK}
and, when that is done,
    {ASK_FOR_ROWS}
"""
HELP = """\
/rollback …, /dbrestore …
                     a command, as in Slack; /rollback help and /dbrestore help list them
ben, as ben          be somebody else; people lists them
approve, deny [why], withdraw, stop, plan again, propose, look again, it happened, it did not
                     press the newest such button
site, rows           what the site answers now, and what is live; what the profiles hold
lose the answer      Vercel does what the next order says; its answer is lost
nothing moves        the same, and nothing moves either (the bot looks for 3 minutes)
it moves again       … until now
somebody promotes    another deployment goes live behind the bot's back
break it             the broken build is live again
slow down, speed up  pages take 4 s, or no time; /rollback performance watches them
cut the database     end every session of the bot's in the database
kill the bot         kill -9, and start it again on the same log
quit"""


class Conversation:
    """What one person after the other types, and what it does; `answer` is asked where Slack shows a dialog."""

    def __init__(
        self, world: World, levers: Mapping[str, Callable[[], str]], screen: Screen, answer: Callable[[str], str]
    ) -> None:
        self.world, self.slack, self.levers, self.screen, self.answer = world, world.slack, levers, screen, answer
        self.who = ANA

    @property
    def prompt(self) -> str:
        """Who is typing, and where."""
        return f"{self.slack.people[self.who].name} in #{self.slack.channels[INC].name}> "

    def take(self, line: str) -> None:
        """Do what was typed, or say why not."""
        line = " ".join(line.split())
        said = line.lower()
        name = said.removeprefix("as ")
        button = next((one for one in BUTTON_WORDS if f"{said} ".startswith(f"{one} ")), None)
        if line.startswith("/"):
            self._command(line)
        elif name in self.names():
            self.who = self.names()[name]
        elif said in self.levers:
            self.screen.say(f"{self.levers[said]()}\n")
        elif button in {said, "deny"}:
            self._press(BUTTON_WORDS[button], line[len(button) :].strip())
        elif line:
            self.screen.say(f"{line[:60]}: not known here. help lists what can be typed.", DIM)

    def names(self) -> dict[str, str]:
        """The people whom one can be, by name."""
        people = self.slack.people.values()
        return {one.name: one.id for one in people if not one.is_bot and not one.deleted}

    def _command(self, line: str) -> None:
        command, _, text = line.partition(" ")
        if command not in COMMANDS:
            self.screen.say(f"{command} is not a command of this app; it has {', '.join(COMMANDS)}.", DIM)
            return
        self._delivered(self.slack.command(self.who, INC, command, text))
        if view := self.slack.view_of(self.who):
            self._fill_in(view)

    def _fill_in(self, view: dict[str, Any]) -> None:
        """Answer what a form asks, one question after the other; one that can't be sent is gone back from."""
        self.screen.say(self.slack.text_of(view), BOLD)
        values: dict[str, str] = {}
        for element in (block["element"] for block in view["blocks"] if block["type"] == "input"):
            offered = [option["value"] for option in element.get("options", ())]
            asked = f"{element['action_id'].capitalize()}{' (as it stands after its name)' if offered else ''}: "
            given = self.answer(asked).strip() or element.get("initial_value", "")
            if offered and given not in offered:
                break
            values[element["action_id"]] = given
        else:
            answered = self.slack.submit(self.who, view, values)
            self._delivered(answered)
            for error in json_object(answered.text).get("errors", {}).values():
                self.screen.say(error, BOLD)
        if self.slack.view_of(self.who):
            self._go_back("Nothing was sent.")

    def _go_back(self, told: str) -> None:
        with self.slack.lock:
            self.slack.state.views.pop(self.who)
        self.screen.say(told, DIM)

    def _press(self, action_id: str, reason: str) -> None:
        message = self._newest(action_id)
        if message and self._is_confirmed(self.slack.confirm_of(message, action_id)):
            message = self.world.with_button(action_id)  # it may have gone while the dialog was open
            if message:
                self._delivered(self.slack.click(self.who, message, action_id))
                if action_id == "deny":
                    self._give_reason(reason)
        if not message:
            self.screen.say(f"There is no {action_id.replace('_', ' ')} to press now.", DIM)

    def _newest(self, action_id: str) -> dict[str, object] | None:
        """The newest message with the button; the bot may be about to post it."""
        with self.slack.changed:
            self.slack.changed.wait_for(lambda: self.world.with_button(action_id), PATIENCE)
            return self.world.with_button(action_id)

    def _is_confirmed(self, dialog: str) -> bool:
        if not dialog:
            return True
        *words, yes, no = dialog.splitlines()
        self.screen.say("\n".join(words), BOLD)
        if self.answer(f"{yes}? (n = {no}) [y/N] ").strip().lower() in ("y", "yes"):
            return True
        self.screen.say("Nothing was pressed.", DIM)
        return False

    def _give_reason(self, reason: str) -> None:
        """Fill in the modal that asks for a reason."""
        with self.slack.changed:
            self.slack.changed.wait_for(lambda: self.slack.view_of(self.who), PATIENCE)
            view = self.slack.view_of(self.who)
        if view is None:
            return
        if not reason:
            self.screen.say(self.slack.text_of(view), BOLD)
            reason = self.answer("Reason (empty = go back): ").strip()
        if reason:
            self._delivered(self.slack.submit(self.who, view, {"reason": reason}))
            return
        self._go_back("Nothing was denied.")

    def _delivered(self, answered: Answered) -> None:
        if answered.status != httpx.codes.OK:
            self.screen.say(f"Slack shows: the app did not respond ({answered.status or answered.text}).", DIM)


BUTTON_WORDS = {action_id.replace("_", " "): action_id for action_id in BUTTONS}


def converse(world: World, database: Database, screen: Screen) -> int:
    """Take what is typed until quit; the exit status."""
    conversation = Conversation(world, words(world, database, HELP), screen, screen.ask)
    with closing(Follower(world, screen, with_tips=True)):
        while (line := screen.ask(conversation.prompt)).strip().lower() not in ("quit", "exit"):
            conversation.take(line)
            if world.bot and not world.bot.is_running:
                screen.say("The bot has ended. The last it wrote:\n" + "".join(world.bot.lines[-10:]))
                return 1
    return 0


def play(world: World, database: Database, screen: Screen) -> int:
    """Play the main jobs through; the exit status."""
    follower = Follower(world, screen, with_tips=False)

    def answer(question: str) -> str:
        screen.say(f"{question}y\n")
        return "y"

    conversation = Conversation(world, words(world, database, HELP), screen, answer)

    def take(*lines: str) -> None:
        for line in lines:
            follower.show()
            screen.say(f"{conversation.prompt}{line}")
            conversation.take(line)

    def approved(request: str) -> None:
        take("ben", "approve")
        world.wait_for_state("(1 of 2)")
        take("chloe", "approve")
        world.wait_for_end("Verified", PLAYED_SECONDS)
        world.slack.wait_for(lambda: f"*Verified* · the run of {request}" in world.thread())  # the last edit

    with closing(follower):
        take(ASK)
        world.slack.wait_for(lambda: world.with_button("approve"))
        take("approve")
        world.told(ANA, "somebody else has to approve")
        approved("R-1")
        take("site", "rows", "ana", ASK_FOR_ROWS)
        world.slack.wait_for(lambda: world.with_button("approve"))
        approved("R-2")
        take("rows")
    return 0


def main() -> int:
    """Show it; the exit status. Ctrl-C and the end of input end it like quit."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, _end)
    screen = Screen(sys.stdout)
    screen.say(OPENING)
    tell = converse if sys.stdin.isatty() else play
    try:
        folder = tempfile.TemporaryDirectory(prefix="rollback-demo-")
        with folder, server().database() as database:
            spoil(database)
            with closing(World(Path(folder.name), {}, APART, "bot", database.url)) as world:
                world.vercel.job_seconds, world.vercel.domain_seconds = JOB_SECONDS, DOMAIN_SECONDS
                return tell(world.start(), database, screen)
    except AssertionError as missed:
        screen.say(str(missed))
        return 1
    except (EOFError, KeyboardInterrupt):
        screen.say("")
        return 0


def _end(number: int, _: FrameType | None) -> None:
    """End once: what comes after the first must not cut the tidying up short."""
    for again in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(again, signal.SIG_IGN)
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
