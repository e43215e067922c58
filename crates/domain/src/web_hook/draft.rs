//! A web hook that is asked for.

use validator::ValidateUrl;

use crate::fault::Faults;

/// The longest address of a receiver, in characters.
pub const MAX_URL: usize = 2_048;

/// What an address may consist of (RFC 3986): what stands in a request as it is written.
const PUNCTUATION: &str = "-._~:/?[]@!$&'()*+,;=%";

/// What is asked for, as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WebHookDraft {
    /// Where to post.
    pub url: Option<String>,
    /// Whether to; missing: yes.
    pub enabled: Option<bool>,
}

/// What a web hook is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebHookTerms {
    /// Where events are posted.
    pub url: String,
    /// Whether they are.
    pub enabled: bool,
}

impl WebHookDraft {
    /// Checks it.
    ///
    /// # Errors
    /// What is wrong with the address.
    pub fn check(self) -> Result<WebHookTerms, Faults> {
        let mut faults = Faults::default();
        let url = self.url.unwrap_or_default().trim().to_owned();
        if let Err(message) = check_url(&url) {
            faults.add("url", message);
        }
        faults.into_result()?;
        Ok(WebHookTerms {
            url,
            enabled: self.enabled.unwrap_or(true),
        })
    }
}

/// Whether requests can be made to an address as it is written. What it leads to is seen when that is done.
fn check_url(url: &str) -> Result<(), &'static str> {
    if url.is_empty() {
        return Err("is required");
    }
    if url.chars().count() > MAX_URL {
        return Err("is longer than 2048 characters");
    }
    let Some(rest) = without_scheme(url) else {
        return Err("is no absolute http:// or https:// address");
    };
    if !url
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || PUNCTUATION.contains(c))
    {
        return Err(
            "holds a character that an address must not have: percent-encode it, and write the host in its ASCII form",
        );
    }
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    if host.contains('@') {
        return Err("must not hold a name or password: requests are signed instead");
    }
    match host.is_empty() || !url.validate_url() {
        true => Err("is no absolute http:// or https:// address"),
        false => Ok(()),
    }
}

fn without_scheme(url: &str) -> Option<&str> {
    ["http://", "https://"].iter().find_map(|scheme| {
        let beginning = url.get(..scheme.len())?;
        beginning
            .eq_ignore_ascii_case(scheme)
            .then(|| &url[scheme.len()..])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str) -> Result<WebHookTerms, Faults> {
        let draft = WebHookDraft {
            url: Some(url.to_owned()),
            enabled: None,
        };
        draft.check()
    }

    #[test]
    fn an_absolute_web_address_is_taken_as_it_is() {
        for url in [
            "https://example.com",
            "http://localhost:8080/hooks?token=a%20b&x=1",
            "HTTPS://example.com/a",
            "https://[2001:db8::1]:8443/",
            "https://192.0.2.1/",
        ] {
            let terms = check(url).expect(url);
            assert_eq!((terms.url.as_str(), terms.enabled), (url, true));
        }
        assert_eq!(
            check(" https://a.example ").unwrap().url,
            "https://a.example"
        );
    }

    #[test]
    fn anything_else_is_refused_with_a_reason() {
        for (url, reason) in [
            ("", "is required"),
            (" ", "is required"),
            ("example.com", "no absolute"),
            ("ftp://example.com", "no absolute"),
            ("https:///path", "no absolute"),
            ("https://?q", "no absolute"),
            ("https://example.com:99999", "no absolute"),
            ("https://user:password@example.com", "name or password"),
            ("https://bücher.example", "ASCII"),
            ("https://example.com/a b", "percent-encode"),
            ("https://example.com/#part", "percent-encode"),
            ("https://example.com/\r\nX: y", "percent-encode"),
        ] {
            let faults = check(url).expect_err(url);
            let [fault] = faults.listed() else {
                panic!("{url}: {faults:?}");
            };
            assert_eq!(fault.path, "url");
            assert!(fault.message.contains(reason), "{url}: {}", fault.message);
        }
        let long = format!("https://example.com/{}", "a".repeat(MAX_URL));
        assert!(check(&long).is_err());
    }
}
