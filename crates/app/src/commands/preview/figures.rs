//! The figures of a preview, for people and for programs.

use clarion_batch::Previewed;
use clarion_domain::phone::Region;
use clarion_domain::preview::{CountryFigures, Measured, Sample};
use clarion_domain::sender_policy::SenderBreaches;
use clarion_domain::tariff::Tariffs;
use clarion_domain::text::{Encoding, suggestion};
use serde_json::{Value, json};

use crate::commands::file_jobs::{counts, grouped};
use crate::commands::validate;

/// How long the longest bar is.
const BAR: u64 = 40;
/// How many characters that make messages UCS-2 are told.
const CHARACTERS: usize = 10;

/// For people.
pub(super) fn text_of(
    previewed: &Previewed,
    tariffs: &Tariffs,
    breaches: &SenderBreaches,
) -> String {
    let figures = &previewed.messages;
    let mut text = validate::text_of(&previewed.contacts);
    text += &format!(
        "\n\n{} messages of {} parts, {} {}\n",
        grouped(figures.messages),
        grouped(figures.parts),
        figures.cost(),
        tariffs.currency
    );
    text += &histogram(previewed);
    let gsm7 = figures.messages - figures.ucs2;
    let encodings = [
        ("GSM 7-bit".to_owned(), gsm7),
        ("UCS-2".to_owned(), figures.ucs2),
    ];
    text += &counts("Messages by encoding", &encodings);
    text += &counts("UCS-2 because of", &characters(previewed));
    if figures.too_long > 0 {
        text += &format!(
            "\n{} messages have more parts than allowed.\n",
            grouped(figures.too_long)
        );
    }
    text += &outside_policy(previewed, breaches);
    text += &costs(previewed, tariffs);
    if let Some(longest) = &previewed.samples.longest {
        text += &format!("\nThe longest message\n{}", shown(longest));
    }
    if !previewed.samples.first.is_empty() {
        text += "\nSamples\n";
        text.extend(previewed.samples.first.iter().map(shown));
    }
    text.trim_end().to_owned()
}

fn histogram(previewed: &Previewed) -> String {
    let by_parts = &previewed.messages.by_parts;
    let most = by_parts.values().max().copied().unwrap_or_default().max(1);
    let lines = by_parts.iter().map(|(parts, messages)| {
        let bar = "#".repeat(usize::try_from((messages * BAR).div_ceil(most)).unwrap_or_default());
        format!("  {parts:>3}  {:>12}  {bar}\n", grouped(*messages))
    });
    format!("\nMessages by parts\n{}", lines.collect::<String>())
}

/// The characters that make most messages UCS-2.
fn characters(previewed: &Previewed) -> Vec<(String, u64)> {
    let mut characters: Vec<_> = previewed.messages.forced_by.iter().collect();
    characters.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    characters
        .into_iter()
        .take(CHARACTERS)
        .map(|(c, count)| (character(*c), *count))
        .collect()
}

/// A character, and what --smart writes for it.
fn character(c: char) -> String {
    let code_point = u32::from(c);
    match suggestion(c).as_deref() {
        Some("") => format!("{} U+{code_point:04X}, can be left out", printable(c)),
        Some(plain) => format!("{} U+{code_point:04X}, as {plain}", printable(c)),
        None => format!("{} U+{code_point:04X}", printable(c)),
    }
}

fn printable(c: char) -> char {
    if c.is_control() || c.is_whitespace() {
        ' '
    } else {
        c
    }
}

fn outside_policy(previewed: &Previewed, breaches: &SenderBreaches) -> String {
    let outside = &previewed.messages.outside_policy;
    let told: Vec<_> = breaches
        .iter()
        .filter_map(|(region, breach)| {
            let why = format!("{region}: the sender {}", breach.reason);
            outside.get(region).map(|contacts| (why, *contacts))
        })
        .collect();
    counts(
        "Refused, since their country does not take the sender",
        &told,
    )
}

fn costs(previewed: &Previewed, tariffs: &Tariffs) -> String {
    let mut countries: Vec<(&Region, &CountryFigures)> =
        previewed.messages.countries.iter().collect();
    countries.sort_by_key(|(_, figures)| std::cmp::Reverse(figures.messages));
    let lines = countries.into_iter().map(|(region, figures)| {
        format!(
            "  {region:3}  {:>12} messages  {:>12} parts  {:>14} {}\n",
            grouped(figures.messages),
            grouped(figures.parts),
            figures.cost.to_string(),
            tariffs.currency
        )
    });
    format!("\nCost by country\n{}", lines.collect::<String>())
}

fn shown(sample: &Sample) -> String {
    let Measured { segments, .. } = sample.measured;
    let parts = match segments.count {
        1 => "1 part".to_owned(),
        count => format!("{count} parts"),
    };
    format!(
        "  line {}, {}, {parts}, {}\n    {}\n",
        sample.place,
        sample.phone,
        encoding(segments.encoding),
        sample.text.replace('\n', "\n    ")
    )
}

fn encoding(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Gsm7 => "GSM 7-bit",
        Encoding::Ucs2 => "UCS-2",
    }
}

/// For programs.
pub(super) fn json_of(
    previewed: &Previewed,
    tariffs: &Tariffs,
    breaches: &SenderBreaches,
) -> Value {
    let figures = &previewed.messages;
    let by_parts: Vec<_> = figures
        .by_parts
        .iter()
        .map(|(parts, messages)| json!({"parts": parts, "messages": messages}))
        .collect();
    let forced_by: Vec<_> = figures
        .forced_by
        .iter()
        .map(|(c, messages)| json!({"character": c, "messages": messages, "suggestion": suggestion(*c)}))
        .collect();
    let countries: Vec<_> = figures
        .countries
        .iter()
        .map(|(region, country)| {
            json!({
                "country": region.as_str(),
                "messages": country.messages,
                "parts": country.parts,
                "cost": country.cost.to_string(),
            })
        })
        .collect();
    let outside_policy: Vec<_> = figures
        .outside_policy
        .iter()
        .map(|(region, contacts)| {
            let reason = breaches.get(region).map(|breach| breach.reason.to_string());
            json!({"country": region.as_str(), "contacts": contacts, "reason": reason})
        })
        .collect();
    json!({
        "contacts": validate::json_of(&previewed.contacts),
        "outsideSenderPolicy": outside_policy,
        "messages": figures.messages,
        "parts": figures.parts,
        "messagesByParts": by_parts,
        "gsm7": figures.messages - figures.ucs2,
        "ucs2": figures.ucs2,
        "ucs2BecauseOf": forced_by,
        "tooLong": figures.too_long,
        "cost": figures.cost().to_string(),
        "currency": tariffs.currency,
        "countries": countries,
        "longest": previewed.samples.longest.as_ref().map(sample_json),
        "samples": previewed.samples.first.iter().map(sample_json).collect::<Vec<_>>(),
    })
}

fn sample_json(sample: &Sample) -> Value {
    let Measured {
        segments,
        forced_by,
        ..
    } = sample.measured;
    json!({
        "line": sample.place,
        "phoneNumber": sample.phone.to_string(),
        "message": sample.text,
        "parts": segments.count,
        "encoding": encoding(segments.encoding),
        "ucs2BecauseOf": forced_by,
    })
}
