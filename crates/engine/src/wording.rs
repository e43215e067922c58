//! What a campaign says to each of its recipients.

use std::borrow::Cow;
use std::sync::Arc;

use clarion_domain::campaign::{Campaign, CampaignContent};
use clarion_domain::contact::Contact;
use clarion_domain::link::{LinkKind, Links};
use clarion_domain::opt_out_link::OptOutLinkId;
use clarion_domain::template::{Template, TemplateFault, Token, Values};
use clarion_domain::text::smart;
use clarion_persistence::campaigns::Outgoing;
use clarion_persistence::recipients::Recipient;

/// A campaign's template, ready to be put into words for one recipient after the other.
pub(crate) struct Wording {
    template: Template,
    links: Arc<Links>,
    has: Has,
    is_smart: bool,
    /// Where it is the same for everyone.
    fixed: Option<Fixed>,
}

/// Which links a campaign has.
#[derive(Clone, Copy, Default)]
struct Has {
    opt_out: bool,
    track: bool,
}

/// A text without anything of a recipient's own.
struct Fixed {
    written: Arc<str>,
    encoded: Arc<str>,
}

/// What a campaign says, wherever it stands.
struct Said<'c> {
    template: &'c Template,
    opt_out: Option<OptOutLinkId>,
    url: Option<&'c str>,
    is_smart: bool,
}

impl Wording {
    /// The words of what a campaign shall say.
    pub(crate) fn of_content(content: &CampaignContent, links: &Arc<Links>) -> Self {
        let said = Said {
            template: &content.message,
            opt_out: content.opt_out_link_id,
            url: content.track_link_url.as_deref(),
            is_smart: content.smart_encoding,
        };
        Self::linked(&said, links)
    }

    /// The words of a stored campaign.
    ///
    /// # Errors
    /// Its message is no template.
    pub(crate) fn of_campaign(
        campaign: &Campaign,
        links: &Arc<Links>,
    ) -> Result<Self, Vec<TemplateFault>> {
        let said = Said {
            template: &Template::parse(&campaign.message)?,
            opt_out: campaign.opt_out_link_id,
            url: campaign.track_link_url.as_deref(),
            is_smart: campaign.smart_encoding,
        };
        Ok(Self::linked(&said, links))
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
            return Ok(Self::new(template, Has::default(), false, links));
        }
        let said = Said {
            template: &Template::parse(&campaign.message)?,
            opt_out: campaign.opt_out_link_id,
            url: campaign.track_link_url.as_deref(),
            is_smart: campaign.smart_encoding,
        };
        Ok(Self::linked(&said, links))
    }

    fn linked(said: &Said<'_>, links: &Arc<Links>) -> Self {
        let has = Has {
            opt_out: said.opt_out.is_some(),
            track: said.url.is_some(),
        };
        let template = said.template.with_links(has.opt_out, said.url);
        Self::new(template, has, said.is_smart, links)
    }

    fn new(template: Template, has: Has, is_smart: bool, links: &Arc<Links>) -> Self {
        let same_for_all = !Token::ALL.iter().any(|token| template.uses(*token));
        let fixed = same_for_all.then(|| {
            let written = Arc::from(template.render(&Values::default()));
            let encoded = encoded(&written, is_smart);
            Fixed { written, encoded }
        });
        Self {
            template,
            links: Arc::clone(links),
            has,
            is_smart,
            fixed,
        }
    }

    /// The text that everyone gets, where nothing in it is a recipient's own.
    pub(crate) fn fixed(&self) -> Option<&str> {
        self.fixed.as_ref().map(|fixed| &*fixed.encoded)
    }

    /// Whether texts are written in GSM look-alikes.
    pub(crate) fn is_smart(&self) -> bool {
        self.is_smart
    }

    /// The text for one recipient.
    pub(crate) fn text_for(&self, recipient: &Recipient) -> Arc<str> {
        if let Some(fixed) = &self.fixed {
            return Arc::clone(&fixed.encoded);
        }
        let written = self.written(&recipient.contact, |links, kind| {
            links.link(kind, recipient.key)
        });
        encoded(&written, self.is_smart)
    }

    /// A text as long as that for a contact whose place is not known yet, and in the same encoding.
    pub(crate) fn sample_for(&self, contact: &Contact) -> Arc<str> {
        match &self.fixed {
            Some(fixed) => Arc::clone(&fixed.encoded),
            None => encoded(&self.written_sample_for(contact), self.is_smart),
        }
    }

    /// The same before smart encoding.
    pub(crate) fn written_sample_for(&self, contact: &Contact) -> Arc<str> {
        match &self.fixed {
            Some(fixed) => Arc::clone(&fixed.written),
            None => self.written(contact, |links, kind| {
                Links::sample(links.public_url(), kind)
            }),
        }
    }

    fn written(&self, contact: &Contact, link: impl Fn(&Links, LinkKind) -> String) -> Arc<str> {
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

fn encoded(written: &Arc<str>, is_smart: bool) -> Arc<str> {
    if !is_smart {
        return Arc::clone(written);
    }
    match smart(written).text {
        Cow::Borrowed(_) => Arc::clone(written),
        Cow::Owned(text) => Arc::from(text),
    }
}
