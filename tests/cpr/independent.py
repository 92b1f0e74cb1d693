#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a CPR extract says of each person on a day, by code that shares nothing with the engine's.

    independent.py FILE DATE        prints JSON: number -> what holds on DATE (yyyy-mm-dd)

Written from domain.md sections 2 and 3 and the layout alone, so that the engine's output can be held against it. Only
records as lines are read. Each person has:

    status      CPR's two digits
    class       VERIFIED or UNVERIFIED (an extract names no replacement numbers; 50 and 60 had no record before it)
    current     the number that took over, or null
    former      numbers before this one
    facts       false for 30, 50, 60: such a record carries no other facts, and the rest below is empty
    birth_date  CPR's, else the number's
    adult       18 or more
    married     any civil status but unmarried and unknown
    protected   name and address protection in force
    mother, father   by number, or null
    custody     rows there are, of any date
    holders     numbers of who holds custody, each as the file names it: none of an adult or a married child, none dead
"""
import datetime
import json
import sys

COUNTING = {"01", "03", "05", "07", "20", "70", "80", "90"}


def day(text):
    """A date as it stands; None for blanks, zeros and zeros in a part."""
    digits = text.replace("-", "").strip()[:8]
    if not digits or 0 in (int(digits[:4]), int(digits[4:6]), int(digits[6:])):
        return None
    return datetime.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))


def number_or_none(text):
    return text if text.strip(" 0") else None


def born_by_number(number):
    day_, month, year, seventh = int(number[:2]), int(number[2:4]), int(number[4:6]), int(number[6])
    if seventh <= 3:
        century = 1900
    elif seventh in (4, 9):
        century = 2000 if year <= 36 else 1900
    else:
        century = 2000 if year <= 57 else 1800
    try:
        return datetime.date(century + year, month, day_)
    except ValueError:
        return None


def years_on(born, date):
    return date.year - born.year - ((date.month, date.day) < (born.month, born.day))


def in_force(start, end, date):
    return (start is None or start <= date) and (end is None or date < end)


def groups(path):
    """Each person's records 001 to 099, padded, as (type, text)."""
    group = []
    with open(path, "rb") as file:
        for line in file.read().decode("iso-8859-1").rstrip("\x1a").split("\n"):
            line = line.rstrip("\r")
            kind = line[:3]
            if kind == "001" and group:
                yield group
                group = []
            if "001" <= kind <= "099" and kind != "003":
                group.append((kind, line.ljust(320)))
    if group:
        yield group


def read_person(group):
    first = group[0][1]
    number, status = first[3:13], first[23:25]
    person = {"number": number, "status": status, "current": number_or_none(first[13:23]), "former": [],
              "born": None, "civil": " ", "protection": [], "mother": None, "father": None, "custody": []}
    person["facts"] = status not in ("30", "50", "60")
    if not person["facts"]:
        return person
    person["born"] = day(first[39:49])
    for kind, text in group[1:]:
        if kind == "004" and text[13:17] == "0001":
            person["protection"].append((day(text[17:27]), day(text[27:37])))
        elif kind == "012":
            person["civil"] = text[13]
        elif kind == "015":
            person["mother"], person["father"] = number_or_none(text[24:34]), number_or_none(text[91:101])
        elif kind == "016":
            starts = [start for start in (day(text[17:27]), day(text[48:58])) if start]
            person["custody"].append((text[13:17], max(starts, default=None), day(text[28:38]),
                                      number_or_none(text[38:48])))
        elif kind == "022":
            person["former"].append(text[13:23])
    return person


def read(path):
    """number -> person as the file has it; the last of a number counts."""
    return {person["number"]: person for person in map(read_person, groups(path))}


def on(persons, person, date):
    """What holds of one person on a day."""
    born = person["born"] or born_by_number(person["number"])
    adult = born is not None and years_on(born, date) >= 18
    married = person["civil"] not in "U "
    holders = []
    for relation, start, end, other in person["custody"]:
        holder = {"0003": person["mother"], "0004": person["father"]}.get(relation, other)
        dead = holder in persons and persons[holder]["status"] == "90"
        if holder and not dead and not adult and not married and in_force(start, end, date):
            holders.append(holder)
    return {"status": person["status"], "class": "VERIFIED" if person["status"] in COUNTING else "UNVERIFIED",
            "current": person["current"], "former": sorted(person["former"]), "facts": person["facts"],
            "birth_date": born.isoformat() if born else None, "adult": adult, "married": married,
            "protected": any(in_force(start, end, date) for start, end in person["protection"]),
            "mother": person["mother"], "father": person["father"], "custody": len(person["custody"]),
            "holders": sorted(set(holders))}


def everybody(path, date):
    persons = read(path)
    return {number: on(persons, persons[number], date) for number in sorted(persons)}


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: independent.py FILE DATE")
    json.dump(everybody(sys.argv[1], datetime.date.fromisoformat(sys.argv[2])), sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
