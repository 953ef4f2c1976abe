//! Who gets in, and who is put out again.

use std::{sync::atomic::Ordering, time::Duration};

use super::*;
use crate::host::RevocationFault;

/// Whether a caller gets an answer. With TLS 1.3 a refused certificate shows only when reading.
async fn is_served(stage: &Stage, caller: Option<&Identity>) -> bool {
    match stage.dial_as(caller).await {
        Ok(mut caller) => {
            let _ = caller.stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
            caller.hear_of(&Method::GET).await.is_some_and(|heard| heard.status == 200)
        }
        Err(_) => false,
    }
}

const GET: &str = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

#[tokio::test]
async fn a_certificate_is_mandatory_and_must_be_trusted() {
    let stage = Stage::set(brisk());
    assert!(is_served(&stage, Some(&stage.caller)).await);
    assert!(!is_served(&stage, None).await, "no certificate");

    let folder = tempfile::tempdir().unwrap();
    let stranger = Authority::new("Goc La", folder.path()).issue("quan-ly", &["quan-ly.h26.example"], 30);
    assert!(!is_served(&stage, Some(&stranger)).await, "another authority");

    let namesake = Authority::new("Goc Thu", folder.path()).issue("quan-ly", &["quan-ly.h26.example"], 30);
    assert!(!is_served(&stage, Some(&namesake)).await, "another authority of the same name");

    let expired = stage.authority.issue("het-han", &["x.example"], -2);
    assert!(!is_served(&stage, Some(&expired)).await, "expired");
    assert_eq!(stage.mirror.reached.lock().unwrap().len(), 1);
    stage.until(|stage| stage.tally.handshakes_failed.load(Ordering::Relaxed) == 4).await;
}

#[tokio::test]
async fn refused_callers_are_told_by_an_alert() {
    use rustls::AlertDescription as Alert;
    let stage = Stage::set(brisk());
    let revoked = stage.authority.issue("thu-hoi", &["x.example"], 30);
    stage.authority.publish(&[&revoked], 7);
    stage.reload(&stage.server);
    let folder = tempfile::tempdir().unwrap();
    let stranger = Authority::new("Goc La", folder.path()).issue("la", &["x.example"], 30);
    let expired = stage.authority.issue("het-han", &["x.example"], -2);
    for (caller, alert) in [
        (None, Alert::CertificateRequired),
        (Some(&revoked), Alert::CertificateRevoked),
        (Some(&stranger), Alert::UnknownCA),
        (Some(&expired), Alert::CertificateExpired),
    ] {
        let error = match stage.dial_as(caller).await {
            Ok(mut caller) => caller.stream.read(&mut [0; 1]).await.unwrap_err(),
            Err(error) => error,
        };
        let told = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        assert_eq!(told, Some(&rustls::Error::AlertReceived(alert)));
    }
}

