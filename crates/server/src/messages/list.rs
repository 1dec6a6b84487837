//! Every text there is, section by section: its key in the catalogues, and the values that go into it.

use std::fmt::Display;

use serde::Deserialize;

/// Declares the sections of a catalogue. A key becomes a method that answers the text; with names behind it one that puts
/// values where the text says `{name}`.
macro_rules! messages {
    ($($section:ident: $Section:ident { $($key:ident $(($($hole:ident),+))?),+ $(,)? })+) => {
        /// One language.
        #[derive(Clone, Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct Messages {
            $(pub(crate) $section: $Section,)+
        }

        $(
            #[derive(Clone, Debug, Deserialize)]
            #[serde(deny_unknown_fields)]
            pub(crate) struct $Section { $($key: String,)+ }

            impl $Section {
                $(messages! { @method $key $($($hole)+)? })+
            }
        )+

        impl Messages {
            /// The first text that does not hold exactly the values it is given, as the rest of a sentence.
            pub(super) fn check(&self) -> Result<(), String> {
                $($(check(
                    concat!(stringify!($section), ".", stringify!($key)),
                    &self.$section.$key,
                    &[$($(stringify!($hole)),+)?],
                )?;)+)+
                Ok(())
            }
        }
    };
    (@method $key:ident) => {
        pub(crate) fn $key(&self) -> &str {
            &self.$key
        }
    };
    (@method $key:ident $($hole:ident)+) => {
        pub(crate) fn $key(&self, $($hole: impl Display),+) -> String {
            fill(&self.$key, &[$((stringify!($hole), &$hole)),+])
        }
    };
}

messages! {
    frame: Frame { skip, error_title(title), reference }
    home: Home {
        title, welcome(name), lead, developers, developers_lead, make_client, read_reference, openapi,
    }
    fields: Fields { name, email, new_email, password, current_password, new_password, password_hint(shortest) }
    sign_in: SignIn { title, remember, forgot, new_here, signed_out, new_password, signed_up, closed }
    sign_up: SignUp { title, submit, have_account, closed }
    provider: Provider {
        or, go_on_with(provider), on_the_way(provider), on_the_way_lead, go_on(provider), password, link(provider), linked,
        since, unlink, unlink_named(provider), unlinked,
    }
    forgot_password: ForgotPassword { title, lead, submit, sent, sent_lead, outbox, closed }
    new_password: NewPassword { title, submit, again, back }
    change_password: ChangePassword { title, submit }
    confirm_email: ConfirmEmail {
        title, lead, submit, mailed(email), mailed_lead, again, not_mailed, sent, closed,
        confirmed_title, confirmed, confirmed_here, go_on,
    }
    change_email: ChangeEmail {
        title, link, now(email), by_the_old, by_the_new, at_once, submit, same, closed, asked_old(email), asked_old_lead,
        asked_new, asked_new_lead(email), agreed, agreed_lead, changed_title, changed,
    }
    delete_account: DeleteAccount { title, lead(email), by_mail, ask, submit, asked(email), asked_lead, deleted }
    error: Error { code, description }
    account: Account {
        title, sign_out, confirmed, unconfirmed, confirm, id, since, role, devices, devices_lead, sign_out_elsewhere, this_device, began, ends,
        revoke, revoke_named(device, began), revoked, revoked_others, not_yours,
        security, password_changed, email_asked, back, token, token_lead, header, payload,
    }
    claims: Claims { alg, typ, kid, sub, email, iat, nbf, exp, jti, sid, iss, aud }
    agents: Agents { on(client, system), unknown }
    dates: Dates {
        at(day, month, year, time), january, february, march, april, may, june, july, august, september, october,
        november, december,
    }
    durations: Durations {
        one_second, seconds(number), one_minute, minutes(number), one_hour, hours(number), one_day, days(number),
    }
    mail: Mail { or_open }
    reset_password_mail: ResetPasswordMail { subject(app_name), words(to, app_name, valid_for), button, otherwise }
    verify_email_mail: VerifyEmailMail {
        subject(app_name), words(to, app_name, valid_for), button, otherwise(app_name),
    }
    change_email_confirmation_mail: ChangeEmailConfirmationMail {
        subject(app_name), words(to, new_email, app_name, valid_for), button, otherwise,
    }
    change_email_verification_mail: ChangeEmailVerificationMail {
        subject(app_name), words(to, app_name, valid_for), button, otherwise,
    }
    delete_account_mail: DeleteAccountMail { subject(app_name), words(to, app_name, valid_for), button, otherwise }
    sign_up_attempt_mail: SignUpAttemptMail { subject(app_name), words(to, app_name), button, otherwise }
    trouble: Trouble {
        title, back, wrong_credentials, wrong_password, no_password, unknown, no_address, address_taken, password_short(shortest), password_long(longest),
        password_common, password_missing, bad_name, suspended(name), link_spent, not_fresh, user_gone, other_user, not_your_address, already_confirmed, not_verified,
        provider_denied, provider_stranger, provider_no_email, provider_email_taken, provider_other_email, provider_other_user, provider_cut_off, last_way,
        elsewhere(origin), invalid, unreadable,
        too_large, not_found_title, not_found, internal, busy, too_often, again_soon, again_in_one_second, again_in(seconds),
    }
}

/// Puts values where a text says `{name}`. What a value holds is not read again.
fn fill(text: &str, values: &[(&str, &dyn Display)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, (name, after))) =
        rest.split_once('{').and_then(|(before, behind)| Some((before, behind.split_once('}')?)))
    {
        filled.push_str(before);
        match values.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => filled.push_str(&value.to_string()),
            None => filled.push_str(&format!("{{{name}}}")),
        }
        rest = after;
    }
    filled + rest
}

/// Whether a text holds these values, each at least once, and no others.
fn check(key: &str, text: &str, values: &[&str]) -> Result<(), String> {
    let named: Vec<&str> = text.split('{').skip(1).map(|part| part.split_once('}').map_or(part, |it| it.0)).collect();
    if let Some(stray) = named.iter().find(|name| !values.contains(name)) {
        return Err(format!("`{key}` has no value {{{stray}}}"));
    }
    match values.iter().find(|value| !named.contains(value)) {
        Some(missing) => Err(format!("`{key}` must say where {{{missing}}} stands")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_where_the_text_names_them_and_are_not_read_again() {
        let values: [(&str, &dyn Display); 2] = [("client", &"{system}"), ("system", &3)];
        assert_eq!(fill("{client} on {system}, {client}", &values), "{system} on 3, {system}");
        assert_eq!(fill("{ {nobody} {client", &values), "{ {nobody} {client");
    }

    #[test]
    fn a_text_holds_exactly_its_values() {
        assert_eq!(check("a.b", "{x} and {y}", &["x", "y"]), Ok(()));
        assert_eq!(check("a.b", "{x}", &["x", "y"]).unwrap_err(), "`a.b` must say where {y} stands");
        assert_eq!(check("a.b", "{x} {z}", &["x"]).unwrap_err(), "`a.b` has no value {z}");
    }
}
