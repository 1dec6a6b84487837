//! Renewing what a provider handed out. Many providers take a refresh token once, and end everything where it comes twice
//! (RFC 9700 section 4.14.2): so accounts are renewed one request at a time, and to the end whoever still waits for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use countersign_engine::Error;
use countersign_engine::db::Timestamp;
use countersign_engine::social::{Linked, Tokens};

use super::ProviderError;
use crate::app::App;

/// The accounts that are being renewed by this process.
#[derive(Default)]
pub(crate) struct Renewals(Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>);

/// An account whose tokens are renewed.
pub(crate) struct Renewed {
    /// The account, with the tokens as they are kept.
    pub(crate) linked: Linked,
    /// When the access token ends, if the provider said so this time.
    pub(crate) ends: Option<Timestamp>,
}

/// Why an account's tokens are not renewed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotRenewed {
    #[error("the account, its refresh token or its provider is gone")]
    Gone,
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error(transparent)]
    Engine(#[from] Error),
    #[error("the runtime ended before the renewal")]
    Ended,
}

impl Renewals {
    fn turn(&self, account: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody but the map holds a turn that is over.
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        Arc::clone(turns.entry(account.to_owned()).or_default())
    }
}

/// Has the tokens of an account renewed, as the caller has seen them. Where another was first, those are what they get.
pub(crate) async fn renew(app: &App, seen: Linked) -> Result<Renewed, NotRenewed> {
    let app = app.clone();
    tokio::spawn(async move {
        let turn = app.renewals.turn(&seen.account.id);
        let _mine = turn.lock().await;
        let linked = again(&app, &seen).await?;
        if linked.tokens.access_token != seen.tokens.access_token {
            return Ok(first(linked));
        }
        let Some(spent) = linked.tokens.refresh_token.clone() else { return Err(NotRenewed::Gone) };
        let provider = app.providers.get(&linked.account.provider_id).ok_or(NotRenewed::Gone)?;
        match provider.refresh(&spent, app.engine.clock().now()).await {
            Ok(fresh) => {
                app.engine.keep_tokens(&linked.account.id, &fresh).await?;
                Ok(Renewed { ends: fresh.access_token_expires_at, linked: merged(linked, fresh) })
            }
            Err(error) => {
                // Another node may have been first.
                let linked = again(&app, &seen).await?;
                if linked.tokens.access_token == seen.tokens.access_token {
                    Err(error.into())
                } else {
                    Ok(first(linked))
                }
            }
        }
    })
    .await
    .unwrap_or(Err(NotRenewed::Ended))
}

async fn again(app: &App, seen: &Linked) -> Result<Linked, NotRenewed> {
    let linked = app.engine.linked_account(&seen.account.user_id, &seen.account.id).await?;
    linked.ok_or(NotRenewed::Gone)
}

fn first(linked: Linked) -> Renewed {
    Renewed { ends: linked.tokens.access_token_expires_at, linked }
}

/// What is handed out anew, and beside it what stays.
fn merged(linked: Linked, fresh: Tokens) -> Linked {
    let kept = linked.tokens;
    let tokens = Tokens {
        access_token: fresh.access_token,
        access_token_expires_at: fresh.access_token_expires_at.or(kept.access_token_expires_at),
        refresh_token: fresh.refresh_token.or(kept.refresh_token),
        refresh_token_expires_at: fresh.refresh_token_expires_at.or(kept.refresh_token_expires_at),
        id_token: fresh.id_token.or(kept.id_token),
        scopes: kept.scopes,
    };
    Linked { account: linked.account, tokens }
}
