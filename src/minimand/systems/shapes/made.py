"""Made shapes: tubes of several kinds, each in several poses, for a look at search without a collection."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from jaxtyping import Float

from minimand.io.meshes import Mesh
from minimand.systems.shapes.collection import Entry

RINGS, AROUND = 34, 12  # coarse: its spectrum takes a fortieth of a second
POSES = (0.4, 1.1, 1.8, 2.5)  # radians by which the axis of a tube is bent
Profile = Callable[[Float[np.ndarray, " rings"]], Float[np.ndarray, " rings"]]


def bump(t: Float[np.ndarray, " rings"], place: float, width: float) -> Float[np.ndarray, " rings"]:
    """A Gaussian along the axis, which goes from 0 to 1."""
    return np.exp(-((t - place) ** 2) / (2 * width**2))


# thickness along the axis, before the ends are made round
KINDS: Mapping[str, Profile] = {
    "worm": lambda t: 0.12 + 0.10 * bump(t, 0.35, 0.07),
    "dumb-bell": lambda t: 0.08 + 0.16 * (bump(t, 0.12, 0.07) + bump(t, 0.88, 0.07)),
    "pearls": lambda t: 0.07 + 0.10 * np.cos(3 * np.pi * t) ** 2,
    "bottle": lambda t: 0.08 + 0.16 / (1 + np.exp((t - 0.55) / 0.03)),
    "spindle": lambda t: 0.05 + 0.22 * np.sin(np.pi * t) ** 2,
    "club": lambda t: 0.07 + 0.20 * t**3,
}


def tube(
    bend: float, profile: Profile, *, length: float = 2.0, rings: int = RINGS, around: int = AROUND, twist: float = 0.0
) -> Mesh:
    """A closed tube whose axis is an arc of `bend` radians: bending hardly changes distances along the surface.

    profile: its radius from one end (0) to the other (1), small at both; twist: radians by which the arc leaves its
    plane.
    """
    t = (np.arange(rings) + 0.5) / rings
    radius = profile(t)
    angle, phi = bend * (t - 0.5), 2 * np.pi * np.arange(around) / around
    centre = length / bend * np.stack([np.sin(angle), np.cos(angle) - 1], 1)
    side = np.stack([np.sin(angle), np.cos(angle)], 1)
    xy = centre[:, None] + radius[:, None, None] * np.cos(phi)[None, :, None] * side[:, None]
    z = radius[:, None] * np.sin(phi)
    lean = twist * (t - 0.5)[:, None]
    x, y = xy[..., 0], np.cos(lean) * xy[..., 1] - np.sin(lean) * z
    vertices = np.stack([x, y, np.sin(lean) * xy[..., 1] + np.cos(lean) * z], 2).reshape(-1, 3)
    a = np.arange(rings * around).reshape(rings, around)
    p, q, r, s = a[:-1], a[1:], np.roll(a[1:], -1, 1), np.roll(a[:-1], -1, 1)
    faces = [np.stack(f, 2).reshape(-1, 3) for f in ((p, q, r), (p, r, s))]
    caps = [np.stack([np.full(around - 2, ring[0]), ring[1:-1], ring[2:]], 1) for ring in (a[0], a[-1][::-1])]
    return Mesh(vertices, np.concatenate([*faces, *caps]))


def rounded(kind: str) -> Profile:
    """The radius of a kind with round ends."""
    return lambda t: KINDS[kind](t) * np.sin(np.pi * t) ** 0.4


def made_collection() -> list[Entry]:
    """Every kind in four poses, each meshed anew; the kind is the class."""
    return [
        Entry(f"{kind} {k}", kind, "", partial(tube, bend, rounded(kind), rings=RINGS + k, twist=0.3 * k))
        for kind in KINDS
        for k, bend in enumerate(POSES, 1)
    ]


def made_query() -> Mesh:
    """A worm in a pose that the collection does not have."""
    return tube(3.0, rounded("worm"), rings=RINGS + 3, around=AROUND + 1, twist=0.9)
