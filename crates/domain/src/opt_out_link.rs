//! Opt-out links: what stands on the page behind `{OptOut}`, and how wide an opt-out there is.

use crate::fault::Faults;
use crate::name;
use crate::opt_out::ScopeKind;

/// Most characters of a title.
pub const MAX_TITLE: usize = 100;
/// Most characters of a text.
pub const MAX_TEXT: usize = 1_000;
/// Most characters of what stands in place of a logo.
pub const MAX_LOGO_TEXT: usize = 40;

/// An opt-out link's public number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OptOutLinkId(pub i32);

/// In which language the page speaks where the client has no words of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PageLanguage {
    /// German.
    De,
    /// English.
    #[default]
    En,
    /// Spanish.
    Es,
    /// French.
    Fr,
}

/// A colour as style sheets write it: `#` and six hexadecimal digits in lower case. Nothing else gets into a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Colour(String);

/// An opt-out link as a client has made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptOutLink {
    /// What the client calls it.
    pub name: String,
    /// Above the page; in the page's language where there is none.
    pub title: Option<String>,
    /// What the page asks; in the page's language where there is none.
    pub text: Option<String>,
    /// The language of the page.
    pub language: PageLanguage,
    /// How wide an opt-out by the page is.
    pub scope: ScopeKind,
    /// The colour of the bar and the button.
    pub colour: Option<Colour>,
    /// What stands in place of a logo, such as the brand.
    pub logo_text: Option<String>,
}

/// An opt-out link as a request gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OptOutLinkDraft {
    /// As [`OptOutLink::name`]; required.
    pub name: Option<String>,
    /// As [`OptOutLink::title`].
    pub title: Option<String>,
    /// As [`OptOutLink::text`].
    pub text: Option<String>,
    /// As [`OptOutLink::language`], by its name.
    pub language: Option<String>,
    /// As [`OptOutLink::scope`], by its name.
    pub scope: Option<String>,
    /// As [`OptOutLink::colour`].
    pub colour: Option<String>,
    /// As [`OptOutLink::logo_text`].
    pub logo_text: Option<String>,
}

impl PageLanguage {
    /// Every one there is.
    pub const ALL: [Self; 4] = [Self::De, Self::En, Self::Es, Self::Fr];

    /// As ISO 639-1 has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::De => "de",
            Self::En => "en",
            Self::Es => "es",
            Self::Fr => "fr",
        }
    }

    /// The one with this name, in any case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let is_it = |one: &Self| one.name().eq_ignore_ascii_case(name);
        Self::ALL.into_iter().find(is_it)
    }
}

