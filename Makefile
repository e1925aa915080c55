# The commands of this project; each works on a fresh Debian or Ubuntu machine.
# SPDX-License-Identifier: MIT OR Apache-2.0

export PATH := $(PATH):$(HOME)/.cargo/bin

.PHONY: help demo test test-all deny fresh bench bench-train results build setup fmt lint clean

help:
	@echo 'make demo   install what is missing, build, and take the spoken digits to a bitstream'
	@echo 'make test   install what is missing, check format and lints, run every test'
	@echo 'make test-all  the same with the slow tests as a whole, an hour or more'
	@echo 'make deny   check licences, sources and known vulnerabilities of the dependencies'
	@echo 'make fresh  demo and test in bare Debian 12, 13 and Ubuntu; as root, with debootstrap'
	@echo 'make bench  print the tables of efficiency and speed'
	@echo 'make bench-train  time a training epoch and compare with JAX'
	@echo 'make results  measure everything, write docs/results.md and the table in README.md'
	@echo 'make build  build target/release/htgen'
	@echo 'make fmt    format the Rust sources'
	@echo 'make lint   clippy, warnings are errors'
	@echo 'make clean  remove what was built'

setup:
	@scripts/setup.sh

build: setup
	cargo build --release

demo: build
	scripts/demo.sh

# Every test needs its tools here: a missing one is a failure, not a pass.  What is skipped all the
# same, such as a data set that is not there, stands at the end.
test:
	@scripts/skipped.sh --clear
	@scripts/setup.sh test
	cargo fmt --all --check
	cargo lint-all
	cargo lint-slim
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --all-features
	scripts/deny.sh
	scripts/msrv.sh
	cargo package --workspace --no-verify --allow-dirty
	HTGEN_REQUIRE_TOOLS=1 cargo test --workspace --all-features; \
	  status=$$?; scripts/skipped.sh; exit $$status

# The slow tests as a whole, of which `make test` runs parts.
test-all: export HTGEN_SLOW = 1
test-all: test

# Licences, sources and known vulnerabilities of the dependencies.
deny:
	scripts/deny.sh

# FRESH="bookworm" picks one.
fresh:
	scripts/fresh.sh $(FRESH)

bench: build
	python3 scripts/measure.py bench --fresh

# JAX goes into an environment of its own; nothing else needs it.
bench-train: build
	[ -x .tools/train/bin/python ] || python3 -m venv .tools/train
	.tools/train/bin/pip install --quiet jax==0.10.2 numpy==2.4.6
	.tools/train/bin/python scripts/bench_train.py

results: build
	python3 scripts/measure.py results --fresh

fmt:
	cargo fmt --all

lint:
	cargo lint
	cargo lint-slim

clean:
	cargo clean
