//! Where settings come from, and what is said about those that are wrong.
#![expect(clippy::unwrap_used, reason = "a test that cannot write its own files has failed")]

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use countersign_engine::SystemChance;
use countersign_engine::config::Algorithm;
use countersign_server::config::{Config, LogFormat, Origin, Sources};

/// Loads `toml` as the file, under these environment variables.
fn load(toml: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
    let environment = environment.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let sources = Sources::new(Some(file(toml)), environment).map_err(|error| error.to_string())?;
    Config::load(&sources).map_err(|error| error.to_string().replace(&file(toml).display().to_string(), "FILE"))
}

/// A file of this content; the same content is the same file.
fn file(toml: &str) -> PathBuf {
    let name = toml.bytes().fold(5381_u64, |hash, byte| hash.wrapping_mul(33) ^ u64::from(byte));
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("config-{name:x}.toml"));
    fs::write(&path, toml).unwrap();
    path
}

fn refusal(toml: &str, environment: &[(&str, &str)]) -> String {
    load(toml, environment).map(|_| ()).unwrap_err()
}

#[test]
fn a_rule_for_calls_is_one_and_of_a_path_that_exists() {
    let rule = |path: &str, rule: &str| format!("[rate_limit.custom_rules]\n\"{path}\" = {rule}\n");
    for (path, good) in [
        ("/sign-in/*", "{ window = 60, max = 5 }"),
        ("/get-session", "{ enabled = false }"),
        ("*", "{ window = 1, max = 1 }"),
    ] {
        assert_eq!(load(&rule(path, good), &[]).unwrap().rate_limit.custom_rules.len(), 1, "{path}");
    }
    let none = refusal(&rule("/sign-in/mail", "{ window = 60 }"), &[]);
    assert!(none.contains("there is none like `/sign-in/mail`"), "{none}");
    for bad in ["{ window = 0 }", "{ max = 0 }", "{ window = \"1\" }", "{ windw = 1 }", "false"] {
        let said = refusal(&rule("/sign-in/email", bad), &[]);
        assert!(said.contains("rate_limit.custom_rules"), "{bad}: {said}");
    }
}

#[test]
fn nothing_needs_to_be_set() {
    let config = load("", &[]).unwrap();
    assert_eq!(config.endpoints(), "http://localhost:3000/api/auth");
    assert_eq!(config.database.url.expose(), "sqlite:countersign.db");
    assert_eq!(config.engine.session.expires_in, 604_800);
    assert!(!config.secure_cookies());
}

#[test]
fn the_file_uses_option_names_in_snake_case() {
    let config = load(
        r#"
        app_name = "Shop"
        base_url = "https://auth.example"
        trusted_origins = ["https://app.example"]
        [email_and_password]
        min_password_length = 15
        [token]
        algorithm = "EdDSA"
        [advanced.ip_address]
        ip_address_headers = ["x-forwarded-for"]
        trusted_proxies = ["10.0.0.0/8"]
        [log]
        format = "json"
        "#,
        &[],
    )
    .unwrap();
    assert_eq!(config.engine.app_name, "Shop");
    assert_eq!(config.engine.email_and_password.min_password_length, 15);
    assert_eq!(config.engine.token.algorithm, Algorithm::EdDSA);
    assert_eq!(config.trusted_origins, ["https://app.example"]);
    assert!(config.advanced.ip_address.trusted_proxies[0].contains("10.1.2.3".parse().unwrap()));
    assert_eq!(config.log.format, LogFormat::Json);
    assert!(config.secure_cookies());
}

#[test]
fn the_environment_wins_over_the_file() {
    let file = "base_url = 'https://file.example'\n[database]\nurl = 'sqlite:file.db'\n[server]\nport = 1";
    let config =
        load(file, &[("BETTER_AUTH_URL", "https://env.example"), ("DATABASE_URL", "sqlite:env.db"), ("PORT", "8080")])
            .unwrap();
    assert_eq!(config.endpoints(), "https://env.example/api/auth");
    assert_eq!(config.database.url.expose(), "sqlite:env.db");
    assert_eq!(config.server.port, 8080);
}

