//! What became of a link that was mailed to an address: where it leads if a page asked for the mail. Whoever follows it may
//! sit at another device and be signed in there as nobody, so no page here asks for more than the link.

use countersign_engine::Caller;

use super::change_email;
use super::form_page::{FormPage, Link};
use super::outbox;
use super::page::{self, Site, own_path};
use super::trouble::Trouble;
use crate::mail::LINK_PAGE;

/// The page for what a link did, or for why it did not; none where another link is to be had from the form for it.
pub(super) fn followed(
    site: &Site,
    (done, error): (&str, &str),
    caller: Option<&Caller>,
    next: &str,
) -> Option<FormPage> {
    let page = |title: &str, lead: &str| FormPage::new(site, title, LINK_PAGE).closed(lead);
    let links = vec![onward(site, caller, next)];
    match done {
        "confirmed" if error.is_empty() => {
            let say = &site.confirm_email;
            let lead = if caller.is_some() { say.confirmed_here() } else { say.confirmed() };
            Some(FormPage { links, ..page(say.confirmed_title(), lead) })
        }
        "agreed" | "changed" if !error.is_empty() => Some(FormPage {
            trouble: Trouble::named(site, error),
            links: change_email::link(site).into_iter().chain(links).collect(),
            ..page(site.change_email.title(), "")
        }),
        "agreed" => Some(FormPage {
            notice: site.change_email.agreed().to_owned(),
            links: links.into_iter().chain(outbox::link(site)).collect(),
            ..page(site.change_email.title(), site.change_email.agreed_lead())
        }),
        "changed" => Some(FormPage { links, ..page(site.change_email.changed_title(), site.change_email.changed()) }),
        _ => None,
    }
}

/// The way on: to where one was going, or to the account; by signing in, where one is not.
fn onward(site: &Site, caller: Option<&Caller>, next: &str) -> Link {
    match (caller, own_path(next)) {
        (Some(_), Some(next)) => Link::new("", site.confirm_email.go_on(), next),
        (Some(_), None) => Link::new("", site.account.title(), page::ACCOUNT),
        (None, _) => Link::new("", site.sign_in.title(), page::onward("/sign-in", next)),
    }
}
