#!/bin/sh
# Checks that every crate builds with the oldest Rust that Cargo.toml names, where rustup has that
# version; nothing is installed.  What needs no toolchain is checked always: the standard library by
# clippy (incompatible_msrv), the dependencies by tests/it/packages.rs.
# SPDX-License-Identifier: MIT OR Apache-2.0
set -eu

cd "$(dirname "$0")/.."
oldest=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)

# toolchain: the name by which rustup has it, if it does.
toolchain() {
  command -v rustup >/dev/null || return 0
  rustup toolchain list | sed 's/ .*//' | grep -E "^$oldest(\.[0-9]+)?-" | head -n 1
}

case "$(cargo --version)" in
  "cargo $oldest"[.\ ]*) exit 0 ;; # every other check runs with it
esac
name=$(toolchain)
if [ -z "$name" ]; then
  scripts/skipped.sh "msrv: no Rust $oldest here; rustup toolchain install $oldest"
  exit 0
fi
RUSTUP_TOOLCHAIN=$name cargo check --workspace --all-features --locked --target-dir target/msrv
