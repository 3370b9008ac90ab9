#!/usr/bin/env python3
"""proto3.py CKPTDUMP SCHEMAS DIRECTORY IMAGE…: holds ckptdump's JSON against Google's own implementation of the proto3 mapping. Every member that --schema gives a message's
name is read by it, without a field that it does not know; and every record, read from its JSON, is what it reads from the bytes in the file. Prints TAP."""

import glob
import importlib
import json
import os
import re
import subprocess
import sys

from google.protobuf import json_format

VIEWS = "summary args env auxv threads regs maps fds signals timers limits notes index".split()


def messages(schemas, directory):
    files = glob.glob(schemas + "/*.proto")
    subprocess.run(["protoc", f"-I{schemas}", f"--python_out={directory}", *files], check=True)
    sys.path.insert(0, directory)
    found, kinds = {}, {}
    for path in files:
        module = importlib.import_module(os.path.basename(path)[:-len(".proto")] + "_pb2")
        for name in module.DESCRIPTOR.message_types_by_name:
            found[name] = getattr(module, name)
        for enum in module.DESCRIPTOR.enum_types_by_name.values():
            if enum.name == "Kind":
                kinds = {value.number: value.name[len("KIND_"):] for value in enum.values}
    by_kind = {number: found.get("".join(word.capitalize() for word in name.split("_"))) for number, name in kinds.items()}
    return found, by_kind


def check_members(dump, image, members, found):
    count = 0
    shown = json.loads(subprocess.run([dump, "--json", *(f"--{view}" for view in VIEWS), image], stdout=subprocess.PIPE, check=True).stdout)
    for member in members:
        name, element = member["name"], member["type"].strip("[]")
        if element not in found or name not in shown:
            continue
        values = shown[name] if member["type"].startswith("[") else [shown[name]]
        for value in values:
            json_format.ParseDict(value, found[element]())
            count += 1
    assert count > 0, "nothing to compare"
    for name in shown:
        assert any(member["name"] == name for member in members), f"{name} is not in --schema"
    return shown


def check_records(image, shown, by_kind):
    data, count = open(image, "rb").read(), 0
    for note in shown["notes"]:
        if "record" not in note:
            continue
        at = int(note["offset"]) + 20
        ours = by_kind[note["type"] & 0x7FFFFFFF]()
        theirs = by_kind[note["type"] & 0x7FFFFFFF]()
        json_format.ParseDict(note["record"], ours)
        theirs.ParseFromString(data[at:at + int(note["length"])])
        theirs.DiscardUnknownFields()
        assert ours == theirs, f"{note['name']} at {note['offset']}:\n{ours}\ninstead of\n{theirs}"
        count += 1
    assert count > 0, "nothing to compare"


def main(dump, schemas, directory, *images):
    found, by_kind = messages(schemas, directory)
    members = json.loads(subprocess.run([dump, "--schema"], stdout=subprocess.PIPE, check=True).stdout)["members"]
    number = 0
    for image in images:
        shown = {}
        for what, step in (("members are proto3 JSON", lambda: shown.update(check_members(dump, image, members, found))),
                           ("records say what their bytes say", lambda: check_records(image, shown, by_kind))):
            number += 1
            try:
                step()
                print(f"ok {number} - {os.path.basename(image)}: {what}")
            except Exception as error:
                print(f"not ok {number} - {os.path.basename(image)}: {what}")
                print(re.sub("^", "# ", f"{type(error).__name__}: {error}", flags=re.M))
    print(f"1..{number}")


if __name__ == "__main__":
    main(*sys.argv[1:])