#[tokio::test]
async fn the_application_sees_who_calls() {
    let stage = Stage::set(brisk());
    let heard = stage.dial().await.ask("GET /who HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let serial = format!("{:x}", stage.caller.serial);
    assert_eq!(
        heard.body,
        format!("CN=Goc Thu,O=Co quan Thu\\, nghiem,C=VN {serial} [\"quan-ly.h26.example\"]")
    );
}

#[tokio::test]
async fn a_revoked_certificate_is_refused_and_open_connections_learn_of_it() {
    let stage = Stage::set(brisk());
    let mut open = stage.dial().await;
    assert_eq!(open.ask(GET).await.status, 200);

    stage.authority.publish(&[&stage.caller], 7);
    stage.reload(&stage.server);
    let heard = open.ask(GET).await;
    assert_eq!((heard.status, heard.body.as_str()), (403, "certificate-revoked"));
    assert!(!is_served(&stage, Some(&stage.caller)).await);

    let other = stage.authority.issue("khac", &["khac.example"], 30);
    assert!(is_served(&stage, Some(&other)).await);
}

#[tokio::test]
async fn a_stale_list_lets_nobody_in_until_its_grace_counts() {
    let stage = Stage::set(brisk());
    let mut open = stage.dial().await;
    assert_eq!(open.ask(GET).await.status, 200);
    stage.authority.publish(&[], -2);
    let faults =
        Pki::load(&settings(&stage.authority, &stage.server, Duration::ZERO), Timestamp::now()).unwrap().1;
    assert_eq!(faults.iter().map(|fault| fault.rule).collect::<Vec<_>>(), ["revocation-list-stale"]);

    stage.reload(&stage.server);
    assert!(!is_served(&stage, Some(&stage.caller)).await);
    assert_eq!(open.ask(GET).await.body, "revocation-list-stale");

    let week = Duration::from_secs(7 * 24 * 3600);
    stage.tls.swap(load(&stage.authority, &stage.server, week));
    assert!(is_served(&stage, Some(&stage.caller)).await);
}

#[test]
fn verdicts_end_with_the_list_and_with_the_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("Goc Thu", folder.path());
    let server = authority.issue("cong", &["localhost"], 90);
    let caller = authority.issue("quan-ly", &["x.example"], 5);
    authority.publish(&[], 3);
    let pki = load(&authority, &server, Duration::from_secs(24 * 3600));
    let now = Timestamp::now();
    let later = |days: i64| now + jiff::SignedDuration::from_hours(24 * days);
    let peer = || crate::host::peer::Peer::read(caller.chain()).unwrap();
    let of = |days| pki.revoked(&peer(), later(days));
    assert_eq!(of(0), Ok(()));
    assert_eq!(of(2), Ok(()));
    assert_eq!(of(3), Ok(()), "within the grace");
    assert_eq!(of(4), Err(RevocationFault::ListStale));
    assert_eq!(of(6), Err(RevocationFault::Expired));

    // One peer asked again as time passes: the kept verdict must not outlive its reasons.
    let one = peer();
    assert_eq!(pki.revoked(&one, later(0)), Ok(()));
    assert_eq!(pki.revoked(&one, later(0)), Ok(()));
    assert_eq!(pki.revoked(&one, later(4)), Err(RevocationFault::ListStale));
    assert_eq!(
        pki.revoked(&one, later(0)),
        Err(RevocationFault::ListStale),
        "a fault stays for its generation"
    );
    assert_eq!(load(&authority, &server, Duration::ZERO).revoked(&one, later(0)), Ok(()), "and ends with it");
}

#[tokio::test]
async fn the_server_certificate_is_replaced_while_connections_live() {
    let stage = Stage::set(brisk());
    let mut open = stage.dial().await;
    let before = open.stream.get_ref().1.peer_certificates().unwrap()[0].clone();
    let renewed = stage.authority.issue("cong-moi", &["localhost"], 60);
    stage.reload(&renewed);
    assert_eq!(open.ask(GET).await.status, 200, "the open connection goes on");
    let mut fresh = stage.dial().await;
    let after = fresh.stream.get_ref().1.peer_certificates().unwrap()[0].clone();
    assert_ne!(before, after);
    assert_eq!(after, renewed.chain()[0]);
    assert_eq!(fresh.ask(GET).await.status, 200);
}

