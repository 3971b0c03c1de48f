"""The tufted cover of a triangle mesh, two sheets glued so that every edge has two triangles, and Delaunay flips."""

from collections import deque

import numpy as np
from jaxtyping import Float, Int

Faces = Int[np.ndarray, "faces 3"]
Lengths = Float[np.ndarray, "faces 3"]  # of the sides from corner 0 to 1, 1 to 2 and 2 to 0
Glue = Int[np.ndarray, "faces 3"]  # the side each side is glued to, as 3 face + side

CLEAR = 1e-10  # by which the cotangents at an edge must be negative before it is flipped
PATIENCE = 60  # flips for every triangle; far more than needed, but rounding could go round in circles


def tufted_cover(faces: Faces) -> tuple[Int[np.ndarray, "twice 3"], Int[np.ndarray, "twice 3"]]:
    """Triangles of the cover, first as given, then turned over; and to which side each of their sides is glued.

    At an edge of n triangles, whatever their number and the way they go round, the sheet of each that runs along the
    edge is glued to that of the next that runs against it: a border is glued to itself, a sound edge gives two sheets
    that do not meet. Source: Sharp and Crane (2020), sec. 4.2; the order at an edge is that of the triangles' numbers.
    """
    cover = np.concatenate([faces, faces[:, [1, 0, 2]]])
    n, count = len(faces), 3 * len(faces)
    side = np.arange(count)
    # a side from a to b of a triangle is the same side from b to a of its other sheet, whose sides are 0, 2, 1
    face, k = np.divmod(side, 3)
    turned = 3 * (face + n) + np.array([0, 2, 1])[k]
    tail, head = faces[face, k], faces[face, (k + 1) % 3]
    up = tail < head
    along, against = np.where(up, side, turned), np.where(up, turned, side)
    order = np.lexsort((face, np.maximum(tail, head), np.minimum(tail, head)))
    ends = np.stack([np.minimum(tail, head), np.maximum(tail, head)], axis=1)[order]
    first = np.r_[True, (np.diff(ends, axis=0) != 0).any(1)]
    start = np.flatnonzero(first)
    following = np.arange(1, count + 1)
    following[np.r_[start[1:], count] - 1] = start  # the last at an edge goes on to the first
    glue = np.empty(2 * count, np.int64)
    here, there = along[order], against[order][following]
    glue[here], glue[there] = there, here
    return cover, glue.reshape(-1, 3)


def delaunay(faces: Faces, lengths: Lengths, glue: Glue) -> tuple[Faces, Lengths]:
    """Triangles of the same flat pieces, edges flipped until the cotangents at each have a sum that is not negative.

    faces, glue: without borders, neighbours running against one another along their side, as a cover is. Corners of a
    triangle may become the same vertex. Raises ArithmeticError where that does not end.
    Source: Bobenko and Springborn (2007); Fisher, Springborn, Bobenko, Schroeder (2006), for the flips.
    """
    sides, glued, corners = lengths.ravel().tolist(), glue.ravel().tolist(), faces.ravel().tolist()
    cotangents = corner_cotangents(lengths)[:, [2, 0, 1]].ravel()  # opposite to each side
    bad = np.flatnonzero(cotangents + cotangents[glue.ravel()] < -CLEAR)
    waiting, left = deque(bad.tolist()), PATIENCE * len(faces)
    while waiting:
        s = waiting.popleft()
        if _cotangent(sides, s) + _cotangent(sides, glued[s]) >= -CLEAR:
            continue
        left -= 1
        if left < 0:
            raise ArithmeticError("the triangulation did not become Delaunay; the mesh has too many needles.")
        waiting.extend(_flip(corners, sides, glued, s))
    return np.array(corners).reshape(-1, 3), np.array(sides).reshape(-1, 3)


def corner_cotangents(lengths: Lengths) -> Float[np.ndarray, "faces 3"]:
    """Cotangents at corners 0, 1 and 2, of triangles with an area."""
    squares = lengths[:, [1, 2, 0]] ** 2  # opposite to the corners
    return (squares.sum(1, keepdims=True) - 2 * squares) / (4 * heron(lengths)[:, None])


def heron(lengths: Lengths) -> Float[np.ndarray, " faces"]:
    """Areas of triangles by their sides. Source: Kahan's form, stable for needles."""
    a, b, c = np.sort(lengths, axis=1)[:, ::-1].T
    area: Float[np.ndarray, " faces"] = 0.25 * np.sqrt((a + (b + c)) * (c - (a - b)) * (c + (a - b)) * (a + (b - c)))
    return area


def _around(s: int) -> tuple[int, int]:
    """The two sides after side s of its triangle."""
    first = s - s % 3
    return first + (s + 1) % 3, first + (s + 2) % 3


def _cotangent(sides: list[float], s: int) -> float:
    """Of the angle opposite to side s."""
    i, j = _around(s)
    a, b, c = sides[s], sides[i], sides[j]
    area = max((a + b + c) * (b + c - a) * (a - b + c) * (a + b - c), 1e-300) ** 0.5  # four times
    return (b * b + c * c - a * a) / area


def _flip(corners: list[int], sides: list[float], glued: list[int], s: int) -> list[int]:
    """Turn the edge at side s to the other two corners of its two triangles; returns the four sides around them."""
    t = glued[s]
    s2, s3 = _around(s)
    s4, s5 = _around(t)
    v0, v1, v2, v3 = corners[s], corners[s2], corners[s3], corners[s5]
    across = _diagonal(sides[s], sides[s2], sides[s3], sides[s4], sides[s5])
    f, g = s - s % 3, t - t % 3
    moved = {s2: g + 2, s3: f + 1, s4: f + 2, s5: g + 1}
    outer = {moved[k]: moved.get(glued[k], glued[k]) for k in moved}
    l2, l3, l4, l5 = sides[s2], sides[s3], sides[s4], sides[s5]
    corners[f : f + 3], corners[g : g + 3] = [v3, v2, v0], [v2, v3, v1]
    sides[f : f + 3], sides[g : g + 3] = [across, l3, l4], [across, l5, l2]
    glued[f], glued[g] = g, f
    for here, there in outer.items():
        glued[here], glued[there] = there, here
    return list(outer)


def _diagonal(edge: float, b: float, a: float, d: float, c: float) -> float:
    """Distance of the corners opposite to an edge from v0 to v1, laid flat: a and d reach v0, b and c reach v1."""
    x, z = (edge**2 + a**2 - b**2) / (2 * edge), (edge**2 + d**2 - c**2) / (2 * edge)
    y, w = max(a**2 - x**2, 0.0) ** 0.5, max(d**2 - z**2, 0.0) ** 0.5
    distance: float = ((x - z) ** 2 + (y + w) ** 2) ** 0.5
    return distance
