//! Data passes, and only what may.

use std::{collections::BTreeSet, thread::sleep, time::Duration};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use support::{Ask, Behaviour};

use crate::{
    Journey, Scene, Step,
    records::{PERSON, PERSON_NUMBER, fresh_number, task_json, task_xml},
};

const TASKS: &str = "/api/G06/nhiem-vu/v1/records";
const HANOI_TASKS: &str = "/api/H26/nhiem-vu/v1/records";
const INFORMATION_SYSTEM: &str = "G06/he-thong-khcn";
const POPULATION: &str = "G01/he-thong-dan-cu";
const HANOI: &str = "H26/quan-ly-khcn";

/// What providers say that is nobody else's business (see the neighbours).
const PROVIDERS_OWN: [&str; 3] = ["simulated-neighbour", "session=of-the-provider", "db-01.noi-bo"];

/// The platform pushes a task.
pub const PUSH: Journey = Journey {
    vi: "Nền tảng số quản lý KH&CN quốc gia tự động đẩy một nhiệm vụ sang Hệ thống thông tin",
    en: "The national platform pushes a task to the information system",
    run: |scene| {
        let number = fresh_number("NT");
        let task = task_json(&number, "01");
        let push = Ask::post(TASKS, "application/json", task.clone())
            .purpose("cap-nhat-du-lieu")
            .header("Lt-User", "cb-0042")
            // A caller that says it is someone else: none of this may reach the provider.
            .header("Lt-Consumer", "G01/he-thong-dan-cu")
            .header("Lt-Agreement", "TT-9999-999")
            .header("X-Road-Service", "VN/GOV/G01/he-thong-dan-cu")
            .header("X-Forwarded-For", "203.0.113.7");
        let pushed = scene.ask("G06/nen-tang-khcn", push)?;
        pushed.granted(201, "TT-2026-001")?.hides(&PROVIDERS_OWN)?;
        ensure!(
            pushed.answer.header("location") == format!("{TASKS}/{}", percent(&number)),
            "{:?}",
            pushed.answer.headers
        );
        let seen = pushed.seen_by(INFORMATION_SYSTEM)?;
        ensure!((seen.method.as_str(), seen.path.as_str()) == ("POST", "/nhiem-vu"), "{seen:?}");
        ensure!(seen.body == task, "what arrived differs from what was pushed: {}", seen.body);
        for (name, value) in [
            ("lt-consumer", "G06/nen-tang-khcn"),
            ("lt-agreement", "TT-2026-001"),
            ("lt-purpose", "cap-nhat-du-lieu"),
            ("lt-user", "cb-0042"),
            ("lt-exchange-id", pushed.answer.header("lt-exchange-id")),
            ("content-type", "application/json"),
        ] {
            ensure!(seen.header(name) == [value], "{name}: {:?}, not {value}", seen.header(name));
        }
        for name in ["x-road-service", "x-forwarded-for"] {
            ensure!(seen.header(name).is_empty(), "`{name}` went through");
        }
        pushed.recorded("operation", &json!("submit"))?.recorded("records", &json!(1))?;
        ensure!(
            !pushed.record.to_string().contains(PERSON_NUMBER),
            "the record holds personal data: {}",
            pushed.record
        );

        let read = Ask::get(&format!("{TASKS}/{number}")).purpose("quan-ly-nhiem-vu");
        let read = scene.ask(HANOI, read)?;
        read.granted(200, "TT-2026-017")?;
        ensure!(
            read.answer.text() == task,
            "an unchanged reply must pass byte for byte: {}",
            read.answer.text()
        );

        let again = Ask::post(TASKS, "application/json", task).purpose("cap-nhat-du-lieu");
        let again = scene.ask("G06/nen-tang-khcn", again)?;
        again.refused(409, "provider-conflict", "status-409", "consumer")?;
        Ok(())
    },
};

