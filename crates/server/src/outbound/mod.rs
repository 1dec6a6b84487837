//! Speaking to one server elsewhere: at an address that was looked at before it is spoken to, and never anywhere else.

mod public;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use http::{HeaderName, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::{Position, Url};

use self::public::is_public;

/// Why no answer came.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    #[error("no connection: {0}")]
    Connect(#[from] io::Error),
    #[error("its name leads to no address that may be asked")]
    Private,
    #[error(transparent)]
    Http(#[from] hyper::Error),
    #[error("its answer is not read to the end: {0}")]
    Body(Box<dyn std::error::Error + Send + Sync>),
    #[error(transparent)]
    Request(#[from] http::Error),
}

/// Why nobody can be spoken to at an address.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("must be an http or https URL with a host")]
    Url,
    #[error(transparent)]
    Tls(#[from] tokio_rustls::rustls::Error),
}

/// Which addresses a name may lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Those of the internet alone (security O9).
    Public,
    /// Also those of this machine and of networks of our own.
    Anywhere,
}

/// A server elsewhere, by the address of one thing it does.
pub(crate) struct Elsewhere {
    url: Url,
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    reach: Reach,
}

/// What is asked.
pub(crate) struct Question {
    pub(crate) method: Method,
    pub(crate) head: Vec<(HeaderName, String)>,
    pub(crate) body: String,
    /// The longest answer that is read, in bytes. With 0 none is.
    pub(crate) read: usize,
}

impl Elsewhere {
    pub(crate) fn at(url: &str, reach: Reach) -> Result<Self, Unusable> {
        let url = Url::parse(url).map_err(|_| Unusable::Url)?;
        let host = url.host_str().ok_or(Unusable::Url)?.trim_matches(['[', ']']).to_owned();
        let port = url.port_or_known_default().ok_or(Unusable::Url)?;
        let tls = if url.scheme() == "https" {
            let name = ServerName::try_from(host.clone()).map_err(|_| Unusable::Url)?;
            Some((connector()?, name))
        } else {
            None
        };
        Ok(Self { url, host, port, tls, reach })
    }

    /// Asks once, and answers with the status and as much of the body as is wanted. A redirect is an answer like any other.
    pub(crate) async fn ask(&self, question: Question) -> Result<(StatusCode, Bytes), Broken> {
        let mut request = Request::builder()
            .method(question.method)
            .uri(&self.url[Position::BeforePath..Position::AfterQuery])
            .header(header::HOST, &self.url[Position::BeforeHost..Position::AfterPort])
            .header(header::USER_AGENT, concat!("countersign/", env!("CARGO_PKG_VERSION")));
        for (name, value) in question.head {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(Bytes::from(question.body)))?;
        let stream = self.connect().await?;
        match &self.tls {
            Some((connector, name)) => {
                let stream = TokioIo::new(connector.connect(name.clone(), stream).await?);
                ask(stream, request, question.read).await
            }
            None => ask(TokioIo::new(stream), request, question.read).await,
        }
    }

    /// Connects to an address of the name that may be asked. The name is looked up once, so that what was looked at is what is
    /// spoken to.
    async fn connect(&self) -> Result<TcpStream, Broken> {
        let mut failure = Broken::Private;
        for address in lookup_host((self.host.as_str(), self.port)).await?.filter(|address| self.may_ask(address)) {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => failure = error.into(),
            }
        }
        Err(failure)
    }

    fn may_ask(&self, address: &SocketAddr) -> bool {
        self.reach == Reach::Anywhere || is_public(address.ip())
    }
}

async fn ask<S>(stream: S, request: Request<Full<Bytes>>, read: usize) -> Result<(StatusCode, Bytes), Broken>
where
    S: Read + Write + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(stream).await?;
    let answered = async {
        let response = sender.send_request(request).await?;
        let status = response.status();
        if read == 0 {
            return Ok((status, Bytes::new()));
        }
        let body = Limited::new(response.into_body(), read).collect().await.map_err(Broken::Body)?;
        Ok((status, body.to_bytes()))
    };
    tokio::pin!(connection, answered);
    tokio::select! {
        answer = &mut answered => answer,
        ended = &mut connection => {
            ended?;
            answered.await
        }
    }
}

/// TLS to whom one of the public authorities has vouched for.
fn connector() -> Result<TlsConnector, tokio_rustls::rustls::Error> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
