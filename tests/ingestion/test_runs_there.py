"""What runs here runs there: a plain process refuses what the image would, and says what to do."""

from zcnas.isolation.packages import image_modules
from zcnas.isolation.process import ProcessIsolation

HEAD = "class ZeroCostPredictor:\n    def query(self, graph, dataloader=None):\n        "


def ask(ingest_source, body, head=HEAD, **more):
    isolation = ProcessIsolation(image_modules())
    (prediction, *_), _, _ = ingest_source(
        head + body + "\n        return 1.0\n", isolation, **more
    )
    return prediction.status, prediction.message


def test_a_package_of_this_machine_alone_is_an_error_and_the_images_are_found(ingest_source):
    status, message = ask(ingest_source, "import scipy.stats, matplotlib.pyplot; import yaml")
    assert status == "error"
    assert message.startswith("ModuleNotFoundError: No module named 'yaml' where submissions run")
    assert message.endswith("(predictor.py, line 3)")


def test_a_breakpoint_says_where_a_debugger_runs(ingest_source):
    for body in ("breakpoint()", "import pdb; pdb.set_trace()"):
        status, message = ask(ingest_source, body)
        assert status == "error"
        assert "`zcnas try` runs yours here" in message


def test_using_the_stub_of_torchvision_says_what_is_missing(ingest_source):
    imports = "import torchvision.transforms as T\nfrom torchvision import datasets\n"
    assert ask(ingest_source, "pass", imports + HEAD) == ("ok", "")
    status, message = ask(ingest_source, "T.ToTensor()", imports + HEAD)
    assert status == "error"
    assert "torchvision.transforms.ToTensor is not in the image" in message
    assert "predictor.py, line 5" in message


def test_relative_imports_of_the_entry_point_work(ingest_source, tmp_path):
    (tmp_path / "submission").mkdir()
    (tmp_path / "submission" / "parts.py").write_text("offset = 2.0\n")
    assert ask(ingest_source, "assert offset == 2.0", "from .parts import offset\n" + HEAD) == (
        "ok", "",
    )  # fmt: skip
