//! One throw-away authority and three certificates: both servers', the client's, the provider's.

use std::{fs, path::Path, sync::Arc};

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use tokio_rustls::rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};

/// The DNS name in the client's certificate, by which the gateway's documents know it.
pub const CLIENT: &str = "may-khach.bench.example";
/// The name of either server and of the provider.
pub const SERVER: &str = "localhost";

/// Certificates as the bench's own ends use them; the processes read the same ones from files.
pub struct Pki {
    /// For the client's connections.
    pub client: Arc<ClientConfig>,
    /// For the provider, which demands a certificate as a real one does.
    pub provider: Arc<ServerConfig>,
}

impl Pki {
    /// Makes everything and writes `pki/{ca,server,client,provider}.{pem,key}` below `folder`.
    pub fn new(folder: &Path) -> Result<Self> {
        let folder = folder.join("pki");
        fs::create_dir(&folder)?;
        let key = KeyPair::generate()?;
        let mut params = named("Bench CA")?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let authority = params.self_signed(&key)?;
        fs::write(folder.join("ca.pem"), authority.pem())?;
        let issuer = Issuer::new(params, key);
        for (file, name) in [("server", SERVER), ("client", CLIENT), ("provider", SERVER)] {
            let key = KeyPair::generate()?;
            let mut params = CertificateParams::new([name.to_owned()])?;
            params.distinguished_name.push(DnType::CommonName, name);
            params.extended_key_usages =
                vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
            params.use_authority_key_identifier_extension = true;
            fs::write(folder.join(format!("{file}.pem")), params.signed_by(&key, &issuer)?.pem())?;
            fs::write(folder.join(format!("{file}.key")), key.serialize_pem())?;
        }
        let mut roots = RootCertStore::empty();
        roots.add(authority.der().clone())?;
        let roots = Arc::new(roots);

        let (chain, key) = identity(&folder, "client")?;
        let client = ClientConfig::builder()
            .with_root_certificates(roots.clone())
            .with_client_auth_cert(chain, key)?;
        let (chain, key) = identity(&folder, "provider")?;
        let provider = ServerConfig::builder()
            .with_client_cert_verifier(WebPkiClientVerifier::builder(roots).build()?)
            .with_single_cert(chain, key)?;
        Ok(Self { client: Arc::new(client), provider: Arc::new(provider) })
    }
}

fn named(name: &str) -> Result<CertificateParams> {
    let mut params = CertificateParams::new([])?;
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}

fn identity(folder: &Path, name: &str) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let certificate = CertificateDer::from_pem_file(folder.join(format!("{name}.pem")))
        .with_context(|| format!("the certificate `{name}`"))?;
    let key = PrivateKeyDer::from_pem_file(folder.join(format!("{name}.key")))
        .with_context(|| format!("the key `{name}`"))?;
    Ok((vec![certificate], key))
}
