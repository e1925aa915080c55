"""Prints reports of htgen, each one JSON object in a file, as one table of keys and values.

Lists and nested objects are left to the reports themselves.
"""
# SPDX-License-Identifier: MIT OR Apache-2.0

import json
import pathlib
import sys


def shown(value):
    """A value as a person reads it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return str(value)


def rows(path):
    """The command, key and value of each simple entry of a report."""
    command = pathlib.Path(path).stem
    for key, value in json.loads(pathlib.Path(path).read_text(encoding="utf-8")).items():
        if not isinstance(value, (dict, list)):
            yield command, key.replace("_", " "), shown(value)


def main():
    table = [row for path in sys.argv[1:] for row in rows(path)]
    widths = [max((len(row[k]) for row in table), default=0) for k in range(3)]
    last = None
    for command, key, value in table:
        if command != last:
            print("-" * (sum(widths) + 4))
        name = command if command != last else ""
        print(f"{name:<{widths[0]}}  {key:<{widths[1]}}  {value:>{widths[2]}}")
        last = command


if __name__ == "__main__":
    main()
