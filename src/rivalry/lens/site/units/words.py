"""What a page says of a unit first, in a sentence or two."""

from __future__ import annotations

from rivalry.lens.site.charts import said, said_percent
from rivalry.lens.site.columns import Row
from rivalry.lens.site.unit_history import Moment
from rivalry.lens.site.units.view import Unit


def answer(unit: Unit) -> str:
    """What the unit is called, whether that is so, and how often it wins."""
    return " ".join(sentence for sentence in (_called(unit), _wins(unit)) if sentence)


def moment_said(moment: Moment) -> str:
    """A unit at an epoch, in a line."""
    parts = [f"Epoch {moment.epoch}: {'dead' if moment.dead else moment.label or 'no name'}"]
    if moment.margin is not None:
        parts.append(f"{said(moment.margin)} ahead")
    if moment.win_rate is not None:
        parts.append(f"wins {said_percent(moment.win_rate)}")
    return ", ".join(parts)


def _called(unit: Unit) -> str:
    naming = unit.naming
    if naming is None or not naming["label"]:
        return "" if unit.dead else "No dissection names it."
    called = f"CLIP calls it “{naming['label']}”"
    if naming["runner_up"] and naming["margin"] is not None:
        called += f", ahead of “{naming['runner_up']}” by {said(naming['margin'])}"
    if naming["confirmed"] is None:
        return f"{called}."
    if naming["confirmed"]:
        return f"{called}; the masks agree."
    best = naming["true_concept"]
    instead = f": it goes with “{best}” (r = {said(naming['pearson'])})" if best else ": it goes with nothing they show"
    return f"{called}; the masks disagree{instead}."


def _wins(unit: Unit) -> str:
    profile = unit.profile or {}
    pictures = profile.get("pictures")
    wins = profile.get("wins") if profile else (unit.naming or {}).get("wins")
    if unit.dead:
        where = f"none of {said(pictures, 0)} pictures" if pictures else "no picture"
        return f"It {won(unit)} in {where}: it is dead."
    if unit.win_rate is None:
        return ""
    where = f"It {'is above zero' if unit.competitors == 1 else 'wins'} at {said_percent(unit.win_rate)} of positions"
    if wins is None:
        return f"{where}."
    return (
        f"{where}, in {said(wins, 0)} of {said(pictures, 0)} pictures."
        if pictures
        else f"{where}, in {said(wins, 0)} pictures."
    )


def won(unit: Unit) -> str:
    """What a unit did where it answered: without competition, to win is to be above zero."""
    return "was above zero anywhere" if unit.competitors == 1 else "won"


def stats(unit: Unit) -> list[tuple[str, str, str]]:
    """Numbers to stand at the top: name, value and note."""
    return [*_judged(unit), *_alike(unit), *_answering(unit)]


def _judged(unit: Unit) -> list[tuple[str, str, str]]:
    naming, floors = unit.naming, unit.floors
    if naming is None or not naming["label"]:
        return []
    told = [("score", said(naming["score"]), _next(naming))]
    if naming["label_iou"] is not None:
        told.append(("label's IoU", said(naming["label_iou"]), _beside_floor(floors.get("label_iou_floor"))))
    if naming["label_pearson"] is not None:
        told.append(("label's r", said(naming["label_pearson"]), _beside_floor(floors.get("label_pearson_floor"))))
    return told


def _alike(unit: Unit) -> list[tuple[str, str, str]]:
    naming = unit.naming or {}
    notes = {
        "clarity": _beside_floor(unit.floors.get("clarity_floor")), "redundancy": "1: another sees the same",
        "polysemanticity": "0: one thing", "monosemanticity": _beside_floor(unit.floors.get("clarity_floor")),
    }  # fmt: skip
    return [(name, said(naming[name]), note) for name, note in notes.items() if naming.get(name) is not None]


def _answering(unit: Unit) -> list[tuple[str, str, str]]:
    if unit.win_rate is None:
        return []
    density = unit.profile["density"] if unit.profile else None
    note = "of positions" if density is None else f"in {said_percent(density)} of pictures"
    return [("above zero" if unit.competitors == 1 else "win rate", said_percent(unit.win_rate), note)]


def _next(naming: Row) -> str:
    """The runner-up with its score, which is lower by the margin."""
    if not naming["runner_up"]:
        return ""
    if naming["score"] is None or naming["margin"] is None:
        return f"runner-up {naming['runner_up']}"
    return f"runner-up {naming['runner_up']}: {said(naming['score'] - naming['margin'])}"


def _beside_floor(floor: float | None) -> str:
    return f"{said(floor)} by chance" if floor is not None else ""


def spread(unit: Unit) -> str:
    """What the histogram counts, in a sentence."""
    row = unit.profile
    if row is None:
        return ""
    told = f"Mean over positions, in {said(row['sampled'], 0)} sampled pictures, where it {won(unit)}."
    if row["mean"] is not None and row["standard_deviation"] is not None:
        told += f" Over all: {said(row['mean'])} ± {said(row['standard_deviation'])},"
        told += f" from {said(row['lowest'])} to {said(row['highest'])}."
    return told


def effects_said(unit: Unit) -> str:
    """How the classes of a unit were found."""
    by = unit.effects_by
    if by == "weight":
        told = "Mean contribution to the logit: activation × weight"
        mean = (unit.profile or {}).get("mean")
        turned = ". Its activation is below zero on average: the more it answers, the more it speaks for the lower ones"
        return told + (turned if mean is not None and mean < 0 else "")
    return "Correlation with the logit, over pictures" if by == "correlation" else "Effect on the logit"