/// Hà Nội submits in XML what the information system receives in JSON.
pub const SUBMIT_IN_XML: Journey = Journey {
    vi: "Hà Nội nộp một nhiệm vụ bằng XML, Hệ thống thông tin nhận JSON",
    en: "Hà Nội submits a task in XML, the information system receives JSON",
    run: |scene| {
        let number = fresh_number("HN");
        let submit = Ask::post(TASKS, "application/xml; charset=utf-8", task_xml(&number, "01"))
            .purpose("cap-nhat-du-lieu");
        let submitted = scene.ask(HANOI, submit)?;
        submitted.granted(201, "TT-2026-017")?;
        let seen = submitted.seen_by(INFORMATION_SYSTEM)?;
        ensure!(seen.header("content-type") == ["application/json"], "{seen:?}");
        let arrived: Value = serde_json::from_str(&seen.body).context("the provider received no JSON")?;
        let meant: Value = serde_json::from_str(&task_json(&number, "01"))?;
        ensure!(arrived == meant, "translation changed the task:\n{arrived}\n{meant}");
        // serde_json compares numbers by value: the digits are compared as text.
        ensure!(
            seen.body.contains("12.50") && seen.body.contains("2450000000"),
            "a number's digits changed: {}",
            seen.body
        );
        ensure!(
            submitted.answer.header("content-type").starts_with("application/xml"),
            "{:?}",
            submitted.answer.headers
        );
        same_xml(&submitted.answer.text(), &task_xml(&number, "01"))?;

        let read = Ask::get(&format!("{TASKS}/{number}"))
            .purpose("quan-ly-nhiem-vu")
            .header("Accept", "application/xml");
        let read = scene.ask(HANOI, read)?;
        read.granted(200, "TT-2026-017")?;
        same_xml(&read.answer.text(), &task_xml(&number, "01"))?;

        let elsewhere = Ask::post(TASKS, "application/xml", task_xml(&fresh_number("HN"), "79"))
            .purpose("cap-nhat-du-lieu");
        let elsewhere = scene.ask(HANOI, elsewhere)?;
        elsewhere.refused(403, "record-outside-scope", "record-outside-scope", "consumer")?.unseen()?;
        Ok(())
    },
};

/// The partner reads Hà Nội's tasks.
pub const PARTNER_READS: Journey = Journey {
    vi: "Cơ quan đối tác đọc nhiệm vụ của Hà Nội: JSON, định danh chủ nhiệm được thay bằng bí danh, chỉ bản ghi được phép",
    en: "The partner reads Hà Nội's tasks: as JSON, pseudonymised, permitted records only",
    run: |scene| {
        let list = || Ask::get(HANOI_TASKS).purpose("quan-ly-nhiem-vu").header("Accept", "application/json");
        let read = scene.ask("G03/thu-vien", list())?;
        read.granted(200, "TT-2026-018")?.hides(&PROVIDERS_OWN)?;
        ensure!(read.seen_by(HANOI)?.header("accept") == ["application/xml"], "the provider speaks XML");
        ensure!(
            read.answer.header("content-type").starts_with("application/json"),
            "{:?}",
            read.answer.headers
        );
        // Names, numbers, budgets, documents of the people in Hà Nội's records.
        read.hides(&[
            "Nguyễn Văn Mẫu",
            "Trần Thị Thử",
            "Sample Person",
            "001099000001",
            "00X0000001",
            "2450000000",
        ])?;
        // The record whose lead organisation sits outside the provinces agreed.
        read.hides(&["HN-2026-003", "Ngô Thị Giả Sử", "031190000032"])?;
        let body = read.answer.json();
        let records = body.as_array().context("an array of records")?;
        let numbers: BTreeSet<&str> = records.iter().filter_map(|record| record["MaSo"].as_str()).collect();
        ensure!(
            numbers.is_superset(&BTreeSet::from(["HN-2025-001", "HN-2024-007", "HN-2023-015"])),
            "{numbers:?}"
        );
        for record in records {
            let names: Vec<&str> =
                record.as_object().context("a record")?.keys().map(String::as_str).collect();
            let released = [
                "MaSo",
                "TenNhiemVu",
                "MaLinhVuc",
                "ToChucChuTri",
                "MaTinh",
                "CapQuanLy",
                "ChuNhiem",
                "ThoiGianBatDau",
                "ThoiGianKetThuc",
                "TinhTrang",
            ];
            ensure!(names == released, "fields released: {names:?}");
            let person = record["ChuNhiem"].as_object().context("a person")?;
            ensure!(person.keys().eq(["SoDinhDanh"]), "of a person only a pseudonym: {person:?}");
        }
        let pseudonym = |body: &Value, number: &str| -> Option<String> {
            let record = body.as_array()?.iter().find(|record| record["MaSo"] == number)?;
            Some(record["ChuNhiem"]["SoDinhDanh"].as_str()?.to_owned())
        };
        let first = pseudonym(&body, "HN-2025-001").context("a pseudonym")?;
        ensure!(Some(&first) != pseudonym(&body, "HN-2024-007").as_ref(), "two people under one pseudonym");
        let again = scene.ask("G03/thu-vien", list())?;
        ensure!(pseudonym(&again.answer.json(), "HN-2025-001") == Some(first), "the pseudonym changed");

        let one = Ask::get(&format!("{HANOI_TASKS}/HN-2026-003")).purpose("quan-ly-nhiem-vu");
        let outside = scene.ask("G03/thu-vien", one)?;
        outside.refused(404, "record-not-found", "record-not-found", "consumer")?;
        Ok(())
    },
};

