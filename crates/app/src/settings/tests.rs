//! The settings' origins, their order, and what is refused.

use std::time::Duration;

use super::*;

/// A folder with `default.toml`, and nothing in the environment.
fn origins(default: &str) -> (tempfile::TempDir, Origins) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("default.toml"), default).unwrap();
    let origins = Origins {
        folder: folder.path().to_owned(),
        file: None,
        variables: HashMap::new(),
    };
    (folder, origins)
}

fn with_variables(variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let (_folder, mut origins) = origins("");
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    origins.variables = variables.iter().map(owned).collect();
    Settings::load(&origins)
}

fn refusal(loaded: Result<Settings, SettingsError>) -> String {
    loaded.unwrap_err().to_string()
}

fn shipped(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn the_reference_documents_every_key_with_its_default() {
    let reference: toml::Table = shipped("reference.toml").parse().unwrap();
    let complete = toml::Table::try_from(Settings::complete()).unwrap();
    assert_eq!(reference, complete);
}

#[test]
fn every_line_of_the_reference_that_sets_a_key_is_explained() {
    let reference = shipped("reference.toml");
    let mut before = "";
    for line in reference.lines() {
        assert!(
            line.starts_with('#') || !line.contains(" = ") || before.starts_with('#'),
            "no comment explains: {line}"
        );
        before = line;
    }
}

#[test]
fn the_shipped_environments_are_readable() {
    let (folder, mut origins) = origins(&shipped("default.toml"));
    for name in ["sandbox", "production"] {
        let file = folder.path().join(format!("{name}.toml"));
        std::fs::write(file, shipped(&format!("{name}.toml"))).unwrap();
        origins.variables.insert("CLARION_ENV".into(), name.into());
        let settings = Settings::load(&origins).unwrap();
        assert_eq!(settings.phone.allow_test_numbers, name == "sandbox");
    }
}

#[test]
fn nothing_configured_means_the_defaults() {
    let (folder, origins) = origins("");
    std::fs::write(folder.path().join("sandbox.toml"), "").unwrap();
    assert_eq!(Settings::load(&origins).unwrap(), Settings::default());
    assert_eq!(origins.environment(), "sandbox");
}

#[test]
fn the_sandbox_is_the_same_without_its_file() {
    for variables in [&[][..], &[("CLARION_ENV", "sandbox")]] {
        let settings = with_variables(variables).unwrap();
        assert!(settings.phone.allow_test_numbers);
    }
}

#[test]
fn later_origins_win() {
    let (folder, mut origins) = origins(
        "[server]\nlisten = \"127.0.0.1:1\"\n[log]\nlevel = \"one\"\n[phone]\ndefault_region = \"FR\"",
    );
    std::fs::write(
        folder.path().join("sandbox.toml"),
        "[server]\nlisten = \"127.0.0.1:2\"\n[log]\nlevel = \"two\"",
    )
    .unwrap();
    let named = folder.path().join("named.toml");
    std::fs::write(&named, "[server]\nlisten = \"127.0.0.1:3\"").unwrap();
    origins.file = Some(named);
    let settings = Settings::load(&origins).unwrap();
    assert_eq!(settings.phone.default_region, "FR");
    assert_eq!(settings.log.level, "two");
    assert_eq!(settings.server.listen.port(), 3);
    origins
        .variables
        .insert("CLARION__SERVER__LISTEN".into(), "127.0.0.1:4".into());
    assert_eq!(Settings::load(&origins).unwrap().server.listen.port(), 4);
}

#[test]
fn the_database_url_may_come_by_the_usual_variable() {
    let usual = ("DATABASE_URL", "postgres://usual");
    let ours = ("CLARION__DATABASE__URL", "postgres://ours");
    let url = |variables: &[_]| with_variables(variables).unwrap().database.url;
    assert_eq!(url(&[usual]).reveal(), "postgres://usual");
    assert_eq!(url(&[usual, ours]).reveal(), "postgres://ours");
}

#[test]
fn variables_set_texts_numbers_switches_and_durations() {
    let settings = with_variables(&[
        ("CLARION__PHONE__ALLOW_TEST_NUMBERS", "true"),
        ("CLARION__SIMULATOR__ENABLED", "false"),
        ("CLARION__DATABASE__CONNECTIONS", "12"),
        ("CLARION__DATABASE__STATEMENT_TIMEOUT", "1500ms"),
        ("CLARION__LOG__LEVEL", "007"),
    ])
    .unwrap();
    assert!(settings.phone.allow_test_numbers);
    assert_eq!(settings.simulator.enabled, Switch::Off);
    assert_eq!(settings.database.connections, 12);
    assert_eq!(
        settings.database.statement_timeout.duration(),
        Duration::from_millis(1_500)
    );
    assert_eq!(settings.log.level, "007");
}

#[test]
fn an_unknown_key_of_a_file_names_the_nearest_known_one() {
    let (_folder, origins) = origins("[server]\nlisen = \"127.0.0.1:1\"");
    let text = refusal(Settings::load(&origins));
    assert!(text.starts_with("unknown key `server.lisen` in "), "{text}");
    assert!(
        text.ends_with("default.toml; did you mean `server.listen`?"),
        "{text}"
    );
}

#[test]
fn an_unknown_key_of_a_gateway_is_found_too() {
    let (_folder, origins) = origins("[[gateways]]\nname = \"main\"\nsystemid = \"a\"");
    let text = refusal(Settings::load(&origins));
    assert!(
        text.ends_with("did you mean `gateways.system_id`?"),
        "{text}"
    );
}

#[test]
fn a_gateway_may_explain_codes_of_its_own() {
    let gateway = "[[gateways]]\nname = \"main\"\nhost = \"h\"\nsystem_id = \"s\"\n\
        opted_out_errors = [\"034\"]\n\
        [gateways.codes]\n\"0x401\" = \"failed_insufficient_credit\"\n\"0x58\" = \"temporary\"";
    let (_folder, origins) = origins(gateway);
    let settings = Settings::load(&origins).unwrap();
    let codes: Vec<&str> = settings.gateways[0]
        .codes
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(codes, ["0x401", "0x58"]);
    assert_eq!(settings.gateways[0].opted_out_errors, ["034"]);
}

#[test]
fn a_list_that_is_empty_by_default_can_be_set() {
    let networks = ["10.0.0.0/8", "192.168.0.1"].map(|network| network.parse().unwrap());
    let (_folder, origins) =
        origins("[server]\ntrusted_proxies = [\"10.0.0.0/8\", \"192.168.0.1\"]");
    let by_file = Settings::load(&origins).unwrap();
    assert_eq!(by_file.server.trusted_proxies, networks);
    let variable = (
        "CLARION__SERVER__TRUSTED_PROXIES",
        "10.0.0.0/8, 192.168.0.1",
    );
    let by_variable = with_variables(&[variable]).unwrap();
    assert_eq!(by_variable.server.trusted_proxies, networks);
}

#[test]
fn an_unknown_variable_names_the_nearest_known_one() {
    assert_eq!(
        refusal(with_variables(&[("CLARION__DATABSE__URL", "x")])),
        "unknown key CLARION__DATABSE in the environment; did you mean CLARION__DATABASE?"
    );
    assert_eq!(
        refusal(with_variables(&[("CLARION__AUTH__BOOTSTRAPKEY_FILE", "x")])),
        "unknown key CLARION__AUTH__BOOTSTRAPKEY_FILE in the environment; \
         did you mean CLARION__AUTH__BOOTSTRAP_KEY_FILE?"
    );
}

#[test]
fn a_value_of_the_wrong_kind_is_refused_with_its_place() {
    let text = refusal(with_variables(&[(
        "CLARION__SERVER__LISTEN",
        "localhost:80",
    )]));
    assert!(text.contains("\"localhost:80\" is no IP address"), "{text}");
    assert!(text.contains("server.listen"), "{text}");
    let text = refusal(with_variables(&[("CLARION__SENDING__LEASE", "6 h")]));
    assert!(text.contains("sending.lease"), "{text}");
}

#[test]
fn a_word_that_is_no_choice_is_refused_with_those_that_are() {
    for (line, words) in [
        ("bind_mode = \"both\"", "`transceiver` or `pair`"),
        ("[gateways.codes]\n\"0x58\" = \"later\"", "`temporary`"),
    ] {
        let (_folder, origins) = origins(&format!("[[gateways]]\n{line}"));
        let text = refusal(Settings::load(&origins));
        assert!(text.contains(words), "{text}");
        assert!(text.contains("gateways[0]"), "{text}");
    }
}

#[test]
fn a_secret_may_stand_in_a_file_of_its_own() {
    let (folder, mut origins) = origins("");
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "sesame\n").unwrap();
    let path = secret.display().to_string();
    origins
        .variables
        .insert("DATABASE_URL_FILE".into(), path.clone());
    let gateways = format!(
        "[[gateways]]\nname = \"main\"\nhost = \"h\"\nsystem_id = \"s\"\npassword_file = {path:?}"
    );
    std::fs::write(folder.path().join("default.toml"), gateways).unwrap();
    let settings = Settings::load(&origins).unwrap();
    assert_eq!(settings.database.url.reveal(), "sesame");
    assert_eq!(settings.gateways[0].password.reveal(), "sesame");
}

