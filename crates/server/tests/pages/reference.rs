//! The API reference.

use http::header;

use super::House;

#[tokio::test]
async fn the_reference_names_every_path_of_the_description_and_every_error_code() {
    let house = House::with(|config| config.base_path = "/auth".into()).await;
    let description = house.get("/auth/openapi.json", "").await;
    assert_eq!(description.header(header::CONTENT_TYPE), "application/json");
    let description: serde_json::Value = serde_json::from_str(&description.html).unwrap();
    assert_eq!(description, countersign_contract::openapi::document("/auth"));
    let page = house.get("/auth/reference", "").await;
    page.says("http://localhost:3000/auth");
    for (path, operations) in description["paths"].as_object().unwrap() {
        page.says(&format!("<code>{path}</code>"));
        for operation in operations.as_object().unwrap().values() {
            page.says(&operation["summary"].as_str().unwrap().replace('\'', "&#39;").replace('"', "&#34;"));
            for response in operation["responses"].as_object().unwrap().values() {
                for code in response["description"].as_str().unwrap().split('`').skip(1).step_by(2) {
                    page.says(&format!("<code>{code}</code>"));
                }
            }
        }
    }
    for link in page.html.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        page.says(&format!("id=\"{link}\""));
    }
}
