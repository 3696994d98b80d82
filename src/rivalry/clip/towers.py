"""CLIP: images and texts in one space, by any model of open_clip.

Radford et al., "Learning Transferable Visual Models From Natural Language Supervision" (ICML 2021).

Pictures come as uint8 tensors and are prepared on the device as the model wants them: antialiased resize, crop or
padding, its own mean and deviation. Texts of several templates are averaged on the sphere, as open_clip's zero-shot
classifier does.
"""

from __future__ import annotations

import difflib
import functools
import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, final

import open_clip
import torch
from jaxtyping import Float, UInt8
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.nn import functional
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as transforms

from rivalry.data.paths import expand
from rivalry.numerics.fingerprint import state_fingerprint

LOCAL = "local-dir:"
_BATCH = 256
_log = logging.getLogger(__name__)


class Preparation(NamedTuple):
    """How a CLIP wants its pictures.

    Attributes:
        size: Height and width.
        mean: Of each channel, of pictures in [0, 1].
        std: Of each channel.
        interpolation: ``bicubic`` or ``bilinear``.
        resize_mode: ``shortest`` side fits and the rest is cropped, ``longest`` fits and the rest is filled, or
            ``squash`` both.
        fill: Value of padding, 0 to 255.
    """

    size: tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    interpolation: str = "bicubic"
    resize_mode: str = "shortest"
    fill: int = 0


