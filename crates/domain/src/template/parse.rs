//! From a template's text to its pieces, left to right, finding every fault on the way.

use super::{Piece, Token};
use crate::fault::excerpt;

/// Why a text is no template. Reads after the property's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateFault {
    /// Nothing but white space.
    #[error("is required")]
    Empty,
    /// A character that is no text, and that not every database can hold.
    #[error("contains the character U+0000")]
    Nul,
    /// A name that stands for nothing.
    #[error(
        "has an unknown token {{{name}}} at character {position}; known are {}",
        known()
    )]
    Unknown {
        /// As it was written; a long one is cut off.
        name: String,
        /// Where its brace stands, from 1.
        position: usize,
    },
    /// A brace that no other closes.
    #[error("has a {{ at character {position} that is not closed; a literal brace is written {{{{")]
    Unclosed {
        /// Where the brace stands, from 1.
        position: usize,
    },
    /// A closing brace without an opening one.
    #[error("has a stray }} at character {position}; a literal brace is written }}}}")]
    Stray {
        /// Where the brace stands, from 1.
        position: usize,
    },
}

/// The most characters of an unknown token that a fault repeats.
const SHOWN: usize = 32;

/// The pieces of a template, or all its faults.
pub(super) fn pieces(source: &str) -> Result<Vec<Piece>, Vec<TemplateFault>> {
    if source.trim().is_empty() {
        return Err(vec![TemplateFault::Empty]);
    }
    let mut parser = Parser::new(source);
    parser.run();
    if source.contains('\0') {
        parser.faults.push(TemplateFault::Nul);
    }
    if parser.faults.is_empty() {
        Ok(parser.pieces)
    } else {
        Err(parser.faults)
    }
}

/// Adds literal text, to the literal piece before it where there is one.
pub(super) fn push_literal(pieces: &mut Vec<Piece>, text: &str) {
    match pieces.last_mut() {
        _ if text.is_empty() => {}
        Some(Piece::Literal(before)) => before.push_str(text),
        _ => pieces.push(Piece::Literal(text.to_owned())),
    }
}

fn known() -> String {
    Token::ALL
        .map(|token| format!("{{{}}}", token.name()))
        .join(", ")
}

struct Parser<'s> {
    source: &'s str,
    /// The next byte to read.
    at: usize,
    /// Bytes and characters counted so far for positions: counting anew for each fault would take quadratic time.
    counted: (usize, usize),
    pieces: Vec<Piece>,
    faults: Vec<TemplateFault>,
}

impl<'s> Parser<'s> {
    fn new(source: &'s str) -> Self {
        Self {
            source,
            at: 0,
            counted: (0, 0),
            pieces: Vec::new(),
            faults: Vec::new(),
        }
    }

    fn run(&mut self) {
        while let Some(text) = self.rest().find(['{', '}']) {
            self.literal(text);
            self.brace();
        }
        self.literal(self.rest().len());
    }

    fn rest(&self) -> &'s str {
        &self.source[self.at..]
    }

    fn literal(&mut self, len: usize) {
        let text = &self.rest()[..len];
        push_literal(&mut self.pieces, text);
        self.at += len;
    }

    fn brace(&mut self) {
        let rest = self.rest();
        if rest.starts_with("{{") || rest.starts_with("}}") {
            self.literal(1);
            self.at += 1;
        } else if rest.starts_with('}') {
            let position = self.position();
            self.faults.push(TemplateFault::Stray { position });
            self.at += 1;
        } else {
            self.token();
        }
    }

    /// A fallback cannot hold braces: in `{Name|there}}}` it could not be told whether the literal one belongs to it.
    fn token(&mut self) {
        let inside = &self.rest()[1..];
        let end = inside.find(['{', '}']).unwrap_or(inside.len());
        if !inside[end..].starts_with('}') {
            let position = self.position();
            self.faults.push(TemplateFault::Unclosed { position });
            self.at += 1 + end;
            return;
        }
        let (name, fallback) = inside[..end]
            .split_once('|')
            .unwrap_or((&inside[..end], ""));
        match Token::from_name(name.trim()) {
            Some(token) => self.pieces.push(Piece::Token {
                token,
                fallback: fallback.to_owned(),
            }),
            None => self.unknown(name),
        }
        self.at += end + 2;
    }

    fn unknown(&mut self, name: &str) {
        let position = self.position();
        self.faults.push(TemplateFault::Unknown {
            name: excerpt(name, SHOWN),
            position,
        });
    }

    /// The character about to be read, from 1.
    fn position(&mut self) -> usize {
        let (bytes, chars) = self.counted;
        let chars = chars + self.source[bytes..self.at].chars().count();
        self.counted = (self.at, chars);
        chars + 1
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn faults(source: &str) -> Vec<TemplateFault> {
        pieces(source).expect_err(source)
    }

    #[test]
    fn a_blank_text_is_no_template() {
        for blank in ["", " ", "\n\t\u{a0}"] {
            assert_eq!(faults(blank), [TemplateFault::Empty]);
        }
        assert_eq!(faults("a\0b"), [TemplateFault::Nul]);
    }

    #[test]
    fn every_fault_is_found_with_its_place() {
        assert_eq!(
            faults("Hé {Nmae}, {Name|{Custom1}} {x|y} } {"),
            [
                TemplateFault::Unknown {
                    name: "Nmae".to_owned(),
                    position: 4
                },
                TemplateFault::Unclosed { position: 12 },
                TemplateFault::Stray { position: 27 },
                TemplateFault::Unknown {
                    name: "x".to_owned(),
                    position: 29
                },
                TemplateFault::Stray { position: 35 },
                TemplateFault::Unclosed { position: 37 },
            ]
        );
    }

    #[test]
    fn an_empty_token_is_unknown() {
        assert_eq!(
            faults("{}"),
            [TemplateFault::Unknown {
                name: String::new(),
                position: 1
            }]
        );
    }

    #[test]
    fn a_fault_reads_after_the_property() {
        let told: Vec<String> = faults("Hello {Nmae}{a}}{")
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            told,
            [
                "has an unknown token {Nmae} at character 7; known are {Name}, {Custom1}, {Custom2}, {PhoneNumber}, \
                 {OptOut}, {TrackLink}",
                "has an unknown token {a} at character 13; known are {Name}, {Custom1}, {Custom2}, {PhoneNumber}, \
                 {OptOut}, {TrackLink}",
                "has a stray } at character 16; a literal brace is written }}",
                "has a { at character 17 that is not closed; a literal brace is written {{",
            ]
        );
    }

    #[test]
    fn a_long_unknown_token_is_cut_off() {
        let source = format!("{{{}}}", "é".repeat(1_000));
        assert_eq!(
            faults(&source),
            [TemplateFault::Unknown {
                name: format!("{}…", "é".repeat(SHOWN)),
                position: 1
            }]
        );
    }

    proptest! {
        #[test]
        fn every_fault_points_at_a_brace(text in "[aé{}| ]{0,40}[xé]") {
            for fault in pieces(&text).err().unwrap_or_default() {
                let (brace, position) = match fault {
                    TemplateFault::Unknown { position, .. }
                    | TemplateFault::Unclosed { position } => ('{', position),
                    TemplateFault::Stray { position } => ('}', position),
                    TemplateFault::Empty | TemplateFault::Nul => panic!("{text} has none"),
                };
                prop_assert_eq!(text.chars().nth(position - 1), Some(brace));
            }
        }
    }
}
