//! What a request says about a campaign, and the rules it is checked by. Whether the opt-out link exists, and the contacts,
//! are the intake's to check.

use std::borrow::Cow;

use chrono::{DateTime, TimeDelta, Utc};
use validator::{Validate, ValidateUrl, ValidationError};

use super::{MAX_PER_SECOND, OnUnknown, Pace, Timing, Utm, UtmDraft};
use crate::fault::Faults;
use crate::hours::{OutsideWindow, WindowDraft};
use crate::name;
use crate::opt_out_link::OptOutLinkId;
use crate::sender::SenderId;
use crate::template::{Template, TemplateFault};

/// How far in the past a start may lie: it then means "at once".
pub const START_GRACE: TimeDelta = TimeDelta::hours(24);

/// The longest tracked URL, in characters.
pub const MAX_TRACK_LINK_URL: u64 = 2_048;

/// What an opt-out link's id can be at most.
const MAX_OPT_OUT_LINK_ID: i64 = i32::MAX as i64;

/// The properties whose rules `validator` checks, in the contract's order, each with its published name.
const PUBLISHED_NAMES: [(&str, &str); 2] = [
    ("opt_out_link_id", "optOutLinkId"),
    ("track_link_url", "trackLinkUrl"),
];

/// What a request says about a campaign, apart from its contacts, as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Validate)]
pub struct CampaignDraft {
    /// Blank means none.
    pub name: Option<String>,
    /// Missing: at once.
    pub start_at: Option<DateTime<Utc>>,
    /// The sender id.
    pub sender: Option<String>,
    /// The message template.
    pub message: Option<String>,
    /// 0 means none.
    #[validate(range(min = 0, max = MAX_OPT_OUT_LINK_ID, message = "names no opt-out link of this client"))]
    pub opt_out_link_id: Option<i64>,
    /// Blank means none.
    #[validate(
        length(max = MAX_TRACK_LINK_URL, message = "is longer than 2048 characters"),
        custom(function = "is_web_address")
    )]
    pub track_link_url: Option<String>,
    /// Missing: nothing.
    pub utm: Option<UtmDraft>,
    /// Blank means as the client has it.
    pub on_unknown: Option<String>,
    /// Missing: at any time.
    pub sending_window: Option<WindowDraft>,
    /// Missing: hold.
    pub outside_window: Option<String>,
    /// Missing: never.
    pub expires_at: Option<DateTime<Utc>>,
    /// Parts. Missing: as many as the gateways take.
    pub max_per_second: Option<i64>,
    /// Missing: as fast as may be.
    pub spread_until: Option<DateTime<Utc>>,
    /// Missing: no.
    pub smart_encoding: Option<bool>,
}

/// What a campaign says, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignContent {
    /// What its people call it.
    pub name: Option<String>,
    /// When it starts; in the past: at once.
    pub start_at: DateTime<Utc>,
    /// From whom.
    pub sender: SenderId,
    /// The message template.
    pub message: Template,
    /// Whether its texts are written in GSM look-alikes where that makes them GSM 7-bit.
    pub smart_encoding: bool,
    /// The opt-out link, if any.
    pub opt_out_link_id: Option<OptOutLinkId>,
    /// The URL to track, if any.
    pub track_link_url: Option<String>,
    /// What is added to that URL when the link is followed, if anything.
    pub utm: Option<Utm>,
    /// What becomes of its messages of unknown outcome; `None`: as its client has it.
    pub on_unknown: Option<OnUnknown>,
    /// At what times it may be sent, and how fast.
    pub timing: Timing,
}

impl CampaignDraft {
    /// Checks every rule of the contract (API section 2) that needs no database.
    ///
    /// # Errors
    /// All faults at once, each under the property's published name.
    pub fn check(mut self, now: DateTime<Utc>) -> Result<CampaignContent, Faults> {
        self.track_link_url = self.track_link_url.as_deref().and_then(unless_blank);
        let mut faults = Faults::default();
        let start_at = self.check_start(now, &mut faults);
        let sender = self.check_sender(&mut faults);
        let message = self.check_message(&mut faults);
        self.check_links(&mut faults);
        let utm = self.check_utm(&mut faults);
        let name = self.check_name(&mut faults);
        let on_unknown = self.check_on_unknown(&mut faults);
        let timing = self.check_timing(start_at.max(now), &mut faults);
        match (sender, message) {
            (Some(sender), Some(message)) if faults.is_empty() => Ok(CampaignContent {
                name,
                start_at,
                sender,
                message,
                smart_encoding: self.smart_encoding.unwrap_or_default(),
                opt_out_link_id: self.opt_out_link(),
                track_link_url: self.track_link_url,
                utm,
                on_unknown,
                timing,
            }),
            _ => Err(faults),
        }
    }

