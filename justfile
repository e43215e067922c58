# `just` lists these; each is one line that also works without just.

_:
    @just --list

# Serve from this folder, with the sandbox's settings.
run *arguments:
    cargo run --release -- {{ arguments }}

# Every test; on PostgreSQL too, where its server programs are found.
test *arguments:
    cargo test --workspace {{ arguments }}

# The tests of one crate: `just crate domain`.
crate name *arguments:
    cargo test -p clarion-{{ name }} {{ arguments }}

format:
    cargo fmt --all

lint:
    cargo clippy --workspace --all-targets -- -D warnings

docs:
    cargo doc --workspace --no-deps --document-private-items --open

# Who may depend on what.
layers:
    .ci/layers

# Licences, sources, advisories; needs cargo-deny.
deny:
    cargo deny check

# Make the example campaign anew.
examples:
    cargo run -p clarion-batch --example make_campaign

# All that is checked before a change is taken.
ci:
    .ci/run

# Break a running service in all ways, for some ten minutes; see docs/reliability.md.
faults *arguments="--full":
    .ci/faults {{ arguments }}

# Measure the service beside the bare libraries, for some minutes; see docs/performance.md.
bench *arguments:
    .ci/bench {{ arguments }}

# The service with PostgreSQL, in containers.
up:
    docker compose up --build
