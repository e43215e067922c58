//! The database: one schema, two backends, one file per resource.
