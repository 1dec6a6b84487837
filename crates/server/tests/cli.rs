//! The `countersign` command, run as an operator runs it.
#![expect(clippy::unwrap_used, reason = "a test says what must be there")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use countersign_engine::{Clock as _, SystemClock};
use countersign_token::{
    Claims, FeedCredential, KeySet, Policy, Secret, SigningKey, Verifier, decode_unverified, sign,
};
use serde_json::Value;

const SECRET: &str = "kS0dT2p7Zk1hQm9yVw3xJ5uC8eLfGa6nYiRtHv4X";

/// What a command said.
struct Said {
    code: i32,
    out: String,
    err: String,
}

/// A folder of its own to run in, without a configuration but the variables given.
struct Place(PathBuf);

impl Place {
    fn new(test: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{test}"));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn run(&self, line: &str) -> Said {
        self.run_with(line, &[], b"")
    }

    fn run_with(&self, line: &str, environment: &[(&str, &str)], input: &[u8]) -> Said {
        let mut child = Command::new(env!("CARGO_BIN_EXE_countersign"))
            .args(line.split_whitespace())
            .current_dir(&self.0)
            .env_clear()
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that does not read closes its end, which is no failure of the test.
        let _ = child.stdin.take().unwrap().write_all(input);
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

/// Asserts a refusal: the exit code, and one line that holds the sentence.
fn assert_refused(said: &Said, code: i32, sentence: &str) {
    assert_eq!(said.code, code, "{}{}", said.out, said.err);
    assert!(said.err.contains(sentence), "{}", said.err);
    assert_eq!(said.err.lines().count(), 1, "{}", said.err);
    assert_eq!(said.out, "");
}

fn exists(file: &Path) -> bool {
    file.try_exists().unwrap()
}

#[test]
fn serving_needs_no_configuration_and_ends_when_asked_to() {
    let place = Place::new("serve");
    let mut child = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .current_dir(&place.0)
        .env_clear()
        .env("PORT", "0")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let address = line.split("http://").nth(1).unwrap().split([' ', '/']).next().unwrap();

    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET /api/auth/ok HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 200 OK") && reply.ends_with("{\"ok\":true}"), "{reply}");
    assert_eq!(place.run("doctor").code, 0);

    let ask = Command::new("sh").args(["-c", &format!("kill -TERM {}", child.id())]).status().unwrap();
    assert!(ask.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.contains("made a secret and keep it in countersign.db.secret"), "{log}");
    let secret = fs::read_to_string(place.file("countersign.db.secret")).unwrap();
    assert!(!log.contains(secret.trim_end()));
}

#[test]
fn metrics_are_shown_on_a_listener_of_their_own_and_nowhere_else() {
    let place = Place::new("metrics");
    let mut child = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .current_dir(&place.0)
        .env_clear()
        .envs([("PORT", "0"), ("COUNTERSIGN__METRICS__LISTEN", "127.0.0.1:0"), ("BETTER_AUTH_SECRET", SECRET)])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    let mut address = || {
        let line = lines.next().unwrap().unwrap();
        line.split("http://").nth(1).unwrap().split([' ', '/']).next().unwrap().to_owned()
    };
    let (main, metrics) = (address(), address());
    assert!(get(&main, "/api/auth/ok").starts_with("HTTP/1.1 200 OK"));
    assert!(get(&main, "/metrics").starts_with("HTTP/1.1 404"));
    assert!(get(&metrics, "/api/auth/ok").starts_with("HTTP/1.1 404"));
    let page = get(&metrics, "/metrics");
    assert!(
        page.contains("countersign_http_requests_total{route=\"/api/auth/ok\",method=\"GET\",status=\"200\"} 1"),
        "{page}"
    );
    child.kill().unwrap();
    child.wait().unwrap();
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}

#[test]
fn a_port_that_is_taken_keeps_the_server_from_starting() {
    let place = Place::new("port");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let said = place.run_with(
        "serve",
        &[("PORT", &port), ("COUNTERSIGN__LOG__LEVEL", "warn"), ("BETTER_AUTH_SECRET", SECRET)],
        b"",
    );
    assert_refused(&said, 2, "set PORT or `server.host` to another");
}

#[test]
fn a_weak_secret_keeps_the_server_from_starting() {
    let place = Place::new("weak");
    let said = place.run_with("serve", &[("BETTER_AUTH_SECRET", "short")], b"");
    assert_refused(&said, 2, "BETTER_AUTH_SECRET: the secret is shorter than 32 bytes; `countersign secret` makes");
    assert!(!exists(&place.file("countersign.db")));
}

#[test]
fn an_unknown_key_keeps_the_server_from_starting() {
    let place = Place::new("unknown-key");
    let said = place.run_with("serve", &[("COUNTERSIGN__SESSION__EXPIRE_IN", "60")], b"");
    assert_refused(&said, 2, "did you mean COUNTERSIGN__SESSION__EXPIRES_IN?");

    fs::write(place.file("countersign.toml"), "[rate_limit]\nenable = false\n").unwrap();
    assert_refused(&place.run("serve"), 2, "did you mean `rate_limit.enabled`?");
    assert_refused(&place.run("--config absent.toml serve"), 2, "absent.toml cannot be read");
}

#[test]
fn pages_that_cannot_be_shown_keep_the_server_from_starting() {
    let place = Place::new("pages");
    for (variable, value, sentence) in [
        ("COUNTERSIGN__PAGES__LOGO", "absent.svg", "`pages.logo` cannot be read: absent.svg"),
        ("COUNTERSIGN__PAGES__LANGUAGES", "it", "put it.toml into the folder `pages.messages`"),
        ("COUNTERSIGN__PAGES__COLORS__BACKGROUND", "#888", "`pages.colors.background` leaves text on it a contrast of"),
    ] {
        let said = place.run_with("serve", &[("BETTER_AUTH_SECRET", SECRET), (variable, value)], b"");
        assert_refused(&said, 2, sentence);
    }
}

#[test]
fn an_unreachable_database_keeps_the_server_from_starting() {
    let place = Place::new("unreachable");
    for url in ["postgres://ada:hunter2@127.0.0.1:1/shop", "sqlite:absent/folder/auth.db", "mysql://127.0.0.1/shop"] {
        let said = place.run_with("serve", &[("BETTER_AUTH_SECRET", SECRET), ("DATABASE_URL", url)], b"");
        assert_refused(&said, 2, "");
        assert!(!said.err.contains("hunter2"), "{}", said.err);
    }
}

#[test]
fn a_database_whose_secret_is_nowhere_keeps_the_server_from_starting() {
    let place = Place::new("lost-secret");
    assert_eq!(place.run("migrate").code, 0);
    fs::remove_file(place.file("countersign.db.secret")).unwrap();
    assert_refused(&place.run("serve"), 2, "countersign.db exists, but its secret is nowhere; set BETTER_AUTH_SECRET");
}

#[test]
fn misuse_exits_2_and_help_exits_0() {
    let place = Place::new("misuse");
    assert_eq!(place.run("frobnicate").code, 2);
    assert_eq!(place.run("token mint").code, 2);
    assert_eq!(place.run("token verify --secret-hex 00 --jwk key.json").code, 2);
    assert_eq!(place.run("token verify --issuer me").code, 2);
    let help = place.run("--help");
    assert!(help.code == 0 && help.out.contains("doctor"), "{}", help.out);
}

#[test]
fn a_printed_secret_is_strong_and_new() {
    let place = Place::new("secret");
    let (one, other) = (place.run("secret").out, place.run("secret").out);
    assert!(Secret::parse(one.trim_end()).is_ok());
    assert_ne!(one, other);
}

#[test]
fn a_minted_token_verifies_and_says_what_it_was_told_to() {
    let place = Place::new("mint");
    let secret = [("BETTER_AUTH_SECRET", SECRET)];
    let line = "token mint --sub u1 --email a@example.com --sid s1 --lifetime 60 --claim role=admin --claim level=3";
    let minted = place.run_with(line, &secret, b"");
    assert_eq!(minted.code, 0, "{}", minted.err);
    let said = place.run_with("token verify", &secret, minted.out.as_bytes());
    assert_eq!((said.code, said.err.as_str()), (0, ""));

    let claims: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(claims["sub"], "u1");
    assert_eq!(claims["email"], "a@example.com");
    assert_eq!(claims["sid"], "s1");
    assert_eq!(claims["role"], "admin");
    assert_eq!(claims["level"], 3);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 60);
    assert_eq!(claims["jti"].as_str().unwrap().len(), 36);
    assert!(!exists(&place.file("countersign.db")));
}

