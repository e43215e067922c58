#!/usr/bin/env python3
"""Makes phone_corpus.tsv: what the reference, Google's libphonenumber, says about numbers of every region and type.

    pip install phonenumbers==9.0.33        # the version of the crate phonenumber's metadata
    python phone_corpus.py [ROWS] > phone_corpus.tsv

Columns: default region, written form, type (- where the number is not valid), region, E.164. The seed is fixed, so the
same version gives the same file.
"""

import random
import sys

import phonenumbers as pn
from phonenumbers import PhoneNumberFormat as Format
from phonenumbers import PhoneNumberType as Type
from phonenumbers.phonemetadata import PhoneMetadata

HOMES = ["GB", "US", "DE", "IT", "CI", "AR", "MX", "BR", "FR", "RU", "JP", "CN", "AU", "GG", "JM", "FI", "SM", "HU"]
KINDS = [
    "premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail", "fixed_line",
    "mobile",
]
SCRIPTS = ["\uff10", "\u0660", "\u06f0", "\u0966"]


def verdict(home, written):
    """Type, region and E.164 by the reference."""
    try:
        number = pn.parse(written, None if home == "001" else home)
    except pn.NumberParseException:
        return "-", "-", "-"
    if not pn.is_valid_number(number):
        return "-", "-", "-"
    kind = Type.to_string(pn.number_type(number))
    return kind, pn.region_code_for_number(number), pn.format_number(number, Format.E164)


def examples():
    """Every example number of the metadata, with its region and country code."""
    for code, regions in sorted(pn.COUNTRY_CODE_TO_REGION_CODE.items()):
        for region in regions:
            metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
            for kind in KINDS:
                descriptor = getattr(metadata, kind)
                if descriptor is not None and descriptor.example_number:
                    yield region, code, descriptor.example_number


def mutations(random, national):
    """The number, and numbers that differ from it by a slip of the finger or are another one of its range."""
    yield national
    yield national[:-1]
    yield national + random.choice("0123456789")
    for _ in range(3):
        at = random.randrange(len(national))
        yield national[:at] + random.choice("0123456789") + national[at + 1:]
    keep = random.randrange(1, len(national))
    yield national[:keep] + "".join(random.choice("0123456789") for _ in national[keep:])


def spaced(random, text):
    sign = random.choice([" ", "-", ".", "\u00a0", "/", " - ", "\u2013", "\u200b"])
    at = random.randrange(1, len(text))
    return text[:at] + sign + text[at:]


def forms(random, region, code, national):
    """Pairs of default region and written form."""
    home = random.choice(HOMES)
    exit_code = {"US": "011", "JM": "011", "BR": "0015", "AU": "0011", "JP": "010", "RU": "810"}.get(home, "00")
    yield home, f"+{code}{national}"
    yield home, spaced(random, f"+{code} (0){national}")
    yield home, f"{exit_code} {code} {national}"
    own = region if region != "001" else home
    trunk = getattr(PhoneMetadata.metadata_for_region(own, None), "national_prefix", None) or "0"
    yield own, spaced(random, national)
    yield own, f"{trunk}{national}"
    yield own, f"{code}{national}"
    yield home, national
    zero = ord(random.choice(SCRIPTS))
    yield own, "".join(chr(zero + int(digit)) for digit in national)
    number = pn.PhoneNumber(country_code=code, national_number=int(national), italian_leading_zero=national[0] == "0")
    yield own, pn.format_number(number, Format.NATIONAL)
    yield home, pn.format_number(number, Format.RFC3966)
    yield home, pn.format_out_of_country_calling_number(number, home)


def noise(random):
    """Digits out of nowhere, and the forms on which ours differs on purpose."""
    digits = "".join(random.choice("0123456789") for _ in range(random.randrange(2, 18)))
    yield random.choice(HOMES), random.choice(["", "+", "00", "0"]) + digits
    mobile = "7722" + "".join(random.choice("0123456789") for _ in range(6))
    yield "GB", random.choice(["0{} ext. 5", "mob 0{}", "0{};ext=2", "\u20030{}\u2060", "0\u202f{}"]).format(mobile)
    yield random.choice(["US", "JP", "AU", "RU"]), f"00 44 {mobile}"


def main(rows):
    chance = random.Random(20250601)
    pairs = set()
    for region, code, example in examples():
        for national in mutations(chance, example):
            if national:
                pairs.update(forms(chance, region, code, national))
    for _ in range(len(pairs) // 40):
        pairs.update(noise(chance))
    chosen = chance.sample(sorted(pairs), min(rows, len(pairs)))
    for home, written in sorted(chosen):
        print(home, written, *verdict(home, written), sep="\t")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