impl Colour {
    /// Reads a colour.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let digits = text.trim().strip_prefix('#')?;
        let fits = digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        fits.then(|| Self(format!("#{}", digits.to_ascii_lowercase())))
    }

    /// Whether dark letters are read better on it, by its relative luminance (WCAG 2.2), without the gamma.
    #[must_use]
    pub fn is_light(&self) -> bool {
        let part = |at: usize| {
            let digits = self.0.get(at..at + 2);
            let value = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
            value.unwrap_or_default()
        };
        2 * part(1) + 7 * part(3) + part(5) > 10 * 150
    }

    /// As a style sheet writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl OptOutLinkDraft {
    /// Reads it.
    ///
    /// # Errors
    /// All faults at once.
    pub fn check(&self) -> Result<OptOutLink, Faults> {
        let mut faults = Faults::default();
        let link = OptOutLink {
            name: self.checked_name(&mut faults),
            title: line("title", self.title.as_deref(), MAX_TITLE, &mut faults),
            text: self.checked_text(&mut faults),
            language: self.checked_language(&mut faults),
            scope: self.checked_scope(&mut faults),
            colour: self.checked_colour(&mut faults),
            logo_text: line(
                "logoText",
                self.logo_text.as_deref(),
                MAX_LOGO_TEXT,
                &mut faults,
            ),
        };
        faults.into_result().map(|()| link)
    }

    fn checked_name(&self, faults: &mut Faults) -> String {
        let read = match &self.name {
            Some(given) => name::read(given).map_err(|fault| fault.to_string()),
            None => Err("is required".to_owned()),
        };
        read.unwrap_or_else(|message| {
            faults.add("name", message);
            String::new()
        })
    }

    /// It may have several lines.
    fn checked_text(&self, faults: &mut Faults) -> Option<String> {
        let text = filled(self.text.as_deref())?;
        let is_control = |letter: char| letter.is_control() && letter != '\n' && letter != '\r';
        if text.chars().count() > MAX_TEXT || text.chars().any(is_control) {
            faults.add("text", format!("must be at most {MAX_TEXT} characters"));
        }
        Some(text.replace('\r', ""))
    }

    fn checked_language(&self, faults: &mut Faults) -> PageLanguage {
        let Some(name) = filled(self.language.as_deref()) else {
            return PageLanguage::default();
        };
        PageLanguage::named(name).unwrap_or_else(|| {
            let known = PageLanguage::ALL.map(PageLanguage::name).join(", ");
            faults.add("language", format!("must be one of {known}"));
            PageLanguage::default()
        })
    }

    fn checked_scope(&self, faults: &mut Faults) -> ScopeKind {
        let Some(name) = filled(self.scope.as_deref()) else {
            return ScopeKind::Client;
        };
        ScopeKind::named(name).unwrap_or_else(|| {
            faults.add("scope", "must be client, group or sender");
            ScopeKind::Client
        })
    }

    fn checked_colour(&self, faults: &mut Faults) -> Option<Colour> {
        let given = filled(self.colour.as_deref())?;
        let colour = Colour::read(given);
        if colour.is_none() {
            faults.add(
                "colour",
                "must be # and six hexadecimal digits, as in #0a7a5c",
            );
        }
        colour
    }
}

/// What is given and not blank.
fn filled(given: Option<&str>) -> Option<&str> {
    given.map(str::trim).filter(|text| !text.is_empty())
}

fn line(path: &str, given: Option<&str>, most: usize, faults: &mut Faults) -> Option<String> {
    let text = filled(given)?;
    if text.chars().count() > most || text.chars().any(char::is_control) {
        faults.add(
            path,
            format!("must be at most {most} characters in one line"),
        );
    }
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn what_is_missing_or_blank_is_as_usual() {
        let draft = OptOutLinkDraft {
            name: given(" Offers "),
            title: given("  "),
            ..OptOutLinkDraft::default()
        };
        let link = OptOutLink {
            name: "Offers".to_owned(),
            title: None,
            text: None,
            language: PageLanguage::En,
            scope: ScopeKind::Client,
            colour: None,
            logo_text: None,
        };
        assert_eq!(draft.check(), Ok(link));
    }

    #[test]
    fn everything_that_is_wrong_is_told() {
        let draft = OptOutLinkDraft {
            name: None,
            title: given("a\nb"),
            text: Some("x".repeat(MAX_TEXT + 1)),
            language: given("xx"),
            scope: given("world"),
            colour: given("red;}"),
            logo_text: Some("x".repeat(MAX_LOGO_TEXT + 1)),
        };
        let faults = draft.check().unwrap_err();
        let paths: Vec<_> = faults.listed().iter().map(|fault| &*fault.path).collect();
        let expected = [
            "name", "title", "text", "language", "scope", "colour", "logoText",
        ];
        assert_eq!(paths, expected);
    }

    #[test]
    fn a_colour_is_nothing_but_a_colour() {
        assert_eq!(Colour::read(" #0A7a5C").unwrap().as_str(), "#0a7a5c");
        for text in ["#fff", "0a7a5c", "#0a7a5g", "#0a7a5c;x", "#0a7a5é"] {
            assert_eq!(Colour::read(text), None, "{text}");
        }
    }

    #[test]
    fn every_language_leads_back() {
        for language in PageLanguage::ALL {
            assert_eq!(PageLanguage::named(language.name()), Some(language));
        }
    }
}
