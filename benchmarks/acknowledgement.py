"""The acknowledgement under load: 50 deliveries a second, every one of them durable before it is answered.

Half are `/rollback vercel`, which make a request; half are Approve on twenty requests that wait. A delivery is sent
when it is due, whether or not those before it were answered, and its time counts from then.
"""

import itertools
import json
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.waiting import write_waiting
from tests.simulator.slack_delivery import Delivery, click_payload, command_body, payload_body, send, signed
from tests.world import ANA, BEN, CHLOE, DAN, EVE, INC, World, read_log

A_SECOND, SECONDS = 50, 20
WAITING = 20
AT_ONCE = 32  # more than are ever under way, or the sender would hold back
PATIENCE = 3.0  # seconds; Slack's own
NAME = "benchmarks.acknowledgement"


def figures(seconds: int = SECONDS) -> Iterator[Figure]:
    """One delivery is one repetition."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), module="bot")
        write_waiting(world, WAITING)
        try:
            world.start()
            times = _load(world, list(itertools.islice(_deliveries(world), A_SECOND * seconds)))
        finally:
            world.close()
    yield Figure(f"acknowledgement, {A_SECOND} deliveries/s for {seconds} s", "p99 ≤ 300 ms", "ms", times, NAME)


def _load(world: World, deliveries: list[Delivery]) -> list[float]:
    """Send one after the other at their times; each one's time in ms."""
    begin = time.perf_counter() + 0.5
    due = [begin + number / A_SECOND for number in range(len(deliveries))]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda each, at: _answered_after(world, each, at), deliveries, due))


def _answered_after(world: World, delivery: Delivery, due: float) -> float:
    time.sleep(max(0.0, due - time.perf_counter()))
    answered = send(f"{world.slack.bot_url}/slack/events", delivery, PATIENCE)
    if answered.status != 200:  # noqa: PLR2004  # HTTP's OK
        raise RuntimeError(f"not acknowledged: {answered}")
    return (time.perf_counter() - due) * 1000


def _deliveries(world: World) -> Iterator[Delivery]:
    """Commands and clicks by turns, signed."""
    state, url = world.slack.state, f"{world.slack.url}/response/"
    for number, person in enumerate(itertools.cycle([ANA, BEN, CHLOE, DAN, EVE])):
        response = url + state.new_response(person, INC)
        if number % 2:
            yield _click(world, person, f"R-{number // 2 % WAITING + 1}", response)
        else:
            body = command_body(state, person, INC, ("/rollback", "vercel because of the load"), response)
            yield _signed(world, Delivery("command", person, INC, body))


def _click(world: World, person: str, stream: str, response: str) -> Delivery:
    events = read_log(world.folder / "log.db", stream)
    digest = next(data["digest"] for kind, _, data in events if kind == "plan_made")
    card, *_, approval = [data["ts"] for kind, _, data in events if kind == "message_posted"]
    action = {"type": "button", "action_id": "approve", "block_id": "b"}
    action["value"] = json.dumps({"request": stream, "digest": digest})
    message = {"channel": INC, "ts": approval, "thread_ts": card, "text": "", "blocks": []}
    payload = click_payload(world.slack.state, person, message, action, response)
    return _signed(world, Delivery("block_actions", person, INC, payload_body(payload)))


def _signed(world: World, delivery: Delivery) -> Delivery:
    delivery.headers |= signed(delivery.body, world.slack.signing_secret, {})
    return delivery


if __name__ == "__main__":
    for figure in figures():
        print(figure)
