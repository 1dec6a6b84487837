//! What a provider says of somebody, read.

use countersign_contract::is_address;
use countersign_engine::social::Identity;
use serde_json::{Map, Value};

use super::known::{ID, Members};

/// The longest id of a provider's user, in bytes: as long as a subject may be.
const ID_MAX: usize = 255;
/// The longest name that is kept, in characters, and the longest address of a picture, in bytes: as at signing up, where a name of
/// as many bytes is taken.
const NAME_MAX: usize = 256;
const IMAGE_MAX: usize = 32_768;

/// Reads a profile; none where it does not say whose it is.
pub(super) fn identity(
    provider: &str,
    profile: &Map<String, Value>,
    members: &Members<String>,
    emails: Option<&Value>,
) -> Option<Identity> {
    let text = |path: &str| member(profile, path).and_then(Value::as_str).map(str::to_owned);
    // Who says `id` knows no `sub`, and the other way round.
    let id = member(profile, &members.id).or_else(|| profile.get("sub").filter(|_| members.id == ID));
    let account_id = match id? {
        Value::String(id) => id.clone(),
        Value::Number(id) => id.to_string(),
        _ => return None,
    };
    let is_name = !account_id.trim().is_empty() && !["null", "undefined"].contains(&account_id.as_str());
    if !is_name || account_id.len() > ID_MAX || account_id.contains('\0') {
        return None;
    }
    let listed: Vec<&Value> = emails.and_then(Value::as_array).map(|all| all.iter().collect()).unwrap_or_default();
    let address = |entry: &Value| entry.get("email").and_then(Value::as_str).map(str::to_owned);
    let primary = || listed.iter().find(|entry| entry.get("primary").is_some_and(is_true)).or(listed.first());
    let email = text(&members.email).filter(|email| !email.is_empty()).or_else(|| address(primary()?));
    // Only what could have signed up here is an address: anything else could become another's when it is folded, or reach nobody.
    let email = email.filter(|email| is_address(email));
    let email_verified = match emails {
        None => member(profile, &members.email_verified).is_some_and(is_true),
        Some(_) => {
            let entry = listed.iter().find(|entry| address(entry).is_some() && address(entry) == email);
            entry.and_then(|entry| entry.get("verified")).is_some_and(is_true)
        }
    };
    let some = |path: &str| text(path).filter(|text| !text.is_empty());
    let name: String = some(&members.name).or_else(|| some("login")).unwrap_or_default().replace('\0', "");
    let name = name.chars().take(NAME_MAX).collect();
    // A picture may lie in its address; one that is too large is no loss.
    let image = some(&members.image).filter(|image| image.len() <= IMAGE_MAX && !image.contains('\0'));
    Some(Identity { provider: provider.to_owned(), account_id, email, email_verified, name, image })
}

/// What stands at a path with dots.
fn member<'a>(profile: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    let mut steps = path.split('.');
    let first = profile.get(steps.next()?)?;
    steps.try_fold(first, |value, step| value.get(step))
}

