//! The token in a link that shows who reads an address: Better Auth's, byte for byte, so that a link mailed by either server
//! is good at the other.
//!
//! ```text
//! {"alg":"HS256"}
//! {"email":"ada@example.com","updateTo":..,"requestType":..,"userId":..,"iat":..,"exp":..}
//! ```
//!
//! It is signed under the secret itself, as access tokens are and the `jwt` form of Better Auth's session cookie. So the kinds
//! are told apart by what they say (RFC 8725 section 3.12): this one has exactly that header and no other members, an access
//! token has a subject, and neither passes for the other.

use serde::{Serialize, de::MapAccess};

use crate::{
    CannotSign, MAX_TOKEN_BYTES, Refused, Secret, SecretUse, Secrets, base64,
    json::{Member, Members, NumericDate, Object, Text, Unreadable, read_object},
    mac::MacKey,
};

/// `{"alg":"HS256"}` and the dot after it.
const HEADER: &str = "eyJhbGciOiJIUzI1NiJ9.";
const CONFIRM: &str = "change-email-confirmation";
const VERIFY: &str = "change-email-verification";

/// What the token of a mailed link says.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailToken {
    /// The address the user had when the link was mailed, in lower case.
    pub email: String,
    /// Whose it is. Better Auth before 1.7 does not say where an address is verified.
    pub user_id: Option<String>,
    /// What following the link does.
    pub asks: EmailAsks,
    /// When it was mailed, in seconds since 1970.
    pub iat: i64,
    /// From when on it is worth nothing.
    pub exp: i64,
}

/// What following a mailed link does.
#[derive(Clone, PartialEq, Eq)]
pub enum EmailAsks {
    /// Shows that the address is the user's.
    Verify,
    /// Mailed to the old address: the user agrees to have another.
    ConfirmChange {
        /// The other address.
        to: String,
    },
    /// Mailed to the new address: shows that it is the user's, who has it from then on.
    VerifyChange {
        /// The new address.
        to: String,
    },
}

impl EmailToken {
    /// Signs it.
    ///
    /// # Errors
    /// [`CannotSign::TooLong`].
    pub fn sign(&self, secret: &Secret) -> Result<String, CannotSign> {
        let (update_to, request_type) = match &self.asks {
            EmailAsks::Verify => (None, None),
            EmailAsks::ConfirmChange { to } => (Some(&**to), Some(CONFIRM)),
            EmailAsks::VerifyChange { to } => (Some(&**to), Some(VERIFY)),
        };
        let user_id = self.user_id.as_deref();
        let payload = Payload { email: &self.email, update_to, request_type, user_id, iat: self.iat, exp: self.exp };
        let payload = serde_json::to_vec(&payload).map_err(|_| CannotSign::Library)?;
        let mut token = HEADER.to_owned();
        base64::encode_append(&payload, &mut token);
        let mac = key(secret).mac(token.as_bytes());
        token.push('.');
        base64::encode_append(&mac, &mut token);
        if token.len() > MAX_TOKEN_BYTES { Err(CannotSign::TooLong) } else { Ok(token) }
    }

    /// Reads a token whose signature holds under one of the secrets; all of them are tried, so that a new secret makes no link
    /// worthless that is on its way.
    ///
    /// # Errors
    /// [`Refused::Expired`] for a genuine token whose time has passed; any other reason for what is none.
    pub fn verify(text: &str, secrets: &Secrets, now: i64) -> Result<Self, Refused> {
        if text.len() > MAX_TOKEN_BYTES {
            return Err(Refused::TooLong);
        }
        let (signed, mac) = text.rsplit_once('.').ok_or(Refused::NotThreeParts)?;
        let payload = signed.strip_prefix(HEADER).ok_or(Refused::WrongType)?;
        let mac = base64::decode_exact::<32>(mac)?.ok_or(Refused::InvalidSignature)?;
        let genuine = |_, secret: &Secret| key(secret).verify(signed.as_bytes(), &mac).then_some(());
        secrets.find(SecretUse::EmailToken, genuine).ok_or(Refused::InvalidSignature)?;
        let token = Self::read(&base64::decode(payload)?)?;
        if now < token.exp { Ok(token) } else { Err(Refused::Expired) }
    }

