//! Connections: taken, limited, and taken leave of.
//!
//! A client that is slow on purpose costs little and not for long: its headers have a time to
//! come, a body must keep a least pace while somebody waits for it, an answer must be taken, and one
//! address has only so many connections.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::{Body, HttpBody as _};
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;

use crate::config::Config;
use crate::error::ApiError;
use crate::front::Front;
use crate::gate;
use crate::metrics::{Raised, TurnedAway, metrics};
use crate::origin::Secure;
use crate::refusals::Spoken;

/// Least bytes a second of a body, on average over the time that it is waited for.
const LEAST_PACE: u64 = 1024;

/// How long to wait when no connection can be taken, because the process has too many files open.
const BREATHER: Duration = Duration::from_millis(100);

/// What connections are allowed.
struct Limits {
    headers: Duration,
    body: Duration,
    per_peer: usize,
    /// One for each request that may be worked on.
    requests: Semaphore,
    /// Behind these are many clients.
    proxies: Vec<IpAddr>,
}

/// How many connections each address has.
#[derive(Clone, Default)]
struct Peers(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One of an address's connections; counted until it is dropped.
struct Counted(Peers, IpAddr);

impl Peers {
    fn count(&self, peer: IpAddr, most: usize) -> Option<Counted> {
        let mut peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let open = peers.entry(peer).or_default();
        if *open >= most {
            return None;
        }
        *open += 1;
        Some(Counted(self.clone(), peer))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut peers = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = peers.get_mut(&self.1) {
            *open -= 1;
            if *open == 0 {
                peers.remove(&self.1);
            }
        }
    }
}

/// Takes connections until `stopped` turns true, then waits for the requests in hand to end, for
/// as long as `grace`. `false` if some did not.
pub(crate) async fn listen(
    config: &Config,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    front: impl Into<Front>,
    mut stopped: watch::Receiver<bool>,
    grace: Duration,
) -> bool {
    let limits = Arc::new(Limits {
        headers: Duration::from_millis(config.header_timeout_ms),
        body: Duration::from_millis(config.body_timeout_ms),
        per_peer: config.connections_per_peer,
        requests: Semaphore::new(config.requests_at_once),
        proxies: config.trusted_proxies.clone(),
    });
    let front = front.into();
    let peers = Peers::default();
    let mut connections = JoinSet::new();
    let ending = stopped.clone();
    loop {
        tokio::select! {
            () = async { let _ = stopped.wait_for(|stopped| *stopped).await; } => break,
            Some(_) = connections.join_next() => {}
            taken = listener.accept() => match taken {
                Ok((stream, peer)) => {
                    let most = match limits.proxies.contains(&peer.ip()) {
                        true => usize::MAX,
                        false => limits.per_peer,
                    };
                    // One too many is closed, which costs less than any answer.
                    if let Some(counted) = peers.count(peer.ip(), most) {
                        let connection = Connection {
                            peer,
                            front: front.clone(),
                            limits: limits.clone(),
                            ending: ending.clone(),
                        };
                        let tls = tls.clone();
                        connections.spawn(async move {
                            let _open = Raised::new(&metrics().connections);
                            connection.begin(stream, tls).await;
                            drop(counted);
                        });
                    } else {
                        metrics().turn_away(TurnedAway::Connection);
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot take a connection");
                    tokio::time::sleep(BREATHER).await;
                }
            }
        }
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    tokio::time::timeout(grace, ended).await.is_ok()
}

/// One connection that was taken.
struct Connection {
    peer: SocketAddr,
    front: Front,
    limits: Arc<Limits>,
    ending: watch::Receiver<bool>,
}

impl Connection {
    async fn begin(self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        // Answers are small; waiting to fill a packet would only make them late.
        let _ = stream.set_nodelay(true);
        // Somebody who asks and does not listen holds an answer and a place.
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(self.limits.body));
        let stream = Box::pin(stream);
        let Some(tls) = tls else {
            return self.serve(stream, false).await;
        };
        match tokio::time::timeout(self.limits.headers, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.serve(stream, true).await,
            failed => {
                metrics().turn_away(TurnedAway::Handshake);
                if let Ok(Err(error)) = failed {
                    tracing::debug!(%error, "no handshake");
                }
            }
        }
    }

    async fn serve(self, stream: impl AsyncRead + AsyncWrite + Unpin, secure: bool) {
        let Self {
            peer,
            front,
            limits,
            mut ending,
        } = self;
        let (pace, headers) = (limits.body, limits.headers);
        let service = service_fn(move |request: Request<Incoming>| {
            let (front, limits) = (front.clone(), limits.clone());
            async move {
                // Early, before anything is read or asked for: under load that is what helps.
                let Ok(_working) = limits.requests.try_acquire() else {
                    metrics().turn_away(TurnedAway::Busy);
                    let refused = ApiError::transient("The server has too much to do; try again");
                    return Ok(refused.into_response());
                };
                // hyper believes the chunks and drops a length beside them before anybody sees it. A
                // proxy may have believed the length: what follows on the connection is not answered.
                let chunked = request.headers().contains_key(header::TRANSFER_ENCODING);
                let mut request = gate::tidy(request.map(|body| paced(Body::new(body), pace)));
                request.extensions_mut().insert(ConnectInfo(peer));
                if secure {
                    request.extensions_mut().insert(Secure);
                }
                let _in_hand = Raised::new(&metrics().requests_in_hand);
                let mut response = front.answer(request).await;
                if chunked {
                    let close = HeaderValue::from_static("close");
                    response.headers_mut().insert(header::CONNECTION, close);
                }
                Ok::<Response, Infallible>(response)
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(headers)
            .serve_connection(TokioIo::new(Spoken::new(stream)), service);
        let mut connection = pin!(connection);
        let outcome = tokio::select! {
            outcome = connection.as_mut() => outcome,
            () = async { let _ = ending.wait_for(|ending| *ending).await; } => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = outcome {
            tracing::debug!(%error, "a connection broke");
        }
    }
}

/// The body, which ends with an error when it brings less than [`LEAST_PACE`] allows for as long
/// as `limit`. Time in which nobody waits for it does not count.
fn paced(body: Body, limit: Duration) -> Body {
    if body.is_end_stream() {
        return body;
    }
    let least = LEAST_PACE * limit.as_millis() as u64 / 1000;
    let start = Some((body.into_data_stream(), Duration::ZERO, 0));
    let paced = futures_util::stream::unfold(start, move |state| async move {
        let (mut body, mut waited, mut got) = state?;
        let began = Instant::now();
        match tokio::time::timeout(limit.saturating_sub(waited), body.next()).await {
            Ok(Some(Ok(chunk))) => {
                waited += began.elapsed();
                got += chunk.len() as u64;
                if got >= least {
                    (waited, got) = (Duration::ZERO, 0);
                }
                Some((Ok(chunk), Some((body, waited, got))))
            }
            Ok(Some(Err(error))) => Some((Err(error), None)),
            Ok(None) => None,
            Err(_) => {
                let error = axum::Error::new("the body came too slowly");
                Some((Err(error), None))
            }
        }
    });
    // What refuses a request may ask for more of a body that has ended.
    Body::from_stream(paced.fuse())
}
