"""Verdicts of PyPI's xmlschema and jsonschema, for many files at once.

Reads from standard input a JSON list of {"xsd": file, "xml": [files], "schema": file, "json": [files]}, and
writes the files that are valid, one a line.

jsonschema leaves three things to who calls it, and they are settled here as the standards have them:
numbers are read exactly (RFC 8259 sets no precision, and binary fractions are no multiples of 0.01), a name
given twice is an error (RFC 7493), and patterns are ECMA-262's: `$` is the end, `\\d` an ASCII digit.
"""

import decimal
import json
import re
import sys

import jsonschema
import xmlschema

decimal.getcontext().prec = 1000


def read(file):
    def members(pairs):
        found = dict(pairs)
        if len(found) < len(pairs):
            raise ValueError("a name given twice")
        return found

    def constant(_):
        raise ValueError("no number of JSON")

    with open(file, encoding="utf-8-sig") as text:
        return json.load(
            text,
            parse_float=decimal.Decimal,
            parse_int=decimal.Decimal,
            parse_constant=constant,
            object_pairs_hook=members,
        )


def is_number(_, value):
    return isinstance(value, decimal.Decimal)


def is_integer(_, value):
    return is_number(None, value) and value == value.to_integral_value()


def pattern(validator, expression, instance, _):
    if validator.is_type(instance, "string"):
        ecma = re.sub(r"(?<!\\)\$", r"\\Z", expression).replace(r"\d", "[0-9]")
        if not re.search(ecma, instance):
            yield jsonschema.ValidationError("does not match")


Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    validators={"pattern": pattern},
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"number": is_number, "integer": is_integer}
    ),
)

for case in json.load(sys.stdin):
    schema = xmlschema.XMLSchema10(case["xsd"])
    for file in case["xml"]:
        try:
            valid = schema.is_valid(file)
        except Exception:  # not well-formed, or what the parser guards against
            valid = False
        if valid:
            print(file)
    with open(case["schema"], encoding="utf-8") as text:
        Validator.check_schema(json.load(text))
    validator = Validator(read(case["schema"]), format_checker=Validator.FORMAT_CHECKER)
    for file in case["json"]:
        try:
            valid = validator.is_valid(read(file))
        except ValueError:
            valid = False
        if valid:
            print(file)
