"""What was pulled from a platform is taken in once, with the platform's teams and times."""

import hashlib

import pytest

from zcnas.errors import ResultsError
from zcnas.organiser.platforms.home.pulled import Pulled, PulledSubmission, file_of, store
from zcnas.organiser.serving.pulled import take_pulled

from .conftest import PREDICTOR, zipped


@pytest.fixture
def pull(tmp_path):
    """A function that pulls submissions as `zcnas pull` leaves them."""

    def pull(*contents, **changes):
        submissions = []
        for number, content in enumerate(contents):
            told = {
                "sha256": hashlib.sha256(content).hexdigest(),
                **changes.get(f"of_{number}", {}),
            }
            each = PulledSubmission(
                id=number, team="ada" if number < 2 else "e/ve", status="Finished",
                received_at=f"2026-05-0{number + 1}T12:00:00.5Z", **told,
            )  # fmt: skip
            path = file_of(tmp_path / "pulled", each)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            submissions.append(each)
        pulled = Pulled(
            site="https://codabench.example", competition=7, title="t", phase="practice",
            phase_id=1, pulled_at="2026-05-09T12:00:00Z", submissions=tuple(submissions),
        )  # fmt: skip
        store(tmp_path / "pulled", pulled)
        return tmp_path / "pulled"

    return pull


def test_each_is_taken_once_with_the_platforms_team_time_and_phase(pull, intake, store, layout):
    contents = [zipped(PREDICTOR.format(1)), zipped("class Other: pass\n")]
    folder = pull(*contents)
    good, bad = take_pulled(folder, intake, store)
    assert (good.team, good.phase, good.state) == ("ada", "practice", "waiting")
    assert good.received_at == "2026-05-01T12:00:00+00:00"
    assert layout.archive(good.name).read_bytes() == contents[0]
    assert bad.state == "refused"
    assert "does not define a class ZeroCostPredictor" in bad.note
    assert take_pulled(folder, intake, store) == []
    pull(*contents, zipped(PREDICTOR.format(3)))
    (new,) = take_pulled(folder, intake, store)
    assert (new.team, new.name) == ("e/ve", "e_ve-3"), "a team's name leads nowhere else"
    assert folder.joinpath("submissions", "ada-0.zip").is_file(), "the pulled folder stays whole"


def test_what_failed_there_is_deleted_or_half_fetched_is_passed_over(pull, intake, store):
    content = zipped()
    folder = pull(content, content, content, of_0={"deleted": True}, of_2={"sha256": ""})
    (folder / "submissions" / "ada-1.zip").write_bytes(content[:50])
    assert take_pulled(folder, intake, store) == []


def test_a_folder_that_was_not_pulled_is_refused(intake, store, tmp_path):
    with pytest.raises(ResultsError, match="has no pull.json; fill it with `zcnas pull"):
        take_pulled(tmp_path, intake, store)
