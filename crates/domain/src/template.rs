//! Message templates: `{Name}`, `{Name|there}`, `{{`. Parsed once per campaign, rendered once per recipient.
//!
//! Where the links come from that stand for `{OptOut}` and `{TrackLink}` is not known here.

mod links;
mod parse;

use std::fmt;

pub use parse::TemplateFault;

/// A parsed template; equal to another where the text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    source: String,
    pieces: Vec<Piece>,
}

/// A stretch of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// Stands in every message as it is; never empty, never beside another.
    Literal(String),
    /// Stands for a recipient's value, or for the fallback (empty where none was given).
    Token { token: Token, fallback: String },
}

/// What a template can stand for, once per recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Token {
    /// `{Name}`
    Name,
    /// `{Custom1}`
    Custom1,
    /// `{Custom2}`
    Custom2,
    /// `{PhoneNumber}`
    PhoneNumber,
    /// `{OptOut}`
    OptOut,
    /// `{TrackLink}`
    TrackLink,
}

impl Token {
    /// Every token there is.
    pub const ALL: [Self; 6] = [
        Self::Name,
        Self::Custom1,
        Self::Custom2,
        Self::PhoneNumber,
        Self::OptOut,
        Self::TrackLink,
    ];

    /// Its name as the documentation writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::Custom1 => "Custom1",
            Self::Custom2 => "Custom2",
            Self::PhoneNumber => "PhoneNumber",
            Self::OptOut => "OptOut",
            Self::TrackLink => "TrackLink",
        }
    }

    /// The token of a name in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|token| token.name().eq_ignore_ascii_case(name))
    }
}

/// What stands for the tokens of one recipient. Blank counts as missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Values<'a> {
    /// `{Name}`
    pub name: Option<&'a str>,
    /// `{Custom1}`
    pub custom1: Option<&'a str>,
    /// `{Custom2}`
    pub custom2: Option<&'a str>,
    /// `{PhoneNumber}`
    pub phone_number: &'a str,
    /// `{OptOut}`
    pub opt_out: Option<&'a str>,
    /// `{TrackLink}`
    pub track_link: Option<&'a str>,
}

impl<'a> Values<'a> {
    /// The value that stands for a token, unless it is missing or blank.
    fn get(&self, token: Token) -> Option<&'a str> {
        let value = match token {
            Token::Name => self.name,
            Token::Custom1 => self.custom1,
            Token::Custom2 => self.custom2,
            Token::PhoneNumber => Some(self.phone_number),
            Token::OptOut => self.opt_out,
            Token::TrackLink => self.track_link,
        };
        value.filter(|value| !value.trim().is_empty())
    }
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// Every fault in the text, with its place.
    pub fn parse(source: &str) -> Result<Self, Vec<TemplateFault>> {
        let pieces = parse::pieces(source)?;
        Ok(Self {
            source: source.to_owned(),
            pieces,
        })
    }

    /// A text that is the same for everyone, in which no brace means anything.
    #[must_use]
    pub fn literal(text: &str) -> Self {
        Self {
            source: text.to_owned(),
            pieces: vec![Piece::Literal(text.to_owned())],
        }
    }

    /// The text as it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether a token stands in it.
    #[must_use]
    pub fn uses(&self, wanted: Token) -> bool {
        self.pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Token { token, .. } if *token == wanted))
    }

    /// Appends the text for one recipient to `out`.
    pub fn render_into(&self, values: &Values<'_>, out: &mut String) {
        for piece in &self.pieces {
            out.push_str(match piece {
                Piece::Literal(text) => text,
                Piece::Token { token, fallback } => values.get(*token).unwrap_or(fallback),
            });
        }
    }

    /// The text for one recipient.
    #[must_use]
    pub fn render(&self, values: &Values<'_>) -> String {
        let mut out = String::with_capacity(self.source.len() + 64);
        self.render_into(values, &mut out);
        out
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(source: &str, values: Values<'_>, text: &str) {
        assert_eq!(Template::parse(source).unwrap().render(&values), text);
    }

    #[test]
    fn every_token_stands_for_its_value_in_any_case() {
        let values = Values {
            name: Some("Ann"),
            custom1: Some("one"),
            custom2: Some("two"),
            phone_number: "+447700900001",
            opt_out: Some("https://c.example/o/1"),
            track_link: Some("https://c.example/t/2"),
        };
        for (token, value) in Token::ALL.into_iter().zip([
            "Ann",
            "one",
            "two",
            "+447700900001",
            "https://c.example/o/1",
            "https://c.example/t/2",
        ]) {
            let name = token.name();
            check(&format!("<{{{name}}}>"), values, &format!("<{value}>"));
            check(&format!("{{{}}}", name.to_uppercase()), values, value);
            check(&format!("{{ {} }}", name.to_lowercase()), values, value);
        }
    }

    #[test]
    fn a_fallback_stands_for_a_missing_or_blank_value() {
        for (name, text) in [
            (Some("Ann"), "Hi Ann, hi"),
            (None, "Hi there, hi"),
            (Some(""), "Hi there, hi"),
            (Some(" \t"), "Hi there, hi"),
        ] {
            let values = Values {
                name,
                ..Values::default()
            };
            check("Hi {Name|there}, hi", values, text);
        }
        check("Hi {Name| | }!", Values::default(), "Hi  | !");
    }

    #[test]
    fn a_missing_value_without_fallback_is_empty() {
        check("Hi {Name}!", Values::default(), "Hi !");
        check("Hi {Name|}!", Values::default(), "Hi !");
    }

    #[test]
    fn doubled_braces_are_literal() {
        let values = Values {
            name: Some("{Custom1}"),
            ..Values::default()
        };
        check("{{Name}}", values, "{Name}");
        check("{{{Name}}}", values, "{{Custom1}}");
        check("a }}{{ b", values, "a }{ b");
    }

    #[test]
    fn it_knows_which_tokens_it_uses() {
        let template = Template::parse("{name|x} {{OptOut}}").unwrap();
        assert!(template.uses(Token::Name));
        assert!(!template.uses(Token::OptOut));
    }

    proptest! {
        #[test]
        fn a_text_with_its_braces_doubled_renders_as_itself(text in "\\PC*[^\\s\\x00]\\PC*") {
            let source = text.replace('{', "{{").replace('}', "}}");
            let template = Template::parse(&source).unwrap();
            prop_assert_eq!(template.render(&Values::default()), text);
        }
    }
}