    /// A start within the grace is kept as it was given: answers show what was asked for, and it is due all the same.
    fn check_start(&self, now: DateTime<Utc>, faults: &mut Faults) -> DateTime<Utc> {
        let start_at = self.start_at.unwrap_or(now);
        if now - start_at > START_GRACE {
            faults.add(
                "startDateTime",
                "lies more than 24 hours in the past; leave it out to start at once",
            );
        }
        start_at
    }

    fn check_sender(&self, faults: &mut Faults) -> Option<SenderId> {
        SenderId::parse(self.sender.as_deref().unwrap_or_default())
            .map_err(|refusal| faults.add("sender", refusal.to_string()))
            .ok()
    }

    fn check_message(&self, faults: &mut Faults) -> Option<Template> {
        let found = |template_faults: Vec<TemplateFault>| {
            for fault in template_faults {
                faults.add("message", fault.to_string());
            }
        };
        Template::parse(self.message.as_deref().unwrap_or_default())
            .map_err(found)
            .ok()
    }

    fn check_name(&self, faults: &mut Faults) -> Option<String> {
        let given = self.name.as_deref().and_then(unless_blank)?;
        name::read(&given)
            .map_err(|refusal| faults.add("name", refusal.to_string()))
            .ok()
    }

    fn check_utm(&self, faults: &mut Faults) -> Option<Utm> {
        let utm = self.utm.as_ref()?.check(faults);
        if utm.is_some() && self.track_link_url.is_none() {
            faults.add("utm", "needs a trackLinkUrl that it is added to");
        }
        utm
    }

    fn check_on_unknown(&self, faults: &mut Faults) -> Option<OnUnknown> {
        OnUnknown::read(self.on_unknown.as_deref().unwrap_or_default())
            .map_err(|message| faults.add("onUnknown", message))
            .ok()
            .flatten()
    }

    fn check_timing(&self, begin: DateTime<Utc>, faults: &mut Faults) -> Timing {
        let draft = self.sending_window.as_ref();
        let window = draft.and_then(|draft| draft.check(faults));
        let mut outside = OutsideWindow::default();
        match self.outside_window.as_deref().map(str::parse) {
            None => {}
            Some(Ok(given)) => outside = given,
            Some(Err(refusal)) => faults.add("outsideWindow", refusal),
        }
        if self.expires_at.is_some_and(|end| end <= begin) {
            faults.add(
                "expiresAt",
                "must lie in the future, and after startDateTime",
            );
        }
        Timing {
            window,
            outside,
            expires_at: self.expires_at,
            pace: self.check_pace(begin, faults),
        }
    }

    fn check_pace(&self, begin: DateTime<Utc>, faults: &mut Faults) -> Pace {
        if let Some(end) = self.spread_until {
            if end <= begin {
                faults.add(
                    "spreadUntil",
                    "must lie in the future, and after startDateTime",
                );
            }
            if self.expires_at.is_some_and(|expiry| expiry < end) {
                faults.add("spreadUntil", "must not lie after expiresAt");
            }
        }
        Pace {
            max_per_second: self.check_max_per_second(faults),
            spread_until: self.spread_until,
        }
    }

    fn check_max_per_second(&self, faults: &mut Faults) -> Option<u32> {
        let given = self.max_per_second?;
        let rate = u32::try_from(given).ok();
        let rate = rate.filter(|rate| (1..=MAX_PER_SECOND).contains(rate));
        if rate.is_none() {
            let message = format!(
                "must be from 1 to {MAX_PER_SECOND}; leave it out to send as fast as the gateways take it"
            );
            faults.add("maxPerSecond", message);
        }
        rate
    }

    /// The opt-out link that is named, where the number can be one.
    #[must_use]
    pub fn opt_out_link(&self) -> Option<OptOutLinkId> {
        self.opt_out_link_id.and_then(link_id)
    }

    fn check_links(&self, faults: &mut Faults) {
        let Err(errors) = self.validate() else {
            return;
        };
        let errors = errors.field_errors();
        for (property, published) in PUBLISHED_NAMES {
            for error in errors.get(property).into_iter().copied().flatten() {
                faults.add(published, error.to_string());
            }
        }
    }
}

