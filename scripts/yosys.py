"""A `yosys` executable over the PyPI package pyosys, which brings the program only as a library.

Installed by setup.sh as `yosys` in the tool venv.  Takes the options htgen uses:
-V, -q, -Q, -T, -e REGEX, -p COMMANDS, -s SCRIPT, and scripts (.ys) or Verilog files (.v).
"""
# SPDX-License-Identifier: MIT OR Apache-2.0

import getopt
import os
import sys

from pyosys import libyosys


def word(text):
    """`text`, refused if it is more than one word of a yosys command."""
    if not text or any(c in text for c in '"; \t\n'):
        sys.exit(f"ERROR: a yosys command cannot hold this name: {text!r}")
    return text


def commands(options, files):
    """The commands that the command line stands for, in the order yosys takes them."""
    for option, value in options:
        if option == "-e":
            yield f'logger -werror "{value}"'
    for name in files:
        kind = "script" if name.endswith(".ys") else "read_verilog"
        yield f"{kind} {word(name)}"
    for option, value in options:
        if option == "-s":
            yield f"script {word(value)}"
        elif option == "-p":
            yield value


def main():
    try:
        options, files = getopt.gnu_getopt(sys.argv[1:], "VqQTe:p:s:")
    except getopt.GetoptError as error:
        sys.exit(f"ERROR: {error}\n\n{__doc__}")
    given = dict(options)
    if "-V" in given:
        print(libyosys.yosys_maybe_version())
        return
    if "-q" in given:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    design = libyosys.Design()
    for command in commands(options, files):
        libyosys.run_pass(command, design)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    libyosys.log_flush()
    # Leaves without the destructors of the library, which take seconds on a large design.
    os._exit(0)
