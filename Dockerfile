# syntax=docker/dockerfile:1

FROM rust:1.95-slim-bookworm AS build
# A C compiler for SQLite and libpq, perl and make for OpenSSL; all three are compiled in.
RUN apt-get update \
    && apt-get install -y --no-install-recommends build-essential perl make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# The cache mounts do not outlive the step, so the binary is copied out of them.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --locked --release --package clarion-app --features postgres-tls \
    && cp target/release/clarion /usr/local/bin/clarion

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --user-group --uid 10001 --home-dir /var/lib/clarion --create-home clarion
COPY --from=build /usr/local/bin/clarion /usr/local/bin/clarion
COPY config /etc/clarion/config

USER clarion
# The database and the simulator's log lie under `data`, relative to the working directory, as does `config`.
WORKDIR /var/lib/clarion
RUN mkdir data && ln -s /etc/clarion/config config
VOLUME /var/lib/clarion/data

ENV CLARION__SERVER__LISTEN=0.0.0.0:8080
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD curl --fail --silent --show-error http://127.0.0.1:8080/health/ready || exit 1

ENTRYPOINT ["clarion"]
CMD ["serve"]
