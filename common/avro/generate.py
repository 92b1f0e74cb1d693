#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes records.h and records.c, C structs and field tables, out of Avro schemas.

The mapping is the one at the top of common/avro/record.h. A named type may be used in a file other than the one that
defines it, and may be defined in several when it is the same in all; what C gets is one of each, in order of use. The
schema text that is compiled in stands by itself: every named type is written out at its first use. So does one in a
folder `history`, `<Record>.<n>.avsc`, which is compiled in as what was once written."""
import argparse
import json
import os
import re
import sys

PRIMITIVES = {"null", "boolean", "int", "long", "float", "double", "bytes", "string"}
KINDS = {"boolean": "BOOLEAN", "int": "INT", "long": "LONG", "string": "STRING", "bytes": "BYTES"}
LOGICAL = {("int", "date"): "DATE", ("long", "timestamp-millis"): "TIME"}
MEMBERS = {
    "BOOLEAN": "bool ",
    "INT": "int32_t ",
    "LONG": "int64_t ",
    "DATE": "int32_t ",
    "TIME": "int64_t ",
    "STRING": "const char *",
    "BYTES": "struct ule_bytes ",
}
KEYWORDS = set(
    "auto break case char const continue default do double else enum extern float for goto if inline int long register "
    "restrict return short signed sizeof static struct switch typedef union unsigned void volatile while bool true "
    "false".split()
)


class Wrong(Exception):
    """A schema that cannot become C."""


def full_name(name, namespace):
    return name if "." in name or not namespace else namespace + "." + name


def plain(name):
    return name.rsplit(".", 1)[-1]


def snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain(name)).lower()


def collect(schema, namespace, types):
    """Enters every named type into `types` and returns the schema with references in place of definitions."""
    if isinstance(schema, str):
        return schema if schema in PRIMITIVES else full_name(schema, namespace)
    if isinstance(schema, list):
        return [collect(branch, namespace, types) for branch in schema]
    schema = dict(schema)
    if schema["type"] in ("record", "enum"):
        name = full_name(schema["name"], schema.pop("namespace", namespace))
        namespace = name.rpartition(".")[0]
        schema["name"] = name
        if schema["type"] == "record":
            schema["fields"] = [dict(f, type=collect(f["type"], namespace, types)) for f in schema["fields"]]
        if types.setdefault(name, schema) != schema:
            raise Wrong("%s is not the same everywhere" % name)
        return name
    if schema["type"] == "array":
        return dict(schema, items=collect(schema["items"], namespace, types))
    if schema["type"] in PRIMITIVES:
        return schema
    raise Wrong("type %s is not used by our schemas" % schema["type"])


def written_out(schema, types, seen):
    """The opposite: definitions in place of references, each at its first use."""
    if isinstance(schema, list):
        return [written_out(branch, types, seen) for branch in schema]
    if isinstance(schema, str):
        if schema in PRIMITIVES or schema in seen:
            return schema
        if schema not in types:
            raise Wrong("%s is not defined" % schema)
        seen.add(schema)
        schema = dict(types[schema])
        if schema["type"] == "record":
            schema["fields"] = [dict(f, type=written_out(f["type"], types, seen)) for f in schema["fields"]]
        return schema
    return dict(schema, items=written_out(schema["items"], types, seen)) if schema["type"] == "array" else schema


def canonical(schema):
    """Parsing Canonical Form of a schema that is written out (Avro specification 1.11)."""
    if isinstance(schema, str):
        return json.dumps(schema)
    if isinstance(schema, list):
        return "[" + ",".join(map(canonical, schema)) + "]"
    kind = schema["type"]
    if kind == "record":
        fields = ['{"name":%s,"type":%s}' % (json.dumps(f["name"]), canonical(f["type"])) for f in schema["fields"]]
        return '{"name":%s,"type":"record","fields":[%s]}' % (json.dumps(schema["name"]), ",".join(fields))
    if kind == "enum":
        symbols = ",".join(map(json.dumps, schema["symbols"]))
        return '{"name":%s,"type":"enum","symbols":[%s]}' % (json.dumps(schema["name"]), symbols)
    if kind == "array":
        return '{"type":"array","items":%s}' % canonical(schema["items"])
    return json.dumps(kind)


def fingerprint(text):
    """CRC-64-AVRO."""
    empty = 0xC15D213AA4D7A795
    crc = empty
    for byte in text.encode():
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (empty if crc & 1 else 0)
    return crc


class Field:
    """One member of a struct and one row of its table."""

    def __init__(self, field, types):
        schema = field["type"]
        self.name, self.doc = field["name"], field.get("doc")
        self.default = json.dumps(field["default"], ensure_ascii=False) if "default" in field else None
        self.nullable = isinstance(schema, list)
        if self.nullable:
            if len(schema) != 2 or schema[0] != "null" or field.get("default", self) is not None:
                raise Wrong('%s: the only union is ["null", T] with default null' % self.name)
            schema = schema[1]
        self.array = isinstance(schema, dict) and schema["type"] == "array"
        if self.array:
            schema = schema["items"]
        named = types.get(schema) if isinstance(schema, str) else None
        self.type = schema if named else None
        if named:
            self.kind = named["type"].upper()
        elif isinstance(schema, dict):
            self.kind = LOGICAL.get((schema["type"], schema.get("logicalType")))
        else:
            self.kind = KINDS.get(schema)
        if not self.kind or (self.array and (self.nullable or self.kind not in ("STRING", "ENUM", "RECORD"))):
            raise Wrong("%s: a type that our schemas do not use" % self.name)
        if not self.doc:
            raise Wrong("%s has no doc" % self.name)

    @property
    def member(self):
        return self.name + "_" if self.name in KEYWORDS else self.name

    def declaration(self):
        if self.array:
            named = {"STRING": "strings", "ENUM": "ints"}
            type_ = "struct ule_%s " % (named.get(self.kind) or snake(self.type) + "_array")
        elif self.kind == "RECORD":
            type_ = "struct ule_%s %s" % (snake(self.type), "*" if self.nullable else "")
        elif self.kind == "ENUM":
            type_ = "enum ule_%s " % snake(self.type)
        elif self.kind == "BOOLEAN" and self.nullable:
            type_ = "enum ule_maybe "
        else:
            type_ = MEMBERS[self.kind]
        return "    %s%s; /* %s */" % (type_, self.member, self.doc.replace("*/", "* /"))

    def blank(self, types):
        """The initializer of the member when nobody says what it is; None where that is all zero bits."""
        if self.array:
            if self.default not in (None, "[]"):
                raise Wrong("%s: an array whose default is not empty" % self.name)
            return None
        if self.nullable:
            return {
                "INT": "ULE_INT_NULL",
                "LONG": "ULE_TIME_NONE",
                "DATE": "ULE_DATE_NONE",
                "TIME": "ULE_TIME_NONE",
                "BOOLEAN": "ULE_MAYBE_NULL",
                "ENUM": self.type and "ULE_%s_NULL" % snake(self.type).upper(),
            }.get(self.kind)
        if self.kind == "RECORD":
            if self.default is not None:
                raise Wrong("%s: a record with a default" % self.name)
            return blank([Field(field, types) for field in types[self.type]["fields"]], types)
        if self.kind == "STRING":
            return c_string(json.loads(self.default or '""'))
        if self.kind == "BYTES":
            if self.default not in (None, '""'):
                raise Wrong("%s: bytes whose default is not empty" % self.name)
            return '{(const uint8_t *)"", 0}'
        if self.kind == "ENUM" and self.default is not None:
            return "ULE_%s_%s" % (snake(self.type).upper(), json.loads(self.default))
        return self.default if self.default not in (None, "0", "false") else None

    def row(self, struct):
        return "    {%s, ULE_KIND_%s, %s, %s, offsetof(struct %s, %s), %s, %s, %s}," % (
            c_string(self.name),
            self.kind,
            str(self.nullable).lower(),
            str(self.array).lower(),
            struct,
            self.member,
            "&ule_%s_enum" % snake(self.type) if self.kind == "ENUM" else "NULL",
            "&ule_%s_record" % snake(self.type) if self.kind == "RECORD" else "NULL",
            "NULL" if self.default is None else c_string(self.default),
        )


def blank(fields, types):
    members = [(field.member, field.blank(types)) for field in fields]
    members = [".%s = %s" % member for member in members if member[1] is not None]
    return "{%s}" % ", ".join(members) if members else None


def c_string(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?") + '"'


def in_order(roots, types):
    """The names that are used, each after those it needs."""
    done, open_ = [], set()

    def visit(schema):
        for part in schema if isinstance(schema, list) else [schema]:
            if isinstance(part, dict):
                if part["type"] == "array":
                    visit(part["items"])
            elif part not in PRIMITIVES and part not in done:
                if part in open_ or part not in types:
                    raise Wrong("%s %s" % (part, "holds itself" if part in open_ else "is not defined"))
                open_.add(part)
                for field in types[part].get("fields", ()):
                    visit(field["type"])
                done.append(part)

    for root in roots:
        visit(root)
    return done


def emit_enum(schema, header, source):
    name = snake(schema["name"])
    prefix = "    ULE_%s_" % name.upper()
    header.append("/* %s */" % schema.get("doc", ""))
    header.append("enum ule_%s {\n%sNULL = -1," % (name, prefix))
    header.extend("%s%s," % (prefix, symbol) for symbol in schema["symbols"])
    header.append("};\nextern const struct ule_enum ule_%s_enum;\n" % name)
    source.append("static const char *const %s_symbols[] = {" % name)
    source.extend('    "%s",' % symbol for symbol in schema["symbols"])
    source.append("};\nconst struct ule_enum ule_%s_enum = {" % name)
    source.append('    "%s", %s_symbols, %d};\n' % (plain(schema["name"]), name, len(schema["symbols"])))


def emit_text(whole, source):
    text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"))
    pieces = [text[i : i + 100] for i in range(0, len(text), 100)]
    source.extend("    " + c_string(piece) for piece in pieces)


def emit_past(name, past, source):
    source.append("static const struct ule_past_schema %s_past[] = {" % name)
    for whole in past:
        source.append("    {UINT64_C(0x%016x)," % fingerprint(canonical(whole)))
        emit_text(whole, source)
        source.append("    },")
    source.append("    {0, NULL},\n};")


def emit_record(schema, types, root, past, arrays, header, source):
    name = snake(schema["name"])
    fields = [Field(field, types) for field in schema["fields"]]
    arrays.update(field.type for field in fields if field.array and field.kind == "RECORD")
    header.append("/* %s */\nstruct ule_%s {" % (schema.get("doc", ""), name))
    header.extend(field.declaration() for field in fields)
    header.append("};\nextern const struct ule_record ule_%s_record;\n" % name)
    source.append("static const struct ule_field %s_fields[] = {" % name)
    source.extend(field.row("ule_" + name) for field in fields)
    source.append("};")
    empty = blank(fields, types)
    if empty:
        source.append("static const struct ule_%s %s_blank = %s;" % (name, name, empty))
    rest = "&%s_blank, %s_by_name" % (name, name) if empty else "NULL, %s_by_name" % name
    if len(fields) > 256:
        raise Wrong("%s: more fields than a byte counts" % schema["name"])
    by_name = sorted(range(len(fields)), key=lambda i: fields[i].name)
    source.append("static const uint8_t %s_by_name[] = {%s};" % (name, ", ".join(map(str, by_name))))
    if past:
        emit_past(name, past, source)
    source.append("const struct ule_record ule_%s_record = {" % name)
    source.append('    "%s", sizeof(struct ule_%s), %s_fields, %d,' % (plain(schema["name"]), name, name, len(fields)))
    if root:
        whole = written_out(schema["name"], types, set())
        emit_text(whole, source)
        history = name + "_past" if past else "NULL"
        source.append("    , UINT64_C(0x%016x), %s, %s};\n" % (fingerprint(canonical(whole)), rest, history))
    else:
        source.append("    NULL, 0, %s, NULL};\n" % rest)


def read(paths):
    """All types, the records that have a file of their own, and what was once written of each, oldest first."""
    types, roots, past = {}, [], {}
    for path in paths:
        folder, name = os.path.split(path)
        with open(path, encoding="utf-8") as file:
            try:
                if os.path.basename(folder) == "history":
                    record, number, _ = name.split(".")
                    former = {}
                    whole = written_out(collect(json.load(file), "", former), former, set())
                    past.setdefault(record, []).append((int(number), whole))
                else:
                    roots.append(collect(json.load(file), "", types))
            except (Wrong, ValueError, KeyError) as error:
                raise Wrong("%s: %s" % (path, error)) from error
    past = {name: [whole for _, whole in sorted(versions, key=lambda v: v[0])] for name, versions in past.items()}
    unknown = set(past) - set(map(plain, roots))
    if unknown:
        raise Wrong("history of %s, which is no schema" % ", ".join(sorted(unknown)))
    return types, roots, past


def generate(paths):
    types, roots, past = read(paths)
    header = [
        "/* Made by common/avro/generate.py out of schemas/: change those. */",
        "#ifndef ULE_RECORDS_H\n#define ULE_RECORDS_H\n",
        '#include "avro/record.h"\n',
    ]
    source = [
        "/* Made by common/avro/generate.py out of schemas/: change those. */",
        '#include "records.h"\n',
        "/* A schema is a longer text than C11 asks a compiler to take; those that we use take it. */",
        '#pragma GCC diagnostic ignored "-Woverlength-strings"\n',
    ]
    arrays, bodies = set(), {}
    for name in in_order(roots, types):
        bodies[name] = body = []
        if types[name]["type"] == "enum":
            emit_enum(types[name], body, source)
        else:
            former = past.get(plain(name), ()) if name in roots else ()
            emit_record(types[name], types, name in roots, former, arrays, body, source)
    for name, body in bodies.items():
        header.extend(body)
        if name in arrays:
            c_name = "ule_" + snake(name)
            header.append("struct %s_array {\n    struct %s *items;\n    size_t count;\n};\n" % (c_name, c_name))
    header.append("#endif")
    source.append("const struct ule_record *const ule_records[] = {")
    source.extend("    &ule_%s_record," % snake(root) for root in roots if types[root]["type"] == "record")
    source.append("    NULL,\n};")
    return {"records.h": header, "records.c": source}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--out", metavar="DIR", help="folder for records.h and records.c")
    what.add_argument("--print", metavar="RECORD", help="its schema in canonical form, as schemas/history has it")
    parser.add_argument("schemas", nargs="+", metavar="schema.avsc")
    arguments = parser.parse_args()
    try:
        if arguments.print:
            types, roots, _ = read(arguments.schemas)
            names = [root for root in roots if plain(root) == arguments.print]
            if not names:
                raise Wrong("%s is not among them" % arguments.print)
            print(canonical(written_out(names[0], types, set())))
            return
        files = generate(sorted(arguments.schemas))
    except Wrong as error:
        sys.exit("generate.py: %s" % error)
    os.makedirs(arguments.out, exist_ok=True)
    for name, lines in files.items():
        with open(os.path.join(arguments.out, name), "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