fn unless_blank(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn link_id(id: i64) -> Option<OptOutLinkId> {
    let id = i32::try_from(id).ok().filter(|id| *id > 0);
    id.map(OptOutLinkId)
}

/// A browser mends `http:/host`, `http:host` and white space, and so does `validator`; a link in a text message must be
/// right as it is, since phones recognise it by its beginning and end it at white space.
fn is_web_address(url: &str) -> Result<(), ValidationError> {
    let host = ["http://", "https://"].iter().find_map(|scheme| {
        let beginning = url.get(..scheme.len())?;
        beginning
            .eq_ignore_ascii_case(scheme)
            .then(|| &url[scheme.len()..])
    });
    let unbroken = !url.contains(|c: char| c.is_whitespace() || c.is_control());
    let has_host =
        host.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '\\', '?', '#']));
    if unbroken && has_host && url.validate_url() {
        return Ok(());
    }
    let message = Cow::Borrowed("is no absolute http:// or https:// address");
    Err(ValidationError::new("web_address").with_message(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_687_834_641, 374_000_000).unwrap()
    }

    fn draft() -> CampaignDraft {
        CampaignDraft {
            sender: Some("ACME".to_owned()),
            message: Some("Hi {Name}".to_owned()),
            ..CampaignDraft::default()
        }
    }

    fn faults(draft: CampaignDraft) -> Vec<(String, String)> {
        let faults = draft.check(now()).unwrap_err();
        let listed = faults.listed().iter();
        listed
            .map(|fault| (fault.path.clone(), fault.message.clone()))
            .collect()
    }

    fn url_faults(url: &str) -> Option<Vec<(String, String)>> {
        let draft = CampaignDraft {
            track_link_url: Some(url.to_owned()),
            ..draft()
        };
        draft.clone().check(now()).is_err().then(|| faults(draft))
    }

    #[test]
    fn what_is_missing_has_its_default() {
        assert_eq!(
            draft().check(now()),
            Ok(CampaignContent {
                name: None,
                start_at: now(),
                sender: SenderId::Alphanumeric("ACME".to_owned()),
                message: Template::parse("Hi {Name}").unwrap(),
                smart_encoding: false,
                opt_out_link_id: None,
                track_link_url: None,
                utm: None,
                on_unknown: None,
                timing: Timing::default(),
            })
        );
    }

    #[test]
    fn a_start_may_lie_up_to_a_day_in_the_past() {
        let starting = |start_at| CampaignDraft {
            start_at: Some(start_at),
            ..draft()
        };
        for start_at in [now() - START_GRACE, now(), now() + TimeDelta::days(365)] {
            let content = starting(start_at).check(now()).unwrap();
            assert_eq!(content.start_at, start_at);
        }
        assert_eq!(
            faults(starting(now() - START_GRACE - TimeDelta::milliseconds(1))),
            [(
                "startDateTime".to_owned(),
                "lies more than 24 hours in the past; leave it out to start at once".to_owned()
            )]
        );
        assert_eq!(faults(starting(DateTime::<Utc>::MIN_UTC)).len(), 1);
    }

    #[test]
    fn an_opt_out_link_is_a_positive_number_or_none() {
        let linked = |id| CampaignDraft {
            opt_out_link_id: Some(id),
            ..draft()
        };
        for (id, checked) in [
            (0, None),
            (1, Some(1)),
            (i64::from(i32::MAX), Some(i32::MAX)),
        ] {
            let content = linked(id).check(now()).unwrap();
            assert_eq!(content.opt_out_link_id, checked.map(OptOutLinkId));
        }
        for id in [-1, i64::MIN, i64::from(i32::MAX) + 1, i64::MAX] {
            assert_eq!(
                faults(linked(id)),
                [(
                    "optOutLinkId".to_owned(),
                    "names no opt-out link of this client".to_owned()
                )]
            );
        }
    }

    #[test]
    fn a_blank_tracked_url_is_none() {
        for url in ["", " \n"] {
            let draft = CampaignDraft {
                track_link_url: Some(url.to_owned()),
                ..draft()
            };
            assert_eq!(draft.check(now()).unwrap().track_link_url, None);
        }
    }

    #[test]
    fn a_tracked_url_is_an_absolute_web_address() {
        for url in [
            "https://example.com",
            "HTTP://example.com/a?b=c#d",
            "http://localhost:8080/x",
            "https://bücher.example/ß",
            "http://[::1]/",
        ] {
            assert_eq!(url_faults(url), None, "{url}");
        }
        for url in [
            "example.com",
            "/sale",
            "//example.com",
            "ftp://example.com",
            "javascript:alert(1)",
            "http:example.com",
            "http:///example.com",
            "https://",
            "https://?q",
            "https://exa mple.com",
            "https://example.com/a b",
            "https://example.com/a\nb",
            "https://example.com:99999",
            "httpß://example.com",
        ] {
            assert_eq!(
                url_faults(url),
                Some(vec![(
                    "trackLinkUrl".to_owned(),
                    "is no absolute http:// or https:// address".to_owned()
                )]),
                "{url}"
            );
        }
    }

    #[test]
    fn a_tracked_url_has_at_most_2048_characters() {
        let url = format!(
            "https://example.com/{}",
            "ü".repeat(MAX_TRACK_LINK_URL as usize - 20)
        );
        assert_eq!(url_faults(&url), None);
        assert_eq!(
            url_faults(&format!("{url}x")),
            Some(vec![(
                "trackLinkUrl".to_owned(),
                format!("is longer than {MAX_TRACK_LINK_URL} characters")
            )])
        );
    }

    #[test]
    fn a_pace_is_a_rate_and_an_end_that_lie_within_reason() {
        let paced = |max_per_second, seconds: i64| CampaignDraft {
            max_per_second: Some(max_per_second),
            spread_until: Some(now() + TimeDelta::seconds(seconds)),
            expires_at: Some(now() + TimeDelta::seconds(60)),
            ..draft()
        };
        for max_per_second in [1, 1_000_000] {
            let pace = paced(max_per_second, 60).check(now()).unwrap().timing.pace;
            assert_eq!(pace.max_per_second.map(i64::from), Some(max_per_second));
            assert_eq!(pace.spread_until, Some(now() + TimeDelta::seconds(60)));
        }
        for (max_per_second, seconds, path) in [
            (0, 60, "maxPerSecond"),
            (-1, 60, "maxPerSecond"),
            (1_000_001, 60, "maxPerSecond"),
            (i64::MAX, 60, "maxPerSecond"),
            (1, 0, "spreadUntil"),
            (1, 61, "spreadUntil"),
        ] {
            let found = faults(paced(max_per_second, seconds));
            assert_eq!(found.len(), 1, "{found:?}");
            assert_eq!(found[0].0, path);
        }
    }

    #[test]
    fn a_blank_name_is_none() {
        let named = |name: &str| CampaignDraft {
            name: Some(name.to_owned()),
            ..draft()
        };
        assert_eq!(named(" \t").check(now()).unwrap().name, None);
        let name = named(" Summer sale ").check(now()).unwrap().name;
        assert_eq!(name.as_deref(), Some("Summer sale"));
    }

    #[test]
    fn every_fault_is_told_at_once_in_the_contract_s_order() {
        let mut utm = UtmDraft::default();
        *utm.value_of("source").unwrap() = Some("two\nlines".to_owned());
        let draft = CampaignDraft {
            name: Some("two\nlines".to_owned()),
            start_at: Some(now() - TimeDelta::days(2)),
            sender: None,
            message: Some("{Nmae} }".to_owned()),
            opt_out_link_id: Some(-1),
            track_link_url: Some("nowhere".to_owned()),
            utm: Some(utm),
            on_unknown: Some("forget".to_owned()),
            sending_window: Some(WindowDraft {
                from: Some("8".to_owned()),
                ..WindowDraft::default()
            }),
            outside_window: Some("wait".to_owned()),
            expires_at: Some(now()),
            max_per_second: Some(0),
            spread_until: Some(now() + TimeDelta::seconds(1)),
            smart_encoding: None,
        };
        let paths: Vec<_> = faults(draft).into_iter().map(|(path, _)| path).collect();
        assert_eq!(
            paths,
            [
                "startDateTime",
                "sender",
                "message",
                "message",
                "optOutLinkId",
                "trackLinkUrl",
                "utm.source",
                "name",
                "onUnknown",
                "sendingWindow.from",
                "outsideWindow",
                "expiresAt",
                "spreadUntil",
                "maxPerSecond"
            ]
        );
        let empty: Vec<_> = faults(CampaignDraft::default());
        assert_eq!(
            empty,
            [
                ("sender".to_owned(), "is required".to_owned()),
                ("message".to_owned(), "is required".to_owned())
            ]
        );
    }
}
