"""A figure: what was measured, in which unit, against which target, and its line in the table."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

HEAD = """\
| what | target | median | p95 | p99 | worst | n | command |
|---|---|---|---|---|---|---|---|"""


@dataclass(frozen=True)
class Figure:
    """One line of the table; `values` are in `unit`, one of them for each repetition."""

    what: str
    target: str
    unit: str
    values: Sequence[float]
    module: str

    def __str__(self) -> str:
        """The line, in Markdown. One value alone stands for itself."""
        at = [statistics.median(self.values), *(percentile(self.values, p) for p in (95, 99)), max(self.values)]
        shown = [self._shown(value) for value in at]
        if len(self.values) == 1:
            shown[1:] = ["", "", ""]
        command = f"`python -m {self.module}`"
        return f"| {' | '.join([self.what, self.target, *shown, str(len(self.values)), command])} |"

    def _shown(self, value: float) -> str:
        return f"{value:.2f} {self.unit}" if value < 10 else f"{value:.0f} {self.unit}"  # noqa: PLR2004  # digits


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that `percent` of the values don't exceed."""
    return sorted(values)[ceil(len(values) * percent / 100) - 1]
