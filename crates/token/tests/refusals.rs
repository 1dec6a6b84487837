//! Every reason to refuse, produced by a token.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

use countersign_token::{Refused, Scratch, verdict};

#[path = "fixtures/refusals.rs"]
mod fixture;

#[test]
fn every_token_gets_its_verdict() {
    let verifier = fixture::verifier();
    for row in fixture::rows() {
        let judged = verifier.verify_owned(&row.token, fixture::NOW).and_then(|claims| {
            let standing = fixture::standing(&claims.sub, claims.sid.as_deref())?;
            verdict(claims, standing)
        });
        assert_eq!(judged.err(), row.refused, "{}: {}", row.name, row.token);
    }
}

#[test]
fn every_reason_is_produced_and_has_a_code_of_its_own() {
    let rows = fixture::rows();
    let mut codes = Vec::new();
    for refused in Refused::ALL {
        assert!(rows.iter().any(|row| row.refused == Some(*refused)), "{refused:?} is never produced");
        assert_eq!(refused.bearer_error().is_none(), *refused == Refused::Unavailable, "{refused:?}");
        assert!(!codes.contains(&refused.code()), "{refused:?}");
        codes.push(refused.code());
    }
}

#[test]
fn a_reused_scratch_carries_nothing_over() {
    let verifier = fixture::verifier();
    let mut scratch = Scratch::new();
    for row in fixture::rows() {
        let fresh = verifier.verify_owned(&row.token, fixture::NOW).map(|claims| claims.into_inner());
        let reused =
            verifier.verify(&row.token, fixture::NOW, &mut scratch).map(|claims| claims.into_inner().into_owned());
        assert_eq!(reused, fresh, "{}", row.name);
    }
}