    fn read(payload: &[u8]) -> Result<Self, Refused> {
        let raw: Raw<'_> = read_object(payload).map_err(|unreadable| match unreadable {
            Unreadable::NotAnObject => Refused::InvalidPayload,
            Unreadable::DuplicateMember => Refused::DuplicateMember,
        })?;
        if raw.says_more {
            return Err(Refused::WrongType);
        }
        let update_to = raw.update_to.optional(Refused::InvalidClaim)?;
        let request_type = raw.request_type.optional(Refused::InvalidClaim)?;
        let user_id = raw.user_id.optional(Refused::InvalidClaim)?.map(Text::into_owned);
        let asks = match (update_to, request_type.as_deref()) {
            (None, None) => EmailAsks::Verify,
            (Some(to), Some(CONFIRM)) => EmailAsks::ConfirmChange { to: to.into_owned() },
            (Some(to), Some(VERIFY)) => EmailAsks::VerifyChange { to: to.into_owned() },
            _ => return Err(Refused::InvalidClaim),
        };
        if user_id.is_none() && asks != EmailAsks::Verify {
            return Err(Refused::InvalidClaim);
        }
        Ok(Self {
            email: raw.email.required(Refused::WrongType, Refused::InvalidClaim)?.into_owned(),
            user_id,
            asks,
            iat: raw.iat.required(Refused::MissingIssuedAt, Refused::InvalidIssuedAt)?.ceil,
            exp: raw.exp.required(Refused::MissingExpiry, Refused::InvalidExpiry)?.floor,
        })
    }
}

impl std::fmt::Debug for EmailToken {
    /// Without addresses.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmailToken").field("user_id", &self.user_id).field("asks", &self.asks).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for EmailAsks {
    /// Without addresses.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Verify => "Verify",
            Self::ConfirmChange { .. } => "ConfirmChange",
            Self::VerifyChange { .. } => "VerifyChange",
        })
    }
}

fn key(secret: &Secret) -> MacKey {
    MacKey::new(secret.expose().as_bytes())
}

/// The members in Better Auth's order; absent ones are left out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    update_to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    iat: i64,
    exp: i64,
}

#[derive(Default)]
struct Raw<'a> {
    email: Member<Text<'a>>,
    update_to: Member<Text<'a>>,
    request_type: Member<Text<'a>>,
    user_id: Member<Text<'a>>,
    iat: Member<NumericDate>,
    exp: Member<NumericDate>,
    /// It says what no token of this kind says.
    says_more: bool,
}

