#!/usr/bin/env python3
"""agrees.py DUMP DESCRIPTION IMAGE: makes the image and its parents, and holds what ckptdump finds in it against what was put into it."""

import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import maker


def differences(expected, found, where):
    """Every expected value must be there; a list has exactly the expected elements."""
    if isinstance(expected, dict):
        if where.endswith(".record") and expected.keys() != found.keys():
            yield f"{where}: fields {sorted(expected)} expected, {sorted(found)} found"
        for key, value in expected.items():
            yield from differences(value, found.get(key) if isinstance(found, dict) else None, f"{where}.{key}")
    elif isinstance(expected, list):
        if not isinstance(found, list) or len(found) != len(expected):
            yield f"{where}: {len(expected)} elements expected, {len(found) if isinstance(found, list) else found} found"
        else:
            for i, value in enumerate(expected):
                yield from differences(value, found[i], f"{where}[{i}]")
    elif expected != found or type(expected) is not type(found):
        yield f"{where}: {expected!r} expected, {found!r} found"


def main(dump, description, path):
    image = maker.make(description).image
    image.write(path)
    result = subprocess.run([dump, "--json", "--summary", "--notes", "--index", "--verify", path], stdout=subprocess.PIPE, timeout=120)
    found = json.loads(result.stdout)
    problems = list(differences({**maker.facts(image), "whole": True, "faults": []}, found, "image"))
    for problem in problems[:20]:
        print(problem)
    return 1 if problems or result.returncode != 0 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
