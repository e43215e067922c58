//! Where a campaign's links go when the message has no token for them.

use super::parse::push_literal;
use super::{Piece, Template, Token};

impl Template {
    /// The template with a place for each link of the campaign: a tracked URL that stands in the message becomes
    /// `{TrackLink}`; a link that still has no token gets it at the end, after a space.
    #[must_use]
    pub fn with_links(&self, has_opt_out: bool, track_link_url: Option<&str>) -> Self {
        let mut pieces = self.pieces.clone();
        if let Some(url) =
            track_link_url.filter(|url| !url.is_empty() && !self.uses(Token::TrackLink))
        {
            pieces = with_url_as_token(pieces, url);
            if !pieces.contains(&link(Token::TrackLink)) {
                append(&mut pieces, Token::TrackLink);
            }
        }
        if has_opt_out && !self.uses(Token::OptOut) {
            append(&mut pieces, Token::OptOut);
        }
        Self {
            source: written(&pieces),
            pieces,
        }
    }
}

fn link(token: Token) -> Piece {
    Piece::Token {
        token,
        fallback: String::new(),
    }
}

fn append(pieces: &mut Vec<Piece>, token: Token) {
    let spaced =
        matches!(pieces.last(), Some(Piece::Literal(text)) if text.ends_with(char::is_whitespace));
    if !spaced {
        push_literal(pieces, " ");
    }
    pieces.push(link(token));
}

fn with_url_as_token(pieces: Vec<Piece>, url: &str) -> Vec<Piece> {
    let mut placed = Vec::with_capacity(pieces.len() + 2);
    for piece in pieces {
        match piece {
            Piece::Literal(text) => place_in_literal(&text, url, &mut placed),
            token @ Piece::Token { .. } => placed.push(token),
        }
    }
    placed
}

fn place_in_literal(text: &str, url: &str, placed: &mut Vec<Piece>) {
    let mut from = 0;
    for (at, _) in text.match_indices(url) {
        let end = at + url.len();
        if !continues_a_url(&text[end..]) {
            push_literal(placed, &text[from..at]);
            placed.push(link(Token::TrackLink));
            from = end;
        }
    }
    push_literal(placed, &text[from..]);
}

/// Whether an address goes on here, so that what came before is only the beginning of another one: punctuation ends an
/// address unless more of the address follows it.
fn continues_a_url(rest: &str) -> bool {
    const ENDING: &str = ".,;:!?'\")]}>";
    rest.trim_start_matches(|c| ENDING.contains(c))
        .starts_with(|c: char| c.is_alphanumeric() || "/?#&=%-_~@+$*".contains(c))
}

/// The text that parses to these pieces.
fn written(pieces: &[Piece]) -> String {
    let mut source = String::new();
    for piece in pieces {
        match piece {
            Piece::Literal(text) => {
                source.push_str(&text.replace('{', "{{").replace('}', "}}"));
            }
            Piece::Token { token, fallback } => {
                source.push('{');
                source.push_str(token.name());
                if !fallback.is_empty() {
                    source.push('|');
                    source.push_str(fallback);
                }
                source.push('}');
            }
        }
    }
    source
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const URL: &str = "https://shop.example/sale";

    fn check(source: &str, has_opt_out: bool, url: Option<&str>, linked: &str) {
        let template = Template::parse(source).unwrap();
        assert_eq!(
            template.with_links(has_opt_out, url).source(),
            linked,
            "{source}"
        );
    }

    #[test]
    fn without_links_nothing_changes() {
        check("Hi {Name|you} {{}}", false, None, "Hi {Name|you} {{}}");
        check("Hi", false, Some(""), "Hi");
    }

    #[test]
    fn a_link_without_a_token_is_appended_after_a_space() {
        check("Sale", true, None, "Sale {OptOut}");
        check("Sale", false, Some(URL), "Sale {TrackLink}");
        check("Sale", true, Some(URL), "Sale {TrackLink} {OptOut}");
        check("{Name}", true, None, "{Name} {OptOut}");
        check("Stop: ", true, None, "Stop: {OptOut}");
    }

    #[test]
    fn a_link_with_a_token_stays_where_it_is() {
        check(
            "{optout} Sale {TrackLink|x}",
            true,
            Some(URL),
            "{OptOut} Sale {TrackLink|x}",
        );
    }

    #[test]
    fn the_url_in_the_message_becomes_the_tracked_link() {
        check(
            "See https://shop.example/sale.",
            false,
            Some(URL),
            "See {TrackLink}.",
        );
        check(
            "(https://shop.example/sale) or https://shop.example/sale",
            true,
            Some(URL),
            "({TrackLink}) or {TrackLink} {OptOut}",
        );
    }

    #[test]
    fn the_beginning_of_another_url_is_left_alone() {
        for other in ["s", "/shoes", "?q=1", "#x", ".html", "-2"] {
            let source = format!("See {URL}{other}");
            check(
                &source,
                false,
                Some(URL),
                &format!("{source} {{TrackLink}}"),
            );
        }
    }

    proptest! {
        #[test]
        fn the_text_of_a_linked_template_parses_to_it(
            source in "([a-z .]|\\{\\{|\\}\\}|\\{name\\}|\\{Custom1\\|x\\}|u){0,20}x",
            has_opt_out: bool,
            url in proptest::option::of("[ux]{1,2}"),
        ) {
            let linked = Template::parse(&source).unwrap().with_links(has_opt_out, url.as_deref());
            prop_assert_eq!(Template::parse(linked.source()), Ok(linked));
        }
    }
}
