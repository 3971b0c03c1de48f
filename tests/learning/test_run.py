"""A run on disk: what is refused before it begins, and what its card says."""

import pytest
import torch

from minimand.io import InputError
from minimand.learning import Run
from minimand.weights import load_weights


def test_an_interrupted_run_is_not_lost_by_mistake(tmp_path):
    output, checkpoint = tmp_path / "w.safetensors", tmp_path / "w.checkpoint"
    Run(output).check()
    with pytest.raises(InputError, match="there is no checkpoint to resume from"):
        Run(output, resume=True).check()
    checkpoint.touch()
    Run(output, resume=True).check()
    Run(output, force=True).check()
    with pytest.raises(InputError, match="an interrupted run lies here"):
        Run(output).check()


def test_the_card_tells_the_run_and_the_checkpoint_goes(tmp_path):
    run = Run(tmp_path / "mine.safetensors", "minimand train it", "CC0", research=True)
    run.checkpoint.touch()
    run.save(torch.nn.Linear(2, 1), {"network": "linear", "arguments": {}, "training": {"seed": 3}})
    card = load_weights(run.output).card
    assert card["training"] == {"command": "minimand train it", "licence": "CC0", "seed": 3}
    assert (card["name"], card["terms"], card["numbers"]) == ("mine", "research", 3)
    assert {"minimand", "torch", "numpy", "python"} <= set(card["versions"])
    assert not run.checkpoint.exists()
    with pytest.raises(InputError, match="exists"):
        run.check()
