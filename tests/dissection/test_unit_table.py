"""Which units head the sheet."""

import torch

from rivalry.dissection.layer_stream import LayerSummary
from rivalry.dissection.likeness import Likeness
from rivalry.dissection.naming import Name
from rivalry.dissection.unit_table import NamedLayer, clearest_units
from rivalry.recording.top_images import Ranking


def layer(*units: tuple[str, float, int]) -> NamedLayer:
    """Units of (label, margin, wins); one without wins is dead."""
    names = [Name(label, 1.0, "other", margin) if wins else Name("", None, "", None) for label, margin, wins in units]
    wins = torch.tensor([wins for _, _, wins in units])
    top = Ranking(torch.full((len(units), 3), -1), torch.zeros(len(units), 3), wins)
    some = torch.zeros(len(units))
    summary = LayerSummary(top, wins.float(), wins.float(), torch.zeros(2, len(units)), None, None)
    return NamedLayer(summary, names, Likeness(some, some, some, some), None)


def test_the_largest_margins_one_a_label() -> None:
    layers = {"a": layer(("sky", 1.0, 9), ("sky", 3.0, 9), ("", 0.0, 0)), "b": layer(("car", 2.0, 9), ("dog", 4.0, 9))}
    assert clearest_units(layers, 8, top_k=3) == [("b", 1), ("a", 1), ("b", 0)]
    assert clearest_units(layers, 2, top_k=3) == [("b", 1), ("a", 1)]


def test_a_margin_that_rests_on_few_wins_does_not_head_the_sheet() -> None:
    layers = {"a": layer(("sky", 9.0, 1), ("car", 1.0, 3), ("sky", 0.5, 4), ("dog", 8.0, 2), ("cat", 7.0, 2))}
    assert clearest_units(layers, 2, top_k=3) == [("a", 1), ("a", 2)]  # enough units have as many wins
    assert clearest_units(layers, 8, top_k=3) == [("a", 1), ("a", 2), ("a", 3), ("a", 4)]  # the others fill up
    assert clearest_units(layers, 8, top_k=1) == [("a", 0), ("a", 3), ("a", 4), ("a", 1)]
