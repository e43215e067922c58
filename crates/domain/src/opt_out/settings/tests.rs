//! Each rule of what a client may set has its fault.

use super::*;
use crate::opt_out::Keyword;
use crate::opt_out::rules::tests::shipped;

fn of(words: &[&str]) -> Option<Vec<String>> {
    Some(words.iter().map(|&word| word.to_owned()).collect())
}

#[track_caller]
fn check_fault(draft: OptOutSettingsDraft, path: &str, message: &str) {
    let faults = draft.check(&shipped()).unwrap_err();
    let found = faults.listed().iter().find(|fault| fault.path == path);
    let found = found.unwrap_or_else(|| panic!("{:?}", faults.listed()));
    assert!(found.message.contains(message), "{}", found.message);
}

#[test]
fn who_sets_nothing_has_what_the_rules_say() {
    let settings = OptOutSettingsDraft::default().check(&shipped()).unwrap();
    assert_eq!(settings, OptOutSettings::default());
    let policy = settings.policy(&shipped());
    assert_eq!(
        (policy.scope, policy.confirmation),
        (ScopeKind::Client, true)
    );
    assert!(policy.stop_text.contains("opted out"));
    let stop = Some(Keyword::Stop { probable: false });
    assert_eq!(policy.keywords().recognise("Unsubscribe"), stop);
}

#[test]
fn what_is_set_takes_the_place_of_the_usual() {
    let draft = OptOutSettingsDraft {
        language: Some("de".to_owned()),
        scope: Some("sender".to_owned()),
        confirmation: Some(false),
        stop_words: of(&["STOP", "Schluss"]),
        brand: Some(" Acme ".to_owned()),
        stop_text: Some("Von ACME abgemeldet.".to_owned()),
        ..OptOutSettingsDraft::default()
    };
    let policy = draft.check(&shipped()).unwrap().policy(&shipped());
    assert_eq!(
        (policy.scope, policy.confirmation),
        (ScopeKind::Sender, false)
    );
    assert_eq!(policy.stop_text, "Von ACME abgemeldet.");
    assert!(policy.help_text.starts_with("Acme: Mit STOP"));
    let keywords = policy.keywords();
    assert_eq!(
        keywords.recognise("schluss!"),
        Some(Keyword::Stop { probable: false })
    );
    assert_eq!(keywords.recognise("unsubscribe"), None);
    assert_eq!(keywords.recognise("hilfe"), Some(Keyword::Help));
}

#[test]
fn each_rule_has_its_fault() {
    let usual = OptOutSettingsDraft::default;
    let language = Some("xx".to_owned());
    check_fault(
        OptOutSettingsDraft {
            language,
            ..usual()
        },
        "language",
        "must be one of de, en",
    );
    let scope = Some("all".to_owned());
    check_fault(
        OptOutSettingsDraft { scope, ..usual() },
        "scope",
        "client, group or sender",
    );
    let stop_words = of(&["halt"]);
    check_fault(
        OptOutSettingsDraft {
            stop_words,
            ..usual()
        },
        "stopWords",
        "the word stop",
    );
    let stop_words = of(&["stop", "?!"]);
    check_fault(
        OptOutSettingsDraft {
            stop_words,
            ..usual()
        },
        "stopWords[1]",
        "a letter",
    );
    let help_words = of(&[]);
    check_fault(
        OptOutSettingsDraft {
            help_words,
            ..usual()
        },
        "helpWords",
        "1 to 100",
    );
    let start_words = of(&["Stop!"]);
    check_fault(
        OptOutSettingsDraft {
            start_words,
            ..usual()
        },
        "startWords",
        "stands in stopWords",
    );
    let brand = Some("A\nB".to_owned());
    check_fault(
        OptOutSettingsDraft { brand, ..usual() },
        "brand",
        "one line",
    );
    let help_text = Some("Write STOP.".to_owned());
    check_fault(
        OptOutSettingsDraft {
            help_text,
            ..usual()
        },
        "helpText",
        "needs a brand",
    );
    let (brand, stop_text) = (Some("Acme".to_owned()), Some("You are out.".to_owned()));
    check_fault(
        OptOutSettingsDraft {
            brand,
            stop_text,
            ..usual()
        },
        "stopText",
        "must name the brand",
    );
    let stop_text = Some(" ".to_owned());
    check_fault(
        OptOutSettingsDraft {
            stop_text,
            ..usual()
        },
        "stopText",
        "blank",
    );
    let help_text = Some("x".repeat(500));
    check_fault(
        OptOutSettingsDraft {
            help_text,
            ..usual()
        },
        "helpText",
        "segments",
    );
}
