//! The server: binds, serves, stops.

use std::io;
use std::net::{SocketAddr, TcpListener};

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::web::ServiceConfig;
use actix_web::{App, HttpServer, web};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::body::Limits;
use crate::rate::Rates;
use crate::state::keep_up;
use crate::{HttpSettings, State, case, observe, routes};

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// Makes a running server.
pub struct Server;

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// It ended by a failure.
    #[error("the server failed: {0}")]
    Failed(#[from] io::Error),
}

/// A server that serves.
pub struct Running {
    address: SocketAddr,
    handle: ServerHandle,
    serving: JoinHandle<io::Result<()>>,
    /// Of the API alone: others have nothing to write down.
    upkeep: Option<Upkeep>,
}

struct Upkeep {
    task: JoinHandle<()>,
    stop: oneshot::Sender<()>,
}

impl Server {
    /// Listens, and serves from then on.
    ///
    /// # Errors
    /// [`ServerError::Listen`]
    pub fn bind(settings: &HttpSettings, state: State) -> Result<Running, ServerError> {
        let rates = web::Data::new(Rates::new(settings));
        let running = Self::serve(settings, state.clone(), rates.clone(), routes::configure)?;
        Ok(Running {
            upkeep: Some(Upkeep::begin(state, rates)),
            ..running
        })
    }

    /// The same with nothing but the health, for a node that does not answer the API.
    ///
    /// # Errors
    /// [`ServerError::Listen`]
    pub fn bind_health(settings: &HttpSettings, state: State) -> Result<Running, ServerError> {
        let rates = web::Data::new(Rates::new(settings));
        Self::serve(settings, state, rates, routes::configure_health)
    }

    /// Begins to tell what the node counts, at that address and nothing else there. It is open to whoever can reach it.
    ///
    /// # Errors
    /// [`ServerError::Listen`]
    pub fn bind_metrics(listen: SocketAddr, state: State) -> Result<Running, ServerError> {
        let settings = HttpSettings {
            listen,
            workers: 1,
            ..HttpSettings::default()
        };
        let rates = web::Data::new(Rates::new(&settings));
        Self::serve(&settings, state, rates, routes::configure_metrics)
    }

    fn serve(
        settings: &HttpSettings,
        state: State,
        rates: web::Data<Rates>,
        routes: fn(&mut ServiceConfig),
    ) -> Result<Running, ServerError> {
        let refuse = |source| ServerError::Listen {
            address: settings.listen,
            source,
        };
        let state = web::Data::new(state.within(settings));
        let limits = web::Data::new(Limits::new(settings));
        let listener = TcpListener::bind(settings.listen).map_err(refuse)?;
        let address = listener.local_addr().map_err(refuse)?;
        let server = HttpServer::new(move || {
            App::new()
                .app_data(state.clone())
                .app_data(limits.clone())
                .app_data(rates.clone())
                .wrap(from_fn(case::fold))
                .wrap(from_fn(observe::observe))
                .configure(routes)
        })
        .workers(settings.workers)
        .backlog(BACKLOG)
        .shutdown_timeout(settings.stop_deadline.as_secs())
        .disable_signals()
        .listen(listener)
        .map_err(refuse)?
        .run();
        Ok(Running {
            address,
            handle: server.handle(),
            serving: tokio::spawn(server),
            upkeep: None,
        })
    }
}

impl Upkeep {
    fn begin(state: State, rates: web::Data<Rates>) -> Self {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(keep_up(state, rates, stopped));
        Self { task, stop }
    }

    async fn end(self) -> io::Result<()> {
        // Where nobody listens, it has ended already.
        let _ = self.stop.send(());
        self.task.await.map_err(io::Error::other)
    }
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more connections, lets the requests under way finish, and ends.
    ///
    /// # Errors
    /// [`ServerError::Failed`]
    pub async fn stop(self) -> Result<(), ServerError> {
        self.handle.stop(true).await;
        let served = self.serving.await.map_err(io::Error::other)?;
        if let Some(upkeep) = self.upkeep {
            upkeep.end().await?;
        }
        Ok(served?)
    }
}
