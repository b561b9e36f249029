# One front door: every target is a thin line over the console script `zcnas`. `make help` lists them.
PYTHON ?= python3
SUBMISSIONS ?=
SUBMISSION ?= starting_kit/submissions/synflow
PLATFORM ?= codabench
BUNDLE ?=
PHASE ?= practice
ISOLATION ?= auto
CPUS ?=
OUT ?= build/score
DATA ?= $(ZCNAS_DATA)
BASE ?=
TESTS ?= tests
TEST_PROCESSES ?= 2
ANEW ?=
VOTE ?=
MINUTES ?= 30
SCHEDULER ?=
SHARD ?= 0

BIN := .venv/bin
ZCNAS := $(BIN)/zcnas
PIP := $(BIN)/pip --disable-pip-version-check
# Named after the interpreter it was made with: another PYTHON= makes another .venv.
VENV := .venv/made-with$(shell $(PYTHON) -c 'import sys; print((sys.base_prefix + "-" + sys.version.split()[0]).replace("/", "-"))')
TORCH_VERSION := $(shell sed -n 's/^torch==\([0-9.]*\).*/\1/p' requirements/torch.txt)
DEFAULT_TORCH = { \
	echo "no index here offers that build for this Python: taking the default build of torch $(TORCH_VERSION), on Linux several GB."; \
	echo "For a CPU build set PIP_EXTRA_INDEX_URL to PyTorch's index for CPUs (pytorch.org, Get Started), then make again."; \
	$(BIN)/pip --disable-pip-version-check install torch==$(TORCH_VERSION); }
LOCK := $(BIN)/uv --quiet pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links
WITHOUT_TORCH := tests/judging tests/submissions tests/tables tests/test_benchmarks.py tests/test_records.py tests/test_phases.py --ignore tests/tables/test_zero_cost_scores.py

# Paths reach a recipe through the environment, so that spaces in them are nothing special. SUBMISSIONS may name several: as a shell
# splits them, unless something has the whole as its name.
export SUBMISSIONS SUBMISSION OUT DATA SITE
SEVERAL_SUBMISSIONS = if [ -e "$$SUBMISSIONS" ]; then set -- "$$SUBMISSIONS"; else eval "set -- $$SUBMISSIONS"; fi

.DEFAULT_GOAL := help
.PHONY: help install lock score dry-run smoke submission leaderboard baselines status rank merge data phases sample bundle bundle-check emulate feedback audit doctor attack-table analyse image check docs site test test-slow test-lowest fuzz verify-spaces soak bench timings timings-check

help:  ## list the targets
	@echo "Variables are the options of the console script: ISOLATION=docker is --isolation docker, likewise PHASE= OUT= CPUS= SCHEDULER="
	@echo "SHARD= PLATFORM= BASE= SITE= BENCHMARK=; N= is -n; ANEW=yes is --anew, likewise VOTE= QUICK= OPEN= FAIL_FAST=; DATA= is --to; SUBMISSIONS= SUBMISSION= BUNDLE= FROM= are arguments."
	@echo "SUBMISSIONS=\"one two\" are two, SUBMISSIONS=\"'my subs' two\" as well; a path with spaces that exists is one: SUBMISSIONS=\"my subs\"."
	@echo "Of make itself: PYTHON= (which makes .venv) TESTS= TEST_PROCESSES=2 MINUTES= EXAMPLES="
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

install: .venv/installed  ## set up the virtual environment .venv with the locked packages

$(VENV):
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one with PYTHON=")'
	@echo "making .venv with $(PYTHON)"
	$(PYTHON) -m venv --clear .venv
	@touch $@

.venv/installed: $(VENV) pyproject.toml requirements/install.txt requirements/torch.txt
	@echo "installing the packages of requirements/install.txt into .venv (a few minutes, once)"
	$(PIP) install --require-hashes -r requirements/install.txt
	@echo "installing torch: the CPU build of requirements/torch.txt, about 200 MB"
	@$(PIP) install --require-hashes --no-deps -r requirements/torch.txt || $(DEFAULT_TORCH)
	$(PIP) install --no-build-isolation --no-deps -e .
	@touch $@

.venv/installed-cluster: .venv/installed requirements/cluster.txt
	$(PIP) install --require-hashes -r requirements/cluster.txt
	@touch $@

.venv/installed-dev: .venv/installed requirements/dev.txt
	$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

