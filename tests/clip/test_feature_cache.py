"""Features are computed once for all time, found by content, and safe to share."""

from pathlib import Path

import pytest
import torch

from rivalry.clip.feature_cache import ImageFeatures, content_key, word_features
from rivalry.clip.towers import Clip
from tests.clip.tiny_clip import encode_images
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


def test_pictures_of_several_sizes_come_back_in_their_places(clip: Clip) -> None:
    dataset, pictures = Tiles(4), Tiles(4).images
    wide = torch.cat([pictures[1], pictures[3]], 2)
    dataset.images = [pictures[0], wide, pictures[2], wide.flip(2)]  # type: ignore[assignment]
    features = ImageFeatures(clip).of(dataset, [0, 1, 2, 3])
    for place, image in enumerate(dataset.images):
        torch.testing.assert_close(features[place], encode_images(clip, image[None])[0])


def test_many_pictures_are_written_in_few_files(
    clip: Clip, encoded: list[int], own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rivalry.clip.feature_cache._IMAGES_AT_ONCE", 4)
    monkeypatch.setattr("rivalry.clip.feature_cache._ROWS_A_FILE", 6)
    dataset = Tiles(18)
    dataset.images[13] = dataset.images[2]  # written in an earlier file by then
    features = ImageFeatures(clip).of(dataset, list(range(17, -1, -1)))
    assert encoded == [4, 4, 4, 3, 2]
    torch.testing.assert_close(features, encode_images(clip, dataset.images).flip(0))
    assert len(list(own_cache.glob("clip/*/images/*.safetensors"))) == 3


def test_processes_may_decode(clip: Clip, tmp_path: Path) -> None:
    dataset, indices = Tiles(9), [8, 0, 3]
    features = ImageFeatures(clip, tmp_path).of(dataset, indices, workers=2)
    torch.testing.assert_close(features, encode_images(clip, dataset.images[indices]))


def test_a_picture_that_cannot_be_read_is_an_error_here(clip: Clip, own_cache: Path) -> None:
    """Pictures are decoded by another thread."""
    with pytest.raises(IndexError, match="7"):
        ImageFeatures(clip).of(Tiles(7), [0, 7])


def test_vocabularies_are_encoded_once(clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    first = word_features(clip, ["cat", "dog"], ["{}", "a {}"])
    other = word_features(clip, ["cat", "dog"], ["{}"])
    assert not torch.allclose(first, other)
    monkeypatch.setattr(Clip, "encode_words", lambda *_: pytest.fail("encoded again"))
    assert torch.equal(word_features(clip, ["cat", "dog"], ["{}", "a {}"]), first)
