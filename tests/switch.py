"""A second action for the tests, so that plans have several steps: a switch on the wire that is turned on and off."""

import json
from datetime import timedelta
from urllib.request import Request as UrlRequest
from urllib.request import urlopen

from bot.core.checks import CheckResult, Verdict
from bot.core.errors import OutcomeUnknown, Refused, Unavailable
from bot.core.plan import Facts, Step
from tests.simulator.wire import Answer, Request, Wire


class SwitchBoard(Wire):
    """The other end of the wire: GET reads the switch, POST turns it."""

    def __init__(self) -> None:
        super().__init__()
        self.is_on = False
        self.turned: list[bool] = []

    def answer(self, request: Request) -> Answer:
        if request.method == "POST":
            self.is_on = json.loads(request.body)["on"]
            self.turned.append(self.is_on)
        return Answer(body={"on": self.is_on})


class TurnSwitch:
    """Turns the switch on or off; takes the place of an action of a later version."""

    takes_long = False

    def __init__(self, name: str, url: str, *, on: bool) -> None:
        self.name, self._url, self._on = name, url, on

    def targets(self, params: Facts) -> tuple[str, ...]:
        return (f"switch:{self.name}",)

    def plan(self, params: Facts) -> Step:
        return Step(self.name, self.targets(params)[0], {"on": self._read()}, {"on": self._on})

    def recheck(self, step: Step) -> str:
        self._read()
        return ""

    def execute(self, step: Step, op_id: str, reason: str) -> Facts:
        self._exchange({"on": self._on})
        return self.reconcile(step, op_id, at_deadline=False)

    def reconcile(self, step: Step, op_id: str, *, at_deadline: bool) -> Facts:
        if self._read() is not self._on:
            raise OutcomeUnknown("The switch has not turned.")
        return {"on": self._on}

    def verify(self, step: Step, op_id: str) -> tuple[CheckResult, ...]:
        return (CheckResult("Switch", Verdict.PASSED, required=False, expected="", seen="read"),)

    def undo(self, step: Step, op_id: str) -> Step:
        raise Refused("no_undo", "Turn it by hand.")

    def deadline(self) -> timedelta:
        return timedelta(seconds=3)

    def _read(self) -> bool:
        return self._exchange(None)

    def _exchange(self, body: dict[str, bool] | None) -> bool:
        data = None if body is None else json.dumps(body).encode()
        try:
            with urlopen(UrlRequest(self._url, data=data), timeout=5) as response:  # noqa: S310  # the stand-in's own
                return bool(json.load(response)["on"])
        except OSError as error:
            raise Unavailable("The switch can't be reached.") from error
