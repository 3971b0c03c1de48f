"""`minimand tune`: search a classical method's numbers on training images."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from minimand.commands.options import Json, OperatorSpec, OptionalMask, Seed

if TYPE_CHECKING:
    from minimand.reconstruction.classical.tuning import Trial


def tune(
    method: Annotated[str, Argument(metavar="METHOD", help="tv, recpf, sidwt, ...")],
    data: Annotated[str, Option(metavar="IMAGES", help="Images to tune on: FILE[:KEY][SLICE], a folder or a pattern.")],
    mask: OptionalMask = None,
    operator: OperatorSpec = None,
    output: Annotated[
        Path | None, Option("-o", "--output", metavar="FILE", help="Keep the trials here (.json), and go on from them.")
    ] = None,
    evaluations: Annotated[int, Option(metavar="N", help="Settings tried for each parameter.", min=2, max=100)] = 8,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Tune a classical method: `minimand tune sidwt --data scans.npz:image[0:50] --mask radial:0.2 -o trials.json`.

    Golden sections on a logarithmic scale, one parameter after the other, for the best mean PSNR. Images are brought
    to maximum magnitude 1 (natural images, with --operator: to white 1) and measured as `compare` does.
    """
    from minimand.commands.comparison import by_mask, by_operator
    from minimand.commands.console import count, note, print_json
    from minimand.io import InputError, read_images
    from minimand.reconstruction.classical.trials import digest, read_trials, write_trials
    from minimand.reconstruction.classical.tuning import COMPRESSIVE, KSPACE, mean_psnr, search, tunable
    from minimand.reconstruction.compare import at_peak_one, measured_groups
    from minimand.reconstruction.methods import require_known

    require_known(method)
    if (mask is None) == (operator is None):
        raise InputError(f"tune needs --mask or --operator, got {'neither' if mask is None else 'both'}.")
    rival = tunable(method, KSPACE if operator is None else COMPRESSIVE)
    stack = read_images(data)
    way = by_mask(mask, seed=seed) if mask is not None else by_operator(str(operator), stack, seed=seed)
    images = at_peak_one(stack.arrays, way.peaks)
    about = {"method": method, "sampling": way.name, "seed": seed, "images": digest(images)}
    trials = read_trials(output, about) if output else []
    pairs = measured_groups(images, way.measure, seed)

    def keep(trial: "Trial") -> None:
        trials.append(trial)
        note(f"{_text(trial)} gives {trial.psnr:.3f} dB")
        if output:
            write_trials(output, about, trials)

    found = search(
        lambda settings: mean_psnr(rival, settings, pairs), rival.parameters,
        evaluations=evaluations, known=tuple(trials), show=keep,
    )  # fmt: skip
    if json:
        print_json({**about, "best": found[0]._asdict(), "trials": [t._asdict() for t in found]})
    else:
        print(f"{method}, {way.name}, {count(len(images), 'image')}: {_text(found[0])} gives {found[0].psnr:.3f} dB")


def _text(trial: "Trial") -> str:
    return ", ".join(f"{name} {value:g}" for name, value in trial.settings.items())
