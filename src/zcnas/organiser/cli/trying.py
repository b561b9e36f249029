"""``zcnas try``: one query in this process, for looking into it."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zcnas.organiser.cli.options import (
    JsonOption,
    console,
    data_dir,
    path_argument,
    phases_file,
    print_record,
    say,
)
from zcnas.organiser.extras import require

if TYPE_CHECKING:
    from zcnas.participant.meter import PartUse
    from zcnas.participant.trial import Trial, Tried


def try_submission(
    submission: Annotated[Path, path_argument("Your folder, its predictor.py, or a zip.")],
    benchmark: Annotated[
        str, typer.Option(help="On which benchmark: any of the 28.")
    ] = "nasbench201_cifar10",
    architecture: Annotated[
        str, typer.Option(help="Id or spec of the network; the first of the practice phase.")
    ] = "",
    post_mortem: Annotated[
        bool, typer.Option("--pdb", help="Open the debugger where your code raises.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Run one query in this process, where breakpoint(), prints and tracebacks work."""
    require("torch", "trying a submission")
    from zcnas.participant.folders import submission_folder
    from zcnas.worker.contract import load_predictor

    with submission_folder(submission, say) as folder:
        try:
            predictor = load_predictor(folder)
        except Exception as error:  # noqa: BLE001 - the participant's module may raise anything
            _fail(error, folder, post_mortem=post_mortem)
        tried = try_predictor_here(predictor, folder, benchmark, architecture, post_mortem)
    if as_json:
        print_record({"benchmark": tried.benchmark, "architecture": tried.architecture,
                      "score": tried.score, "numbers": dict(tried.numbers),
                      "parts": dict(tried.parts)})  # fmt: skip


def try_file(file: str) -> None:
    """Do what ``zcnas try`` does with a submission's own file and the command line's options.

    Args:
        file: The entry point, as its ``__file__``.
    """
    from zcnas.organiser.cli.main import main

    sys.argv = ["zcnas", "try", file, *sys.argv[1:]]
    main()


def try_predictor_here(
    predictor: Any, folder: Path, benchmark: str, architecture: str, post_mortem: bool
) -> Tried:
    """Ask a predictor for one network and print score, time and memory.

    Raises:
        typer.Exit: It failed; the traceback is printed.
    """
    import torch

    from zcnas.datasets.frozen import load_minibatch_beside
    from zcnas.participant.trial import (
        PRACTICE,
        Trial,
        data_for,
        find_architecture,
        practice_inputs,
    )
    from zcnas.phases import load_phases
    from zcnas.words.resources import public_halves

    torch.set_num_threads(1)
    phases = load_phases(phases_file())
    practice, labels = practice_inputs()
    data = data_for(benchmark, phases, practice)
    chosen = find_architecture(data, architecture)
    console.print(f"{data.benchmark} {chosen.id}: {chosen.spec}", markup=False, highlight=False,
                  soft_wrap=True)  # fmt: skip
    try:
        minibatch = load_minibatch_beside(public_halves(PRACTICE)[0], data, data_dir())
        trial = Trial(predictor, data, minibatch, folder, labels.get(data.benchmark))
        (tried,) = trial.combine([trial.query(chosen, catch=False)], catch=False)
    except Exception as error:  # noqa: BLE001 - the participant's code may raise anything
        _fail(error, folder, post_mortem=post_mortem)
    _print(trial, tried)
    return tried


def _print(trial: Trial, tried: Tried) -> None:
    if tried.numbers:
        text = f"answer: {dict(tried.numbers)!r}"
        console.print(text, style="bold", markup=False, soft_wrap=True)
        console.print("combined, with this answer alone:", markup=False)
    console.print(f"score: {tried.score!r}", style="bold", markup=False)
    for name, use in {**trial.set_up.parts, **tried.parts}.items():
        console.print(f"  {name:<21}{_words(use)}", markup=False, highlight=False, soft_wrap=True)
    if trial.kept_networks:
        from zcnas.worker.labelled import KEEP_NUMBERS

        say(f"fit keeps {trial.kept_networks} networks, and every query inherits their memory: "
            f"{KEEP_NUMBERS}")  # fmt: skip
    text = f"images: {trial.minibatch.source}, batch of {trial.data.batch_size}"
    console.print(text, markup=False, style="dim", soft_wrap=True)


def _words(use: PartUse) -> str:
    return f"{use.wall_s:8.3f} s{use.cpu_s:8.3f} s CPU{use.peak_mib:9.0f} MiB at most"


def _fail(error: Exception, folder: Path, *, post_mortem: bool) -> Any:
    """Print a traceback from the participant's code on, and end with exit code 1."""
    from zcnas.worker.faults import classify, describe

    trace = error.__traceback__
    own = trace
    while own is not None and not Path(own.tb_frame.f_code.co_filename).is_relative_to(folder):
        own = own.tb_next
    sys.stderr.write("".join(traceback.format_exception(type(error), error, own or trace)))
    console.print(f"{classify(error)}: {describe(error, folder)}", style="red", markup=False,
                  soft_wrap=True)  # fmt: skip
    if post_mortem:
        import pdb

        pdb.post_mortem(own or trace)
    raise typer.Exit(1)
