//! One request whose answer does not end.

use countersign_token::FeedCredential;
use http::{HeaderValue, Request, StatusCode, Uri, header, uri::Scheme};
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::FollowError;

/// Why the stream broke off, for the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("no connection: {0}")]
    Connect(#[from] std::io::Error),
    #[error(transparent)]
    Http(#[from] hyper::Error),
    #[error("the credential is not the server's; `countersign token feed` prints the right one")]
    Credential,
    #[error("the server answers {0}")]
    Status(StatusCode),
    #[error("the answer is not a stream of events")]
    NoStream,
    #[error("nothing was heard for too long")]
    Silence,
    #[error("the server ended the stream")]
    Ended,
    #[error(transparent)]
    TooLong(#[from] super::TooLong),
    #[error(transparent)]
    Malformed(#[from] countersign_token::MalformedNotice),
}

/// Where the refusals are.
pub(super) struct Address {
    uri: Uri,
    host: String,
    port: u16,
    #[cfg(feature = "follow-https")]
    tls: Option<super::tls::Tls>,
}

impl Address {
    pub(super) fn parse(url: &str) -> Result<Self, FollowError> {
        let uri: Uri = url.parse().map_err(|_| FollowError::InvalidUrl)?;
        let tls = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => false,
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            _ => return Err(FollowError::InvalidUrl),
        };
        let host = uri.host().filter(|host| !host.is_empty()).ok_or(FollowError::InvalidUrl)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = uri.port_u16().unwrap_or(if tls { 443 } else { 80 });
        #[cfg(not(feature = "follow-https"))]
        if tls {
            return Err(FollowError::NoTls);
        }
        #[cfg(feature = "follow-https")]
        let tls = if tls { Some(super::tls::Tls::to(&host)?) } else { None };
        Ok(Self {
            uri,
            host,
            port,
            #[cfg(feature = "follow-https")]
            tls,
        })
    }

    /// Asks for what came after `last`, or for everything.
    pub(super) async fn open(&self, credential: &FeedCredential, last: Option<&str>) -> Result<Incoming, Broken> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        stream.set_nodelay(true)?;
        let request = self.request(credential, last).map_err(std::io::Error::other)?;
        #[cfg(feature = "follow-https")]
        if let Some(tls) = &self.tls {
            return ask(TokioIo::new(tls.connect(stream).await?), request).await;
        }
        ask(TokioIo::new(stream), request).await
    }

    fn request(&self, credential: &FeedCredential, last: Option<&str>) -> Result<Request<Empty<Bytes>>, http::Error> {
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", credential.expose()))?;
        authorization.set_sensitive(true);
        let mut request = Request::get(self.uri.path_and_query().map_or("/", |path| path.as_str()))
            .header(header::HOST, self.uri.authority().map_or("", |authority| authority.as_str()))
            .header(header::ACCEPT, "text/event-stream")
            .header(header::AUTHORIZATION, authorization);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        request.body(Empty::new())
    }
}

async fn ask<S>(stream: S, request: Request<Empty<Bytes>>) -> Result<Incoming, Broken>
where
    S: Read + Write + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(stream).await?;
    // Ends when the answer is dropped.
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "the connection to the refusals ended");
        }
    });
    let response = sender.send_request(request).await?;
    match response.status() {
        StatusCode::OK => {}
        StatusCode::UNAUTHORIZED => return Err(Broken::Credential),
        status => return Err(Broken::Status(status)),
    }
    let content_type = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    if content_type.is_some_and(|text| text.starts_with(b"text/event-stream")) {
        Ok(response.into_body())
    } else {
        Err(Broken::NoStream)
    }
}
