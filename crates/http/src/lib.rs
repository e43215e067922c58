//! The HTTP adapter: the API, keys, problem+json, health.
