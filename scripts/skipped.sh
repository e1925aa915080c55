#!/bin/sh
# skipped.sh REASON: notes that something is skipped here.  Without a reason: prints all that was
# noted since skipped.sh --clear.  The tests write into the same file, in cargo's folder for them.
# SPDX-License-Identifier: MIT OR Apache-2.0
set -eu

cd "$(dirname "$0")/.."
file=${CARGO_TARGET_DIR:-target}/tmp/skipped.txt

case ${1:-} in
  --clear) rm -f "$file" ;;
  '')
    if [ -s "$file" ]; then
      sort -u "$file"
    else
      echo 'nothing was skipped'
    fi
    ;;
  *)
    mkdir -p "$(dirname "$file")"
    printf 'skipped: %s\n' "$*" | tee -a "$file" >&2
    ;;
esac
