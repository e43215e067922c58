//! The media types that are taken for JSON.

use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_TYPE;

use crate::problem::{Kind, Problem};

pub(super) fn require_json(request: &HttpRequest) -> Result<(), Problem> {
    let given = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if is_json(given) {
        return Ok(());
    }
    let detail = match given {
        "" => "the body has no Content-Type; application/json is taken here".to_owned(),
        given => format!("{given} is not taken here; application/json in UTF-8 is"),
    };
    Err(Problem::new(Kind::MediaType, detail))
}

fn is_json(media_type: &str) -> bool {
    let media_type = media_type.to_ascii_lowercase();
    let mut parts = media_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let of_json = matches!(essence, "application/json" | "text/json")
        || (essence.starts_with("application/") && essence.ends_with("+json"));
    let mut charsets = parts.filter_map(|part| part.strip_prefix("charset="));
    of_json && charsets.all(|name| name.trim_matches('"') == "utf-8")
}

#[cfg(test)]
mod tests {
    use super::is_json;

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
            assert!(is_json(name), "{name}");
        }
        for name in [
            "",
            "json",
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/json; charset=utf-16",
        ] {
            assert!(!is_json(name), "{name}");
        }
    }
}
