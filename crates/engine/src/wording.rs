//! What a campaign says to each of its recipients.

use std::sync::Arc;

use clarion_domain::campaign::{Campaign, CampaignContent};
use clarion_domain::contact::Contact;
use clarion_domain::link::{LinkKind, Links};
use clarion_domain::opt_out_link::OptOutLinkId;
use clarion_domain::template::{Template, TemplateFault, Token, Values};
use clarion_persistence::campaigns::Outgoing;
use clarion_persistence::recipients::Recipient;

/// A campaign's template, ready to be put into words for one recipient after the other.
pub(crate) struct Wording {
    template: Template,
    links: Arc<Links>,
    has: Has,
    /// The text itself where it is the same for everyone.
    fixed: Option<Arc<str>>,
}

/// Which links a campaign has.
#[derive(Clone, Copy, Default)]
struct Has {
    opt_out: bool,
    track: bool,
}

impl Wording {
    /// The words of what a campaign shall say.
    pub(crate) fn of_content(content: &CampaignContent, links: &Arc<Links>) -> Self {
        let url = content.track_link_url.as_deref();
        Self::linked(&content.message, content.opt_out_link_id, url, links)
    }

    /// The words of a stored campaign.
    ///
    /// # Errors
    /// Its message is no template.
    pub(crate) fn of_campaign(
        campaign: &Campaign,
        links: &Arc<Links>,
    ) -> Result<Self, Vec<TemplateFault>> {
        let template = Template::parse(&campaign.message)?;
        let url = campaign.track_link_url.as_deref();
        Ok(Self::linked(
            &template,
            campaign.opt_out_link_id,
            url,
            links,
        ))
    }

    /// The words of a campaign that is being sent. A direct message says what it says, whatever braces are in it.
    ///
    /// # Errors
    /// Its message is no template.
    pub(crate) fn of_outgoing(
        campaign: &Outgoing,
        links: &Arc<Links>,
    ) -> Result<Self, Vec<TemplateFault>> {
        if campaign.key.is_direct() {
            let template = Template::literal(&campaign.message);
            return Ok(Self::new(template, Has::default(), links));
        }
        let template = Template::parse(&campaign.message)?;
        let url = campaign.track_link_url.as_deref();
        Ok(Self::linked(
            &template,
            campaign.opt_out_link_id,
            url,
            links,
        ))
    }

    fn linked(
        template: &Template,
        opt_out: Option<OptOutLinkId>,
        url: Option<&str>,
        links: &Arc<Links>,
    ) -> Self {
        let has = Has {
            opt_out: opt_out.is_some(),
            track: url.is_some(),
        };
        Self::new(template.with_links(has.opt_out, url), has, links)
    }

    fn new(template: Template, has: Has, links: &Arc<Links>) -> Self {
        let same_for_all = !Token::ALL.iter().any(|token| template.uses(*token));
        let fixed = same_for_all.then(|| Arc::from(template.render(&Values::default())));
        Self {
            template,
            links: Arc::clone(links),
            has,
            fixed,
        }
    }

    /// The text that everyone gets, where nothing in it is a recipient's own.
    pub(crate) fn fixed(&self) -> Option<&str> {
        self.fixed.as_deref()
    }

    /// The text for one recipient.
    pub(crate) fn text_for(&self, recipient: &Recipient) -> Arc<str> {
        self.text(&recipient.contact, |links, kind| {
            links.link(kind, recipient.key)
        })
    }

    /// A text as long as that for a contact whose place is not known yet, and in the same encoding.
    pub(crate) fn sample_for(&self, contact: &Contact) -> Arc<str> {
        self.text(contact, |links, kind| {
            Links::sample(links.public_url(), kind)
        })
    }

    fn text(&self, contact: &Contact, link: impl Fn(&Links, LinkKind) -> String) -> Arc<str> {
        if let Some(text) = &self.fixed {
            return Arc::clone(text);
        }
        let link = |kind, has: bool, token| {
            (has && self.template.uses(token)).then(|| link(&self.links, kind))
        };
        let opt_out = link(LinkKind::OptOut, self.has.opt_out, Token::OptOut);
        let track_link = link(LinkKind::Track, self.has.track, Token::TrackLink);
        let phone = contact.phone.to_string();
        Arc::from(self.template.render(&Values {
            name: contact.name.as_deref(),
            custom1: contact.custom1.as_deref(),
            custom2: contact.custom2.as_deref(),
            phone_number: &phone,
            opt_out: opt_out.as_deref(),
            track_link: track_link.as_deref(),
        }))
    }
}
