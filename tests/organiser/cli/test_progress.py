"""A run as it is shown: lines without a terminal, bars with one."""

import io

from rich.console import Console

from zcnas.organiser.cli.progress import Bars, Lines, watch_run
from zcnas.words.records import Prediction

OK = Prediction(id="0000000a", status="ok", score=1.0)
FAILED = Prediction(id="0000000b", status="error", message="no")


def shown(terminal, names, steps, total=2):
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=100, color_system=None)
    with watch_run(console, names, total) as watch:
        for step in steps:
            watch.advance(*step)
    return out.getvalue()


STEPS = [
    ("ada", "nasbench201_cifar10", None),
    ("ada", "nasbench201_cifar10", OK),
    ("ada", "nasbench201_cifar10", FAILED),
    ("grace", "nasbench201_cifar10", None),
    ("grace", "nasbench201_cifar10", OK),
]


def test_without_a_terminal_there_are_plain_lines_and_no_control_characters():
    text = shown(False, ["ada", "grace"], STEPS)
    assert "ada: started" in text
    assert "ada: done, 1 of 2 architectures failed" in text
    assert "grace: done" not in text
    assert "3 of 4 architectures" in text
    assert "\x1b" not in text
    assert "\r" not in text


def test_a_line_of_the_whole_run_comes_every_minute(monkeypatch):
    monkeypatch.setattr("zcnas.organiser.cli.progress.LINE_INTERVAL_S", 0.0)
    text = shown(False, ["ada", "grace"], STEPS)
    assert text.count("of 4 architectures,") == 4, "one per prediction, and the last"
    assert "min left" in text


def test_waiting_for_a_cpu_is_not_counted_as_work(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("zcnas.organiser.cli.progress.time.monotonic", lambda: clock[0])
    monkeypatch.setattr("zcnas.organiser.cli.progress.LINE_INTERVAL_S", 0.0)
    out = io.StringIO()
    with watch_run(Console(file=out, width=100), ["ada", "grace"], 60) as watch:
        watch.advance("ada", "nasbench201_cifar10", None)
        watch.waiting("waiting for a CPU: CPU 0 is held by process 9")
        clock[0] = 3600.0
        watch.waiting("")
        clock[0] = 3602.0
        watch.advance("ada", "nasbench201_cifar10", OK)
        assert "1 of 120 architectures, 30/min, about 4 min left" in out.getvalue()
        watch.waiting("waiting for a CPU: CPU 0 is held by process 9")
        clock[0] = 3604.0
        watch.advance("ada", "nasbench201_cifar10", OK)
        assert "2 of 120 architectures, 30/min" in out.getvalue(), "another job was at work"
        clock[0] = 7200.0
        watch.waiting("")
    assert out.getvalue().count("waiting for a CPU") == 1


def test_the_last_line_of_a_run_that_ended_promises_no_end():
    assert "min left" not in shown(False, ["ada", "grace"], STEPS)


def test_with_a_terminal_there_is_a_bar_for_all_and_one_per_submission():
    text = shown(True, ["ada", "grace"], STEPS)
    for part in ("all", "ada", "grace", "3/4", "2/2", "1/2", "1 failed"):
        assert part in text


def test_of_many_submissions_only_those_under_way_have_a_bar():
    names = [f"s{number:03d}" for number in range(100)]
    steps = [(name, "b", prediction) for name in names[:50] for prediction in (None, OK, OK)]
    text = shown(True, names, [*steps, ("s050", "b", None), ("s050", "b", OK)])
    last_frame = text[text.rfind("all") :]
    assert "101/200" in last_frame
    assert "s050" in last_frame
    assert "s049" not in last_frame
    assert "s099" not in last_frame


def test_the_console_decides_which():
    assert isinstance(watch_run(Console(force_terminal=True), [], 1), Bars)
    assert isinstance(watch_run(Console(file=io.StringIO()), [], 1), Lines)
