//! What the socket takes: bytes, with no client in between that would rather not send them (security H5 to H8).
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test says what must be there")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign_engine::{Engine, Hooks, NewUser, Refusal, User, World};
use countersign_server::App;
use countersign_server::config::Config;
use countersign_testkit::{PASSWORD, Place, SECRET, both_databases, run};
use countersign_token::{Secret, Secrets};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(60);
/// What a handler says when it panics.
const WORDS: &str = "a word for nobody";

/// An embedding program that remembers who wished to sign up, and breaks its promise never to panic.
#[derive(Default)]
struct Program(Mutex<Vec<String>>);

impl Hooks for Program {
    fn before_sign_up(&self, new: &NewUser) -> Result<(), Refusal> {
        self.0.lock().unwrap().push(new.email.clone());
        assert!(!new.email.starts_with("panic-at-once"), "{WORDS}");
        Ok(())
    }

    fn before_session(&self, user: &User) -> Result<(), Refusal> {
        assert!(!user.email.starts_with("panic-later"), "{WORDS}");
        Ok(())
    }
}

/// A server on loopback.
struct Node {
    address: SocketAddr,
    program: Arc<Program>,
}

impl Node {
    async fn start(place: &Place) -> Self {
        let mut config = Config::default();
        config.rate_limit.enabled = false;
        let secrets = Secrets::single(Secret::parse(SECRET).unwrap());
        let program = Arc::new(Program::default());
        let world = World { hooks: program.clone(), ..World::default() };
        let engine = Engine::open(place.migrated().await, secrets, config.engine.clone(), world).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = App::new(engine, config.clone()).router();
        tokio::spawn(async move {
            countersign_server::serve(listener, router, &config.server, std::future::pending()).await.unwrap();
        });
        Self { address, program }
    }

    fn connect(&self) -> Connection {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Connection(BufReader::new(stream))
    }

    /// Who wished to sign up.
    fn heard(&self) -> Vec<String> {
        self.program.0.lock().unwrap().clone()
    }

    fn assert_it_goes_on(&self) {
        let mut connection = self.connect();
        connection.send(OK);
        assert_eq!(connection.answer(), (200, "{\"ok\":true}".to_owned()));
    }
}

/// A connection from somebody who sends what they like.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.get_mut().write_all(bytes.as_ref()).unwrap();
    }

    /// The next answer: its status and its body. The connection stays open.
    fn answer(&mut self) -> (u16, String) {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(self.0.read_line(&mut head).unwrap(), 0, "closed after {head:?}");
        }
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        self.0.read_exact(&mut body).unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), String::from_utf8(body).unwrap())
    }

    /// The status of every answer until the server closes.
    fn statuses_to_the_end(mut self) -> Vec<u16> {
        let mut bytes = Vec::new();
        self.0.read_to_end(&mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        text.split("HTTP/1.1 ").skip(1).map(|answer| answer[..3].parse().unwrap()).collect()
    }
}

const OK: &str = "GET /api/auth/ok HTTP/1.1\r\nHost: localhost\r\n\r\n";