#[test]
fn a_token_of_another_secret_is_refused_with_the_reason() {
    let place = Place::new("other-secret");
    let minted = place.run_with("token mint --sub u1", &[("BETTER_AUTH_SECRET", SECRET)], b"");
    let other = [("BETTER_AUTH_SECRET", "Wq8rN3tZ6mXc1vB5yK9pL2dF7hJ4gS0aUeIoRtYx")];
    assert_refused(&place.run_with("token verify", &other, minted.out.as_bytes()), 1, "the signature is not valid");
    let rotated = [("BETTER_AUTH_SECRETS", format!("2:Wq8rN3tZ6mXc1vB5yK9pL2dF7hJ4gS0aUeIoRtYx,1:{SECRET}"))];
    let rotated = rotated.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(place.run_with("token verify", &rotated, minted.out.as_bytes()).code, 0);
}

#[test]
fn a_token_no_verifier_would_admit_is_not_minted() {
    let place = Place::new("mint-refused");
    let secret = [("BETTER_AUTH_SECRET", SECRET)];
    let said = place.run_with("token mint --sub u1 --lifetime 604801", &secret, b"");
    assert_refused(&said, 1, "such a token would be refused: the token lives longer than is allowed");
}

#[test]
fn a_token_with_any_byte_changed_is_refused() {
    let place = Place::new("flip");
    let secret = [("BETTER_AUTH_SECRET", SECRET)];
    let minted = place.run_with("token mint --sub u1 --email a@example.com", &secret, b"").out;
    let token = minted.trim_end().as_bytes();
    let keys = KeySet::single(SigningKey::hs256(&Secret::parse(SECRET).unwrap(), None).verifying_key());
    let verifier = Verifier::new(keys, Policy::default());
    let signature_holds =
        |bytes: &[u8]| std::str::from_utf8(bytes).is_ok_and(|token| verifier.verify_signature_only(token).is_ok());
    assert!(signature_holds(token));
    for (at, bit) in (0..token.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let mut changed = token.to_vec();
        changed[at] ^= 1 << bit;
        assert!(!signature_holds(&changed), "bit {bit} of byte {at}");
    }

    for at in [0, token.len() / 3, token.len() / 2, token.len() - 1] {
        let mut changed = token.to_vec();
        changed[at] ^= 1;
        let said = place.run_with("token verify", &secret, &changed);
        assert_eq!((said.code, said.out.as_str()), (1, ""), "byte {at}");
        assert!(said.err.starts_with("countersign: ") && said.err.len() > 20, "{}", said.err);
    }
    for changed in [&[token, b"\xff"].concat()[..], &[token, b" "].concat(), &[token, b"\n\n"].concat(), b""] {
        assert_eq!(place.run_with("token verify", &secret, changed).code, 1);
    }
}