#[test]
fn every_setting_can_be_given_in_the_environment() {
    let config = load(
        "[rate_limit]\nmax = 7",
        &[
            ("COUNTERSIGN__APP_NAME", "42"),
            ("COUNTERSIGN__RATE_LIMIT__ENABLED", "false"),
            ("COUNTERSIGN__TOKEN__ALGORITHM", "ES256"),
            ("COUNTERSIGN__TOKEN__MAX_LIFETIME", "700000"),
            ("COUNTERSIGN__ADVANCED__USE_SECURE_COOKIES", "true"),
            ("COUNTERSIGN__ADVANCED__IP_ADDRESS__TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
            ("COUNTERSIGN__TRUSTED_ORIGINS", "['https://a.example', 'https://b.example']"),
        ],
    )
    .unwrap();
    assert_eq!(config.engine.app_name, "42");
    assert!(!config.rate_limit.enabled);
    assert_eq!(config.rate_limit.max, 7);
    assert_eq!(config.engine.token.algorithm, Algorithm::ES256);
    assert_eq!(config.engine.token.longest_lifetime(), 700_000);
    assert!(config.secure_cookies());
    assert_eq!(config.advanced.ip_address.trusted_proxies.len(), 2);
    assert_eq!(config.trusted_origins, ["https://a.example", "https://b.example"]);
}

#[test]
fn better_auth_trusted_origins_adds_to_the_file() {
    let config = load(
        "trusted_origins = ['https://a.example']",
        &[("BETTER_AUTH_TRUSTED_ORIGINS", "https://b.example,myapp://")],
    )
    .unwrap();
    assert_eq!(config.trusted_origins, ["https://a.example", "https://b.example", "myapp://"]);
}

#[test]
fn a_path_in_the_base_url_replaces_the_base_path() {
    let config = load("base_url = 'https://auth.example/auth'", &[]).unwrap();
    assert_eq!((config.path(), config.endpoints().as_str()), ("/auth", "https://auth.example/auth"));
}

#[test]
fn the_address_follows_the_port() {
    let config = load("", &[("PORT", "8123")]).unwrap();
    assert_eq!(config.endpoints(), "http://localhost:8123/api/auth");
}

#[test]
fn additional_fields_keep_their_order_and_are_refused_where_they_make_no_sense() {
    let names = |config: &Config| {
        config.engine.user.additional_fields.iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>()
    };
    let file = r#"
        [user.additional_fields.zip]
        type = "string"
        [user.additional_fields.age]
        type = "number"
        default_value = 3
        [user.additional_fields.tags]
        type = "string[]"
        required = false
        default_value = ["a"]
        "#;
    assert_eq!(names(&load(file, &[]).unwrap()), ["zip", "age", "tags"]);
    let inline = r#"{ nickName = { type = "string", required = false }, a = { type = "date" } }"#;
    let config = load(file, &[("COUNTERSIGN__USER__ADDITIONAL_FIELDS", inline)]).unwrap();
    assert_eq!(names(&config), ["nickName", "a"]);

    let field = |name: &str, options: &str| refusal(&format!("[user.additional_fields.{name}]\n{options}"), &[]);
    for (name, options, sentence) in [
        ("nick", "type = \"text\"", "`user.additional_fields.nick.type` in FILE must be one of string, number"),
        ("nick", "typ = \"string\"", "`user.additional_fields.nick.typ` in FILE is not a setting"),
        ("nick", "required = false", "missing field `type`"),
        ("nick", "type = \"number\"\ndefault_value = \"x\"", "must have a `default_value` of `nick` that is number"),
        ("nick", "type = \"string\"\ninput = false", "must give `nick` a `default_value` or `required = false`"),
        ("role", "type = \"string\"", "`user.additional_fields` is wrong: table `user` has a field `role` already"),
        ("password", "type = \"string\"", "cannot hold `password`, which is taken"),
        ("\"first name\"", "type = \"string\"", "`first name` cannot be the name of a table or column"),
    ] {
        let said = field(name, options);
        assert!(said.contains(sentence), "{name} {options}: {said}");
    }
    let said = refusal("[session.additional_fields.theme]\ntype = \"string\"", &[]);
    assert!(said.contains("`session.additional_fields` must give `theme` a `default_value`"), "{said}");
}

#[test]
fn an_unknown_key_is_refused_by_the_name_of_the_nearest() {
    for (toml, sentence) in [
        (
            "[session]\nexpire_in = 1",
            "`session.expire_in` in FILE is not a setting; did you mean `session.expires_in`?",
        ),
        ("[sesion]\nexpires_in = 1", "`sesion` in FILE is not a setting; did you mean `session`?"),
        ("baseURL = ''", "`baseURL` in FILE is not a setting; did you mean `base_url`?"),
        ("[emailAndPassword]", "`emailAndPassword` in FILE is not a setting; did you mean `email_and_password`?"),
        ("port = 1", "`port` in FILE is not a setting; did you mean `server.port`?"),
        ("zzz = 1", "`zzz` in FILE is not a setting"),
    ] {
        assert_eq!(refusal(toml, &[]), sentence);
    }
    assert_eq!(
        refusal("", &[("COUNTERSIGN__RATELIMIT__ENABLED", "false")]),
        "COUNTERSIGN__RATELIMIT__ENABLED is not a setting; did you mean COUNTERSIGN__RATE_LIMIT__ENABLED?"
    );
}

#[test]
fn a_value_that_does_not_fit_is_refused_by_what_would() {
    for (toml, sentence) in [
        ("[session]\nexpires_in = '7d'", "`session.expires_in` in FILE must be a whole number from 0 to 4294967295"),
        ("[server]\nport = 65536", "`server.port` in FILE must be a whole number from 0 to 65535"),
        ("[token]\nalgorithm = 'none'", "`token.algorithm` in FILE must be one of HS256, EdDSA, ES256"),
        ("[rate_limit]\nenabled = 1", "`rate_limit.enabled` in FILE must be true or false"),
        ("trusted_origins = [1]", "`trusted_origins` in FILE must be a list of texts"),
        ("secret = 1", "`secret` in FILE must be a text"),
        ("log = 'json'", "`log` in FILE must be a section with some of the keys format, level"),
    ] {
        assert_eq!(refusal(toml, &[]), sentence);
    }
    for (variable, value, sentence) in [
        ("PORT", "", "PORT must be a whole number from 0 to 65535"),
        ("PORT", "3000\nx = 1", "PORT must be a whole number from 0 to 65535"),
        ("COUNTERSIGN__RATE_LIMIT__ENABLED", "no", "COUNTERSIGN__RATE_LIMIT__ENABLED must be true or false"),
        ("COUNTERSIGN__LOG", "json", "COUNTERSIGN__LOG must be a section with some of the keys format, level"),
    ] {
        assert_eq!(refusal("", &[(variable, value)]), sentence);
    }
}

#[test]
fn a_senseless_value_is_refused_by_key_and_variable() {
    for (toml, sentence) in [
        ("base_url = 'auth.example'", "`base_url` must be an absolute URL such as https://auth.example"),
        ("base_path = 'auth'", "`base_path` must begin with a slash and not end with one, like /api/auth"),
        ("base_path = '/account'", "`base_path` must not be /account, where the hosted pages stand"),
        ("base_url = 'https://a.example/account'", "`base_path` must not be /account, where the hosted pages stand"),
        (
            "base_url = 'https://a.example'\n[advanced]\nuse_secure_cookies = false",
            "`advanced.use_secure_cookies` cannot be false where `base_url` is https",
        ),
        (
            "[advanced.ip_address]\nip_address_headers = ['x-forwarded-for']",
            "`advanced.ip_address.ip_address_headers` are believed only from known proxies; name them in \
             `advanced.ip_address.trusted_proxies`",
        ),
    ] {
        assert_eq!(refusal(toml, &[]), sentence);
    }
    assert_eq!(
        refusal("", &[("BETTER_AUTH_URL", "ftp://a.example")]),
        "`base_url` (set by BETTER_AUTH_URL) must begin with http:// or https://"
    );
    assert_eq!(
        refusal("", &[("COUNTERSIGN__TOKEN__LEEWAY", "61"), ("COUNTERSIGN__SERVER__MAX_BODY", "0")]),
        "`token.leeway` (set by COUNTERSIGN__TOKEN__LEEWAY) (61 s) must not be greater than 60 seconds; \
         `server.max_body` (set by COUNTERSIGN__SERVER__MAX_BODY) must be at least 1 byte"
    );
}

#[test]
fn a_file_that_is_not_toml_is_refused_by_line_without_showing_it() {
    let sentence = refusal("app_name = 'x'\nsecret = 'hunter2hunter2", &[]);
    assert!(sentence.starts_with("FILE line 2 is not TOML: "), "{sentence}");
    assert!(!sentence.contains("hunter2"), "{sentence}");
}

#[test]
fn a_named_file_must_exist() {
    let sources = Sources::new(Some("absent.toml".into()), []).unwrap();
    let sentence = Config::load(&sources).unwrap_err().to_string();
    assert!(sentence.starts_with("absent.toml cannot be read: "), "{sentence}");
}

#[test]
fn secrets_are_not_printed() {
    let config = load("[database]\nurl = 'postgres://u:hunter2@h/d'", &[("BETTER_AUTH_SECRET", "hunter2")]).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
}

/// A configuration whose database would be in a folder of this test's own.
fn first_run(test: &str, environment: &[(&str, &str)]) -> (Config, PathBuf) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let database = folder.join("auth.db");
    let url = format!("sqlite:{}", database.display());
    (load("", &[environment, &[("DATABASE_URL", url.as_str())]].concat()).unwrap(), database)
}

