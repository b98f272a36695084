"""How a goal's results are drawn: points, the line aimed at, the trend and where it leads by the due date.

A picture is a Vega-Lite specification, made by a pure function: the same progress is always the same picture. What it
shows is said in sentences too, by `in_words`.
"""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from progress_service.domain.goal_progress import GoalProgress
from progress_service.domain.in_words import in_words
from progress_service.domain.item_year import Result

Json = dict[str, Any]
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
DARK, BLUE, ORANGE = "#222222", "#1f5fa8", "#b35900"
"""Each at least 4.5 to 1 against white; lines differ in their dashes too."""


def trend(points: Sequence[Result], day: date) -> Fraction | None:
    """The height on ``day`` of the straight line that lies closest to the results (least squares), exactly."""
    days = [Fraction(point.measured_on.toordinal()) for point in points]
    values = [Fraction(point.value) for point in points]
    if len(set(days)) < 2:
        return None
    middle, height = Fraction(sum(days)) / len(days), Fraction(sum(values)) / len(values)
    across = sum(((each - middle) ** 2 for each in days), Fraction(0))
    along = ((each - middle) * (value - height) for each, value in zip(days, values, strict=True))
    rise = sum(along, Fraction(0)) / across
    return height + rise * (day.toordinal() - middle)


def forecast(progress: GoalProgress) -> Fraction | None:
    """Where the trend stands on the item's due date; ``None`` while there are too few results to say."""
    due_on = progress.item.due_on
    return trend(progress.points, due_on) if progress.enough_for_a_picture and due_on is not None else None


def picture(progress: GoalProgress) -> Json:
    """The whole picture. With too few results it has no trend: two points always lie on a line."""
    unit = progress.item.unit or "result"
    aim = [_at(day, value) for day, value in progress.aim]
    steps = [_at(step.step.due_on, step.step.criterion.target) for step in progress.steps]
    results = [_at(point.measured_on, point.value) for point in progress.points]
    layers = [
        _layer(aim, {"type": "line", "color": DARK, "strokeDash": [6, 4]}, "aim line"),
        _layer(
            steps, {"type": "point", "shape": "diamond", "filled": True, "size": 110, "color": DARK}, "steps"
        ),
        _layer(results, {"type": "line", "color": BLUE}, "results"),
        _layer(results, {"type": "point", "filled": True, "size": 70, "color": BLUE}, "results"),
        _layer(
            _trend_line(progress),
            {"type": "line", "color": ORANGE, "strokeDash": [2, 3]},
            "trend and forecast",
        ),
    ]
    return {
        "$schema": SCHEMA,
        "description": in_words(progress),
        "width": 640, "height": 320, "background": "white",
        "title": {
            "text": f"{unit[:1].upper()}{unit[1:]} by date", "anchor": "start",
            "subtitle": "Blue: results. Dark dashes and diamonds: the line aimed at, step by step. "
                        "Orange dots: the trend, to the due date.",
        },
        "encoding": {
            "x": {"field": "day", "type": "temporal", "title": None, "axis": {"format": "%b %d, %Y", "labelAngle": -30}},
            "y": {"field": "value", "type": "quantitative", "title": unit, "scale": {"zero": True}},
        },
        "layer": [layer for layer in layers if layer["data"]["values"]],
    }  # fmt: skip


def _trend_line(progress: GoalProgress) -> list[Json]:
    if not progress.enough_for_a_picture:
        return []
    first, last = progress.points[0].measured_on, progress.points[-1].measured_on
    until = max(last, progress.item.due_on or last)
    ends = [(day, trend(progress.points, day)) for day in (first, until)]
    return [_at(day, value) for day, value in ends if value is not None]


def _layer(values: list[Json], mark: Json, name: str) -> Json:
    return {"description": name, "data": {"values": values}, "mark": mark}


def _at(day: date, value: Any) -> Json:
    # At noon: a bare date is midnight in UTC, which is the day before in America.
    return {"day": f"{day.isoformat()}T12:00:00", "value": round(float(value), 6)}