.venv/installed-docs: .venv/installed-dev requirements/docs.txt
	$(PIP) install --require-hashes -r requirements/docs.txt
	@touch $@

lock: .venv/installed-dev  ## write requirements/ and docker/requirements.txt again from the ranges of pyproject.toml
	$(LOCK) pyproject.toml requirements/build.in -c requirements/torch.txt --extra run --extra pages --extra research --no-emit-package torch -o requirements/install.txt
	$(LOCK) pyproject.toml -c requirements/install.txt --extra cluster -o requirements/cluster.txt
	$(LOCK) pyproject.toml -c requirements/torch.txt -c requirements/install.txt -c requirements/cluster.txt --all-extras --no-emit-package torch -o requirements/dev.txt
	$(LOCK) requirements/docs.in -c requirements/dev.txt -o requirements/docs.txt
	$(LOCK) docker/requirements.in -c requirements/torch.txt -c requirements/install.txt -o docker/requirements.txt
	$(LOCK) pyproject.toml requirements/testing.in --resolution lowest-direct --extra pages --extra research --extra cluster --extra tables -o requirements/lowest.txt
	@! grep -lE '^(nvidia|cuda|triton)' requirements/*.txt docker/requirements.txt || { echo "that is a CUDA build of torch: set UV_FIND_LINKS to a folder with the wheel of PyTorch's CPU build, then make lock"; exit 1; }

test-lowest: .venv/installed-dev  ## run the tests that need no torch on the lowest versions pyproject.toml allows
	$(PYTHON) -m venv --clear build/lowest
	build/lowest/bin/pip --quiet --disable-pip-version-check install --require-hashes -r requirements/lowest.txt
	build/lowest/bin/pip --quiet --disable-pip-version-check install --no-deps .
	build/lowest/bin/pytest -m 'not container and not browser and not real_table' $(WITHOUT_TORCH)

score: $(if $(SCHEDULER),.venv/installed-cluster,install)  ## score SUBMISSIONS (three samples by default) on PHASE and print the leaderboard
	@$(SEVERAL_SUBMISSIONS); set -x; $(ZCNAS) score "$$@" --phase $(PHASE) --isolation $(ISOLATION) --cpus '$(CPUS)' --out "$$OUT" $(if $(ANEW),--anew) --scheduler '$(SCHEDULER)' --shard $(SHARD)

dry-run: install  ## score your SUBMISSION on the practice phase and explain the result (QUICK=yes N=20 BENCHMARK= OPEN=yes)
	$(ZCNAS) dry-run "$$SUBMISSION" --isolation $(ISOLATION) --cpus '$(CPUS)' $(if $(QUICK),--quick) $(if $(N),-n $(N)) $(BENCHMARK:%=--benchmark %) $(if $(FAIL_FAST),--fail-fast) $(if $(OPEN),--open)

smoke: install  ## ask your SUBMISSION for two networks of each of the 28 benchmarks (about three CPU minutes)
	$(ZCNAS) smoke "$$SUBMISSION" --isolation $(ISOLATION) --cpus '$(CPUS)' $(BENCHMARK:%=--benchmark %)

submission: install  ## check your SUBMISSION and zip it for upload
	$(ZCNAS) submission "$$SUBMISSION"

leaderboard: install  ## print the leaderboard in OUT again, write its pages (SITE= AFTER_DEADLINE=yes)
	$(ZCNAS) leaderboard "$$OUT" $(if $(SITE),--site "$$SITE") $(if $(AFTER_DEADLINE),--after-deadline)

baselines: .venv/installed-dev  ## score every sample on the practice phase and record the baselines (hours)
	$(ZCNAS) score starting_kit/submissions --isolation $(ISOLATION) --cpus '$(CPUS)' --out build/baselines
	$(ZCNAS) rank build/baselines --vote
	$(BIN)/python timings/record_baselines.py build/baselines

status: install  ## say what is done, running and failed in OUT, and why
	$(ZCNAS) status "$$OUT"

rank: install  ## make the leaderboard of OUT again from stored predictions (VOTE=yes adds the vote of three proxies)
	$(ZCNAS) rank "$$OUT" $(if $(VOTE),--vote)

merge: install  ## merge the results folders FROM="A B" into OUT
	$(ZCNAS) merge $(FROM) --out "$$OUT"

data: install  ## fetch the datasets' published files into DATA, list what to download yourself
	$(ZCNAS) data $(if $(DATA),--to "$$DATA")

phases: install  ## list the phases: limits, and what a submission costs
	$(ZCNAS) phases

sample: .venv/installed-dev  ## draw the architectures of PHASE again
	$(ZCNAS) sample --phase $(PHASE)

bundle: install  ## write the bundles for Codabench and CodaLab (PHASE=practice,final)
	$(ZCNAS) bundle $(if $(filter-out file,$(origin PHASE)),--phase '$(PHASE)')

bundle-check: install  ## check the bundles in build/bundle by every rule of the platforms (BUNDLE=)
	$(ZCNAS) bundle-check $(BUNDLE)

emulate: install  ## run SUBMISSION as PLATFORM's worker would (PLATFORM=codabench|codalab)
	$(ZCNAS) emulate --platform $(PLATFORM) --submission "$$SUBMISSION" --isolation $(ISOLATION)

feedback: install  ## write what each participant may see of the run in OUT to build/feedback
	$(ZCNAS) feedback "$$OUT"

audit: install  ## look for signs of memorised benchmarks among SUBMISSIONS scored in OUT
	@$(SEVERAL_SUBMISSIONS); set -x; $(ZCNAS) audit "$$@" --out "$$OUT" --isolation $(ISOLATION) --cpus '$(CPUS)'

doctor: install  ## check this machine before a run of PHASE and suggest fixes
	$(ZCNAS) doctor --phase $(PHASE) --isolation $(ISOLATION) --cpus '$(CPUS)' --out "$$OUT"

attack-table: .venv/installed-dev  ## run every attack in BACKENDS="docker bubblewrap process" and record the results (10 minutes each)
	$(BIN)/python timings/record_attack_table.py $(or $(BACKENDS),docker bubblewrap process)

analyse: install  ## repeat the papers' analyses on the tables in ZCNAS_DATA (NAME=all BENCHMARKS= SCORES=)
	$(ZCNAS) analyse $(or $(NAME),all) $(if $(BENCHMARKS),--benchmarks $(BENCHMARKS)) $(if $(SCORES),--scores $(SCORES))

image: install  ## build the image submissions run in (BASE= another base image)
	$(ZCNAS) image --base '$(BASE)'

check: .venv/installed-dev  ## ruff, mypy, the contracts of the wings, and that imports and pyproject.toml agree
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/deptry src ingestion_program scoring_program

docs: .venv/installed-docs  ## write the reference pages from the code and build the documentation's site in build/docs
	$(BIN)/python docs/write_reference.py
	$(BIN)/sphinx-build -q -W --keep-going docs build/docs
	$(BIN)/python docs/write_practice_site.py build/docs/practice_site ../index.html

site: install  ## write an example of a leaderboard, the baselines on the practice phase (SITE=build/site)
	$(BIN)/python docs/write_practice_site.py "$${SITE:-build/site}"

test: .venv/installed-dev  ## every test but the slow ones (TESTS= some of them)
	$(BIN)/pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder $(TESTS)

test-slow: .venv/installed-dev  ## the tests that `make test` leaves out because they take long (TESTS= some of them)
	$(BIN)/pytest -m slow $(TESTS)

fuzz: .venv/installed-dev  ## feed the readers EXAMPLES=100000 unexpected inputs and record how many; resumes
	$(BIN)/python -m tests.fuzz.long_run $(or $(EXAMPLES),100000)

verify-spaces: .venv/installed-dev  ## compare every network with the published figures (ZCNAS_DATA)
	$(BIN)/python timings/verify_spaces.py --data "$(ZCNAS_DATA)" --record docs/verified_spaces.md

soak: .venv/installed-dev  ## kill everything at random for MINUTES=30 and compare (root, Docker)
	$(BIN)/python -m tests.organiser.competition.soak $(MINUTES)

bench: .venv/installed-dev  ## run every stopwatch of timings/; bench-NAME for one
	for file in timings/bench_*.py; do echo "== $$file"; $(BIN)/python $$file; done

timings: .venv/installed-dev  ## measure five cheap ratios, append them to docs/reports/timings.jsonl, draw them over commits
	$(BIN)/python timings/history.py record --rounds 9

timings-check: .venv/installed-dev  ## measure the five ratios and fail if one grew beyond its noise
	$(BIN)/python timings/history.py check

bench-%: .venv/installed-dev
	$(BIN)/python timings/bench_$*.py
