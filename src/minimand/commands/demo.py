"""`minimand demo`: the embedded example."""

from minimand.commands.options import Force, Json, Report


def demo(report: Report = None, json: Json = False, force: Force = False) -> None:
    """Reconstruct a real brain scan from a fifth of its k-space: `minimand demo --report demo-report`.

    The scan is the 4-D example inside nibabel (48 slices, 128 x 96); the methods are zero-filling, total variation and
    the shipped ADMM-Net and ADMM-CSNet, which have not seen it.
    """
    from minimand.commands.comparison import by_mask, run_comparison
    from minimand.systems.mri.demo import METHODS, SAMPLING, embedded_scan

    title = "Brain scan inside nibabel, a fifth of its k-space"
    run_comparison(
        title, embedded_scan(), by_mask(SAMPLING), ",".join(METHODS), None, report=report, json=json, force=force
    )