#[tokio::test]
async fn sessions_are_resumed_within_a_generation_and_never_across() {
    let stage = Stage::set(brisk());
    for versions in [&[&rustls::version::TLS13][..], &[&rustls::version::TLS12][..]] {
        stage.authority.publish(&[], 7);
        stage.reload(&stage.server);
        let before = stage.tally.resumed.load(Ordering::Relaxed);
        let resumed = || stage.tally.resumed.load(Ordering::Relaxed) - before;
        let mut roots = RootCertStore::empty();
        roots.add(stage.authority.der()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(stage.caller.chain(), stage.caller.secret())
            .unwrap();
        let config = Arc::new(config);
        for _ in 0..2 {
            assert_eq!(stage.dial_with(config.clone()).await.unwrap().ask(GET).await.status, 200);
        }
        assert_eq!(resumed(), 1, "the second connection resumes");

        stage.reload(&stage.server);
        assert_eq!(stage.dial_with(config.clone()).await.unwrap().ask(GET).await.status, 200);
        assert_eq!(resumed(), 1, "a new generation knows no old session");

        stage.authority.publish(&[&stage.caller], 7);
        stage.reload(&stage.server);
        let refused = match stage.dial_with(config).await {
            Ok(mut caller) => {
                let _ = caller.stream.write_all(GET.as_bytes()).await;
                caller.hear_of(&Method::GET).await.is_none()
            }
            Err(_) => true,
        };
        assert!(refused, "a session does not outlive its certificate");
    }
}

#[test]
fn every_fault_of_a_pki_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("Goc Thu", folder.path());
    let server = authority.issue("cong", &["localhost"], 90);
    let other = authority.issue("khac", &["localhost"], 90);
    authority.publish(&[], 7);
    let rules = |settings: &PkiSettings| -> Vec<&'static str> {
        Pki::load(settings, Timestamp::now())
            .err()
            .unwrap_or_default()
            .iter()
            .map(|fault| fault.rule)
            .collect()
    };
    let good = settings(&authority, &server, Duration::ZERO);
    assert_eq!(rules(&good), Vec::<&str>::new());

    let text = folder.path().join("van-ban.pem");
    std::fs::write(&text, "không phải chứng thư").unwrap();
    let absent = Material::File(folder.path().join("khong-co.pem"));
    let mut bad = good.clone();
    bad.anchors[0].revocation = Revocation::Required { list: absent.clone(), grace: Duration::ZERO };
    bad.anchors
        .push(AnchorSettings { certificate: Material::File(text.clone()), revocation: Revocation::None });
    bad.certificate = absent;
    bad.key = Material::File(text);
    assert_eq!(rules(&bad), ["unreadable-file", "no-certificate", "unreadable-file", "no-key"]);

    let mut mismatched = good.clone();
    mismatched.key = Material::File(other.key.clone());
    assert_eq!(rules(&mismatched), ["key-mismatch"]);

    let mut swapped = good.clone();
    swapped.anchors[0].revocation =
        Revocation::Required { list: Material::File(server.certificate.clone()), grace: Duration::ZERO };
    assert_eq!(rules(&swapped), ["no-revocation-list"]);

    let old = authority.issue("cu", &["localhost"], -1);
    assert_eq!(rules(&settings(&authority, &old, Duration::ZERO)), ["certificate-expired"]);

    let mut nobody = good.clone();
    nobody.anchors.clear();
    assert_eq!(rules(&nobody), ["no-anchor"]);

    let soon = authority.issue("sap-het", &["localhost"], 10);
    let (_, warnings) = Pki::load(&settings(&authority, &soon, Duration::ZERO), Timestamp::now()).unwrap();
    assert_eq!(warnings.iter().map(|fault| fault.rule).collect::<Vec<_>>(), ["certificate-expiring"]);
}

