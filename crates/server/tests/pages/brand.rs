//! The name, the logo and the colours of whoever runs the server.

use base64_simd::STANDARD;
use countersign_server::config::Config;
use http::{StatusCode, header};
use sha2::{Digest, Sha256};

use super::{House, Page};

fn policy_names_the_style(page: &Page) -> bool {
    let style = page.html.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    let hash = STANDARD.encode_to_string(Sha256::digest(style));
    page.header(header::CONTENT_SECURITY_POLICY).contains(&format!("style-src 'sha256-{hash}'"))
}

#[tokio::test]
async fn the_colours_of_the_brand_stand_in_the_style_and_the_policy_names_it() {
    let plain = House::new().await.get("/", "").await;
    assert!(policy_names_the_style(&plain));
    let house = House::with(|config| {
        config.pages.colors.accent = Some("#ffcc00".parse().unwrap());
        config.pages.colors.background = Some("#fffdf5".parse().unwrap());
    })
    .await;
    let page = house.get("/", "").await;
    assert!(policy_names_the_style(&page));
    page.says("--fill: #ffcc00;");
    page.says("--paper: #fffdf5;");
    let light = page.html.split("@media").next().unwrap();
    assert!(!light.contains("--accent: #ffcc00"), "yellow cannot be read on white");
    page.says("--accent: #ffcc00");
    page.says("%23ffcc00");
}

#[tokio::test]
async fn a_logo_that_is_a_file_is_served_to_be_kept_under_an_address_that_changes_with_it() {
    let file = std::env::temp_dir().join(format!("countersign-logo-{}.svg", std::process::id()));
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    std::fs::write(&file, svg).unwrap();
    let path = file.display().to_string();
    let with_logo = |config: &mut Config| {
        config.engine.app_name = "Harbour".into();
        config.pages.logo = Some(path.clone());
    };
    let house = House::with(with_logo).await;
    let page = house.get("/", "").await;
    let address = page.html.split("src=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert!(address.starts_with("/logo?v="), "{address}");
    page.says("<span>Harbour</span>");
    let logo = house.get(&address, "").await;
    assert_eq!((logo.status, logo.html.as_str()), (StatusCode::OK, svg));
    assert_eq!(logo.header(header::CONTENT_TYPE), "image/svg+xml");
    assert_eq!(logo.header(header::CACHE_CONTROL), "public, max-age=31536000, immutable");
    assert!(logo.header(header::CONTENT_SECURITY_POLICY).starts_with("default-src 'none'"), "its scripts do not run");

    std::fs::write(&file, svg.replace('1', "2")).unwrap();
    let changed = House::with(with_logo).await.get("/", "").await;
    assert!(!changed.html.contains(&address));
    std::fs::remove_file(&file).unwrap();
}

#[tokio::test]
async fn a_logo_elsewhere_is_the_one_thing_the_policy_lets_in() {
    let house = House::with(|config| {
        config.engine.app_name = "Harbour".into();
        config.pages.logo = Some("https://cdn.example/logo.png".into());
        config.pages.logo_dark = Some("https://night.example/logo.png".into());
        config.pages.logo_has_name = true;
    })
    .await;
    let page = house.get("/", "").await;
    let policy = page.header(header::CONTENT_SECURITY_POLICY);
    assert!(policy.contains("img-src 'self' data: https://cdn.example https://night.example;"), "{policy}");
    page.says("alt=\"Harbour\"");
    page.says("<source srcset=\"https://night.example/logo.png\" media=\"(prefers-color-scheme: dark)\">");
    assert!(!page.html.contains("<span>Harbour</span>"), "the logo says it");
    assert_eq!(house.get("/logo", "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_developers_look_for_is_shown_on_this_machine_and_where_it_is_wanted() {
    let elsewhere = |config: &mut Config| {
        config.engine.base_url = "https://auth.example".parse().unwrap();
        config.rate_limit.enabled = false;
    };
    let marks = ["/api/auth/reference", "createAuthClient"];
    let home = House::new().await.get("/", "").await;
    marks.iter().for_each(|mark| home.says(mark));
    let home = House::with(elsewhere).await.get("/", "").await;
    assert!(marks.iter().all(|mark| !home.html.contains(mark)), "{}", home.html);
    let house = House::with(|config| {
        elsewhere(config);
        config.pages.for_developers = Some(true);
    })
    .await;
    let home = house.get("/", "").await;
    marks.iter().for_each(|mark| home.says(mark));
    let house = House::with(|config| config.pages.for_developers = Some(false)).await;
    let cookie = house.sign_up("Ada", "ada@example.com").await;
    assert!(!house.get("/account", &cookie).await.html.contains("textarea"), "no token on the page");
}
