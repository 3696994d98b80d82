"""From an encoded picture (JPEG, PNG, WebP …) to a ``uint8`` tensor, and many of them once and for all.

Decoding is the slow part of reading small pictures: CIFAR-10 comes at some ten thousand images a second and core. A set
that is small when decoded is therefore decoded once into one array on disk, which all processes map.
"""

import struct
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import UInt8
from PIL import Image
from torch import Tensor

from rivalry.cache import written_whole
from rivalry.data.square import Square


class UnreadableError(ValueError):
    """A picture is not there, or cannot be decoded to its end; the message names it."""


def decode(picture: bytes | Path, *, square: Square | None = None, name: str = "") -> UInt8[Tensor, "3 height width"]:
    """Decode one picture to red, green and blue.

    Args:
        picture: The encoded bytes, or the file that holds them.
        square: What is cut out of it. Without it the picture stays as it is.
        name: What the picture is called in an error; for a file its path.

    Raises:
        UnreadableError: If there is no such file, or it cannot be decoded, to its end; the message names the picture.
    """
    image = open_image(picture, name=name)
    return to_tensor(image if square is None else square.cut(image))


def open_image(picture: bytes | Path, *, name: str = "") -> Image.Image:
    """Decode one picture as :func:`decode` does, to Pillow's image in red, green and blue.

    Raises:
        UnreadableError: As :func:`decode`.
    """
    name = name or str(picture if isinstance(picture, Path) else "the picture")
    try:
        with Image.open(BytesIO(picture) if isinstance(picture, bytes) else picture) as opened:
            return opened.convert("RGB")
    except FileNotFoundError as error:
        raise UnreadableError(f"{name} is not there") from error
    except (OSError, SyntaxError, ValueError, EOFError, struct.error, Image.DecompressionBombError) as error:
        raise UnreadableError(f"{name} is no picture that can be decoded: {error}") from error


def to_tensor(image: Image.Image) -> UInt8[Tensor, "3 height width"]:
    """The pixels of a picture, in red, green and blue; a grey one has three equal channels.

    >>> to_tensor(Image.new("L", (2, 1), 7)).tolist()
    [[[7, 7]], [[7, 7]], [[7, 7]]]
    """
    coloured = image if image.mode == "RGB" else image.convert("RGB")
    return torch.from_numpy(np.array(coloured)).permute(2, 0, 1).contiguous()


def decode_once(
    folder: Path,
    pictures: Iterable[UInt8[Tensor, "3 height width"]],
    shape: tuple[int, int, int, int],
    names: Iterable[str],
) -> npt.NDArray[np.uint8]:
    """Return all pictures as one read-only array, mapped from a folder that is made where it is not there.

    Args:
        folder: Where the array is kept; its name holds a digest of everything that decides the pixels.
        pictures: The decoded pictures in order; asked for only where there is no such folder.
        shape: (samples, 3, height, width) they must have.
        names: What each picture is called in an error.

    Raises:
        ValueError: If a picture has another shape than the rest; the message names it.
    """
    if not folder.is_dir():
        with written_whole(folder) as draft:
            array = np.lib.format.open_memmap(draft / "images.npy", mode="w+", dtype=np.uint8, shape=shape)
            for row, (picture, name) in enumerate(zip(pictures, names, strict=True)):
                if picture.shape != shape[1:]:
                    raise ValueError(
                        f"{name} is {picture.shape[1]} × {picture.shape[2]} pixels and those before it {shape[2]} × "
                        f"{shape[3]}: give a size, to which all are resized"
                    )
                array[row] = picture
            array.flush()
    return np.load(folder / "images.npy", mmap_mode="r")  # type: ignore[no-any-return]