fn sign_up(email: &str) -> String {
    let body = json!({ "name": "N", "email": email, "password": PASSWORD }).to_string();
    let head = "POST /api/auth/sign-up/email HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json";
    format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn with_headers(count: usize) -> String {
    let more: String = (1..count).map(|number| format!("X-{number}: x\r\n")).collect();
    format!("GET /api/auth/ok HTTP/1.1\r\nHost: localhost\r\n{more}\r\n")
}

#[test]
fn a_head_that_is_too_large_is_answered_431_and_closes_its_connection_alone() {
    run(async {
        let place = Place::sqlite();
        let node = Node::start(&place).await;
        let mut neighbour = node.connect();
        neighbour.send(with_headers(100));
        assert_eq!(neighbour.answer().0, 200);

        let begun = "GET /api/auth/ok HTTP/1.1\r\nHost: localhost\r\nX-Long: ";
        let endless = begun.to_owned() + &"x".repeat(64 * 1024 - begun.len());
        for head in [with_headers(101), endless] {
            let mut connection = node.connect();
            connection.send(head);
            assert_eq!(connection.statuses_to_the_end(), [431]);
            node.assert_it_goes_on();
        }
        // Whoever goes on regardless is cut off, and may have no ear left for the answer.
        let mut stubborn = node.connect();
        let taken = (0..1024).take_while(|_| stubborn.0.get_mut().write_all(&[b'x'; 64 * 1024]).is_ok()).count();
        assert!(taken < 1024, "64 MiB without the end of a head");
        neighbour.send(OK);
        assert_eq!(neighbour.answer().0, 200);
    });
}

#[test]
fn a_request_with_a_length_and_chunks_is_read_by_its_chunks_and_is_the_last_of_its_connection() {
    run(async {
        let place = Place::sqlite();
        let node = Node::start(&place).await;
        let smuggled = sign_up("smuggled@example.com");
        let behind = format!("0\r\n\r\n{smuggled}");
        let (length, chunks) = (format!("Content-Length: {}\r\n", behind.len()), "Transfer-Encoding: chunked\r\n");
        let head = "POST /api/auth/sign-out HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
        for framing in [format!("{length}{chunks}"), format!("{chunks}{length}"), format!("{chunks}{length}{length}")] {
            let mut connection = node.connect();
            connection.send(format!("{head}{framing}Connection: keep-alive\r\n\r\n{behind}"));
            assert_eq!(connection.statuses_to_the_end(), [200], "{framing}");
        }
        assert!(node.heard().is_empty(), "what stands behind is no request");

        let mut connection = node.connect();
        connection.send(format!("{head}{chunks}\r\n{behind}"));
        assert_eq!((connection.answer().0, connection.answer().0), (200, 200));
        assert_eq!(node.heard(), ["smuggled@example.com"], "without the length it is one");
    });
}

#[test]
fn a_body_whose_end_is_in_doubt_is_refused_with_all_that_stands_behind() {
    run(async {
        let place = Place::sqlite();
        let node = Node::start(&place).await;
        for framing in [
            "Content-Length: 2\r\nContent-Length: 3",
            "Content-Length: 2, 2",
            "Content-Length: +2",
            "Content-Length: -2",
            "Content-Length: 0x2",
            "Content-Length: 99999999999999999999",
            "Content-Length : 2",
            "Content-Length: 2\r\n Transfer-Encoding: chunked",
            "Transfer-Encoding: chunked, identity",
            "Transfer-Encoding: xchunked",
            "Transfer-Encoding : chunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        ] {
            let mut connection = node.connect();
            connection
                .send(format!("POST /api/auth/sign-out HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n\r\n{{}}{OK}"));
            assert_eq!(connection.statuses_to_the_end(), [400], "{framing}");
        }
        let mut old = node.connect();
        old.send(format!("POST /api/auth/sign-out HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{OK}"));
        assert_eq!(old.statuses_to_the_end(), [400]);
        node.assert_it_goes_on();
    });
}

#[test]
fn a_body_that_nobody_reads_is_not_taken_for_a_request() {
    run(async {
        let place = Place::sqlite();
        let node = Node::start(&place).await;
        let body = sign_up("smuggled@example.com");
        let head = format!("POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", body.len());
        let behind = "GET /api/auth/ok HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        let mut connection = node.connect();
        connection.send(format!("{head}{body}{behind}"));
        let statuses = connection.statuses_to_the_end();
        assert!(matches!(statuses[..], [404] | [404, 200]), "closed, or gone on behind the body: {statuses:?}");
        assert!(node.heard().is_empty());
    });
}

#[test]
fn a_body_that_is_too_large_is_answered_413_without_its_end() {
    run(async {
        let place = Place::sqlite();
        let node = Node::start(&place).await;
        let head = "POST /api/auth/sign-out HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
        let mut announced = node.connect();
        announced.send(format!("{head}Content-Length: 1000000\r\n\r\n{}", " ".repeat(65_537)));
        assert_eq!(announced.statuses_to_the_end(), [413]);
        let mut endless = node.connect();
        endless.send(format!("{head}Transfer-Encoding: chunked\r\n\r\nF0000\r\n{}", " ".repeat(65_537)));
        assert_eq!(endless.statuses_to_the_end(), [413]);
        node.assert_it_goes_on();
    });
}

both_databases! {
    async fn a_handler_that_panics_is_a_500_without_its_words_and_the_server_goes_on(place: &Place) {
        let node = Node::start(place).await;
        let mut connection = node.connect();
        for email in ["panic-at-once@example.com", "panic-later@example.com"] {
            connection.send(sign_up(email));
            let (status, body) = connection.answer();
            let body: Value = serde_json::from_str(&body).unwrap_or_else(|_| panic!("no JSON: {body}"));
            assert_eq!((status, &body["code"]), (500, &json!("INTERNAL_SERVER_ERROR")));
            assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
            let said = body.to_string().to_lowercase();
            assert!(!said.contains(WORDS) && !said.contains("panic"), "{said}");
        }
        connection.send(sign_up("ada@example.com"));
        assert_eq!(connection.answer().0, 200, "on the same connection, into the same tables");
        node.assert_it_goes_on();
    }
}
