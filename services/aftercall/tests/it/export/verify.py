"""Verifies an export with nothing but the standard library: Ed25519 by RFC 8032, in its own words.

Usage: verify.py DIR PUBLIC_KEY. Prints how many contacts there are, counted in the files.
"""

import base64
import csv
import hashlib
import io
import json
import pathlib
import sys

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def x_of(y, sign):
    """The x of a point of the curve, by its y and the parity of x."""
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        raise ValueError("no point of the curve")
    return P - x if x % 2 != sign else x


def point(encoded):
    number = int.from_bytes(encoded, "little")
    y, sign = number % 2**255, number >> 255
    if len(encoded) != 32 or y >= P:
        raise ValueError("no point of the curve")
    return (x_of(y, sign), y)


def added(a, b):
    (x1, y1), (x2, y2) = a, b
    both = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + both, P - 2, P) % P
    y = (y1 * y2 + x1 * x2) * pow(1 - both, P - 2, P) % P
    return (x, y)


def times(number, a):
    result = (0, 1)
    while number:
        if number & 1:
            result = added(result, a)
        a = added(a, a)
        number >>= 1
    return result


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = (x_of(BASE_Y, 0), BASE_Y)


def is_signed(key, message, signature):
    if len(signature) != 64:
        return False
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    if s >= ORDER:
        return False
    hashed = hashlib.sha512(r + key + message).digest()
    k = int.from_bytes(hashed, "little") % ORDER
    return times(s, BASE) == added(point(r), times(k, point(key)))


def main():
    home, key = pathlib.Path(sys.argv[1]), base64.b64decode(sys.argv[2])
    signed = (home / "manifest.json").read_bytes()
    signature = base64.b64decode((home / "manifest.sig").read_text())
    if not is_signed(key, signed, signature):
        sys.exit("the signature does not hold")
    manifest = json.loads(signed)
    rows = 0
    for part in manifest["parts"]:
        held = (home / part["name"]).read_bytes()
        if hashlib.sha256(held).hexdigest() != part["sha256"]:
            sys.exit(f"{part['name']} is not what was signed")
        lines = list(csv.reader(io.StringIO(held.decode(), newline="")))
        if lines[0] != manifest["columns"] or len(lines) - 1 != part["rows"]:
            sys.exit(f"{part['name']} has other rows than the manifest says")
        rows += part["rows"]
    if rows != manifest["rows"]:
        sys.exit("the files have other rows than the manifest says")
    print(rows)


main()
