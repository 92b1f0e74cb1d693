# SPDX-License-Identifier: MIT
"""What must stand in no log (domain.md section 9, S4 § 8): person numbers, birth dates and names. A search for those
of given recordings, and for whatever has the shape of a person number."""
import datetime
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PERSONS = (ROOT / "tests" / "recordings", ROOT / "deploy" / "demo-data")
WORD = re.compile(r"\w+")
NUMBER = re.compile(r"(?<![\w.])(\d{6})[- ]?(\d{4})(?![\w.])")
DATES = (re.compile(r"(?<!\d)(?P<y>\d{4})([-./ ]?)(?P<m>\d\d)\2(?P<d>\d\d)(?!\d)"),
         re.compile(r"(?<!\d)(?P<d>\d\d)([-./ ]?)(?P<m>\d\d)\2(?P<y>\d{4})(?!\d)"))
SHORTEST_NAME = 3  # letters: a shorter one stands in many a word's place


def fields(value, name=""):
    """(field, text) of all that a payload holds."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from fields(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from fields(inner, name)
    elif isinstance(value, str):
        yield name, value


class Private:
    """Of the persons in all .jsonl files below `folders`."""

    def __init__(self, folders):
        self.numbers, self.births, self.names = set(), set(), set()
        for folder in folders:
            for path in pathlib.Path(folder).rglob("*.jsonl"):
                with path.open(errors="replace") as lines:
                    for line in lines:
                        self.learn(line)

    def learn(self, line):
        try:
            record = json.loads(line)
        except ValueError:
            return
        for name, text in fields(record.get("payload") if isinstance(record, dict) else None):
            if "name" in name:
                self.names.update(word for word in WORD.findall(text) if len(word) >= SHORTEST_NAME)
            elif name == "birth_date" and re.fullmatch(r"\d{4}-\d\d-\d\d", text):
                self.births.add(text)
            elif re.fullmatch(r"\d{10}", text):
                self.numbers.add(text)

    def found_in(self, text, shapes=False):
        """What kinds of it a text holds; with `shapes` also what looks like a person number."""
        found = set()
        for match in NUMBER.finditer(text):
            if match[1] + match[2] in self.numbers or (shapes and is_day(match[1])):
                found.add("number")
        for pattern in DATES:
            if any("%s-%s-%s" % (match["y"], match["m"], match["d"]) in self.births
                   for match in pattern.finditer(text)):
                found.add("birth date")
        if not self.names.isdisjoint(WORD.findall(text)):
            found.add("name")
        return found

    def search(self, path, shapes=False):
        """(line, kind) of what a log holds; never the thing itself."""
        with pathlib.Path(path).open(errors="replace") as lines:
            for number, line in enumerate(lines, 1):
                for kind in self.found_in(line, shapes):
                    yield number, kind


def main(folder):
    """Every log below a folder, for everybody in a recording of ours: what build/log/ holds when the tests have run."""
    private, wrong, size = Private(PERSONS), 0, 0
    logs = sorted(pathlib.Path(folder).rglob("*.log"))
    for path in logs:
        size += path.stat().st_size
        for line, kind in private.search(path, shapes=True):
            print("%s:%d: a %s" % (path.relative_to(folder), line, kind))
            wrong += 1
    print("note: searched %d KiB of %d logs" % (size // 1024, len(logs)))
    return 1 if wrong or not logs else 0


def is_day(six):
    """DDMMYY of any century; a replacement number's day is 60 more."""
    day, month = int(six[:2]) % 60, int(six[2:4])
    try:
        return bool(datetime.date(2000, month, day))
    except ValueError:
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
