//! One throw-away authority and three certificates: the measured servers', the client's, the provider's.
//!
//! TLS libraries prefer different ciphers when they may choose. The client and the provider, which stand at
//! both ends of every server, offer one only: so all of them do the same cryptography.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use tokio_rustls::rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    client::Resumption,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};

/// The DNS name in the client's certificate, by which the gateway's documents know it.
pub const CLIENT: &str = "may-khach.bench.example";
/// The name of either server and of the provider.
pub const SERVER: &str = "localhost";

/// Certificates as the bench's own ends use them; the processes read the same ones from files.
pub struct Pki {
    folder: PathBuf,
    /// For the client's connections.
    pub client: Arc<ClientConfig>,
    /// For the provider, which demands a certificate as a real one does.
    pub provider: Arc<ServerConfig>,
}

impl Pki {
    /// Makes everything and writes `{ca,server,client,provider}.{pem,key}` into a new folder `pki` below
    /// `folder`, and `server-both.pem` for those who want a certificate and its key in one file.
    pub fn new(folder: &Path) -> Result<Self> {
        let folder = folder.canonicalize()?.join("pki");
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
            let (certificate, key) = (params.signed_by(&key, &issuer)?.pem(), key.serialize_pem());
            fs::write(folder.join(format!("{file}.pem")), &certificate)?;
            fs::write(folder.join(format!("{file}.key")), &key)?;
            fs::write(folder.join(format!("{file}-both.pem")), certificate + &key)?;
        }
        Self::read(&folder)
    }

    /// Reads what is in such a folder.
    pub fn read(folder: &Path) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(folder.join("ca.pem"))?)?;
        let roots = Arc::new(roots);
        let crypto = Arc::new(CryptoProvider {
            cipher_suites: vec![ring::cipher_suite::TLS13_AES_256_GCM_SHA384],
            kx_groups: vec![ring::kx_group::X25519],
            ..ring::default_provider()
        });
        let (chain, key) = identity(folder, "client")?;
        let mut client = ClientConfig::builder_with_provider(crypto.clone())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots.clone())
            .with_client_auth_cert(chain, key)?;
        // Every connection is one of a new caller.
        client.resumption = Resumption::disabled();
        let (chain, key) = identity(folder, "provider")?;
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, crypto.clone()).build()?;
        let provider = ServerConfig::builder_with_provider(crypto)
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, key)?;
        Ok(Self { folder: folder.to_owned(), client: Arc::new(client), provider: Arc::new(provider) })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The path of one of the files, such as `ca.pem`.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
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
