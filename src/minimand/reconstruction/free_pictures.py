"""The free pictures inside scikit-image: photographs to learn from that anybody may use."""

from importlib.util import find_spec
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from minimand.io import InputError, read_images

# In the public domain, under CC0 or without known restrictions by the notes in skimage.data (0.26), and in its wheel;
# those that are most like a photograph at the end, where training takes its validation images.
NAMES = (
    "astronaut.png", "brick.png", "cell.png", "clock_motion.png", "coins.png", "grass.png", "gravel.png",
    "hubble_deep_field.jpg", "ihc.png", "retina.jpg", "text.png", "chelsea.png", "camera.png", "coffee.png",
    "rocket.jpg",
)  # fmt: skip
SIDE = 256  # of the squares that pictures are cut into
LARGEST = 1000  # side of a picture that is taken at full size


def free_pictures() -> list[Tensor]:
    """Luminance of each picture at half and at full size, cut into squares of 256 pixels; float32, from 0 to 1.

    Half size comes by averaging 2 x 2 pixels: sharper than what a camera gives, as small pictures are. A side shorter
    than 256 is kept whole. Raises InputError where scikit-image is not installed.
    """
    found = find_spec("skimage")
    if found is None or found.origin is None:
        raise InputError("free-pictures: are inside scikit-image, which is not here; install scikit-image.")
    folder = Path(found.origin).parent / "data"
    tiles = []
    for name in NAMES:
        if not (folder / name).is_file():
            raise InputError(f"free-pictures: this scikit-image lacks {name}; install scikit-image 0.26.")
        picture = torch.from_numpy(read_images(folder / name).arrays[0]).float() / 255
        if max(picture.shape) > LARGEST:
            picture = _half(picture)
        tiles += [*_squares(_half(picture)), *_squares(picture)]
    return tiles


def _half(picture: Tensor) -> Tensor:
    return F.avg_pool2d(picture[None, None], 2)[0, 0]


def _squares(picture: Tensor) -> list[Tensor]:
    """Squares side by side in the middle of a picture."""
    high, wide = (min(SIDE, n) for n in picture.shape)
    down, across = picture.shape[0] // high, picture.shape[1] // wide
    top, left = (picture.shape[0] - down * high) // 2, (picture.shape[1] - across * wide) // 2
    middle = picture[top : top + down * high, left : left + across * wide]
    return list(middle.unflatten(1, (across, wide)).unflatten(0, (down, high)).transpose(1, 2).flatten(0, 1))
