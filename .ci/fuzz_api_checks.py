"""What .ci/fuzz-api adds to the fuzzer: whoever may only read, or has no key, changes nothing; and bodies that are text."""

import schemathesis

READS = {"GET", "HEAD", "OPTIONS", "TRACE"}


@schemathesis.check
def refuses_writes(ctx, response, case):
    if case.method.upper() not in READS and response.status_code < 300:
        raise AssertionError(f"{case.method} was done: {response.status_code}")


@schemathesis.serializer("application/x-ndjson", "text/csv")
def as_text(ctx, value):
    return str(value).encode()
