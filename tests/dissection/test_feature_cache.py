"""Features are computed once for all time, found by content, and safe to share."""

from pathlib import Path

import pytest
import torch

from rivalry.dissection.clip import Clip
from rivalry.dissection.feature_cache import FeatureCache, ImageFeatures, content_key, word_features
from tests.dissection.tiny_clip import encode_images
from tests.recording.tiny import Tiles


@pytest.fixture
def encoded(clip: Clip, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the batches that went through the image tower."""
    batches: list[int] = []
    encode = Clip.encode_prepared

    def count(self: Clip, images: torch.Tensor) -> torch.Tensor:
        batches.append(len(images))
        return encode(self, images)

    monkeypatch.setattr(Clip, "encode_prepared", count)
    return batches


def test_features_are_those_of_the_clip(clip: Clip) -> None:
    dataset = Tiles(6)
    expected = encode_images(clip, dataset.images)[[4, 0, 4]]
    torch.testing.assert_close(ImageFeatures(clip).of(dataset, [4, 0, 4]), expected)


def test_each_image_is_encoded_once_for_all_time(clip: Clip, encoded: list[int], own_cache: Path) -> None:
    dataset = Tiles(6)
    first = ImageFeatures(clip)
    first.of(dataset, [0, 1, 2])
    first.of(dataset, [1, 2, 3])
    assert encoded == [3, 1]
    again = ImageFeatures(clip)  # another process
    torch.testing.assert_close(again.of(dataset, [3, 0]), first.of(dataset, [3, 0]))
    first.of(Tiles(6, seed=1), [0])
    assert encoded == [3, 1, 1]
    assert len(list(own_cache.glob("clip/*/images/*.safetensors"))) == 3


def test_the_fingerprint_of_a_data_set_is_read_once(clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be the digest of many thousand positions or file names."""
    read: list[int] = []
    monkeypatch.setattr(Tiles, "fingerprint", property(lambda self: read.append(len(self)) or "tiles"))
    ImageFeatures(clip).of(Tiles(6), [0, 1, 2, 3])
    assert read == [6]


def test_content_counts_not_place(clip: Clip, encoded: list[int]) -> None:
    dataset = Tiles(4)
    dataset.images[3] = dataset.images[0]
    features = ImageFeatures(clip).of(dataset, [0, 3])
    assert encoded == [1]
    assert torch.equal(features[0], features[1])
    image = dataset.images[0]
    assert content_key(image) != content_key(image.reshape(3, 4, 16))
    assert content_key(image.transpose(1, 2)) == content_key(image.transpose(1, 2).contiguous())


def test_two_processes_share_a_cache(tmp_path: Path) -> None:
    mine, theirs = FeatureCache(tmp_path), FeatureCache(tmp_path)
    theirs.add([b"k" * 16, b"l" * 16], torch.eye(2))
    assert b"k" * 16 not in mine
    mine.refresh()
    mine.add([b"m" * 16], torch.full((1, 2), 3.0))
    assert mine.get([b"m" * 16, b"l" * 16]).tolist() == [[3.0, 3.0], [0.0, 1.0]]
    assert {file.suffix for file in tmp_path.iterdir()} == {".safetensors"}


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.safetensors").write_bytes(b"no")
    with pytest.raises(ValueError, match=r"broken.safetensors cannot be read .* delete the file"):
        FeatureCache(tmp_path).refresh()


def test_vocabularies_are_encoded_once(clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    first = word_features(clip, ["cat", "dog"], ["{}", "a {}"])
    other = word_features(clip, ["cat", "dog"], ["{}"])
    assert not torch.allclose(first, other)
    monkeypatch.setattr(Clip, "encode_words", lambda *_: pytest.fail("encoded again"))
    assert torch.equal(word_features(clip, ["cat", "dog"], ["{}", "a {}"]), first)
