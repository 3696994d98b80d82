"""What a page says of a concept first."""

from __future__ import annotations

from rivalry.lens.site.charts import counted, said
from rivalry.lens.site.concepts.view import Concept


def answer(concept: Concept) -> str:
    """Who bears the name, whether that is so, and since when."""
    parts = [_borne(concept)]
    judged = [unit.confirmed for unit in concept.units if unit.confirmed is not None]
    if judged:
        parts.append(f"The masks confirm {said(sum(judged), 0)} of {counted(len(judged), 'unit')}.")
    if concept.first is not None:
        until = f" and was last there in epoch {concept.gone}" if concept.gone is not None else ""
        parts.append(f"It first came in epoch {concept.first}{until}.")
    return " ".join(parts)


def at_epoch(epoch: int, units: int) -> str:
    """A concept at an epoch."""
    return f"Epoch {epoch}: {counted(units, 'unit')} called so" if units else f"Epoch {epoch}: no unit is called so"


def _borne(concept: Concept) -> str:
    layers = len({unit.layer for unit in concept.units})
    parts = []
    if concept.units:
        parts.append(f"{counted(len(concept.units), 'unit')} of {counted(layers, 'layer')}")
    if concept.classes:
        parts.append(counted(len(concept.classes), "concept") + " of classes")
    if not parts:
        return "No living unit is called so now."
    bear = "bears" if len(concept.units) + len(concept.classes) == 1 else "bear"
    return f"{' and '.join(parts)} {bear} this name."