@final
class Clip:
    """A CLIP that is only read. See :func:`load_clip`.

    Args:
        name: What it was loaded by.
        model: open_clip's model, on its device.
        tokenizer: open_clip's tokenizer.
    """

    def __init__(self, name: str, model: nn.Module, tokenizer: Any) -> None:
        self.name = name
        self.model: Any = model.eval().requires_grad_(False)
        self.tokenizer = tokenizer
        self.preparation = _preparation(open_clip.get_model_preprocess_cfg(model))
        self.device = next(model.parameters()).device

    @functools.cached_property
    def fingerprint(self) -> str:
        """Hex digest of all that decides what features are: weights, preparation, tokenizer."""
        digest = hashlib.sha256(json.dumps(self.preparation).encode())
        digest.update(f"{type(self.tokenizer).__name__} {self.tokenizer.context_length}".encode())
        digest.update(state_fingerprint(self.model).encode())
        return digest.hexdigest()

    @functools.cached_property
    def width(self) -> int:
        """Numbers in a feature."""
        return self.encode_texts([""]).shape[1]

    @torch.no_grad()
    def encode_prepared(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch features"]:
        """Features of unit length, on the CLIP's device, of pictures that :func:`prepare` has prepared."""
        parts = [self.model.encode_image(part, normalize=True) for part in images.split(_BATCH)]  # type: ignore[no-untyped-call]
        return torch.cat(parts).float()

    @torch.no_grad()
    def encode_texts(self, texts: Sequence[str]) -> Float[Tensor, "batch features"]:
        """Features of unit length, on the CLIP's device."""
        parts = [
            self.model.encode_text(self.tokenizer(list(texts[start : start + _BATCH])).to(self.device), normalize=True)
            for start in range(0, len(texts), _BATCH)
        ]
        return torch.cat(parts).float()

    def encode_words(self, words: Sequence[str], templates: Sequence[str]) -> Float[Tensor, "concepts features"]:
        """Features of words: the mean over templates, made of unit length again.

        Args:
            words: What is put into the templates.
            templates: Texts with one ``{}`` each.

        Raises:
            ValueError: If a template has no place for the word.
        """
        check_templates(templates)
        texts = [template.replace("{}", word) for word in words for template in templates]
        features = self.encode_texts(texts).view(len(words), len(templates), -1)
        return functional.normalize(features.mean(1), dim=1)


def check_templates(templates: Sequence[str]) -> None:
    """Raise a ``ValueError`` where there is no template, or one without a place for the word."""
    if isinstance(templates, str) or not templates or any("{}" not in template for template in templates):
        raise ValueError(
            f"templates are texts with a '{{}}' for the word, such as 'a photo of a {{}}'; got {templates!r}"
        )


def prepare(
    images: UInt8[Tensor, "batch 3 height width"], preparation: Preparation
) -> Float[Tensor, "batch 3 rows columns"]:
    """Resize pictures as a CLIP wants them, with antialiasing and rounding as Pillow, and normalise them."""
    images = _resize(images, preparation)
    mean, std = (images.new_tensor(values, dtype=torch.float32)[:, None, None] for values in preparation[1:3])
    return (images.float() / 255 - mean) / std


def check_clip(source: str) -> None:
    """Raise a ``ValueError`` for what :func:`load_clip` cannot load, without loading any weights."""
    name, weights = _find(source)
    if weights is None:
        _refuse_other_shapes(name)


@functools.lru_cache(maxsize=4)
def load_clip(source: str, device: str = "cpu") -> Clip:
    """Load a CLIP, once a process.

    Args:
        source: A folder in open_clip's format, plain or as ``local-dir:PATH`` (nothing is ever downloaded then), with
            ``~`` and environment variables such as ``${MODELS}``; or a model and its weights by open_clip's names,
            ``MODEL/WEIGHTS`` such as ``ViT-B-32/openai`` (open_clip fetches them when it has not got them, which is
            said in one line).
        device: Where it is to work.

    Raises:
        ValueError: If the folder lacks a file or would need a download, an environment variable is not set, or no such
            model or weights are known.
    """
    name, weights = _find(source)
    if weights is not None:
        _log.warning("Loading CLIP %s by open_clip; weights that are not on this machine yet are downloaded.", source)
    # What is made in inference mode could not be used outside of it; and weights are drawn before the file's come.
    with torch.inference_mode(False), torch.random.fork_rng(devices=[]):
        model = open_clip.create_model(name, pretrained=weights, device=device)
    return Clip(source, model, open_clip.get_tokenizer(name))


def _preparation(config: dict[str, Any]) -> Preparation:
    size = config["size"]
    return Preparation(
        size=(size, size) if isinstance(size, int) else (size[0], size[1]),
        mean=tuple(config["mean"]),
        std=tuple(config["std"]),
        interpolation=config.get("interpolation", "bicubic"),
        resize_mode=config.get("resize_mode", "shortest"),
        fill=config.get("fill_color", 0),
    )


def _resize(images: Tensor, preparation: Preparation) -> Tensor:
    """The picture at the wanted size, by the wanted way; untouched where it has that size already."""
    wanted, given = preparation.size, (images.shape[-2], images.shape[-1])
    if given == wanted:
        return images
    ratios = [have / want for have, want in zip(given, wanted, strict=True)]
    mode, size = preparation.resize_mode, list(wanted)
    if mode != "squash":
        size = [round(have / (max(ratios) if mode == "longest" else min(ratios))) for have in given]
    if mode == "shortest" and wanted[0] == wanted[1]:
        size = [wanted[0]]  # torchvision's own way for squares; it rounds the longer side down
    interpolation = InterpolationMode(preparation.interpolation)
    resized: Tensor = transforms.resize(images, size, interpolation=interpolation, antialias=True)
    down, right = (max(want - have, 0) for want, have in zip(wanted, resized.shape[-2:], strict=True))
    border = [right // 2, down // 2, right - right // 2, down - down // 2]
    filled: Tensor = transforms.pad(resized, border, fill=preparation.fill)
    cropped: Tensor = transforms.center_crop(filled, list(wanted))
    return cropped


def _find(source: str) -> tuple[str, str | None]:
    """Model and weights by open_clip's names; no weights where they are in the model's folder."""
    folder = expand(source.removeprefix(LOCAL))
    if not source.startswith(LOCAL) and not folder.is_dir():
        return _known(source)
    _refuse_incomplete(folder)
    return f"{LOCAL}{folder}", None


def _refuse_incomplete(folder: Path) -> None:
    wanted = ("open_clip_config.json", "open_clip_model.safetensors")
    missing = [file for file in wanted if not (folder / file).is_file()]
    if missing:
        raise ValueError(f"a CLIP folder holds {' and '.join(wanted)}; {folder} lacks {' and '.join(missing)}")
    text = json.loads((folder / wanted[0]).read_text(encoding="utf-8")).get("model_cfg", {}).get("text_cfg", {})
    if text.get("hf_model_name"):
        raise ValueError(
            f"the text tower of {folder} is {text['hf_model_name']!r} of Hugging Face: it needs a download"
        )
    if text.get("hf_tokenizer_name") and not any(folder.glob("tokenizer*")):
        raise ValueError(f"{folder} lacks its tokenizer's files; {text['hf_tokenizer_name']!r} would be downloaded")


def _refuse_other_shapes(name: str) -> None:
    """Compare the weights in a folder, by name and shape, with the model that its configuration describes."""
    file = Path(name.removeprefix(LOCAL)) / "open_clip_model.safetensors"
    try:
        with safe_open(file, framework="pt") as content:
            there = {key: tuple(content.get_slice(key).get_shape()) for key in content.keys()}  # noqa: SIM118 (no mapping)
    except (OSError, SafetensorError) as error:
        raise ValueError(f"the CLIP's weights in {file} cannot be read: {error}") from error
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)  # open_clip warns of what has no weights
    try:
        with torch.random.fork_rng(devices=[]):  # weights are drawn all the same; training shall not notice
            model = open_clip.create_model(name, load_weights=False, device="meta")
    finally:
        logging.disable(disabled)
    here = {key: tuple(value.shape) for key, value in model.state_dict().items()}
    unlike = [f"{key} is {there[key]}, wanted {here[key]}" for key in here if there.get(key, here[key]) != here[key]]
    unlike += [f"{key} is missing" for key in here if key not in there]
    if unlike:
        more = f" and {len(unlike) - 3} more" if len(unlike) > 3 else ""
        raise ValueError(f"the CLIP's weights in {file} do not fit its configuration: {', '.join(unlike[:3])}{more}")


def _known(source: str) -> tuple[str, str]:
    known = [f"{model}/{weights}" for model, weights in open_clip.list_pretrained()]
    if source not in known:
        near = difflib.get_close_matches(source, known, n=4, cutoff=0.4)
        hint = f"; close are {', '.join(near)}" if near else ""
        raise ValueError(f"{source!r} is neither a folder nor MODEL/WEIGHTS of open_clip{hint}")
    model, _, weights = source.rpartition("/")
    return model, weights
