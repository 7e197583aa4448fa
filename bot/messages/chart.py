"""Response times as a small line chart, and the same in characters for where Slack doesn't take charts yet.

The limits are those of docs.slack.dev/reference/block-kit/blocks/data-visualization-block.
"""

import statistics
from collections.abc import Sequence

from bot.core.checks import NO_ANSWER_SECONDS
from bot.core.request import Sample
from bot.core.watch import Watch
from bot.messages.blocks import preformatted
from bot.messages.picture import Block
from bot.messages.wording import plain

POINTS, _LINES, _NAME = 20, 6, 20
TITLE = "Response times in seconds"
_BARS = "▁▂▃▄▅▆▇█"


def chart(watch: Watch) -> list[Block]:
    """The chart, once there are two points; a look without an answer counts as the longest that one is waited for."""
    rows, labels = _rows(watch), _labels(watch)
    if not rows or len(labels) < 2:  # noqa: PLR2004  # a line has two ends
        return []
    series = [
        {"name": name, "data": [{"label": label, "value": value} for label, value in zip(labels, values, strict=True)]}
        for name, values in rows
    ]
    plot = {"type": "line", "series": series, "axis_config": {"categories": labels, "x_label": "minutes"}}
    return [{"type": "data_visualization", "title": TITLE, "chart": plot}]


def in_characters(watch: Watch) -> list[Block]:
    """The same, a line for each check: all on one scale, from nothing to the slowest."""
    rows = _rows(watch)
    if not rows or len(_labels(watch)) < 2:  # noqa: PLR2004  # as above
        return []
    most = max(max(values) for _, values in rows) or 1.0
    width = max(len(name) for name, _ in rows)
    lines = [f"{TITLE}, up to {most:.2f} s"]
    for name, values in rows:
        bars = "".join(_BARS[min(len(_BARS) - 1, int(value / most * len(_BARS)))] for value in values)
        lines.append(f"{name:<{width}} {bars}")
    return [preformatted("\n".join(lines))]


def _buckets(watch: Watch) -> list[Sequence[Sample]]:
    size = max(1, -(-len(watch.samples) // POINTS))
    return [watch.samples[first : first + size] for first in range(0, len(watch.samples), size)]


def _labels(watch: Watch) -> list[str]:
    """The minutes since the begin; where the clock was set meanwhile, which look it is."""
    begins = [(bucket[0].at - watch.began_at).total_seconds() for bucket in _buckets(watch)]
    labels = [f"{max(0, int(begin)) // 60}:{max(0, int(begin)) % 60:02}" for begin in begins]
    return labels if len(set(labels)) == len(labels) else [f"look {number}" for number in range(1, len(labels) + 1)]


def _rows(watch: Watch) -> list[tuple[str, list[float]]]:
    """Of each check its name, which no other row has, and the median of each bucket."""
    rows: dict[str, list[float]] = {}
    for name in list(watch.limits)[:_LINES]:
        shown = plain(name, _NAME)
        if shown in rows:
            shown = f"{plain(name, _NAME - 2)} {len(rows)}"
        rows[shown] = [_median(bucket, name) for bucket in _buckets(watch)]
    return list(rows.items())


def _median(bucket: Sequence[Sample], name: str) -> float:
    seconds = [sample.seconds.get(name) for sample in bucket]
    return round(statistics.median(NO_ANSWER_SECONDS if took is None else took for took in seconds), 3)
