#!/bin/sh
# Prints one line for each tool that was found where htgen looks first: its name and what it says
# of its version.  A tool that cannot answer is found by the tests, which need it.
# SPDX-License-Identifier: MIT OR Apache-2.0
set -eu

for tool in cargo rustc c++ make verilator yosys nextpnr-ice40 nextpnr-ecp5 iverilog ffmpeg \
  espeak-ng; do
  case $tool in
    yosys | iverilog) option=-V ;;
    ffmpeg) option=-version ;;
    *) option=--version ;;
  esac
  printf '%-14s %s\n' "$tool" "$("$tool" "$option" 2>&1 | head -n 1 || true)"
done