#[test]
fn the_first_run_makes_a_secret_and_later_runs_read_it() {
    let (config, database) = first_run("first-run", &[]);
    assert_eq!(config.secrets().unwrap_err().to_string(), NO_SECRET);
    let made = config.secrets_or_first(&SystemChance).unwrap();
    let file = database.with_file_name("auth.db.secret");
    assert_eq!(made.origin, Origin::Made(file.clone()));

    fs::write(&database, "users").unwrap();
    for found in [config.secrets(), config.secrets_or_first(&SystemChance)] {
        let kept = found.unwrap();
        assert_eq!(kept.origin, Origin::Kept(file.clone()));
        assert_eq!(kept.secrets.current().expose(), made.secrets.current().expose());
    }
}

const NO_SECRET: &str = "BETTER_AUTH_SECRET is not set; `countersign secret` makes a good one";

#[cfg(unix)]
#[test]
fn a_kept_secret_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let (config, database) = first_run("kept-secret", &[]);
    config.secrets_or_first(&SystemChance).unwrap();
    let file = database.with_file_name("auth.db.secret");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let sentence = config.secrets().unwrap_err().to_string();
    assert!(sentence.contains("others may read it; run `chmod 600 "), "{sentence}");
}

#[test]
fn a_database_without_its_secret_is_refused() {
    let (config, database) = first_run("lost-secret", &[]);
    fs::write(&database, "users").unwrap();
    let sentence = config.secrets_or_first(&SystemChance).unwrap_err().to_string();
    assert!(sentence.contains("auth.db exists, but its secret is nowhere; set BETTER_AUTH_SECRET"), "{sentence}");
    assert!(!database.with_file_name("auth.db.secret").exists());
}

