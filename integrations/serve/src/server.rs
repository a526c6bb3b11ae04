//! How is the service started, reached and stopped?
//!
//! In: [`Settings`]. Out: [`Server`], which answers until it is stopped.
//! The accept loop is ours because jsonrpsee's own bounds requests at once and not connections, and
//! waits for ever for a client that does not read.
//! Invariants: connections are bounded in number and in how long they may be silent; stopping waits for
//! what is under way, but not for ever; summaries are in the store when it is over.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use jsonrpsee::{
    Methods,
    server::{
        BatchRequestConfig, PingConfig, ServerBuilder, ServerConfig, ServerHandle, StopHandle,
        TowerService, middleware::http::HostFilterLayer, stop_channel,
    },
};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    signal::unix::{Signal, SignalKind, signal},
    sync::Semaphore,
    time::MissedTickBehavior,
};
use tokio_io_timeout::TimeoutStream;
use tower::{Layer as _, Service as _, layer::util::Identity};

use crate::{
    error::ServeError,
    http::{HttpService, Place},
    methods,
    service::Service,
    settings::{Limits, Settings},
    watch::Watch,
};

/// jsonrpsee's part of answering.
pub(crate) type RpcService = TowerService<Identity, Identity>;

/// How long a connection may be silent before the next request.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// How long what is under way may take once the service is to stop.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);

/// How often measurements are folded and summaries put into the store.
const UPKEEP: Duration = Duration::from_secs(5);

/// Every how many upkeeps summaries are put into the store.
const UPKEEPS_TO_STORE: u64 = 12;

/// How long to wait after a connection could not be taken, as when there are too many open files.
const AFTER_FAILURE: Duration = Duration::from_millis(50);

/// A service that answers.
#[derive(Debug)]
pub struct Server {
    runtime: Runtime,
    address: SocketAddr,
    handle: ServerHandle,
    service: Arc<Service>,
    watch: Option<Watch>,
}

impl Server {
    /// Opens the source and starts to listen.
    pub fn start(settings: &Settings) -> Result<Self, ServeError> {
        let service = Arc::new(Service::open(settings)?);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .thread_name("serve")
            .max_blocking_threads(settings.limits.concurrency + 1)
            .enable_all()
            .build()
            .map_err(ServeError::Threads)?;
        let addr = settings.listen;
        let listening = runtime.block_on(TcpListener::bind(addr));
        let failed = |source| ServeError::Listen { addr, source };
        let listener = listening.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (stop, handle) = stop_channel();
        let methods: Methods = methods::module(Arc::clone(&service)).into();
        let accept_loop = AcceptLoop {
            service: Arc::clone(&service),
            origins: settings.origins.clone().into(),
            is_loopback: address.ip().is_loopback(),
            places: Arc::new(Semaphore::new(settings.limits.connections)),
            methods,
            stop: stop.clone(),
        };
        runtime.spawn(accept_loop.run(listener));
        runtime.spawn(keep_up(Arc::clone(&service), stop));
        let watch = Watch::start(&service, settings.poll);
        tracing::info!(%address, chain = service.chain.chain_id(), "listening");
        Ok(Self { runtime, address, handle, service, watch })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// From here on the process does not end by SIGINT or SIGTERM; what is given waits for either.
    pub fn catch_signals(&self) -> Result<CaughtSignals<'_>, ServeError> {
        let caught = |kind| {
            let _entered = self.runtime.enter();
            signal(kind).map_err(ServeError::Signals)
        };
        let (interrupt, terminate) =
            (caught(SignalKind::interrupt())?, caught(SignalKind::terminate())?);
        Ok(CaughtSignals { runtime: &self.runtime, interrupt, terminate })
    }

    /// Takes no more connections, waits for what is under way, and keeps summaries.
    pub fn stop(self) {
        let Self { runtime, handle, service, watch, .. } = self;
        drop(watch);
        if handle.stop().is_err() {
            tracing::debug!("it was stopped already");
        }
        let ended = async { tokio::time::timeout(SHUTDOWN_TIMEOUT, handle.stopped()).await };
        if runtime.block_on(ended).is_err() {
            tracing::warn!("some connections did not end in time; they are cut off");
        }
        runtime.shutdown_timeout(Duration::from_secs(1));
        service.warm.keep_all();
        tracing::info!("stopped");
    }
}

