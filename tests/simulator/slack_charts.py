"""What Slack refuses in a data_visualization block, which the pinned slack_sdk doesn't know.

The limits are those of docs.slack.dev/reference/block-kit/blocks/data-visualization-block.
"""

from collections.abc import Mapping
from typing import Any

from tests.simulator.slack_elements import Problems, items, string

KINDS = ("pie", "bar", "area", "line")


def chart_problems(block: Mapping[str, Any], pointer: str) -> Problems:
    """What is wrong with a chart: its title, its kind, its points."""
    yield from string(block.get("title", ""), f"{pointer}/title", 50, least=1)
    unknown = set(block) - {"type", "block_id", "title", "chart"}
    if unknown:
        yield f"invalid additional property: {min(unknown)} [json-pointer:{pointer}]"
    chart = block.get("chart", {})
    if chart.get("type") not in KINDS:
        yield f"unsupported type: {chart.get('type')} [json-pointer:{pointer}/chart/type]"
    elif chart["type"] == "pie":
        yield from items(chart.get("segments", []), f"{pointer}/chart/segments", 6)
    else:
        yield from _plot(chart, f"{pointer}/chart")


def _plot(chart: Mapping[str, Any], pointer: str) -> Problems:
    categories = chart.get("axis_config", {}).get("categories", [])
    series = chart.get("series", [])
    yield from items(categories, f"{pointer}/axis_config/categories", 20)
    for index, label in enumerate(categories):
        yield from string(label, f"{pointer}/axis_config/categories/{index}", 20, least=1)
    for name in ("x_label", "y_label"):
        yield from string(chart["axis_config"].get(name, ""), f"{pointer}/axis_config/{name}", 50)
    yield from items(series, f"{pointer}/series", 6)
    if len({line.get("name") for line in series}) < len(series):
        yield f"series names must be unique [json-pointer:{pointer}/series]"
    for index, line in enumerate(series):
        if [point.get("label") for point in line.get("data", [])] != categories:
            yield f"labels must match the categories [json-pointer:{pointer}/series/{index}/data]"
