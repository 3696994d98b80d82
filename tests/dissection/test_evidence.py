"""Evidence by tiles: the normalisers, the products, and how large a tile may be."""

import torch

from rivalry.dissection.evidence import Terms, evidence_tiles, log_normalisers
from rivalry.dissection.similarity import soft_wpmi_evidence


def features(count: int, seed: int) -> torch.Tensor:
    drawn = torch.randn(count, 6, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.normalize(drawn, dim=1)


def test_normalisers_are_those_of_the_softmax() -> None:
    images, words = features(2100, 0), features(2500, 1)  # more than are taken at once, of both
    expected = (10 * images.double() @ words.double().T).logsumexp(1)
    torch.testing.assert_close(log_normalisers(images, words, 10.0).double(), expected, atol=2e-6, rtol=0)


def test_evidence_by_hand() -> None:
    """One word has all the probability, so a term is 1 for it and its floor for the other."""
    images, words = torch.eye(2), torch.tensor([[1.0, 1.0], [-1.0, -1.0]])
    terms = Terms(40.0, (0.25, 0.5), (0.75, 0.5))
    normalisers = log_normalisers(images, words, 40.0)
    ((first, evidence),) = evidence_tiles(terms, torch.tensor([[0, 1], [1, -1]]), images, normalisers, words)
    assert first == 0
    expected = torch.tensor([[1.0, 0.25 * 0.5], [1.0, 0.25**2]]).double().log()  # one win weighs as two
    torch.testing.assert_close(evidence, expected, atol=1e-6, rtol=0)


def test_evidence_is_as_exact_as_the_formula() -> None:
    images, words = features(3000, 0), features(2000, 1)
    top = torch.randint(0, 3000, (40, 100), generator=torch.Generator().manual_seed(3))
    sure = [0.998 - rank / 100 * 0.028 for rank in range(100)]
    terms = Terms(10.0, tuple(1 - p + 1e-7 for p in sure), tuple(sure))
    tiles = evidence_tiles(terms, top, images, log_normalisers(images, words, 10.0), words)
    found = torch.cat([tile.clone() for _, tile in tiles], 1)
    expected = soft_wpmi_evidence(images.double() @ words.double().T, top)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