/// A person is verified.
pub const VERIFY: Journey = Journey {
    vi: "Xác thực một người với Cơ sở dữ liệu quốc gia về dân cư: chỉ có kết quả, không gì khác",
    en: "A person is verified with the population database: a verdict and nothing else",
    run: |scene| {
        let ask = |number: &str, name: &str, born: &str| {
            let person = json!({"SoDinhDanh": number, "HoVaTen": name, "NgaySinh": born});
            Ask::post("/api/G01/dan-cu/v1/verify", "application/json", person.to_string())
                .purpose("xac-thuc-nhan-luc")
                .header("Lt-User", "cb-0042")
        };
        let cases = [
            (ask("001199000021", "HOÀNG THỊ MINH HỌA", "1985-03-14"), "khop"),
            (ask("001199000021", "Hoàng Thị Minh Họa", "1985"), "khop"),
            (ask("001199000021", "HOÀNG THỊ MINH HỌA", "1986-03-14"), "khong-khop"),
            (ask("001199000099", "HOÀNG THỊ MINH HỌA", "1985-03-14"), "khong-ton-tai"),
        ];
        for (ask, verdict) in cases {
            let verified = patiently(scene, INFORMATION_SYSTEM, &ask)?;
            verified.granted(200, "TT-2026-024")?;
            ensure!(
                verified.answer.text() == format!(r#"{{"KetQua":"{verdict}"}}"#),
                "{}, not {verdict}",
                verified.answer.text()
            );
            let seen = verified.seen_by(POPULATION)?;
            ensure!(
                seen.header("content-type").iter().all(|media| media.starts_with("text/xml")),
                "{seen:?}"
            );
            verified.hides(&["001199000021", "001199000099", "Minh Họa", "MINH HỌA"])?;
            ensure!(
                verified.record["subject"].as_str().is_some_and(|hash| hash.len() == 64),
                "{}",
                verified.record
            );
        }
        // An outage is never a yes.
        scene.sandbox.neighbour(POPULATION)?.behave(&Behaviour::Down)?;
        let out =
            patiently(scene, INFORMATION_SYSTEM, &ask("001199000021", "HOÀNG THỊ MINH HỌA", "1985-03-14"));
        scene.sandbox.neighbour(POPULATION)?.behave(&Behaviour::Proper)?;
        let out = out?;
        ensure!(
            out.answer.status >= 500,
            "an outage was answered {}: {}",
            out.answer.status,
            out.answer.text()
        );
        out.recorded("fault", &json!("provider"))?;
        Ok(())
    },
};

/// The portal reads open fields.
pub const PORTAL_READS: Journey = Journey {
    vi: "Cổng dữ liệu mở đọc các trường mở, không gì khác",
    en: "The open-data portal reads open fields and nothing else",
    run: |scene| {
        let read = Ask::get(&format!("{TASKS}?MaTinh=01")).purpose("cong-bo-du-lieu-mo");
        let read = scene.ask("G06/cong-du-lieu-mo", read)?;
        read.granted(200, "TT-2026-020")?.hides(&PROVIDERS_OWN)?;
        let body = read.answer.json();
        let records = body.as_array().context("an array of records")?;
        ensure!(records.len() >= 2 && records.iter().all(|record| record["MaTinh"] == "01"), "{body}");
        let closed = ["ChuNhiem", "ThanhVien", "KinhPhi", "UngDung", "CapNhatLuc"];
        for record in records {
            ensure!(
                closed.iter().all(|name| record.get(name).is_none()),
                "a field that is not open: {record}"
            );
        }
        // Open fields inside a list whose other fields are not.
        let product = records.iter().find_map(|record| record["SanPham"].get(0)).context("a product")?;
        ensure!(product.get("Ten").is_some() && product.get("DaDangKyBaoHo").is_none(), "{product}");
        read.hides(&["Hoàng Thị Minh Họa", "001199000021", "3200000000"])?;

        let organisations = Ask::get("/api/G06/to-chuc/v1/records").purpose("cong-bo-du-lieu-mo");
        let organisations = scene.ask("G06/cong-du-lieu-mo", organisations)?;
        organisations.granted(200, "TT-2026-021")?.hides(&["12000000000", "800000000"])?;
        let text = organisations.answer.text();
        ensure!(
            !text.contains("KinhPhiHoatDong") && !text.contains("CoSoVatChat"),
            "a field that is not open: {text}"
        );
        Ok(())
    },
};

/// A relay asks for Hà Nội.
pub const RELAY: Journey = Journey {
    vi: "Trục liên thông hỏi thay Hà Nội, theo thỏa thuận của Hà Nội",
    en: "A relay asks on behalf of Hà Nội, under Hà Nội's agreements",
    run: |scene| {
        let ask = || Ask::get(TASKS).purpose("quan-ly-nhiem-vu");
        let relayed = scene.ask("G06/truc-lien-thong", ask().header("Lt-On-Behalf-Of", "H26"))?;
        relayed.granted(200, "TT-2026-017")?.recorded("represented", &json!("H26"))?;
        let seen = relayed.seen_by(INFORMATION_SYSTEM)?;
        ensure!(
            seen.header("lt-on-behalf-of") == ["H26"]
                && seen.header("lt-consumer") == ["G06/truc-lien-thong"],
            "{seen:?}"
        );
        let records = relayed.answer.json();
        let records = records.as_array().context("an array of records")?;
        ensure!(
            !records.is_empty() && records.iter().all(|record| record["MaTinh"] == "01"),
            "records of Hà Nội only"
        );

        let other = scene.ask("G06/truc-lien-thong", ask().header("Lt-On-Behalf-Of", "G03"))?;
        other.refused(403, "relay-not-allowed", "relay-not-allowed", "consumer")?.unseen()?;
        let own = scene.ask("G06/truc-lien-thong", ask())?;
        own.refused(403, "no-agreement", "no-agreement", "consumer")?.unseen()?;
        Ok(())
    },
};

/// A reply that breaks its contract is stopped.
pub const BROKEN_REPLY: Journey = Journey {
    vi: "Trả lời trái hợp đồng dữ liệu bị chặn, không gì lọt ra ngoài",
    en: "A reply that breaks its contract is stopped, and nothing of it leaks",
    run: |scene| {
        let provider = scene.sandbox.neighbour(INFORMATION_SYSTEM)?;
        let cases = [
            ("MaTinh", json!("BI-MAT-77")),
            ("KinhPhi", json!("BI-MAT-77")),
            ("NoiDungChinh", json!("BI-MAT-77")),
        ];
        for (field, value) in cases {
            provider.behave(&Behaviour::Garble { field: field.to_owned(), value })?;
            let read = scene.ask("G06/cong-du-lieu-mo", Ask::get(TASKS).purpose("cong-bo-du-lieu-mo"));
            provider.behave(&Behaviour::Proper)?;
            let read = read?;
            read.refused(502, "provider-broke-contract", "nhiem-vu@1", "provider")?;
            read.hides(&["BI-MAT-77", "Hoàng Thị Minh Họa", "DTDL-2025-011", PERSON])?;
            let problem = read.answer.json();
            let paths: Vec<&str> = problem["violations"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|found| found["path"].as_str())
                .collect();
            ensure!(
                paths.iter().any(|path| path.ends_with(&format!("/{field}"))),
                "no violation names `{field}`: {problem}"
            );
        }
        Ok(())
    },
};

/// Asks as a well-behaved caller does: what came too fast is asked again when the answer says.
fn patiently(scene: &mut Scene<'_>, system: &str, ask: &Ask) -> Result<Step> {
    loop {
        let step = scene.ask(system, ask.clone())?;
        if step.answer.status != 429 {
            return Ok(step);
        }
        step.refused(429, "quota-exceeded", "rate", "consumer")?.unseen()?;
        let seconds = step.answer.header("retry-after").parse().context("Retry-After in seconds")?;
        sleep(Duration::from_secs(seconds));
    }
}

/// Escaped as the gateway escapes a key in `Location`.
fn percent(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

/// Same elements, attributes and texts; layout aside.
fn same_xml(is: &str, must: &str) -> Result<()> {
    fn flat(node: roxmltree::Node<'_, '_>, out: &mut String) {
        for child in node.children() {
            if child.is_element() {
                out.push_str(&format!("<{:?}", child.tag_name()));
                let mut attributes: Vec<_> = child
                    .attributes()
                    .map(|a| format!(" {:?}/{}={:?}", a.namespace(), a.name(), a.value()))
                    .collect();
                attributes.sort();
                out.push_str(&attributes.concat());
                out.push('>');
                flat(child, out);
                out.push_str("</>");
            } else if let Some(text) = child.text().filter(|text| !text.trim().is_empty()) {
                out.push_str(text);
            }
        }
    }
    let read = |text: &str| -> Result<String> {
        let document = roxmltree::Document::parse(text).with_context(|| format!("not XML: {text}"))?;
        let mut out = String::new();
        flat(document.root(), &mut out);
        Ok(out)
    };
    let (is, must) = (read(is)?, read(must)?);
    ensure!(is == must, "the XML differs:\n{is}\n{must}");
    Ok(())
}
