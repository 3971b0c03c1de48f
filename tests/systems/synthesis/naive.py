"""MIND as the formula is written, pixel by pixel: what tests and the benchmark hold the fast one to."""

import itertools
import math

import numpy as np


def naive_mind(image, region, patch, sigma, floor):
    """(features, *space) of one image, (*space), in double precision."""
    shape, space = image.shape, image.ndim
    reach, half = region // 2, patch // 2
    weights = {p: math.exp(-sum(q * q for q in p) / (2 * sigma**2)) for p in around(half, space)}
    total = sum(weights.values())

    def at(x):
        return image[tuple(min(max(c, 0), n - 1) for c, n in zip(x, shape))]

    def distance(x, y):
        return sum(w * (at(plus(x, p)) - at(plus(y, p))) ** 2 for p, w in weights.items()) / total

    shifts = around(reach, space)
    features = np.zeros((len(shifts), *shape))
    near = [a for a in shifts if sum(map(abs, a)) == 1]
    for x in itertools.product(*map(range, shape)):
        V = sum(distance(x, plus(x, n)) for n in near) / len(near) + floor
        values = np.array([math.exp(-distance(x, plus(x, a)) / V) for a in shifts])
        features[(slice(None), *x)] = values / values.sum()
    return features


def around(reach, space):
    return list(itertools.product(range(-reach, reach + 1), repeat=space))


def plus(x, a):
    return tuple(p + q for p, q in zip(x, a))
