#!/bin/sh
# Asks cargo-deny whether the locked dependencies are what deny.toml allows: their licences, sources
# and versions, and known vulnerabilities where the database of those can be had.  A cargo-deny on
# PATH is taken; otherwise one is built into .tools, which takes a few minutes.
# SPDX-License-Identifier: MIT OR Apache-2.0
set -eu

VERSION=0.20.2

cd "$(dirname "$0")/.."
PATH=$PATH:$PWD/.tools/bin

say() { printf 'deny: %s\n' "$*" >&2; }

if ! command -v cargo-deny >/dev/null; then
  say "building cargo-deny $VERSION into .tools"
  cargo install --quiet --locked --debug --root .tools "cargo-deny@$VERSION"
fi

cargo deny --locked --workspace check licenses bans sources

# An old copy of the database is no answer, so nothing is checked without a new one.
if cargo deny fetch db >/dev/null 2>&1; then
  cargo deny --locked --workspace check advisories
else
  scripts/skipped.sh "deny: known vulnerabilities; their database could not be fetched"
fi
