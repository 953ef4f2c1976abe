//! Every kind of server that can be declared: TLS with an ACL login, Sentinels, a Cluster.

use std::{fs, path::Path};

use policies::QuotaTerms;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use super::{
    Kind, Settings, Tls,
    server::{Server, free_port},
    tests::{Gateway, counted, daily, eventually},
};
use crate::host::Material;

/// An authority and one certificate for both ends, in `folder`.
fn certificates(folder: &Path) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut own = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    // Named otherwise than its authority, or it looks self-signed.
    own.distinguished_name.push(DnType::CommonName, "redis");
    fs::write(folder.join("ca.pem"), issuer.pem()).unwrap();
    fs::write(folder.join("own.pem"), own.signed_by(&key, &issuer).unwrap().pem()).unwrap();
    fs::write(folder.join("own.key"), key.serialize_pem()).unwrap();
}

/// What `deploy/gateway.toml` says that the user needs.
const RIGHTS: &str = "+eval +evalsha +ping +get +set +hget +hset +hincrby +expire +time";

#[test]
fn tls_and_a_login_with_the_rights_that_are_documented() {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let mut told = vec!["--user", "default", "off", "--user", "cong", "on", ">mat-khau", "~test:*"];
    told.extend(RIGHTS.split(' '));
    let server = Server::with_tls(folder.path(), &told);
    let of = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).unwrap();
        Some(Material::File(folder.path().join(name)))
    };
    let file = |name: &str| Material::File(folder.path().join(name));
    let settings = Settings {
        user: of("user", "cong\n"),
        password: of("password", "mat-khau\n"),
        tls: Some(Tls { trust: file("ca.pem"), own: Some((file("own.pem"), file("own.key"))) }),
        ..server.settings()
    };
    let own = daily("agreement:a", 3);
    let open = |settings: Settings| Gateway::open(settings, std::slice::from_ref(&own));
    let [one, other] = [(); 2].map(|()| open(settings.clone()));
    eventually("a server", || one.is_present() && other.is_present());
    let admitted = [&one, &other, &one, &other].map(|gateway| gateway.forward().is_ok());
    assert_eq!(admitted, [true, true, true, false]);

    let wrong = open(Settings { password: of("wrong", "khac"), ..settings.clone() });
    let why = || wrong.quota.standing().unwrap().concern.unwrap();
    eventually("its refusal", || why().en.contains("it refuses"));
    let why = why();
    assert!(!wrong.is_present(), "{why:?}");
    assert!(!why.en.contains("khac") && !why.en.contains("mat-khau"));
    // Another authority's server is not spoken to; nor is a plain connection made where TLS is spoken.
    let elsewhere = tempfile::tempdir().unwrap();
    certificates(elsewhere.path());
    let trust = Material::File(elsewhere.path().join("ca.pem"));
    assert!(!open(Settings { tls: Some(Tls { trust, own: None }), ..settings.clone() }).is_present());
    assert!(!open(Settings { tls: None, ..settings }).is_present());
}

#[test]
fn a_master_that_fails_is_followed_to_its_replica() {
    let mut master = Server::start();
    let port = master.port().to_string();
    let replica = Server::with(&["--replicaof", "127.0.0.1", &port]);
    eventually("a replica", || replica.say("INFO replication").contains("master_link_status:up"));
    let sentinel = Server::sentinel(&master, "chinh");
    eventually("a watched replica", || {
        sentinel.say("SENTINEL REPLICAS chinh").contains(&replica.port().to_string())
    });
    let kind = Kind::Sentinel { master: "chinh".to_owned(), user: None, password: None };
    let settings = Settings { kind, ..sentinel.settings() };
    let gateway = Gateway::open(settings, &[daily("agreement:a", 500)]);
    eventually("a server", || gateway.is_present());
    let mut admitted = (0..30).filter(|_| gateway.forward().is_ok()).count();
    eventually("a copy", || counted(&replica, "agreement:a", "requests") == 30);

    master.stop();
    eventually("a new master", || {
        admitted += usize::from(gateway.forward().is_ok());
        std::thread::sleep(std::time::Duration::from_millis(20));
        replica.say("ROLE").contains("master") && gateway.is_present()
    });
    admitted += (0..500).filter(|_| gateway.forward().is_ok()).count();
    assert_eq!(admitted, 500);
    assert_eq!(counted(&replica, "agreement:a", "requests"), 500);
}

#[test]
fn a_clusters_nodes_share_the_services() {
    let node = || {
        let bus = free_port().to_string();
        let told = ["--cluster-enabled", "yes", "--cluster-port", &bus, "--cluster-announce-ip", "127.0.0.1"];
        (Server::with(&told), bus)
    };
    let ((one, _), (other, bus)) = (node(), node());
    one.say("CLUSTER ADDSLOTSRANGE 0 8191");
    other.say("CLUSTER ADDSLOTSRANGE 8192 16383");
    one.say(&format!("CLUSTER MEET 127.0.0.1 {} {bus}", other.port()));
    for node in [&one, &other] {
        eventually("a whole cluster", || {
            let said = node.say("CLUSTER INFO");
            said.contains("cluster_state:ok") && said.contains("cluster_known_nodes:2")
        });
    }
    let settings = Settings { kind: Kind::Cluster, ..one.settings() };
    let gateways = [(); 2].map(|()| Gateway::open(settings.clone(), &[]));
    eventually("a server", || gateways.iter().all(Gateway::is_present));
    for number in 0..8 {
        let tag = format!("G06/dich-vu-{number}");
        let own = QuotaTerms { per_second: Some(1_000), ..daily(&format!("agreement:{number}"), 5) };
        let terms = [own, daily(&format!("service:{tag}"), 4)];
        let admitted = gateways.iter().map(|gateway| {
            let meters = gateway.quota.shared_meters(&tag, &terms);
            (0..3).filter(|_| gateway.forward_by(&meters).is_ok()).count()
        });
        assert_eq!(admitted.sum::<usize>(), 4, "{tag}");
    }
    let keys = |node: &Server| node.say("DBSIZE").contains(":0\r\n");
    assert!(!keys(&one) && !keys(&other), "one node has everything");
}
