"""Edits that break a bundle of ours, each with the rule that it breaks."""

from .edits import (
    KEY_PAGE,
    PROGRAM,
    PUBLIC,
    REFERENCE,
    both,
    change,
    copy,
    in_phase,
    inside,
    move,
    rewritten,
    within,
)

EDITS = {
    # Those that organisers made and that went through.
    "the final phase's reference as practice's public data": (
        change(PUBLIC, "public_data: reference_data_final.zip"),
        "own-secret",
    ),
    "another draw's reference": (
        copy("reference_data_practice.zip", "reference_data_development.zip"),
        "own-seal",
    ),
    "another draw's accuracies": (
        inside(
            REFERENCE.format("practice"),
            lambda inner: inner.update(
                {"nasbench201_cifar10.json": inner["nasbench201_cifar100.json"]}
            ),
        ),
        "own-halves",
    ),
    "another draw's networks": (
        inside(
            PROGRAM.format("final"),
            lambda inner: inner.__setitem__(
                "input_data/nasbench301_cifar10.json",
                inner["input_data/nasbench301_cifar10.json"].replace(b"conv_3x3", b"conv_5x5"),
            ),
        ),
        "own-halves",
    ),
    "a lost seal key": (
        inside(PROGRAM.format("final"), lambda inner: inner.pop("seal.key")),
        "own-seal",
    ),
    "hide_output: false in a none phase": (
        in_phase("Final", "hide_output: true", "hide_output: false"),
        "own-feedback",
    ),
    "hide_score_output left out in a none phase": (
        in_phase("Final", "  hide_score_output: true\n", ""),
        "own-feedback",
    ),
    "a visible leaderboard in a none phase": (
        within("leaderboards:", "hidden: true", "hidden: false"),
        "own-feedback",
    ),
    "make_programs_available": (
        change("make_programs_available: false", "make_programs_available: true"),
        "own-secret",
    ),
    "a misspelt column": (
        change("key: nasbench301_cifar10", "key: nasbench301_cifar_10"),
        "own-columns",
    ),
    "a missing column": (
        change(
            "  - index: 1\n    key: nasbench201_cifar10\n    title: NB201 C10\n    sorting: desc\n"
            "    precision: 4\n",
            "",
        ),
        "own-columns",
    ),
    "another column of index 0": (
        both(
            change("- index: 0\n    key: score", "- index: 1\n    key: score"),
            change(
                "- index: 1\n    key: nasbench201_cifar10\n",
                "- index: 0\n    key: nasbench201_cifar10\n",
            ),
        ),
        "own-columns",
    ),
    "a wrong submission rule": (
        change("submission_rule: Force_Latest_Multiple", "submission_rule: Force_Best"),
        "own-rule",
    ),
    "an unknown submission rule": (
        change("submission_rule: Force_Latest_Multiple", "submission_rule: Force_Latest"),
        "submission-rule-name",
    ),
    "a queue by name": (change("contact_email", "queue: our-queue\ncontact_email"), "queue"),
    "an address without @": (
        change("contact_email: organisers@example.org", "contact_email: organisers.example.org"),
        "contact-email",
    ),
    "no image": (change("docker_image: me/worker:1\n", ""), "own-image"),
    "an image of this machine": (
        change("docker_image: me/worker:1", "docker_image: zcnas-worker:latest"),
        "own-image",
    ),
    "a limit beyond the queue's": (
        in_phase("Practice", "execution_time_limit: 600", "execution_time_limit: 7200"),
        "own-limit",
    ),
    "dates in the past": (
        both(
            in_phase("Practice", "start: '2027", "start: '2025"),
            in_phase("Practice", "end: '2027", "end: '2025"),
        ),
        "phase-past",
    ),
    "a picture that is not in the bundle": (
        lambda files: files.__setitem__(
            KEY_PAGE, files[KEY_PAGE] + b'\n<p><img alt="" src="pictures/spaces.png"></p>\n'
        ),
        "page-picture",
    ),
    # More of these kinds.
    "development's reference as practice's": (
        within(
            "index: 0\n  name: Practice",
            "reference_data_practice.zip",
            "reference_data_development.zip",
        ),
        "own-seal",
    ),
    "the final phase's programs handed out": (
        change(PUBLIC, "public_data: ingestion_program_final.zip"),
        "own-secret",
    ),
    "a hidden phase hands out data": (
        in_phase("Final", "  starting_kit:", f"  {PUBLIC}\n  starting_kit:"),
        "own-secret",
    ),
    "the accuracies of a none phase": (
        inside(
            REFERENCE.format("final"),
            lambda inner: inner.update({"nasbench101_cifar10.json": b"{}"}),
        ),
        "own-secret",
    ),
    "a seal key in the starting kit": (
        move(REFERENCE.format("final"), "starting_kit.zip", "seal.key"),
        "own-secret",
    ),
    "a hidden phase's networks in the starting kit": (
        move(PROGRAM.format("final"), "starting_kit.zip", "input_data/nasbench101_cifar10.json"),
        "own-secret",
    ),
    "input data in a folder of its own": (
        change(
            "scoring_program: scoring_program.zip",
            "scoring_program: scoring_program.zip\n  input_data: public_data_practice.zip",
        ),
        "own-layout",
    ),
    "a draw seed in a bundle": (
        inside(REFERENCE.format("final"), rewritten("phase.json", draw_seed="secret")),
        "own-secret",
    ),
    "the draw seed's file": (
        lambda files: files.__setitem__("draws/final/draw_seed", b"5f" * 32),
        "own-secret",
    ),
    "another draw's key in the starting kit": (
        inside("starting_kit.zip", lambda inner: inner.__setitem__("final/seal_key", b"5f" * 32)),
        "own-secret",
    ),
    "ingestion in scoring's step": (
        within(
            "index: 1\n  name: Development",
            "  scoring_program: ",
            "  ingestion_only_during_scoring: true\n  scoring_program: ",
        ),
        "own-layout",
    ),
    "make_input_data_available": (
        change("make_input_data_available: false", "make_input_data_available: true"),
        "own-secret",
    ),
    "details on the leaderboard": (
        change(
            "show_detailed_results_in_leaderboard: false",
            "show_detailed_results_in_leaderboard: true",
        ),
        "own-feedback",
    ),
    "details on the leaderboard, by default": (
        change("show_detailed_results_in_leaderboard: false\n", ""),
        "own-feedback",
    ),
    "logs of a score_only phase": (
        in_phase("Development", "hide_output: true", "hide_output: 'no'"),
        "own-feedback",
    ),
    "two phases that swapped their tasks": (
        both(
            in_phase("Development", "tasks:\n  - 1", "tasks:\n  - 9"),
            in_phase("Final", "tasks:\n  - 2", "tasks:\n  - 1"),
            change("tasks:\n  - 9", "tasks:\n  - 2"),
        ),
        "own-phase",
    ),
    "no phase.json": (
        inside(REFERENCE.format("final"), lambda inner: inner.pop("phase.json")),
        "own-phase",
    ),
    "other limits in one half": (
        inside(PROGRAM.format("practice"), rewritten("input_data/phase.json", failure_tau=0.5)),
        "own-halves",
    ),
    "a benchmark without its networks": (
        inside(
            PROGRAM.format("final"),
            lambda inner: inner.pop("input_data/nasbench301_cifar10.json"),
        ),
        "own-halves",
    ),
    "a reference without its digests": (
        inside(REFERENCE.format("development"), lambda inner: inner.pop("input_digests.json")),
        "own-halves",
    ),
    "a reference without a benchmark": (
        inside(REFERENCE.format("development"), lambda inner: inner.pop("nasbench301_svhn.json")),
        "own-halves",
    ),
    "another phase's key": (
        move(REFERENCE.format("practice"), REFERENCE.format("final"), "seal.key"),
        "own-seal",
    ),
    "half a key": (
        inside(REFERENCE.format("final"), lambda inner: inner.update({"seal.key": b"2a2a"})),
        "own-seal",
    ),
    "one draw for two phases": (
        both(
            within(
                "index: 2\n  name: Final", PROGRAM.format("final"), PROGRAM.format("development")
            ),
            within(
                "index: 2\n  name: Final",
                REFERENCE.format("final"),
                REFERENCE.format("development"),
            ),
        ),
        "own-draws",
    ),
    "scoring where ingestion belongs": (
        within("index: 0\n  name: Practice", PROGRAM.format("practice"), "scoring_program.zip"),
        "own-programs",
    ),
    "a module taken out of scoring": (
        inside("scoring_program.zip", lambda inner: inner.pop("zcnas/judging/metrics.py")),
        "own-programs",
    ),
    "no ingestion program": (
        within(
            "index: 0\n  name: Practice", f"  ingestion_program: {PROGRAM.format('practice')}\n", ""
        ),
        "own-programs",
    ),
    "a column nobody writes": (
        change("    key: failed", "    key: failures"),
        "own-columns",
    ),
    "a score that sorts upwards": (
        within("key: score\n", "sorting: desc", "sorting: asc"),
        "own-columns",
    ),
    "a ranking by another column": (
        change("  submission_rule:", "  primary_index: 3\n  submission_rule:"),
        "own-columns",
    ),
    "a limit below the one the programs know": (
        in_phase("Practice", "execution_time_limit: 600", "execution_time_limit: 300"),
        "own-limit",
    ),
    "no limit": (
        both(
            in_phase("Practice", "  execution_time_limit: 600\n", ""),
            inside(
                REFERENCE.format("practice"),
                lambda inner: inner.update(
                    {
                        "phase.json": inner["phase.json"].replace(
                            b'"time_limit_s": 600', b'"time_limit_s": 900'
                        )
                    }
                ),
            ),
        ),
        "own-limit",
    ),
    "a limit without the queue it was built for": (
        both(
            in_phase("Practice", "execution_time_limit: 600", "execution_time_limit: 7200"),
            inside(
                REFERENCE.format("practice"),
                lambda inner: inner.update(
                    {
                        "phase.json": inner["phase.json"].replace(
                            b'"time_limit_s": 600', b'"time_limit_s": 7200'
                        )
                    }
                ),
            ),
        ),
        "own-limit",
    ),
    "an image in a registry of this machine": (
        change("docker_image: me/worker:1", "docker_image: localhost:5000/worker:1"),
        "own-image",
    ),
    "an end without a time of day's quotes": (
        change("end: '2027-01-24 23:59:59'", "end: 2027-01-24 23:59:59"),
        "phase-date-quotes",
    ),
    "a time of another zone": (
        change("end: '2027-01-24 23:59:59'", "end: '2027-01-24 23:59:59+02:00'"),
        "phase-date-zone",
    ),
    "a blank in the submission rule": (
        change("submission_rule: Force_Latest_Multiple", "submission_rule: ''"),
        "submission-rule-name",
    ),
}