#[test]
fn a_secret_is_made_only_beside_a_sqlite_file() {
    for url in ["postgres://localhost/auth", "mysql://localhost/auth"] {
        let config = load("", &[("DATABASE_URL", url)]).unwrap();
        assert_eq!(config.secrets_or_first(&SystemChance).unwrap_err().to_string(), NO_SECRET);
    }
}

#[test]
fn a_weak_secret_is_refused_by_name_and_never_replaced() {
    let versioned = format!("2:{GOOD},1:short");
    for (variable, value, sentence) in [
        ("BETTER_AUTH_SECRET", "short", "BETTER_AUTH_SECRET: the secret is shorter than 32 bytes"),
        ("BETTER_AUTH_SECRET", "", "BETTER_AUTH_SECRET: the secret is empty"),
        ("BETTER_AUTH_SECRETS", versioned.as_str(), "BETTER_AUTH_SECRETS: version 1: the secret is shorter"),
        ("BETTER_AUTH_SECRETS", GOOD, "BETTER_AUTH_SECRETS: every entry must be a whole number, a colon"),
    ] {
        let (config, database) = first_run("weak-secret", &[(variable, value)]);
        let refused = config.secrets_or_first(&SystemChance).unwrap_err().to_string();
        assert!(refused.starts_with(sentence), "{refused}");
        assert!(!refused.contains(GOOD), "{refused}");
        assert!(!database.with_file_name("auth.db.secret").exists());
    }
}

#[test]
fn a_plain_secret_beside_versioned_ones_only_verifies() {
    let (config, _) =
        first_run("rotation", &[("BETTER_AUTH_SECRET", OTHER), ("BETTER_AUTH_SECRETS", &format!("2:{GOOD}"))]);
    let found = config.secrets().unwrap();
    let all: Vec<_> = found.secrets.iter().map(|(version, secret)| (version, secret.expose())).collect();
    assert_eq!(all, [(Some(2), GOOD), (None, OTHER)]);
    assert_eq!(found.origin, Origin::Configured);
}

const GOOD: &str = "kS0dT2p7Zk1hQm9yVw3xJ5uC8eLfGa6nYiRtHv4X";
const OTHER: &str = "Wq8rN3tZ6mXc1vB5yK9pL2dF7hJ4gS0aUeIoRtYx";

#[test]
fn a_page_for_errors_is_an_address_of_the_web_or_a_path() {
    for good in ["https://app.example/oops?a=b", "http://app.example", "/oops"] {
        load(&format!("[on_api_error]\nerror_url = '{good}'"), &[]).unwrap();
    }
    for bad in ["oops", "//evil.example", "javascript:alert(1)", "https://app.example/a b", "/\\evil.example"] {
        let refused = refusal(&format!("[on_api_error]\nerror_url = '{bad}'"), &[]);
        assert!(refused.contains("`on_api_error.error_url` must be like https://app.example/error"), "{refused}");
    }
}

#[test]
fn colours_are_read_and_nothing_else_of_css() {
    let config = load("[pages.colors]\naccent = '#F5B301'", &[("COUNTERSIGN__PAGES__LANGUAGES", "de,en")]).unwrap();
    assert_eq!(config.pages.colors.accent.unwrap().to_string(), "#f5b301");
    assert_eq!(config.pages.languages, ["de", "en"]);
    let refused = refusal("[pages.colors]\naccent = 'red; }'", &[]);
    assert!(refused.contains("must be like #0b6b5b"), "{refused}");
}