impl<'de> Object<'de> for Raw<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: Text<'de>, from: &mut Members<'_, A>) -> Result<bool, A::Error> {
        match &*name {
            "email" => from.fill(&mut self.email),
            "updateTo" => from.fill(&mut self.update_to),
            "requestType" => from.fill(&mut self.request_type),
            "userId" => from.fill(&mut self.user_id),
            "iat" => from.fill(&mut self.iat),
            "exp" => from.fill(&mut self.exp),
            _ => {
                self.says_more = true;
                from.skip()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Claims, KeySet, Policy, SessionDataDraft, SessionDataJwt, SigningKey, Verifier, sign, sign::sign_as};

    const NOW: i64 = 1_790_000_000;
    const ID: &str = "0197f3c2-6f0a-7c55-9d2e-2f1f8a7b6c5d";
    /// Made with `jose`, as Better Auth uses it, under the secret below.
    const VERIFY_BY_JOSE: &str = "eyJhbGciOiJIUzI1NiJ9.eyJlbWFpbCI6ImFkYUBleGFtcGxlLmNvbSIsInVzZXJJZCI6IjAxOTdmM2MyLTZmMGEtN2M1NS05ZDJlLTJmMWY4YTdiNmM1ZCIsImlhdCI6MTc5MDAwMDAwMCwiZXhwIjoxNzkwMDAzNjAwfQ.tsGflyek4Zj9H-bGos8cprFd7lyQXtRBLwvxcEh1YQ0";
    const CONFIRM_BY_JOSE: &str = "eyJhbGciOiJIUzI1NiJ9.eyJlbWFpbCI6ImFkYUBleGFtcGxlLmNvbSIsInVwZGF0ZVRvIjoiZXZlQGV4YW1wbGUuY29tIiwicmVxdWVzdFR5cGUiOiJjaGFuZ2UtZW1haWwtY29uZmlybWF0aW9uIiwidXNlcklkIjoiMDE5N2YzYzItNmYwYS03YzU1LTlkMmUtMmYxZjhhN2I2YzVkIiwiaWF0IjoxNzkwMDAwMDAwLCJleHAiOjE3OTAwMDM2MDB9.r8Gm2vPZWrJJu3yNpqZ7fJF8jSScR7s-90xHKIqMR74";

    fn secret() -> Secret {
        Secret::parse("kS0dT2p7Zk1hQm9yVw3xJ5uC8eLfGa6nYiRtHv4X").unwrap()
    }

    fn token(asks: EmailAsks) -> EmailToken {
        let email = "ada@example.com".to_owned();
        EmailToken { email, user_id: Some(ID.to_owned()), asks, iat: NOW, exp: NOW + 3600 }
    }

    fn verify(text: &str) -> Result<EmailToken, Refused> {
        EmailToken::verify(text, &Secrets::single(secret()), NOW)
    }

    /// A genuine token of any header and payload.
    fn forged(header: &str, payload: &str) -> String {
        let signed = format!("{}.{}", base64::encode(header), base64::encode(payload));
        format!("{signed}.{}", base64::encode(key(&secret()).mac(signed.as_bytes())))
    }

    #[test]
    fn is_the_token_better_auth_makes() {
        let to = "eve@example.com".to_owned();
        for (text, asks) in [(VERIFY_BY_JOSE, EmailAsks::Verify), (CONFIRM_BY_JOSE, EmailAsks::ConfirmChange { to })] {
            assert_eq!(token(asks.clone()).sign(&secret()).unwrap(), text);
            assert_eq!(verify(text), Ok(token(asks)));
        }
    }

    #[test]
    fn is_good_under_every_secret_until_it_expires() {
        let text = token(EmailAsks::Verify).sign(&secret()).unwrap();
        let new = Secret::from_entropy([2; 32]);
        let both = Secrets::single(new.clone()).with_unversioned(secret());
        assert!(EmailToken::verify(&text, &both, NOW + 3599).is_ok());
        assert_eq!(EmailToken::verify(&text, &both, NOW + 3600), Err(Refused::Expired));
        assert_eq!(EmailToken::verify(&text, &Secrets::single(new), NOW), Err(Refused::InvalidSignature));
        assert_eq!(both.old_uses().find(|(what, _)| *what == SecretUse::EmailToken), Some((SecretUse::EmailToken, 2)));
    }

    #[test]
    fn no_access_token_opens_what_a_mailed_link_opens() {
        let key = SigningKey::hs256(&secret(), None);
        let mut claims = Claims::new(ID, NOW, NOW + 60);
        claims.email = Some("ada@example.com".to_owned());
        assert_eq!(verify(&sign(&key, &claims).unwrap()), Err(Refused::WrongType));
        // Minted elsewhere, with the header of a mailed link.
        let header = HEADER.trim_end_matches('.');
        assert_eq!(verify(&sign_as(&key, header, &claims).unwrap()), Err(Refused::WrongType));
        claims.custom.insert("userId".to_owned(), ID.into());
        assert_eq!(verify(&sign_as(&key, header, &claims).unwrap()), Err(Refused::WrongType));
    }

    #[test]
    fn a_mailed_link_is_no_access_token() {
        let keys = || KeySet::hs256(&Secrets::single(secret()));
        let text = token(EmailAsks::Verify).sign(&secret()).unwrap();
        let verifier = Verifier::new(keys(), Policy::default());
        assert_eq!(verifier.verify_owned(&text, NOW).map(drop), Err(Refused::MissingSubject));
    }

    #[test]
    fn a_session_cache_is_no_mailed_link_and_the_other_way_round() {
        let of =
            |email: &str| serde_json::json!({ "email": email, "token": "t", "expiresAt": "2027-01-01T00:00:00.000Z" });
        let draft = SessionDataDraft::new(&of("ada@example.com"), &of("ada@example.com"), NOW * 1000, "1").unwrap();
        assert_eq!(verify(&SessionDataJwt::sign(&draft, (NOW, NOW + 60), &secret())), Err(Refused::WrongType));
        let text = token(EmailAsks::Verify).sign(&secret()).unwrap();
        assert!(SessionDataJwt::verify(&text, &Secrets::single(secret())).is_none());
    }

    #[test]
    fn says_nothing_but_what_tokens_of_this_kind_say() {
        const MINE: &str = r#"{"alg":"HS256"}"#;
        let genuine = r#""email":"a@b.co","iat":1,"exp":2000000000"#;
        assert!(verify(&forged(MINE, &format!("{{{genuine}}}"))).is_ok_and(|token| token.user_id.is_none()));
        for (more, refused) in [
            (r#","sub":"x""#, Refused::WrongType),
            (r#","session":{}"#, Refused::WrongType),
            (r#","email":"c@d.ef""#, Refused::DuplicateMember),
            (r#","userId":5"#, Refused::InvalidClaim),
            (r#","userId":null"#, Refused::InvalidClaim),
            (r#","userId":"u","updateTo":"c@d.ef""#, Refused::InvalidClaim),
            (r#","userId":"u","requestType":"change-email-verification""#, Refused::InvalidClaim),
            (r#","userId":"u","updateTo":"c@d.ef","requestType":"other""#, Refused::InvalidClaim),
            (r#","updateTo":"c@d.ef","requestType":"change-email-verification""#, Refused::InvalidClaim),
        ] {
            assert_eq!(verify(&forged(MINE, &format!("{{{genuine}{more}}}"))), Err(refused), "{more}");
        }
        for (payload, refused) in [
            (r#"{"iat":1,"exp":2000000000}"#, Refused::WrongType),
            (r#"{"email":"a@b.co","exp":2000000000}"#, Refused::MissingIssuedAt),
            (r#"{"email":"a@b.co","iat":1}"#, Refused::MissingExpiry),
            (r#"{"email":"a@b.co","iat":1,"exp":"2000000000"}"#, Refused::InvalidExpiry),
            ("[]", Refused::InvalidPayload),
        ] {
            assert_eq!(verify(&forged(MINE, payload)), Err(refused), "{payload}");
        }
        for header in [r#"{"alg":"HS256","typ":"JWT"}"#, r#"{"alg":"none"}"#, r#"{ "alg":"HS256"}"#, "{}"] {
            assert_eq!(verify(&forged(header, &format!("{{{genuine}}}"))), Err(Refused::WrongType), "{header}");
        }
    }

    #[test]
    fn any_single_changed_byte_is_refused() {
        let text = token(EmailAsks::VerifyChange { to: "eve@example.com".to_owned() }).sign(&secret()).unwrap();
        for at in 0..text.len() {
            for bit in 0..7 {
                let mut bytes = text.clone().into_bytes();
                *bytes.get_mut(at).unwrap() ^= 1 << bit;
                let altered = String::from_utf8(bytes).unwrap();
                assert!(verify(&altered).is_err(), "byte {at}, bit {bit}: {altered}");
            }
        }
        for altered in ["", ".", "..", HEADER, &text[..text.len() - 1], &format!("{text}="), &format!("{text}.x")] {
            assert!(verify(altered).is_err(), "{altered}");
        }
        assert_eq!(verify(&text.repeat(100)), Err(Refused::TooLong));
    }

    #[test]
    fn shows_no_address() {
        let shown = format!("{:?}", token(EmailAsks::VerifyChange { to: "eve@example.com".to_owned() }));
        assert!(!shown.contains('@') && shown.contains("VerifyChange"), "{shown}");
    }
}
