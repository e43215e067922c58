//! The media types of bodies. Text is taken in UTF-8 only.

use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_TYPE;

use crate::problem::{Kind, Problem};

/// As the request gives it; empty where it does not.
pub(crate) fn of(request: &HttpRequest) -> &str {
    let given = request.headers().get(CONTENT_TYPE);
    given
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// The type itself, in lower case and without its parameters.
pub(crate) fn essence(given: &str) -> String {
    let essence = given.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

/// Whether a type is one of the names of JSON.
pub(crate) fn is_json(essence: &str) -> bool {
    matches!(essence, "application/json" | "text/json")
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// Whether it names no other encoding.
pub(crate) fn is_utf8(given: &str) -> bool {
    let given = given.to_ascii_lowercase();
    let parameters = given.split(';').skip(1).map(str::trim);
    let mut charsets = parameters.filter_map(|one| one.strip_prefix("charset="));
    charsets.all(|name| name.trim_matches('"') == "utf-8")
}

/// The body is of another type than `taken` says.
pub(crate) fn refuse(given: &str, taken: &str) -> Problem {
    let detail = match given {
        "" => format!("the body has no Content-Type; {taken} taken here"),
        given => format!("{given} is not taken here; {taken}"),
    };
    Problem::new(Kind::MediaType, detail)
}

pub(super) fn require_json(request: &HttpRequest) -> Result<(), Problem> {
    let given = of(request);
    match is_json(&essence(given)) && is_utf8(given) {
        true => Ok(()),
        false => Err(refuse(given, "application/json in UTF-8 is")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_taken(given: &str) -> bool {
        is_json(&essence(given)) && is_utf8(given)
    }

    #[test]
    fn json_in_utf_8_is_taken_under_its_names() {
        for name in [
            "application/json",
            "Application/JSON; Charset=UTF-8",
            "application/json;charset=\"utf-8\"",
            "application/json; profile=x",
            "text/json",
            "application/vnd.acme+json",
        ] {
            assert!(is_taken(name), "{name}");
        }
        for name in [
            "",
            "json",
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/json; charset=utf-16",
        ] {
            assert!(!is_taken(name), "{name}");
        }
    }
}
