"""The free pictures inside scikit-image: photographs to learn from that anybody may use."""

from importlib.util import find_spec
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from minimand.io import InputError, read_images

# In the public domain, under CC0 or without known restrictions by the notes in skimage.data (0.26), and in its wheel.
NAMES = (
    "astronaut.png", "brick.png", "camera.png", "cell.png", "chelsea.png", "clock_motion.png", "coffee.png",
    "coins.png", "grass.png", "gravel.png", "hubble_deep_field.jpg", "ihc.png", "retina.jpg", "rocket.jpg", "text.png",
)  # fmt: skip


def free_pictures() -> list[Tensor]:
    """Luminance of each picture at half and at full size, (height, width), float32, from 0 to 1.

    Half size comes by averaging 2 x 2 pixels: sharper than what a camera gives, as small pictures are.
    Raises InputError where scikit-image is not installed.
    """
    found = find_spec("skimage")
    if found is None or found.origin is None:
        raise InputError("free-pictures: are inside scikit-image, which is not here; install scikit-image.")
    folder = Path(found.origin).parent / "data"
    whole = []
    for name in NAMES:
        if not (folder / name).is_file():
            raise InputError(f"free-pictures: this scikit-image lacks {name}; install scikit-image 0.26.")
        whole.append(torch.from_numpy(read_images(folder / name).arrays[0]).float() / 255)
    return [size for picture in whole for size in (F.avg_pool2d(picture[None, None], 2)[0, 0], picture)]
