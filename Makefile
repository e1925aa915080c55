# The commands of this project in words; each works on a fresh Debian or Ubuntu machine.

export PATH := $(PATH):$(HOME)/.cargo/bin

.PHONY: help demo test bench results build setup fmt lint clean

help:
	@echo 'make demo   install what is missing, build, and take the spoken digits to a bitstream'
	@echo 'make test   install what is missing, check format and lints, run every test'
	@echo 'make bench  print the tables of efficiency and speed'
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

# Every test needs its tools here: one that is missing is a failure, not a pass.
test:
	@scripts/setup.sh test
	cargo fmt --check
	cargo lint
	cargo lint-all
	HTGEN_REQUIRE_TOOLS=1 cargo test --all-features

bench: build
	python3 scripts/measure.py bench --fresh

results: build
	python3 scripts/measure.py results --fresh

fmt:
	cargo fmt

lint:
	cargo lint

clean:
	cargo clean
