"""How a goal's results are drawn: points, the line aimed at, the trend and where it leads by the due date.

A picture is a Vega-Lite specification, made by a pure function: the same progress is always the same picture. What it
shows is said in sentences too, by `in_words`.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from contracts.goals.progress import POINTS_FOR_A_PICTURE, GoalProgress, expected_on
from contracts.goals.results import Result
from contracts.goals.trend import trend_of
from contracts.goals.words import drawn_in_words, in_words

Json = dict[str, Any]
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
DARK, BLUE, ORANGE, GREY = "#222222", "#1f5fa8", "#b35900", "#6b6b6b"
"""Each at least 4.5 to 1 against white; lines differ in their dashes too."""


def forecast(progress: GoalProgress) -> Fraction | None:
    """Where the trend stands on the item's due date; ``None`` while there are too few results to say."""
    due_on = progress.item.due_on
    line = trend_of(progress.points) if progress.enough_for_a_picture else None
    return line.on(due_on) if line is not None and due_on is not None else None


@dataclass(frozen=True, slots=True)
class TableRow:
    """One result beside the lines of the picture: the picture as a table."""

    result: Result
    aim: Fraction | None
    trend: Fraction | None


def table_of(progress: GoalProgress) -> list[TableRow]:
    """The picture's points with the lines' heights on their days."""
    line = trend_of(progress.points) if progress.enough_for_a_picture else None
    return [
        TableRow(
            point, expected_on(progress.aim, point.measured_on), line.on(point.measured_on) if line else None
        )
        for point in progress.points
    ]


def says(progress: GoalProgress) -> str:
    """All that the picture shows, in sentences for a screen reader."""
    return drawn_in_words(progress, forecast(progress))


def too_few(progress: GoalProgress) -> str:
    """What stands in the place of a picture for which there are too few results."""
    count = len(progress.points)
    return f"No picture yet: {POINTS_FOR_A_PICTURE} results are needed, there {'is' if count == 1 else 'are'} {count or 'none'}."


def picture(progress: GoalProgress) -> Json:
    """The whole picture, readable in grey: lines differ in their dashes. With too few results it says so instead."""
    if not progress.enough_for_a_picture:
        return _words_alone(progress)
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
        *_phase_lines(progress),
    ]
    return {
        "$schema": SCHEMA,
        "description": says(progress),
        "width": 640, "height": 320, "background": "white",
        "title": {
            "text": f"{unit[:1].upper()}{unit[1:]} by date", "anchor": "start",
            "subtitle": "Blue, whole line: results. Dark dashes and diamonds: the line aimed at, step by step. "
                        "Orange dots: the trend, to the due date. Grey uprights: the plan changed.",
        },
        "encoding": {
            "x": {"field": "day", "type": "temporal", "title": None, "axis": {"format": "%b %d, %Y", "labelAngle": -30}},
            "y": {"field": "value", "type": "quantitative", "title": unit, "scale": {"zero": True}},
        },
        "layer": [layer for layer in layers if layer["data"]["values"]],
    }  # fmt: skip


def _words_alone(progress: GoalProgress) -> Json:
    return {
        "$schema": SCHEMA,
        "description": f"{too_few(progress)} {in_words(progress)}",
        "width": 640, "height": 60, "background": "white",
        "layer": [
            {
                "description": "too few results",
                "data": {"values": [{"says": too_few(progress)}]},
                "mark": {"type": "text", "fontSize": 14, "color": DARK},
                "encoding": {"text": {"field": "says", "type": "nominal"}},
            }
        ],
    }  # fmt: skip


def _phase_lines(progress: GoalProgress) -> list[Json]:
    """An upright on each day on which the plan changed while there were results."""
    first = progress.points[0].measured_on
    changes = [
        {"day": f"{day.isoformat()}T12:00:00", "what": what} for day, what in progress.phases if day > first
    ]
    rule = {"type": "rule", "color": GREY, "strokeDash": [1, 2], "strokeWidth": 2}
    text = {"type": "text", "align": "left", "dx": 4, "dy": -150, "color": DARK, "fontSize": 10}
    x = {"x": {"field": "day", "type": "temporal"}, "y": {"value": 160}}
    return [
        _layer(changes, rule, "phase lines")
        | {"encoding": {"x": x["x"], "y": {"value": 0}, "y2": {"value": 320}}},
        _layer(changes, text, "phases") | {"encoding": x | {"text": {"field": "what", "type": "nominal"}}},
    ]


def _trend_line(progress: GoalProgress) -> list[Json]:
    line = trend_of(progress.points)
    if line is None:
        return []
    last = progress.points[-1].measured_on
    until = max(last, progress.item.due_on or last)
    return [_at(day, line.on(day)) for day in (progress.points[0].measured_on, until)]


def _layer(values: list[Json], mark: Json, name: str) -> Json:
    return {"description": name, "data": {"values": values}, "mark": mark}


def _at(day: date, value: Any) -> Json:
    # At noon: a bare date is midnight in UTC, which is the day before in America.
    return {"day": f"{day.isoformat()}T12:00:00", "value": round(float(value), 6)}