/// RFC 7515 appendix A.1.
const A1_TOKEN: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0d\
HA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const A1_PAYLOAD: &str = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
const A1_KEY: &str = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
const A1_HEX: &str = "0323354b2b0fa5bc837e0665777ba68f5ab328e6f054c928a90f84b2d2502ebfd3fb5a92d20647ef968ab4c377623d\
223d2e2172052e4f08c0cd9af567d080a3";

#[test]
fn anyones_vectors_can_be_run_without_a_configuration() {
    let place = Place::new("vectors");
    // A configuration that could not be read shows that none is.
    fs::write(place.file("countersign.toml"), "not TOML").unwrap();
    fs::write(place.file("key.jwk"), format!(r#"{{"kty":"oct","k":"{A1_KEY}"}}"#)).unwrap();
    fs::write(place.file("keys.jwks"), format!(r#"{{"keys":[{{"kty":"oct","k":"{A1_KEY}"}}]}}"#)).unwrap();
    let raw: Vec<u8> =
        (0..A1_HEX.len()).step_by(2).map(|at| u8::from_str_radix(&A1_HEX[at..at + 2], 16).unwrap()).collect();
    fs::write(place.file("key.bin"), raw).unwrap();
    for key in [&format!("--secret-hex {A1_HEX}"), "--secret-file key.bin", "--jwk key.jwk", "--jwk keys.jwks"] {
        let said = place.run_with(&format!("token verify {key} --signature-only"), &[], A1_TOKEN.as_bytes());
        assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (0, A1_PAYLOAD, ""), "{key}");
        let said = place.run_with(&format!("token verify {key}"), &[], A1_TOKEN.as_bytes());
        assert_eq!(said.code, 1, "{key}");
    }
    let said = place.run_with("token verify --secret-hex 00 --signature-only", &[], A1_TOKEN.as_bytes());
    assert_refused(&said, 1, "the signature is not valid");
    assert_refused(&place.run("token verify --secret-hex 0"), 2, "pairs of hexadecimal digits");
    assert_refused(&place.run("token verify --jwk absent.jwk"), 2, "absent.jwk cannot be read");
    assert_refused(&place.run("token verify --jwk key.bin"), 2, "key.bin: the key is not a JSON Web Key");
}

#[test]
fn decoding_says_loudly_that_nothing_is_verified() {
    let place = Place::new("decode");
    let said = place.run_with("token decode", &[], A1_TOKEN.as_bytes());
    assert_eq!(said.code, 0);
    assert!(said.err.starts_with("countersign: NOT VERIFIED: "), "{}", said.err);
    assert!(said.out.contains("\"alg\": \"HS256\"") && said.out.contains("\"iss\": \"joe\""), "{}", said.out);
    assert_eq!(place.run_with("token decode", &[], b"x.y").code, 1);
}

#[test]
fn asymmetric_tokens_are_minted_and_verified_with_the_stored_key() {
    let place = Place::new("asymmetric");
    fs::write(place.file("countersign.toml"), "[token]\nalgorithm = 'EdDSA'\n").unwrap();
    assert_refused(
        &place.run_with("token mint --sub u1", &[("BETTER_AUTH_SECRET", SECRET)], b""),
        2,
        "run `countersign migrate`",
    );
    assert_eq!(place.run_with("migrate", &[("BETTER_AUTH_SECRET", SECRET)], b"").code, 0);
    let minted = place.run_with("token mint --sub u1", &[("BETTER_AUTH_SECRET", SECRET)], b"");
    assert_eq!(minted.code, 0, "{}", minted.err);
    let said = place.run_with("token verify", &[("BETTER_AUTH_SECRET", SECRET)], minted.out.as_bytes());
    let claims: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(claims["iss"], "http://localhost:3000");
}

#[test]
fn users_are_created_shown_changed_and_deleted() {
    let place = Place::new("user");
    assert_eq!(place.run("migrate").code, 0);
    let line = "user create --email Ada@Example.com --name Ada --password-stdin --role editor --json";
    let created = place.run_with(line, &[], b"correct horse battery\n");
    assert_eq!(created.code, 0, "{}", created.err);
    let user: Value = serde_json::from_str(&created.out).unwrap();
    assert_eq!(
        (&user["email"], &user["role"], &user["banned"]),
        (&"ada@example.com".into(), &"editor".into(), &false.into())
    );
    let id = user["id"].as_str().unwrap();

    let show = |who: &str| serde_json::from_str::<Value>(&place.run(&format!("user show {who} --json")).out).unwrap();
    assert_eq!(show(id), show("ADA@example.com"));
    assert!(place.run("user list").out.lines().nth(1).unwrap().contains("ada@example.com"));

    assert_eq!(place.run("user suspend ada@example.com --reason spam --until 2999-01-01T00:00:00Z").code, 0);
    let suspended = show(id);
    assert_eq!((&suspended["banned"], &suspended["banReason"]), (&true.into(), &"spam".into()));
    assert_eq!(suspended["banExpires"], "2999-01-01T00:00:00.000Z");
    assert_eq!(place.run(&format!("user restore {id}")).code, 0);
    assert_eq!((&show(id)["banned"], &show(id)["banExpires"]), (&false.into(), &Value::Null));
    assert_eq!(place.run(&format!("user set-role {id} admin,editor")).code, 0);
    assert_eq!(show(id)["role"], "admin,editor");

    assert_refused(
        &place.run(&format!("user delete {id}")),
        2,
        "this deletes ada@example.com for good; say so with --yes",
    );
    assert_eq!(place.run(&format!("user delete {id} --yes")).code, 0);
    assert_refused(&place.run(&format!("user show {id}")), 1, "there is no user");
}

#[test]
fn a_user_is_given_a_password_and_another_only_where_that_is_meant() {
    let place = Place::new("set-password");
    assert_eq!(place.run("migrate").code, 0);
    assert_eq!(place.run("user create --email ada@example.com --name Ada").code, 0);
    let set = |line: &str, input: &[u8]| place.run_with(&format!("user set-password {line}"), &[], input);
    assert_refused(&set("nobody@example.com", b"correct horse"), 1, "there is no user nobody@example.com");
    assert_refused(&set("ada@example.com", b"short"), 1, "the password is shorter than 8");
    let done = set("ada@example.com", b"correct horse battery\n");
    assert_eq!((done.code, done.out.trim()), (0, "ada@example.com has a new password"), "{}", done.err);
    assert_refused(&set("ada@example.com", b"another password"), 1, "--replace sets another and ends all sessions");
    assert_eq!(set("ada@example.com --replace", b"another password").code, 0);
}

#[test]
fn a_user_that_cannot_be_is_not_created() {
    let place = Place::new("user-refused");
    assert_refused(
        &place.run_with("user list", &[("BETTER_AUTH_SECRET", SECRET)], b""),
        2,
        "run `countersign migrate` first",
    );
    let secret = [("BETTER_AUTH_SECRET", SECRET)];
    assert_eq!(place.run_with("migrate", &secret, b"").code, 0);
    let create =
        |line: &str, password: &[u8]| place.run_with(&format!("user create --name Ada {line}"), &secret, password);
    assert_refused(&create("--email ada", b""), 2, "--email is not an e-mail address");
    assert_refused(&create("--email a@example.com --password-stdin", b"short"), 1, "the password is shorter than 8");
    assert_refused(&create("--email a@example.com --role a,,b", b""), 2, "a role is made of");
    assert_eq!(create("--email a@example.com", b"").code, 0);
    assert_refused(&create("--email A@example.com", b""), 1, "a user with this e-mail address exists");
    assert_refused(&place.run_with("user suspend a@example.com --until 2001-01-01", &secret, b""), 2, "in the past");
}

#[test]
fn the_doctor_names_what_to_do_next() {
    let place = Place::new("doctor");
    let said = place.run("doctor");
    assert_eq!(said.code, 1);
    assert!(
        said.out.contains("problem  database     countersign.db does not exist; `countersign migrate` makes it"),
        "{}",
        said.out
    );
    assert!(!exists(&place.file("countersign.db")));

    assert_eq!(place.run("migrate").code, 0);
    let said = place.run("doctor");
    assert_eq!((said.code, said.out.matches("ok ").count()), (0, 10), "{}", said.out);

    let said = place.run_with("doctor", &[("BETTER_AUTH_URL", "http://auth.example")], b"");
    assert_eq!(said.code, 1);
    assert!(
        said.out.contains("problem  address      http://auth.example carries passwords and tokens in clear"),
        "{}",
        said.out
    );
}

#[test]
fn the_api_description_stands_at_the_configured_path() {
    let place = Place::new("openapi");
    let said = place.run_with("openapi", &[("COUNTERSIGN__BASE_PATH", "/auth")], b"");
    let document: Value = serde_json::from_str(&said.out).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(said.out.contains("/auth"));
}

#[test]
fn a_reader_that_has_read_enough_is_no_failure() {
    let place = Place::new("pipe");
    let mut child = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["openapi"])
        .current_dir(&place.0)
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
fn prints_the_credential_of_followers_of_the_refusals() {
    let place = Place::new("feed");
    let secret = [("BETTER_AUTH_SECRET", SECRET)];
    let said = place.run_with("token feed", &secret, b"");
    assert_eq!(said.out.trim_end(), FeedCredential::of(&Secret::parse(SECRET).unwrap()).expose(), "{}", said.err);
    assert!(!exists(&place.file("countersign.db")), "it needs no database");
    let said = place.run_with("token service --name billing", &secret, b"");
    assert_refused(&said, 2, "`countersign token feed` prints the credential");

    let own = "t7Wq2mZx9Kc4Rb8Vn1Lp6Js3Hf5Gd0YaE";
    fs::write(place.file("countersign.toml"), format!("[token]\nsecret = '{own}'\n")).unwrap();
    let said = place.run_with("token feed", &secret, b"");
    assert_eq!(said.out.trim_end(), FeedCredential::of(&Secret::parse(own).unwrap()).expose(), "{}", said.err);
}

#[test]
fn prints_a_service_token_that_is_no_access_token_where_a_private_key_signs() {
    let place = Place::new("service");
    let secret = [("BETTER_AUTH_SECRET", SECRET)];
    fs::write(place.file("countersign.toml"), "[token]\nalgorithm = 'EdDSA'\n").unwrap();
    assert_eq!(place.run_with("migrate", &secret, b"").code, 0);
    let said = place.run_with("token service --name billing --lifetime 60", &secret, b"");
    let token = said.out.trim_end();
    assert!(FeedCredential::parse(token).is_ok(), "{}{}", said.out, said.err);
    let payload = decode_unverified(token).unwrap().payload;
    let seconds = |claim: &str| payload[claim].as_i64().unwrap();
    assert_eq!((&payload["sub"], seconds("exp") - seconds("iat")), (&Value::from("billing"), 60));
    let verified = place.run_with("token verify", &secret, token.as_bytes());
    assert_refused(&verified, 1, "the token is of another kind");
    for lifetime in ["0", "31622401"] {
        assert_eq!(place.run_with(&format!("token service --name x --lifetime {lifetime}"), &secret, b"").code, 2);
    }
}

#[test]
fn an_operator_ends_a_session_and_is_told_why_a_token_is_refused() {
    let place = Place::new("why");
    assert_eq!(place.run("migrate").code, 0);
    let env = &[("BETTER_AUTH_SECRET", SECRET)];
    let run = |line: &str| place.run_with(line, env, b"");
    let why = |token: &str| place.run_with("token why", env, token.as_bytes());
    let create = "user create --email ada@example.com --name Ada --password-stdin";
    assert_eq!(place.run_with(create, env, b"a long password").code, 0);
    let user: serde_json::Value = serde_json::from_str(&run("user show ada@example.com --json").out).unwrap();
    let id = user["id"].as_str().unwrap();

    let token = run(&format!("token mint --sub {id} --sid no-such-session")).out;
    let admitted = why(&token);
    assert_eq!((admitted.code, admitted.out.trim()), (0, format!("admitted: user {id} with role user").as_str()));
    assert_eq!(run("user suspend ada@example.com").code, 0);
    assert_refused(&why(&token), 1, "refused: suspended (the account is suspended)");
    assert_refused(&why(&run("token mint --sub nobody").out), 1, "refused: unknown_subject (the subject is not known)");
    assert_eq!(why("not a token").code, 1);

    assert_eq!(run("user restore ada@example.com").code, 0);
    let revoke = |token: &str| place.run_with("token revoke", env, token.as_bytes());
    let revoked = revoke(&token);
    assert_eq!(revoked.code, 0, "{}", revoked.err);
    assert!(revoked.out.ends_with(&format!(" of user {id}\n")), "{}", revoked.out);
    assert_refused(&why(&token), 1, "refused: session_ended (the session has ended)");
    assert_eq!(why(&run(&format!("token mint --sub {id}")).out).code, 0);
    assert_eq!(revoke("not a token").code, 1);
    let now = SystemClock.now().seconds();
    let key = SigningKey::hs256(&Secret::parse(SECRET).unwrap(), None);
    let nameless = revoke(&sign(&key, &Claims::new(id, now, now + 60)).unwrap());
    assert_refused(&nameless, 1, "the token has no `jti`, so there is nothing to tell it by");

    assert_eq!(run("session list ada@example.com --json").out.trim(), "[]");
    let none = run("session revoke none");
    assert_refused(&none, 1, "there is no session none; `countersign session list USER` lists them");
}
