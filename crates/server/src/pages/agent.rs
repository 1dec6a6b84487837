//! What a client calls itself, shortened to what people call it.

use crate::messages::Agents;

/// What a browser or client says of itself, and its name. The first match counts: many say they are others as well.
const CLIENTS: [(&str, &str); 12] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("PostmanRuntime/", "Postman"),
    ("python-requests/", "Python"),
    ("node", "Node.js"),
];

/// The same for systems.
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// The most of an unknown agent that is shown, in characters.
const SHOWN: usize = 80;

/// `Firefox on Linux`; what it says, where that is not known.
pub(crate) fn readable(words: &Agents, agent: &str) -> String {
    let find =
        |table: &[(&str, &'static str)]| table.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name);
    match (find(&CLIENTS), find(&SYSTEMS)) {
        (Some(client), Some(system)) => words.on(client, system),
        (Some(client), None) => client.to_owned(),
        _ if agent.trim().is_empty() => words.unknown().to_owned(),
        _ => agent.chars().take(SHOWN).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::readable;
    use crate::config::Pages;
    use crate::messages::Languages;

    #[test]
    fn agents_are_called_what_people_call_them() {
        let english = Languages::read(&Pages::default()).unwrap().wanted(Some("en"));
        for (agent, name) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36 Edg/142.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/142.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            ("curl/8.14.1", "curl"),
            ("node", "Node.js"),
            ("", "Unknown device"),
            ("<b>odd</b>", "<b>odd</b>"),
        ] {
            assert_eq!(readable(&english.messages.agents, agent), name);
        }
    }
}