/// The signals that tell the process to end.
#[derive(Debug)]
pub struct CaughtSignals<'a> {
    runtime: &'a Runtime,
    interrupt: Signal,
    terminate: Signal,
}

impl CaughtSignals<'_> {
    /// Returns when the process is told to end, or was since signals are caught.
    pub fn wait(mut self) {
        self.runtime.block_on(async {
            tokio::select! {
                _ = self.interrupt.recv() => tracing::info!("SIGINT"),
                _ = self.terminate.recv() => tracing::info!("SIGTERM"),
            }
        });
    }
}

/// Takes connections.
struct AcceptLoop {
    service: Arc<Service>,
    origins: Arc<[String]>,
    is_loopback: bool,
    places: Arc<Semaphore>,
    methods: Methods,
    stop: StopHandle,
}

impl AcceptLoop {
    async fn run(self, listener: TcpListener) {
        let limits = &self.service.limits;
        let builder = ServerBuilder::new().set_config(config(limits)).to_service_builder();
        // Where only this machine is listened to, other host names are a trick of web pages.
        let hosts = match self.is_loopback {
            true => HostFilterLayer::new(["localhost:*", "127.0.0.1:*", "[::1]:*"])
                .expect("these are names of hosts"),
            false => HostFilterLayer::disable(),
        };
        let stopped = self.stop.clone().shutdown();
        tokio::pin!(stopped);
        loop {
            let stream = tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    Err(error) => {
                        tracing::debug!(%error, "a connection could not be taken");
                        tokio::time::sleep(AFTER_FAILURE).await;
                        continue;
                    }
                },
                () = &mut stopped => break,
            };
            let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() else {
                self.service.measured.refused.increment(1);
                continue;
            };
            let http = HttpService {
                service: Arc::clone(&self.service),
                origins: Arc::clone(&self.origins),
                rpc: builder.clone().build(self.methods.clone(), self.stop.clone()),
                place: Arc::new(Place::take(permit, &self.service)),
            };
            tokio::spawn(serve_connection(stream, http, hosts.clone(), self.stop.clone()));
        }
    }
}

/// Serves one connection until it ends, or is a WebSocket, which jsonrpsee serves.
async fn serve_connection(
    stream: TcpStream,
    service: HttpService,
    hosts: HostFilterLayer,
    stop: StopHandle,
) {
    // Answers are small and whole; waiting to fill a packet would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps its delay");
    }
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(IDLE_TIMEOUT.min(service.service.limits.time)));
    let answer = tower::service_fn(move |request| service.clone().answer(request));
    let answer = hosts.layer(answer);
    let answer = service_fn(move |request| {
        let answered = answer.clone().call(request);
        async move { answered.await.map_err(|error| io::Error::other(error.to_string())) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE_TIMEOUT)
        .serve_connection(TokioIo::new(Box::pin(stream)), answer)
        .with_upgrades();
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = stop.shutdown() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}

fn config(limits: &Limits) -> ServerConfig {
    ServerConfig::builder()
        .max_request_body_size(limits.request_bytes)
        .max_response_body_size(limits.answer_bytes)
        .max_connections(u32::try_from(limits.connections).unwrap_or(u32::MAX))
        .max_subscriptions_per_connection(limits.subscriptions)
        .set_batch_request_config(BatchRequestConfig::Limit(limits.batch))
        .enable_ws_ping(PingConfig::new())
        .build()
}

/// Folds measurements and keeps summaries, until the service stops.
async fn keep_up(service: Arc<Service>, stop: StopHandle) {
    let mut ticks = tokio::time::interval(UPKEEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let stopped = stop.shutdown();
    tokio::pin!(stopped);
    let (mut n_ticks, mut n_kept) = (0_u64, 0);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = &mut stopped => return,
        }
        service.measured.settle();
        n_ticks += 1;
        let n_summaries = service.warm.n_summaries();
        if n_ticks.is_multiple_of(UPKEEPS_TO_STORE) && n_summaries != n_kept {
            n_kept = n_summaries;
            let worker = Arc::clone(&service);
            drop(tokio::task::spawn_blocking(move || worker.warm.keep_all()).await);
        }
    }
}
