//! What must be refused is refused, with the right status, type and rule; the provider saw nothing.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use support::{Ask, Http, Identity, sandbox::REVOKED as REVOKED_SYSTEM};

use crate::{
    Journey, Scene,
    patience::until,
    records::{PERSON, PERSON_NUMBER, fresh_number, task_json},
};

const TASKS: &str = "/api/G06/nhiem-vu/v1/records";
const HANOI: &str = "H26/quan-ly-khcn";

/// A task that breaks its contract.
pub const SCHEMA_VIOLATION: Journey = Journey {
    vi: "Dữ liệu trái hợp đồng bị từ chối, nêu từng chỗ sai mà không nêu giá trị",
    en: "Data that breaks its contract is refused, each place named and no value told",
    run: |scene| {
        let good = task_json(&fresh_number("SAI"), "01");
        let bad = good
            .replace(r#""MaTinh":"01""#, r#""MaTinh":"00-SAI""#)
            .replace(r#""KinhPhi":2450000000"#, r#""KinhPhi":"nhiều-SAI""#)
            .replace(PERSON_NUMBER, "12345-SAI")
            .replace(r#","TinhTrang":"da-ung-dung""#, "")
            .replace(r#""CapQuanLy""#, r#""TruongLa":"SAI","CapQuanLy""#);
        let push = Ask::post(TASKS, "application/json", bad).purpose("cap-nhat-du-lieu");
        let refused = scene.ask("G06/nen-tang-khcn", push)?;
        refused.refused(422, "contract-violation", "nhiem-vu@1", "consumer")?.unseen()?;
        refused.hides(&["SAI", PERSON])?;
        let problem = refused.answer.json();
        let violations = problem["violations"].as_array().context("violations")?;
        let found = |path: &str| violations.iter().any(|violation| violation["path"] == path);
        for path in ["/MaTinh", "/KinhPhi", "/ChuNhiem/SoDinhDanh"] {
            ensure!(found(path), "no violation at {path}: {problem}");
        }
        let rules: Vec<&str> = violations.iter().filter_map(|violation| violation["rule"].as_str()).collect();
        for rule in ["required", "type", "unknown-field"] {
            ensure!(rules.contains(&rule), "no violation of `{rule}`: {problem}");
        }
        ensure!(
            violations
                .iter()
                .all(|violation| violation["message"].as_str().is_some_and(|text| !text.is_empty())),
            "{problem}"
        );

        for (media, body, rule) in [
            ("application/json", r#"{"MaSo":"a","MaSo":"b"}"#.to_owned(), "duplicate-key"),
            ("application/json", "{\"MaSo\":".to_owned(), "not-well-formed"),
            ("application/xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>".to_owned(), "doctype"),
        ] {
            let caller = if media.ends_with("xml") { HANOI } else { "G06/nen-tang-khcn" };
            let unreadable = scene.ask(caller, Ask::post(TASKS, media, body).purpose("cap-nhat-du-lieu"))?;
            unreadable.refused(400, "unreadable", rule, "consumer")?.unseen()?;
        }
        Ok(())
    },
};

/// No purpose.
pub const MISSING_PURPOSE: Journey = Journey {
    vi: "Thiếu mục đích thì không có dữ liệu",
    en: "No purpose, no data",
    run: |scene| {
        refuse(scene, HANOI, Ask::get(TASKS), 403, "purpose-missing")?;
        refuse(scene, HANOI, Ask::get(TASKS).purpose("to-mo"), 403, "purpose-unknown")?;
        refuse(scene, HANOI, Ask::get(TASKS).purpose("thong-ke"), 403, "purpose-not-agreed")
    },
};

/// A filter on a field that is not released would let hidden values be guessed.
pub const FILTER_NOT_RELEASED: Journey = Journey {
    vi: "Lọc theo trường không được chia sẻ bị từ chối, để không ai đoán được giá trị đã giấu",
    en: "A filter on a field that is not released is refused, lest hidden values be guessed",
    run: |scene| {
        let portal = "G06/cong-du-lieu-mo";
        let by =
            |field: &str| Ask::get(&format!("{TASKS}?{field}=001199000021")).purpose("cong-bo-du-lieu-mo");
        for field in ["ChuNhiem.SoDinhDanh", "KinhPhi"] {
            let step = scene.ask(portal, by(field))?;
            step.refused(403, "filter-not-released", "filter-not-released", "consumer")?
                .unseen()?
                .hides(&["001199000021"])?;
        }
        // Masked is not released: a pseudonym must not be tried out one number after the other.
        let partner = Ask::get("/api/H26/nhiem-vu/v1/records?ChuNhiem.SoDinhDanh=001099000001")
            .purpose("quan-ly-nhiem-vu");
        let step = scene.ask("G03/thu-vien", partner)?;
        step.refused(403, "filter-not-released", "filter-not-released", "consumer")?
            .unseen()?
            .hides(&["001099000001"])?;
        Ok(())
    },
};

/// An agreement that has expired.
pub const EXPIRED_AGREEMENT: Journey = Journey {
    vi: "Thỏa thuận hết hiệu lực thì bị từ chối",
    en: "An expired agreement is refused",
    run: |scene| {
        refuse(scene, "G03/thong-ke-dao-tao", Ask::get(TASKS).purpose("thong-ke"), 403, "agreement-expired")
    },
};

/// A format that the agreement does not name.
pub const WRONG_FORMAT: Journey = Journey {
    vi: "Định dạng ngoài thỏa thuận bị từ chối",
    en: "A format outside the agreement is refused",
    run: |scene| {
        let xml = Ask::get("/api/H26/nhiem-vu/v1/records")
            .purpose("quan-ly-nhiem-vu")
            .header("Accept", "application/xml");
        let step = scene.ask("G03/thu-vien", xml.header("Accept-Language", "en"))?;
        step.unseen()?;
        // Who reads XML is told in XML.
        let text = step.answer.text();
        ensure!(step.answer.status == 403, "{}: {text}", step.answer.status);
        ensure!(
            step.answer.header("content-type").starts_with("application/problem+xml"),
            "{:?}",
            step.answer.headers
        );
        ensure!(text.contains("<rule>format-not-agreed</rule>"), "{text}");
        step.recorded("rule", &Value::from("format-not-agreed"))?;
        let sent = Ask::post(TASKS, "application/xml", "<a/>")
            .purpose("cap-nhat-du-lieu")
            .header("Accept", "application/json");
        refuse(scene, "G06/nen-tang-khcn", sent, 403, "format-not-agreed")
    },
};

/// A quota of five a day.
pub const QUOTA_SPENT: Journey = Journey {
    vi: "Hết hạn mức trong ngày thì phải chờ",
    en: "A spent quota has to wait",
    run: |scene| {
        let ask = || Ask::get(TASKS).purpose("thong-ke");
        for _ in 0..6 {
            let step = scene.ask("G03/thu-vien", ask())?;
            if step.answer.status != 429 {
                step.granted(200, "TT-2026-022")?;
                continue;
            }
            step.refused(429, "quota-exceeded", "per-day-requests", "consumer")?.unseen()?;
            let wait: u64 = step.answer.header("retry-after").parse().context("Retry-After in seconds")?;
            // Until the day ends in Viet Nam, at most.
            ensure!((1..=86_400).contains(&wait), "Retry-After: {wait}");
            return Ok(());
        }
        anyhow::bail!("six requests passed a quota of five a day")
    },
};

/// A suspended system.
pub const SUSPENDED: Journey = Journey {
    vi: "Hệ thống bị đình chỉ bị từ chối",
    en: "A suspended system is refused",
    run: |scene| {
        refuse(scene, "H26/he-thong-cu", Ask::get(TASKS).purpose("quan-ly-nhiem-vu"), 403, "suspended")
    },
};

/// A certificate that is revoked while its connection is open, and one that was revoked before.
pub const REVOKED: Journey = Journey {
    vi: "Chứng thư bị thu hồi: kết nối đang mở bị từ chối, kết nối mới không vào được",
    en: "A revoked certificate: an open connection is refused, a new one does not get in",
    run: |scene| {
        let pki = &scene.sandbox.pki;
        let revoked = scene.sandbox.identity(REVOKED_SYSTEM)?;
        let before = scene.seen_so_far()?;
        let refused = scene.answer(&revoked, &Ask::get("/api"));
        ensure!(refused.is_err(), "a revoked certificate got an answer: {refused:?}");
        // The alert can be lost when the connection closes; the operator's line cannot.
        told(scene, "certificate-revoked", &revoked)?;

        // The same system with a new certificate, which is revoked in its turn.
        let renewed = pki.system(REVOKED_SYSTEM)?;
        let mut line = scene.sandbox.caller(&renewed, Http::One)?.connect()?;
        let answer = line.ask(Ask::get("/api"))?;
        ensure!(answer.status == 200, "a new certificate is good: {}", answer.text());
        pki.revoke(&[&revoked, &renewed])?;
        let answer = until("the revocation", || {
            let answer = line.ask(Ask::get("/api"))?;
            Ok((answer.status != 200).then_some(answer))
        })?;
        let step = scene.gather(REVOKED_SYSTEM, Ask::get("/api"), answer, before)?;
        step.refused(403, "certificate-revoked", "certificate-revoked", "consumer")?.unseen()?;
        Ok(())
    },
};

/// A trusted certificate of nobody we know, and one that nobody trusts.
pub const UNKNOWN: Journey = Journey {
    vi: "Hệ thống không đăng ký bị từ chối; chứng thư không đáng tin không vào được",
    en: "An unregistered system is refused; an untrusted certificate does not get in",
    run: |scene| {
        let identity = scene.sandbox.pki.system("H99/khong-dang-ky")?;
        let step =
            scene.ask_as("H99/khong-dang-ky", &identity, Ask::get(TASKS).purpose("quan-ly-nhiem-vu"))?;
        step.refused(403, "system-unknown", "system-unknown", "consumer")?.unseen()?;

        let stranger = scene.sandbox.pki.stranger(HANOI)?;
        let before = scene.seen_so_far()?;
        let refused = scene.answer(&stranger, &Ask::get(TASKS).purpose("quan-ly-nhiem-vu"));
        ensure!(refused.is_err(), "an untrusted certificate got an answer: {refused:?}");
        told(scene, "certificate-untrusted", &stranger)?;
        ensure!(scene.seen_so_far()? == before, "a provider saw an untrusted caller");
        Ok(())
    },
};

/// The operator is told which certificate was refused, by which rule, and what to do.
fn told(scene: &Scene<'_>, rule: &str, identity: &Identity) -> Result<()> {
    let serial = identity.serial();
    until(&format!("the operator's line of `{rule}`"), || {
        let log = scene.sandbox.log();
        let line = log.lines().find(|line| line.contains(rule) && line.contains(&serial));
        Ok(line.is_some_and(|line| line.contains("remedy")).then_some(()))
    })
}

fn refuse(scene: &mut Scene<'_>, caller: &str, ask: Ask, status: u16, rule: &str) -> Result<()> {
    scene.ask(caller, ask)?.refused(status, rule, rule, "consumer")?.unseen()?;
    Ok(())
}
