"""`zcnas forge new` as an organiser types it."""

import pytest
from typer.testing import CliRunner

from zcnas.errors import UsageError
from zcnas.forge import run
from zcnas.forge.plan import FORGE, read_plan
from zcnas.organiser.cli.main import app


@pytest.fixture
def forge(tmp_path, monkeypatch):
    """Type a command; returns its output, raises its error."""
    monkeypatch.setenv("ZCNAS_DATA", str(tmp_path))

    def invoke(*arguments: str) -> str:
        result = CliRunner().invoke(app, ["forge", "new", *arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.output

    return invoke


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("Digits",), "cannot be called 'Digits'"),
        (("a", "--space", "transbench101_macro"), "256×256 photographs only"),
        (("a" * 12, "--space", "transbench101_micro"), "3 shorter"),
        (("a", "--part", "2/3"), "begin with part 1"),
        (
            ("a", "--task", "segment"),
            "networks of nasbench201 have no decoder.*transbench101_micro",
        ),
        (
            ("a", "--task", "segment", "--space", "transbench101_micro", "--data", "synthetic"),
            "nothing says what a pixel shows",
        ),
        (
            ("a", "--task", "reconstruct", "--space", "transbench101_micro", "--side", "14"),
            "multiple of 4; these are 14×14",
        ),
        (("a", "--part", "1/3", "--scheduler", "tcp://127.0.0.1:1"), "choose one"),
    ],
)
def test_what_cannot_be_forged_is_refused_before_anything_is_made(
    forge, tmp_path, options, problem
):
    with pytest.raises(UsageError, match=problem):
        forge(*options)
    assert not list(tmp_path.rglob(FORGE))


def test_the_secret_is_another_for_every_forge(forge, tmp_path, monkeypatch):
    monkeypatch.setattr(run.Forge, "run", lambda self, to: None)
    for name in ("a", "b"):
        forge(name, "--architectures", "4")
    first, second = (read_plan(tmp_path / "forged" / name) for name in ("a", "b"))
    assert first.seed != second.seed
    assert len(first.seed) == 64
