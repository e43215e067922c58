//! How the databases write what lists ask of texts.

use clarion_domain::filter::Relation;

/// How a database writes what lists ask of texts.
#[derive(Clone, Copy)]
pub(crate) struct Texts {
    /// The function that finds a text in another; its first place is 1, and 0 means nowhere.
    pub(crate) position: &'static str,
    /// Behind an expression in ORDER BY: by code points, whatever the database's collation.
    pub(crate) by_code_point: &'static str,
    /// How case is left aside.
    pub(crate) case_folding: CaseFolding,
}

/// How a database leaves case aside, by the domain's rules and not by its own.
#[derive(Clone, Copy)]
pub(crate) enum CaseFolding {
    /// By the function `fold_case`.
    Function,
    /// By a regular expression that any of the texts matches.
    Pattern(fn(Relation, &[&str]) -> String),
}
