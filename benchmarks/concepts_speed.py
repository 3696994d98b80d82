"""How long a whole class takes, from 1,300 pictures in a layer of 512 channels to its drawn page.

That is: find ten concepts, write the pictures in them, say what each counts for, judge extraction and importance, find
and lay out strategies, cut crops, write tables, and draw the page. Beside it stand the parts that have a usual way, by
scikit-learn, scipy and autograd: the factorisation thrice (all pictures and two halves), Fréchet's distance by a root
of matrices, gradients through the head, and t-SNE. What is laid out is kept in the cache, which is a new one each time.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable

import numpy as np
import torch
from side_by_side import Comparison
from torch import Tensor, nn

from rivalry.concepts.extraction import NMF
from rivalry.concepts.importance import GradientInput
from rivalry.concepts.one_class import Heard, Truth, study_class
from rivalry.concepts.plan import Plan
from rivalry.concepts.predictions import ClassPictures
from rivalry.concepts.record.class_record import ClassRecord, Writing
from rivalry.concepts.record.overview import overview
from rivalry.concepts.weighing import Behind
from rivalry.lens.class_page import class_page
from rivalry.recording.layer_maps import LayerMaps
from rivalry.recording.observation import plain_forward
from rivalry.records import Record

CONCEPTS, PICTURES, CHANNELS, CLASSES, CLASS = 10, 1300, 512, 1000, 3


def whole_class(device: torch.device) -> tuple[Callable[[], object], Callable[[], object]]:
    """Everything that is done for a class, and the usual way of those parts that have one."""
    torch.manual_seed(0)
    codes = torch.rand(PICTURES, CONCEPTS).mul(3).sub(1).relu()
    rows = (codes @ torch.rand(CONCEPTS, CHANNELS) + 0.2 * torch.rand(PICTURES, CHANNELS)).to(device)
    images = torch.randint(0, 256, (PICTURES, 3, 64, 64), dtype=torch.uint8, device=device)
    head = nn.Linear(CHANNELS, CLASSES).to(device)
    with torch.no_grad():
        head.weight[CLASS] = head.weight[CLASS].abs()

    def ours() -> object:
        with tempfile.TemporaryDirectory() as folder:
            before, os.environ["RIVALRY_CACHE"] = os.environ.get("RIVALRY_CACHE"), folder
            try:
                return class_page(_record(rows, images, head))
            finally:
                os.environ.pop("RIVALRY_CACHE") if before is None else os.environ.update(RIVALRY_CACHE=before)

    return ours, lambda: _usual(rows.cpu().numpy(), head.cpu())


@torch.no_grad()
def _record(rows: Tensor, images: Tensor, head: nn.Linear) -> Record:
    maps = LayerMaps(head, {"pooled": 1}, {"pooled": (CHANNELS, 1, 1)}, vectors=True)
    pictures = ClassPictures(torch.arange(PICTURES), torch.full((PICTURES,), CLASS), PICTURES)
    truth = Truth(pictures.correct(CLASS), None)
    names = [f"class {number}" for number in range(CLASSES)]
    behind = Behind("pooled", head, plain_forward, maps, head)
    heard = Heard(images, rows[..., None, None], head(rows)[:, CLASS], truth)
    found = study_class(Plan(NMF(), CONCEPTS, GradientInput()), behind, heard, CLASS)
    if isinstance(found, str):
        raise ValueError(found)
    record = ClassRecord(names[CLASS], CLASS, pictures, truth, [names[CLASS]] * PICTURES, Writing(names, 100, 1, 0))
    record.add("pooled", heard, found, head, None)
    return Record("concepts", 0, 0, tables=overview(record.tables(), {"pooled": None}, None))


def _usual(rows: np.ndarray, head: nn.Linear) -> object:
    from scipy.linalg import sqrtm
    from sklearn.decomposition import NMF as FACTORS
    from sklearn.manifold import TSNE

    halves = rows[::2], rows[1::2]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has not converged after its 200 iterations
        fits = [FACTORS(CONCEPTS, init="nndsvda", max_iter=200, tol=1e-4).fit(some) for some in (rows, *halves)]
    codes = fits[0].transform(rows)
    back = codes @ fits[0].components_
    covariances = [np.cov(some.T) for some in (rows, back)]
    frechet = np.trace(covariances[0] + covariances[1] - 2 * sqrtm(covariances[0] @ covariances[1]).real)
    at = torch.from_numpy(codes).float().requires_grad_()
    head(at @ torch.from_numpy(fits[0].components_).float())[:, CLASS].sum().backward()
    assert at.grad is not None
    return frechet, TSNE(random_state=0).fit_transform((at.grad * at.detach()).numpy())


COMPARISONS = [
    Comparison(
        f"concepts of a class: found, weighed, judged and drawn, {PICTURES:,} pictures × {CHANNELS} channels",
        "scikit-learn, scipy and autograd", whole_class, 1,
    ),
]  # fmt: skip