#[tokio::test]
async fn an_authority_without_lists_is_trusted_only_when_it_says_so() {
    let stage = Stage::set(brisk());
    let folder = tempfile::tempdir().unwrap();
    let plain = Authority::new("Goc Khong CRL", folder.path());
    let guest = plain.issue("khach", &["khach.example"], 30);
    let mut both = settings(&stage.authority, &stage.server, Duration::ZERO);
    both.anchors.push(AnchorSettings {
        certificate: Material::File(plain.certificate.clone()),
        revocation: Revocation::None,
    });
    stage.tls.swap(Pki::load(&both, Timestamp::now()).unwrap().0);
    assert!(is_served(&stage, Some(&guest)).await);
    assert!(is_served(&stage, Some(&stage.caller)).await);

    // The other authority's list says nothing about this one's certificates.
    both.anchors[1].revocation =
        Revocation::Required { list: Material::File(stage.authority.list.clone()), grace: Duration::ZERO };
    let faults = Pki::load(&both, Timestamp::now()).unwrap_err();
    assert_eq!(faults.iter().map(|fault| fault.rule).collect::<Vec<_>>(), ["revocation-list-of-another"]);

    // Nor does a list that an impostor signed in its name.
    let impostor = Authority::new("Goc Khong CRL", stage._folder.path());
    impostor.publish(&[], 7);
    both.anchors[1].revocation =
        Revocation::Required { list: Material::File(impostor.list), grace: Duration::ZERO };
    stage.tls.swap(Pki::load(&both, Timestamp::now()).unwrap().0);
    assert!(!is_served(&stage, Some(&guest)).await);
    assert!(is_served(&stage, Some(&stage.caller)).await);
}

#[test]
fn a_chain_needs_a_list_at_every_step() {
    let folder = tempfile::tempdir().unwrap();
    let root = Authority::new("Goc Thu", folder.path());
    let middle = root.intermediate("Cap Hai");
    let server = root.issue("cong", &["localhost"], 90);
    let caller = middle.issue("quan-ly", &["x.example"], 30);
    root.publish(&[], 7);
    let mut chain = caller.chain();
    let verdict = |chain: &[rustls::pki_types::CertificateDer<'static>]| {
        let peer = crate::host::peer::Peer::read(chain.to_vec()).unwrap();
        load(&root, &server, Duration::ZERO).revoked(&peer, Timestamp::now())
    };
    assert_eq!(verdict(&chain), Err(RevocationFault::Untrusted), "the intermediate was not sent");
    chain.push(middle.der());
    assert_eq!(verdict(&chain), Err(RevocationFault::StatusUnknown), "no list of the intermediate");

    let append = |days: i64, revoked: &[&Identity]| {
        root.publish(&[], 7);
        middle.publish(revoked, days);
        let both = [&root.list, &middle.list].map(|list| std::fs::read_to_string(list).unwrap()).concat();
        std::fs::write(&root.list, both).unwrap();
    };
    append(7, &[]);
    assert_eq!(verdict(&chain), Ok(()));
    append(-2, &[]);
    assert_eq!(verdict(&chain), Err(RevocationFault::ListStale), "the intermediate's list is stale");
    append(7, &[&caller]);
    assert_eq!(verdict(&chain), Err(RevocationFault::Revoked));
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_however_well_signed() {
    let stage = Stage::set(brisk());
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    // A subject alternative name (2.5.29.17): a URI that is no text. webpki does not look at it.
    params
        .custom_extensions
        .push(rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 17], vec![0x30, 4, 0x86, 2, 0xff, 0xfe]));
    let unreadable = stage.authority.issue_with("kho-doc", 30, params);
    assert!(crate::host::peer::facts(&unreadable.chain()[0]).is_err());
    assert!(!is_served(&stage, Some(&unreadable)).await);

    let mut params = rcgen::CertificateParams::new(vec!["x.example".to_owned()]).unwrap();
    params
        .custom_extensions
        .push(rcgen::CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], vec![5, 0]));
    let odd = stage.authority.issue_with("la-lung", 30, params);
    assert!(is_served(&stage, Some(&odd)).await, "an extension that nobody here knows does no harm");
}

#[tokio::test]
async fn only_certificates_made_for_clients_count() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("Goc Thu", folder.path());
    authority.publish(&[], 7);
    let server = authority.issue("cong", &["localhost"], 90);
    let mail = authority.issue_for("thu-dien-tu", rcgen::ExtendedKeyUsagePurpose::EmailProtection);
    let peer = crate::host::peer::Peer::read(mail.chain()).unwrap();
    let verdict = load(&authority, &server, Duration::ZERO).revoked(&peer, Timestamp::now());
    assert_eq!(verdict, Err(RevocationFault::WrongUse));
}
