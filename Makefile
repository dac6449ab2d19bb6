# `make book` and `make test` are the whole set-up. `make help` lists the rest.
PYTHON ?= python3
VENV ?= .venv
CONSTRAINTS ?= constraints.txt
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
SITE := _build/html/index.html
# One thread a process: notebooks and tests run side by side.
export OMP_NUM_THREADS ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help install book test gpu check serve picture lab clean distclean
.DEFAULT_GOAL := help

help:
	@echo "make book   install what is needed, execute the notebooks, build the site"
	@echo "make test   the same set-up, then all tests (GPU tests skip without a GPU)"
	@echo "make check  format, lint, types, floors, notebooks, spelling of terms, workflow files"
	@echo "make gpu    the tests that need a CUDA device"
	@echo "make serve  the built site on a free local port"
	@echo "make lab    JupyterLab on the chapters"
	@echo "make clean  remove what was built; make distclean removes $(VENV) as well"

install: $(INSTALLED)

# The peers are libraries that tests compare with; one needs a C++ compiler, so their absence is no error.
$(INSTALLED): pyproject.toml $(CONSTRAINTS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is %s: make PYTHON=python3.12" % sys.version)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "no venv module: install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --constraint $(CONSTRAINTS) --editable '.[book,test]'
	@$(BIN)/python -m pip install --quiet --constraint $(CONSTRAINTS) --editable '.[peers]' \
		|| echo "The libraries to compare with could not be installed; their tests will be skipped."
	@touch $@

book: $(INSTALLED)
	$(BIN)/jupyter-book build . -W --keep-going --quiet
	@test -f $(SITE)
	@echo "The site is in $(CURDIR)/_build/html: open $(CURDIR)/$(SITE), or run 'make serve'."

# The rendered site is one of the things that are tested.
test: book
	$(BIN)/python -m pytest --numprocesses auto --dist loadgroup

# Where there is no GPU its tests are skipped.
gpu: $(INSTALLED)
	$(BIN)/python -m pytest -m gpu

check: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/python -m pytest --quiet tests/house

serve: book
	$(BIN)/python -m http.server 0 --bind 127.0.0.1 --directory _build/html

# The README's picture of a page; needs Chromium.
picture: book
	$(BIN)/python book/picture.py

lab: $(INSTALLED)
	$(BIN)/jupyter lab --notebook-dir=. --LabApp.default_url=/lab/tree/chapters

clean:
	rm -rf _build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean
	rm -rf $(VENV) *.egg-info
