"""`minimand match`: who is whom in two point sets or on two surfaces."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from minimand.commands.options import Force, Json


def match(
    a: Annotated[Path, Argument(metavar="A", help="A shape (.off .obj .ply .stl), or points: (n, d) as .npy.")],
    b: Annotated[Path, Argument(metavar="B", help="Another of the same kind.")],
    method: Annotated[
        str | None,
        Option(metavar="NAME", help="For points: tensor, matrix or mean-field [default: tensor]; shapes: mean-field."),
    ] = None,
    points: Annotated[int, Option(metavar="N", help="Landmarks of a shape.", min=3, max=60)] = 30,
    picture: Annotated[Path | None, Option(metavar="PNG", help="Write a picture of the correspondences.")] = None,
    json: Json = False,
    force: Force = False,
) -> None:
    """Match two shapes or point sets: `minimand match left.off right.off --picture pairs.png`.

    Surfaces are matched at landmarks, by how they look and by their distances along the surface; points by triangles of
    equal angles (tensor), whatever the scale, or by equal distances (matrix, mean-field).
    """
    from minimand.commands.console import note, print_json
    from minimand.io import check_output
    from minimand.systems.shapes.pairs import draw, matched

    if picture:
        check_output(picture, force)
    found = matched(a, b, method, points)
    for text in found.notes:
        note(text)
    if picture:
        draw(picture, found, force=force)
        note(f"picture: {picture}")
    if json:
        print_json(found.as_json())
        return
    print(f"{len(found.pairs)} pairs by {found.method}: point of {a.name}, of {b.name}, how sure")
    for i, j, sure in found.pairs:
        print(f"{i:>6}  {j:>6}  {sure:5.2f}")
