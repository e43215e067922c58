//! The page as HTML. Everything that a client or an operator wrote goes into it as text.

use clarion_domain::phone::PhoneNumber;
use clarion_persistence::opt_out_links::Behind;
use html_escape::encode_safe;

use super::words::{self, NO_SUCH_LINK};

/// Of the bar and the button, unless the client has its own.
const COLOUR: &str = "#1f5fbf";

/// The page as it stands for this recipient.
pub(super) fn page(behind: &Behind, is_out: bool) -> String {
    let link = &behind.link;
    let words = words::of(link.language);
    let from = link.logo_text.as_deref().unwrap_or(&behind.sender);
    let question = match &link.text {
        Some(text) => text.clone(),
        None => words.question.replace("{from}", from),
    };
    let (said, address, button) = match is_out {
        false => (question, "", words.opt_out),
        true => (words.done.replace("{from}", from), "?undo=true", words.undo),
    };
    let title = link.title.as_deref().unwrap_or(words.title);
    let colour = link.colour.as_ref();
    document(
        link.language.name(),
        title,
        (
            colour.map_or(COLOUR, |colour| colour.as_str()),
            colour.is_some_and(|colour| colour.is_light()),
        ),
        &format!(
            "<header>{from}</header><main><h1>{title}</h1><p class=\"number\">{number}</p><p{status}>{said}</p>\
             <form method=\"post\" action=\"{address}\"><button>{button}</button></form></main>",
            from = encode_safe(from),
            title = encode_safe(title),
            number = masked(behind.number),
            status = if is_out { " role=\"status\"" } else { "" },
            said = encode_safe(&said),
            button = encode_safe(button),
        ),
    )
}

/// What there is where there is no link.
pub(super) fn no_such_link() -> String {
    let main = format!("<main><h1>{NO_SUCH_LINK}</h1></main>");
    document("en", NO_SUCH_LINK, (COLOUR, false), &main)
}

/// The number for whoever knows it, and not for who looks over the shoulder.
fn masked(number: PhoneNumber) -> String {
    let written = number.to_string();
    let shown = written.len().saturating_sub(3);
    let hidden = |(at, letter): (usize, char)| match at {
        0..=2 => letter,
        at if at >= shown => letter,
        _ => '•',
    };
    written.chars().enumerate().map(hidden).collect()
}

fn document(language: &str, title: &str, (colour, is_light): (&str, bool), body: &str) -> String {
    let ink = if is_light { "#111" } else { "#fff" };
    let title = encode_safe(title);
    format!(
        "<!DOCTYPE html><html lang=\"{language}\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"robots\" content=\"noindex\">\
         <style>:root{{color-scheme:light dark}}body{{margin:0;font:1.1rem/1.5 system-ui,sans-serif}}\
         header{{background:{colour};color:{ink};padding:1rem;font-weight:600;min-height:1.5rem;text-align:center}}\
         main{{max-width:32rem;margin:0 auto;padding:1rem;text-align:center}}p{{white-space:pre-line}}.number{{opacity:.8}}\
         button{{background:{colour};color:{ink};border:0;border-radius:.5rem;padding:.9rem 1.6rem;font:inherit;cursor:pointer}}\
         </style></head><body>{body}</body></html>"
    )
}

#[cfg(test)]
mod tests {
    use clarion_domain::client::FIRST_CLIENT;
    use clarion_domain::opt_out::{OptOutScope, ScopeKind};
    use clarion_domain::opt_out_link::{Colour, OptOutLink, PageLanguage};
    use clarion_domain::phone::Region;

    use super::*;

    fn behind(link: OptOutLink) -> Behind {
        let gb = Region::new("GB").expect("a region");
        Behind {
            client: FIRST_CLIENT,
            number: PhoneNumber::from_stored("+447700900123", gb).expect("a number"),
            scope: OptOutScope::Client,
            sender: "ACME".to_owned(),
            link,
        }
    }

    fn link() -> OptOutLink {
        OptOutLink {
            name: "Offers".to_owned(),
            title: None,
            text: None,
            language: PageLanguage::De,
            scope: ScopeKind::Client,
            colour: None,
            logo_text: None,
        }
    }

    #[test]
    fn the_number_is_masked() {
        let html = page(&behind(link()), false);
        assert!(html.contains(">+44•••••••123<"), "{html}");
        assert!(!html.contains("7700900"), "{html}");
    }

    #[test]
    fn it_speaks_its_language_and_says_who_asks() {
        let html = page(&behind(link()), false);
        assert!(
            html.contains("<html lang=\"de\">")
                && html.contains("keine SMS mehr von ACME bekommen?")
        );
        let html = page(&behind(link()), true);
        assert!(html.contains("abgemeldet") && html.contains("action=\"?undo=true\""));
    }

    #[test]
    fn what_clients_write_stays_text() {
        let evil = || Some("<script>\"&'".to_owned());
        let html = page(
            &behind(OptOutLink {
                title: evil(),
                text: evil(),
                logo_text: evil(),
                colour: Colour::read("#ffff00"),
                ..link()
            }),
            false,
        );
        assert!(!html.contains("<script"), "{html}");
        assert!(html.contains("background:#ffff00;color:#111"));
    }
}
