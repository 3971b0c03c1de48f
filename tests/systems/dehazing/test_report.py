"""A photograph in the report stands upright."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from minimand.systems.dehazing.report import turned


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_as_their_tag_says(orientation):
    levels = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    picture = Image.fromarray(levels)
    picture.getexif()[274] = orientation
    upright = np.asarray(ImageOps.exif_transpose(picture))
    assert np.array_equal(turned(torch.from_numpy(levels).permute(2, 0, 1), orientation).permute(1, 2, 0), upright)