/// Some providers write a truth as a text.
fn is_true(value: &Value) -> bool {
    matches!(value, Value::Bool(true)) || value.as_str() == Some("true")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::known::STANDARD;
    use super::*;

    fn read(profile: &Value, members: Members<&str>, emails: Option<Value>) -> Option<Identity> {
        identity("mock", profile.as_object().unwrap(), &members.map(str::to_owned), emails.as_ref())
    }

    #[test]
    fn a_profile_of_openid_connect_is_read() {
        let profile = json!({ "sub": "1", "email": "a@b.co", "email_verified": "true", "name": "Ada", "picture": "p" });
        let ada = read(&profile, STANDARD, None).unwrap();
        assert_eq!((ada.account_id.as_str(), ada.email.as_deref(), ada.email_verified), ("1", Some("a@b.co"), true));
        assert_eq!((ada.name.as_str(), ada.image.as_deref(), ada.provider.as_str()), ("Ada", Some("p"), "mock"));
        for unverified in [json!(false), json!("yes"), json!(1), json!(null)] {
            let profile = json!({ "sub": "1", "email": "a@b.co", "email_verified": unverified });
            assert!(!read(&profile, STANDARD, None).unwrap().email_verified, "{profile}");
        }
    }

    #[test]
    fn nobody_is_who_has_no_id() {
        for id in [json!(""), json!(" "), json!(null), json!({}), json!(true), json!("null"), json!("undefined")] {
            assert_eq!(read(&json!({ "sub": id, "email": "a@b.co" }), STANDARD, None), None, "{id}");
        }
        assert_eq!(read(&json!({ "email": "a@b.co" }), STANDARD, None), None);
        assert_eq!(read(&json!({ "sub": 7 }), STANDARD, None).unwrap().account_id, "7");
        let either = Members { id: ID, ..STANDARD };
        assert_eq!(read(&json!({ "sub": "s", "id": "i" }), either.clone(), None).unwrap().account_id, "i");
        assert_eq!(read(&json!({ "sub": "s" }), either, None).unwrap().account_id, "s");
        let own = Members { id: "uid", ..STANDARD };
        assert_eq!(read(&json!({ "sub": "s", "id": "i" }), own, None), None);
    }

    #[test]
    fn what_nobody_could_sign_up_with_is_left_out() {
        let of = |name: &str, value: Value| {
            let mut profile =
                json!({ "sub": "1", "email": "a@b.co", "email_verified": true, "name": "Ada", "picture": "p" });
            profile[name] = value;
            read(&profile, STANDARD, None)
        };
        // The Kelvin sign becomes a `k` in small letters.
        for email in ["mar\u{212a}@b.co", "a@b", "a b@c.de", "a@b.co\r\n", "a\0@b.co", ""] {
            assert_eq!(of("email", json!(email)).unwrap().email, None, "{email}");
        }
        assert_eq!(of("sub", json!("a\0b")), None);
        assert_eq!(of("sub", json!("x".repeat(256))), None);
        assert_eq!(of("name", json!("A\0da")).unwrap().name, "Ada");
        assert_eq!(of("name", json!("ä".repeat(300))).unwrap().name, "ä".repeat(256));
        assert_eq!(of("picture", json!("x".repeat(32_769))).unwrap().image, None);
        assert_eq!(of("picture", json!("\0")).unwrap().image, None);
    }

    #[test]
    fn members_may_lie_deeper() {
        let deep = Members { email: "account.email", image: "picture.data.url", ..STANDARD };
        let profile = json!({ "sub": "1", "account": { "email": "a@b.co" }, "picture": { "data": { "url": "p" } } });
        let ada = read(&profile, deep, None).unwrap();
        assert_eq!((ada.email.as_deref(), ada.image.as_deref()), (Some("a@b.co"), Some("p")));
    }

    #[test]
    fn a_list_of_addresses_says_which_are_proven() {
        let emails = json!([
            { "email": "old@b.co", "primary": false, "verified": true },
            { "email": "ada@b.co", "primary": true, "verified": true },
            { "email": "new@b.co", "primary": false, "verified": false },
        ]);
        let of = |profile: Value| {
            let ada = read(&profile, Members { id: "id", ..STANDARD }, Some(emails.clone())).unwrap();
            (ada.email.unwrap(), ada.email_verified, ada.name)
        };
        assert_eq!(of(json!({ "id": 1, "login": "ada" })), ("ada@b.co".to_owned(), true, "ada".to_owned()));
        assert_eq!(
            of(json!({ "id": 1, "email": "new@b.co", "name": "A" })),
            ("new@b.co".to_owned(), false, "A".to_owned())
        );
        let lies = json!({ "id": 1, "email": "eve@b.co", "email_verified": true });
        assert_eq!(of(lies), ("eve@b.co".to_owned(), false, String::new()));
    }
}