#[test]
fn a_secret_given_twice_or_by_a_missing_file_is_refused() {
    let twice = [
        ("CLARION__DATABASE__URL", "x"),
        ("CLARION__DATABASE__URL_FILE", "y"),
    ];
    let text = refusal(with_variables(&twice));
    assert!(text.contains("both"), "{text}");
    let missing = [("CLARION__AUTH__BOOTSTRAP_KEY_FILE", "/nowhere/key")];
    let text = refusal(with_variables(&missing));
    assert!(text.contains("/nowhere/key"), "{text}");
}

#[test]
fn a_named_environment_without_a_file_is_refused() {
    let text = refusal(with_variables(&[("CLARION_ENV", "prod")]));
    assert!(text.contains("prod.toml"), "{text}");
}

#[test]
fn values_that_cannot_be_worked_with_are_refused() {
    for (variable, value, key) in [
        (
            "CLARION__AUTH__BOOTSTRAP_KEY",
            "secret",
            "auth.bootstrap_key",
        ),
        (
            "CLARION__PHONE__DEFAULT_REGION",
            "Britain",
            "phone.default_region",
        ),
        (
            "CLARION__CAMPAIGNS__MAX_CONTACTS",
            "0",
            "campaigns.max_contacts",
        ),
        (
            "CLARION__CAMPAIGNS__MAX_CONTACTS",
            "16777216",
            "campaigns.max_contacts",
        ),
        ("CLARION__AUTH__MAX_LIVE_KEYS", "0", "auth.max_live_keys"),
        (
            "CLARION__DATABASE__CONNECTIONS",
            "0",
            "database.connections",
        ),
        ("CLARION__SENDING__LEASE", "999ms", "sending.lease"),
        (
            "CLARION__CAMPAIGNS__MAX_SEGMENTS",
            "0",
            "campaigns.max_segments",
        ),
    ] {
        let text = refusal(with_variables(&[(variable, value)]));
        assert!(text.starts_with(key), "{text}");
    }
}

#[test]
fn gateways_need_a_name_of_their_own_and_an_account() {
    let check = |gateways: &str| {
        let (_folder, origins) = origins(gateways);
        refusal(Settings::load(&origins))
    };
    let whole = "[[gateways]]\nname = \"a\"\nhost = \"h\"\nsystem_id = \"s\"\n";
    assert_eq!(
        check("[[gateways]]\nname = \"a\"\nhost = \"h\""),
        "gateways[0].system_id is required"
    );
    assert_eq!(
        check(&whole.repeat(2)),
        "gateways[1].name \"a\" is another gateway's already"
    );
    assert_eq!(
        check(&format!("{whole}source_ton = 256")),
        "gateways[0].source_ton must be between 0 and 255, or -1"
    );
    assert_eq!(
        check(&format!("{whole}response_timeout = \"0s\"")),
        "gateways[0] response_timeout must be above 0"
    );
}

#[test]
fn secrets_are_not_shown() {
    let settings = with_variables(&[("DATABASE_URL", "postgres://u:sesame@h/d")]).unwrap();
    assert!(!format!("{settings:?}").contains("sesame"));
}
