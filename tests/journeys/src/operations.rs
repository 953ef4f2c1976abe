//! An operator changes documents while the gateway serves. Every journey leaves them as they were.

use std::time::Duration;

use anyhow::{Result, ensure};
use support::{Ask, Documents};

use crate::{Journey, Scene, patience::until};

const TASKS: &str = "/api/G06/nhiem-vu/v1/records";
const PORTAL: &str = "G06/cong-du-lieu-mo";
/// A change to a document has effect within this time.
const EFFECT: Duration = Duration::from_secs(1);

/// An agreement is edited.
pub const EDIT: Journey = Journey {
    vi: "Người vận hành sửa một thỏa thuận, yêu cầu kế tiếp tuân theo ngay",
    en: "An operator edits an agreement, and the next request obeys it",
    run: |scene| {
        let document = "agreements/TT-2026-020.toml";
        let titles = |scene: &mut Scene<'_>| -> Result<bool> {
            let step = scene.ask(PORTAL, Ask::get(TASKS).purpose("cong-bo-du-lieu-mo"))?;
            step.granted(200, "TT-2026-020")?;
            Ok(step.answer.text().contains("TenNhiemVu"))
        };
        ensure!(titles(scene)?, "the portal reads titles");
        let _restored = Restored::from(scene, &[document])?;
        scene.sandbox.documents.edit(document, r#""MaSo", "TenNhiemVu", "#, r#""MaSo", "#)?;
        let portal = scene.sandbox.identity(PORTAL)?;
        until("the edited agreement", || {
            let answer = scene.answer(&portal, &Ask::get(TASKS).purpose("cong-bo-du-lieu-mo"))?;
            Ok((answer.status == 200 && !answer.text().contains("TenNhiemVu")).then_some(()))
        })?;
        ensure!(!titles(scene)?, "the portal still reads titles");
        Ok(())
    },
};

/// An emergency stop beside a broken document.
pub const SUSPEND: Journey = Journey {
    vi: "Lệnh đình chỉ có hiệu lực ngay cả khi một tài liệu khác đang hỏng",
    en: "A suspension acts while another document is broken",
    run: |scene| {
        let (broken, stop) = ("agreements/TT-2026-999.toml", "suspensions/DC-2026-999.toml");
        let _restored = Restored::from(scene, &[broken, stop])?;
        scene.sandbox.documents.put(broken, "id = \"TT-2026-999\"\nconsumer = ")?;
        let order = "id = \"DC-2026-999\"\nsystem = \"G06/cong-du-lieu-mo\"\nfrom = 2026-01-01\n\
                     reason = { vi = \"Diễn tập ứng cứu sự cố\", en = \"Incident drill\" }\n";
        scene.sandbox.documents.put(stop, order)?;
        let portal = scene.sandbox.identity(PORTAL)?;
        until("the suspension", || {
            let answer = scene.answer(&portal, &Ask::get(TASKS).purpose("cong-bo-du-lieu-mo"))?;
            Ok((answer.status == 403).then_some(()))
        })?;
        let step = scene.ask(PORTAL, Ask::get(TASKS).purpose("cong-bo-du-lieu-mo"))?;
        step.refused(403, "suspended", "suspended", "consumer")?.unseen()?;
        ensure!(
            step.answer.json()["detail"].as_str().is_some_and(|text| text.contains("Diễn tập")),
            "the reason is not told"
        );
        // Everyone else is served by the last good documents.
        let other = scene.ask("H26/quan-ly-khcn", Ask::get(TASKS).purpose("quan-ly-nhiem-vu"))?;
        other.granted(200, "TT-2026-017")?;
        Ok(())
    },
};

/// A past refusal is explained after the agreement has changed.
pub const EXPLAIN: Journey = Journey {
    vi: "Giải thích lại một lần từ chối đã qua, kể cả khi thỏa thuận nay đã khác",
    en: "A past refusal is explained again, although the agreement has changed since",
    run: |scene| {
        let document = "agreements/TT-2026-018.toml";
        let xml = || {
            let ask = Ask::get("/api/H26/nhiem-vu/v1/records").purpose("quan-ly-nhiem-vu");
            ask.header("Accept", "application/xml, application/problem+json;q=0.9")
        };
        let refused = scene.ask("G03/thu-vien", xml())?;
        ensure!(refused.answer.status == 403, "{}", refused.answer.text());
        refused.recorded("rule", &"format-not-agreed".into())?;
        let exchange = refused.answer.header("lt-exchange-id").to_owned();

        let _restored = Restored::from(scene, &[document])?;
        scene.sandbox.documents.edit(document, r#"formats = ["json"]"#, r#"formats = ["json", "xml"]"#)?;
        let partner = scene.sandbox.identity("G03/thu-vien")?;
        until("the wider agreement", || Ok((scene.answer(&partner, &xml())?.status == 200).then_some(())))?;

        let settings = scene.sandbox.documents.settings();
        let config = settings.to_string_lossy();
        let told =
            scene.sandbox.lienthong(&["--lang", "en", "explain", "-c", &config, "--exchange", &exchange])?;
        ensure!(told.status.code() == Some(1), "a refusal is explained with exit code 1: {told:?}");
        for text in ["format-not-agreed", "REFUSED", "TT-2026-018", "G03/thu-vien"] {
            ensure!(told.out.contains(text), "`{text}` is missing: {}", told.out);
        }
        let question = ["--consumer", "G03/thu-vien", "--service", "H26/nhiem-vu", "--operation", "query"];
        let rest = ["--purpose", "quan-ly-nhiem-vu", "--format", "xml"];
        let now = [&["--lang", "en", "explain", "-c", &*config][..], &question, &rest].concat();
        let now = scene.sandbox.lienthong(&now)?;
        ensure!(
            now.status.success() && now.out.contains("SHARED"),
            "today the same question is allowed: {now:?}"
        );
        Ok(())
    },
};

/// Puts documents back as they were, whatever happens, and gives the gateway time to see it.
struct Restored {
    documents: Documents,
    texts: Vec<(String, Option<String>)>,
}

impl Restored {
    fn from(scene: &Scene<'_>, names: &[&str]) -> Result<Self> {
        let documents = scene.sandbox.documents.clone();
        let texts = names.iter().map(|name| ((*name).to_owned(), documents.text(name).ok())).collect();
        Ok(Self { documents, texts })
    }
}

impl Drop for Restored {
    fn drop(&mut self) {
        for (name, text) in &self.texts {
            // A journey that failed says why itself.
            let _ = match text {
                Some(text) => self.documents.put(name, text),
                None => self.documents.remove(name),
            };
        }
        std::thread::sleep(EFFECT);
    }
}
