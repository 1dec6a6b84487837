//! Any text is judged without panic in all three forms of a `session_data` cookie; what was written comes back whole, and no
//! altered text does.

#![no_main]

use std::sync::LazyLock;

use countersign_token::{
    Secret, Secrets, SessionData, SessionDataCompact, SessionDataDraft, SessionDataJwe, SessionDataJwt,
};
use libfuzzer_sys::fuzz_target;

static SECRETS: LazyLock<Secrets> = LazyLock::new(|| Secrets::single(Secret::from_entropy([7; 32])));

const END: i64 = 1_790_000_300;

fuzz_target!(|input: (&str, u16, u8)| {
    let (text, at, byte) = input;
    for (open, write) in FORMS {
        drop(open(text));
        let raw = write(text);
        let read = open(&raw).expect("what was written is read");
        assert_eq!(read.user.get("name").and_then(|name| name.as_str()), Some(text));
        assert_eq!((read.expires_at, &*read.version), (END * 1000, text));
        let mut altered = raw.clone().into_bytes();
        let at = usize::from(at) % altered.len();
        altered[at] = byte;
        if let Ok(altered) = String::from_utf8(altered) {
            assert_eq!(open(&altered).is_some(), altered == raw);
        }
    }
});

type Form = (fn(&str) -> Option<SessionData>, fn(&str) -> String);

const FORMS: [Form; 3] = [
    (
        |raw| SessionDataCompact::verify(raw, &SECRETS),
        |name| SessionDataCompact::sign(&draft(name), END * 1000, SECRETS.current()),
    ),
    (|raw| SessionDataJwt::verify(raw, &SECRETS), |name| SessionDataJwt::sign(&draft(name), (0, END), SECRETS.current())),
    (
        |raw| SessionDataJwe::open(raw, &SECRETS),
        |name| SessionDataJwe::seal(&draft(name), (0, END), ("j", [7; 16]), SECRETS.current()).expect("it seals"),
    ),
];

fn draft(name: &str) -> SessionDataDraft {
    let user = std::collections::BTreeMap::from([("name", name)]);
    SessionDataDraft::new(&std::collections::BTreeMap::<&str, &str>::new(), &user, 0, name).expect("JSON")
}
