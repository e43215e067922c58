//! What a campaign says to each of its recipients.

use std::sync::Arc;

use clarion_domain::contact::Contact;
use clarion_domain::template::{Template, Token, Values};

/// A campaign's template, ready to be put into words for one recipient after the other.
pub(crate) struct Wording {
    template: Template,
    /// The text itself where it is the same for everyone.
    fixed: Option<Arc<str>>,
}

impl Wording {
    pub(crate) fn new(template: Template) -> Self {
        let same_for_all = !Token::ALL.iter().any(|token| template.uses(*token));
        let fixed = same_for_all.then(|| Arc::from(template.render(&Values::default())));
        Self { template, fixed }
    }

    /// The text that everyone gets, where nothing in it is a recipient's own.
    pub(crate) fn fixed(&self) -> Option<&str> {
        self.fixed.as_deref()
    }

    /// The text for one recipient.
    pub(crate) fn text_for(&self, contact: &Contact) -> Arc<str> {
        if let Some(text) = &self.fixed {
            return Arc::clone(text);
        }
        let phone = contact.phone.to_string();
        Arc::from(self.template.render(&Values {
            name: contact.name.as_deref(),
            custom1: contact.custom1.as_deref(),
            custom2: contact.custom2.as_deref(),
            phone_number: &phone,
            opt_out: None,
            track_link: None,
        }))
    }
}
