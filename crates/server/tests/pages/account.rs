//! The account: devices, and signing out.

use http::StatusCode;

use super::House;

#[tokio::test]
async fn another_device_is_revoked_by_its_id_and_is_out_at_once() {
    let house = House::new().await;
    let first = house.sign_up("Ada", "ada@example.com").await;
    let second = house.sign_in("ada@example.com").await;
    let [id] = house.get("/account", &first).await.revocable().try_into().unwrap();
    let page = house.post("/account/revoke", &first, &[("session", &id)]).await;
    assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/account?done=revoked"));
    house.get(page.location(), &first).await.says("That device is signed out.");
    assert_eq!(house.get("/account", &second).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn another_users_session_cannot_be_revoked_and_is_not_told_from_none() {
    let house = House::new().await;
    let ada = house.sign_up("Ada", "ada@example.com").await;
    let ada_too = house.sign_in("ada@example.com").await;
    let eve = house.sign_up("Eve", "eve@example.com").await;
    let [id] = house.get("/account", &ada).await.revocable().try_into().unwrap();
    let foreign = house.post("/account/revoke", &eve, &[("session", &id)]).await;
    let unknown = house.post("/account/revoke", &eve, &[("session", "no-such-session")]).await;
    let empty = house.post("/account/revoke", &eve, &[]).await;
    for page in [foreign, unknown, empty] {
        assert_eq!(page.status, StatusCode::NOT_FOUND);
        page.says("not among yours");
    }
    assert_eq!(house.get("/account", &ada_too).await.status, StatusCode::OK);
}

#[tokio::test]
async fn signing_out_everywhere_else_leaves_this_device_alone() {
    let house = House::new().await;
    let here = house.sign_up("Ada", "ada@example.com").await;
    let there = house.sign_in("ada@example.com").await;
    let page = house.post("/account/revoke-others", &here, &[]).await;
    assert_eq!(page.location(), "/account?done=revoked-others");
    assert_eq!(house.get("/account", &here).await.status, StatusCode::OK);
    assert_eq!(house.get("/account", &there).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn signing_out_ends_the_session_and_takes_the_cookie() {
    let house = House::new().await;
    let cookie = house.sign_up("Ada", "ada@example.com").await;
    let page = house.post("/account/sign-out", &cookie, &[]).await;
    assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/sign-in?done=signed-out"));
    assert_eq!(page.cookie(), "better-auth.session_token=");
    house.get(page.location(), "").await.says("You are signed out.");
    assert_eq!(house.get("/account", &cookie).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn who_has_no_session_is_sent_from_every_account_form_to_sign_in() {
    let house = House::new().await;
    for path in ["/account/revoke", "/account/revoke-others"] {
        let page = house.post(path, "", &[("session", "x")]).await;
        assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/sign-in?next=%2Faccount"), "{path}");
    }
    assert_eq!(house.post("/account/sign-out", "", &[]).await.location(), "/sign-in?done=signed-out");
}
