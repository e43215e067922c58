"""What .ci/fuzz-api adds to the fuzzer: whoever may only read, or has no key, changes nothing; and bodies that are text."""

import schemathesis

READS = {"GET", "HEAD", "OPTIONS", "TRACE"}
# Posted, because it is asked with a whole campaign, but nothing is stored: whoever may read campaigns may ask.
READS_BY_POST = {"/api/Campaigns/Preview"}


@schemathesis.check
def refuses_writes(ctx, response, case):
    reads = case.method.upper() in READS or case.operation.path in READS_BY_POST
    if not reads and response.status_code < 300:
        raise AssertionError(f"{case.method} was done: {response.status_code}")


@schemathesis.serializer("application/x-ndjson", "text/csv")
def as_text(ctx, value):
    return str(value).encode()
