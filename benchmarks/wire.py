"""When a request reaches a stand-in: the clock is read on the wire, before the stand-in does anything with it."""

import threading
import time
from collections.abc import Callable

from tests.simulator.wire import Fault, Request, Wire


class Watch:
    """Watches a stand-in for requests of one kind; moments are of time.perf_counter()."""

    def __init__(self, wire: Wire, is_one: Callable[[Request], bool]) -> None:
        self._is_one, self._arrived = is_one, threading.Condition()
        self._moments: list[float] = []
        wire.lay(Fault(self._look, times=None))

    def first_after(self, moment: float, seconds: float = 60) -> float:
        """When the first one after `moment` arrived; it is waited for."""
        with self._arrived:
            found = self._arrived.wait_for(lambda: [at for at in self._moments if at > moment], seconds)
        if not found:
            raise TimeoutError("nothing arrived")
        return found[0]

    def _look(self, request: Request) -> bool:
        now = time.perf_counter()
        if self._is_one(request):
            with self._arrived:
                self._moments.append(now)
                self._arrived.notify_all()
        return False  # nothing is changed


def posts(wire: Wire, name: str) -> Watch:
    """The posting of one message of a request, by its name: "card", "approval"."""
    return Watch(wire, lambda r: r.path.endswith("chat.postMessage") and f'/{name}"'.encode() in r.body)


def edits(wire: Wire) -> Watch:
    """Any edit of a message."""
    return Watch(wire, lambda r: r.path.endswith("chat.update"))
