//! The connection: to one server, to a Cluster, or to whomever Sentinels name the master.

use redis::{
    AsyncConnectionConfig, Client, ClientTlsConfig, Cmd, ConnectionAddr, ConnectionInfo, IntoConnectionInfo,
    RedisConnectionInfo, RedisResult, TlsCertificates, TlsMode,
    aio::MultiplexedConnection,
    cluster::ClusterClientBuilder,
    cluster_async::ClusterConnection,
    sentinel::{SentinelClientBuilder, SentinelServerType},
};

use super::settings::{Access, Kind, Settings};
use std::time::Duration;

/// The longest that a question stays without an answer before the connection is given up. Much longer
/// than any request waits: a late answer still says what was taken.
const PATIENCE: Duration = Duration::from_secs(5);

/// A connection. Cheap to clone; clones share it.
#[derive(Clone)]
pub(super) enum Line {
    /// To one server.
    One(MultiplexedConnection),
    /// To the nodes of a Cluster.
    Cluster(ClusterConnection),
}

impl Line {
    /// Connects. Secrets and certificates are read now, so that changed ones serve the next connection.
    pub(super) async fn connect(settings: &Settings) -> RedisResult<Self> {
        let access = settings.access()?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        match &settings.kind {
            Kind::One => {
                let mut failure = None;
                for (host, port) in &settings.addresses {
                    let connecting = async {
                        let client = client(host, *port, &access)?;
                        client.get_multiplexed_async_connection_with_config(&config).await
                    };
                    match connecting.await {
                        Ok(connection) => return Ok(Self::One(connection)),
                        Err(error) => failure = Some(error),
                    }
                }
                Err(failure.unwrap_or_else(|| (redis::ErrorKind::InvalidClientConfig, "no address").into()))
            }
            Kind::Cluster => {
                let nodes = settings.addresses.iter().map(|(host, port)| info(host, *port, &access));
                let mut builder = ClusterClientBuilder::new(nodes.collect::<RedisResult<Vec<_>>>()?)
                    // One try: whoever waits does not wait for a second.
                    .retries(1)
                    .connection_timeout(PATIENCE)
                    .response_timeout(PATIENCE);
                if let Some(user) = &access.user {
                    builder = builder.username(user);
                }
                if let Some(password) = &access.password {
                    builder = builder.password(password);
                }
                if let Some(certificates) = access.certificates {
                    builder = builder.tls(TlsMode::Secure).certs(certificates);
                }
                Ok(Self::Cluster(builder.build()?.get_async_connection().await?))
            }
            Kind::Sentinel { master, user, password } => {
                let sentinels = settings.addresses.iter().map(|(host, port)| address(host, *port, &access));
                let mut builder = SentinelClientBuilder::new(sentinels, master, SentinelServerType::Master)?;
                if let Some(name) = &access.user {
                    builder = builder.set_client_to_redis_username(name);
                }
                if let Some(word) = &access.password {
                    builder = builder.set_client_to_redis_password(word);
                }
                if let Some(name) = settings.secret(user.as_ref())? {
                    builder = builder.set_client_to_sentinel_username(name);
                }
                if let Some(word) = settings.secret(password.as_ref())? {
                    builder = builder.set_client_to_sentinel_password(word);
                }
                if let Some(certificates) = access.certificates {
                    builder = builder
                        .set_client_to_redis_tls_mode(TlsMode::Secure)
                        .set_client_to_redis_certificates(certificates.clone())
                        .set_client_to_sentinel_tls_mode(TlsMode::Secure)
                        .set_client_to_sentinel_certificates(certificates);
                }
                let mut client = builder.build()?;
                Ok(Self::One(client.get_async_connection_with_config(&config).await?))
            }
        }
    }

    /// Asks for numbers.
    pub(super) async fn ask(&mut self, command: &Cmd) -> RedisResult<Vec<i64>> {
        match self {
            Self::One(connection) => command.query_async(connection).await,
            Self::Cluster(connection) => command.query_async(connection).await,
        }
    }

    /// Asks, and needs no answer but that there is one.
    pub(super) async fn ask_for_nothing(&mut self, command: &Cmd) -> RedisResult<()> {
        match self {
            Self::One(connection) => command.query_async(connection).await,
            Self::Cluster(connection) => command.query_async(connection).await,
        }
    }
}

fn address(host: &str, port: u16, access: &Access) -> ConnectionAddr {
    let host = host.to_owned();
    match access.certificates {
        Some(_) => ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None },
        None => ConnectionAddr::Tcp(host, port),
    }
}

fn info(host: &str, port: u16, access: &Access) -> RedisResult<ConnectionInfo> {
    let mut login = RedisConnectionInfo::default();
    if let Some(user) = &access.user {
        login = login.set_username(user);
    }
    if let Some(password) = &access.password {
        login = login.set_password(password);
    }
    Ok(address(host, port, access).into_connection_info()?.set_redis_settings(login))
}

fn client(host: &str, port: u16, access: &Access) -> RedisResult<Client> {
    let info = info(host, port, access)?;
    match &access.certificates {
        Some(certificates) => Client::build_with_tls(info, certificates.clone()),
        None => Client::open(info),
    }
}

/// The certificates as the client takes them.
pub(super) fn certificates(trust: Vec<u8>, own: Option<(Vec<u8>, Vec<u8>)>) -> TlsCertificates {
    let client_tls = own.map(|(client_cert, client_key)| ClientTlsConfig { client_cert, client_key });
    TlsCertificates { client_tls, root_cert: Some(trust) }
}
