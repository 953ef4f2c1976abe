//! What the demo says, in Vietnamese or English.

use std::{env, net::SocketAddr, time::Duration};

use journeys::{Journey, Step};
use serde_json::Value;
use support::Sandbox;

/// How much of a body is shown.
const EXCERPT: usize = 220;

/// Words of one language.
#[derive(Clone, Copy)]
pub enum Words {
    /// Vietnamese, unless asked otherwise.
    Vi,
    /// English.
    En,
}

impl Words {
    /// `--lang`, or else the environment's language.
    pub fn chosen(asked: Option<&str>) -> Self {
        let locale = || {
            ["LC_ALL", "LC_MESSAGES", "LANG"]
                .iter()
                .find_map(|name| env::var(name).ok().filter(|v| !v.is_empty()))
        };
        match asked {
            Some("en") => Self::En,
            Some(_) => Self::Vi,
            None if locale().is_some_and(|locale| locale.starts_with("en")) => Self::En,
            None => Self::Vi,
        }
    }

    fn pick(self, vi: &'static str, en: &'static str) -> &'static str {
        match self {
            Self::Vi => vi,
            Self::En => en,
        }
    }

    pub fn opening(self) -> &'static str {
        self.pick(
            "Liên Thông: môi trường thử. Các hệ thống lân cận là giả lập; mọi người, tổ chức và số liệu đều hư cấu.",
            "Liên Thông sandbox. The neighbours are simulated; every person, organisation and number is invented.",
        )
    }

    pub fn taken(self, address: SocketAddr) -> String {
        match self {
            Self::Vi => format!(
                "cổng {address} đang được chương trình khác dùng; hãy dừng chương trình đó (có thể là một phần trình diễn khác) rồi chạy lại"
            ),
            Self::En => format!(
                "{address} is in use by another program; stop it (is another demo running?) and try again"
            ),
        }
    }

    pub fn neighbour(self, system: &str, address: &str) -> String {
        format!("  {system:<20} https://{address}  {}", self.pick("(giả lập)", "(simulated)"))
    }

    pub fn gateway(self, sandbox: &Sandbox) -> String {
        let (name, admin) = self.pick2(("cổng Liên Thông", "vận hành"), ("the gateway", "operators"));
        format!(
            "  {name:<20} https://localhost:{}  {admin}: http://{}",
            sandbox.address.port(),
            sandbox.admin
        )
    }

    pub fn title(self, journey: &Journey) -> &'static str {
        self.pick(journey.vi, journey.en)
    }

    /// Asked, decided, exchanged, recorded.
    pub fn step(self, step: &Step) -> String {
        let labels = match self {
            Self::Vi => ["hỏi", "quyết định", "trao đổi", "trả lời", "ghi nhận"],
            Self::En => ["asked", "decided", "exchanged", "answered", "recorded"],
        };
        let [asked, decided, exchanged, answered, recorded] = labels;
        [
            (asked, self.asked(step)),
            (decided, self.decided(&step.record)),
            (exchanged, self.exchanged(step)),
            (answered, self.answered(step)),
            (recorded, self.recorded(&step.record)),
        ]
        .map(|(label, text)| {
            format!("    {}{label} {text}", " ".repeat(11_usize.saturating_sub(label.chars().count())))
        })
        .join("\n")
    }

    fn asked(self, step: &Step) -> String {
        let headers: String =
            step.ask.headers().iter().map(|(name, value)| format!(" · {name}: {value}")).collect();
        let body = match step.ask.content().len() {
            0 => String::new(),
            bytes => format!(" · {bytes} {}", self.pick("byte", "bytes")),
        };
        format!("{} → {}{headers}{body}", step.caller, step.ask.line())
    }

    fn decided(self, record: &Value) -> String {
        let text = |name: &str| record.get(name).and_then(Value::as_str);
        if text("decision") == Some("granted") {
            let under = match text("agreement") {
                Some(agreement) => format!("{} {agreement}", self.pick("theo thỏa thuận", "under agreement")),
                None => self
                    .pick("theo hình thức chia sẻ của dịch vụ", "by the service's sharing mode")
                    .to_owned(),
            };
            return format!("✓ {} {under}", self.pick("được chia sẻ", "shared"));
        }
        let fault = match text("fault") {
            Some("consumer") => self.pick("bên sử dụng", "the consumer"),
            Some("provider") => self.pick("bên cung cấp", "the provider"),
            Some("gateway") => self.pick("cổng", "the gateway"),
            _ => "?",
        };
        let (refused, whose) = self.pick2(("bị từ chối", "nguyên nhân từ"), ("refused", "fault of"));
        format!("✗ {refused}: {} ({whose} {fault})", text("rule").unwrap_or("?"))
    }

    fn exchanged(self, step: &Step) -> String {
        if step.seen.is_empty() {
            return self.pick("bên cung cấp không nhận được gì", "the provider saw nothing").to_owned();
        }
        let one = |(system, seen): &(String, support::Seen)| {
            let query = if seen.query.is_empty() { String::new() } else { format!("?{}", seen.query) };
            let media = seen.header("content-type").concat();
            let body = if seen.body.is_empty() {
                String::new()
            } else {
                format!(" · {media} {}", excerpt(&seen.body))
            };
            format!("{system} {} {} {}{query}{body}", self.pick("nhận", "received"), seen.method, seen.path)
        };
        step.seen.iter().map(one).collect::<Vec<_>>().join("; ")
    }

    fn answered(self, step: &Step) -> String {
        let wait = match step.answer.header("retry-after") {
            "" => String::new(),
            seconds => format!(" · Retry-After: {seconds}"),
        };
        let media = step.answer.header("content-type");
        format!("{}{wait} · {media} {}", step.answer.status, excerpt(&step.answer.text()))
    }

    fn recorded(self, record: &Value) -> String {
        let number = |name: &str| record.get(name).and_then(Value::as_u64).unwrap_or(0);
        let withheld = record.get("withheld").and_then(Value::as_array).map_or(0, Vec::len);
        let id = record.get("exchange").and_then(Value::as_str).unwrap_or("?");
        let (records, fields) = self.pick2(("bản ghi", "trường giữ lại"), ("records", "fields withheld"));
        format!("{id} · {} · {} {records} · {withheld} {fields}", number("status"), number("records"))
    }

    pub fn done(self, took: Duration) -> String {
        format!("    {} ({} ms)", self.pick("→ đạt", "→ as it must be"), took.as_millis())
    }

    pub fn broken(self, why: &str) -> String {
        format!("    {}: {why}", self.pick("→ KHÔNG ĐẠT", "→ FAILED"))
    }

    pub fn summary(self, all: usize, failed: usize) -> String {
        let good = all - failed;
        match self {
            Self::Vi => format!("\n{good}/{all} tình huống đạt."),
            Self::En => format!("\n{good} of {all} journeys are as they must be."),
        }
    }

    pub fn failed(self, failed: usize) -> String {
        match self {
            Self::Vi => format!("{failed} tình huống không đạt"),
            Self::En => format!("{failed} journeys failed"),
        }
    }

    /// What to try by hand.
    pub fn invitation(self, sandbox: &Sandbox) -> String {
        let folder = sandbox.folder.display();
        let pki = format!("{folder}/pki");
        let url = format!("https://localhost:{}", sandbox.address.port());
        let curl = |system: &str, rest: &str| {
            let file = support::pki::file_name(system);
            format!("  curl --cacert {pki}/ca.pem --cert {pki}/{file}.pem --key {pki}/{file}.key {rest}")
        };
        let lines = [
            curl("H26/quan-ly-khcn", &format!("{url}/api")),
            curl(
                "G03/thu-vien",
                &format!("{url}/api/H26/nhiem-vu/v1/records -H 'Lt-Purpose: quan-ly-nhiem-vu'"),
            ),
            curl(
                "H26/quan-ly-khcn",
                &format!(
                    "{url}/api/G06/nhiem-vu/v1/records -H 'Lt-Purpose: quan-ly-nhiem-vu' -H 'Accept: application/xml'"
                ),
            ),
            curl(
                "G03/thong-ke-dao-tao",
                &format!("{url}/api/G06/nhiem-vu/v1/records -H 'Lt-Purpose: thong-ke'"),
            ),
            curl(
                "H26/quan-ly-khcn",
                &format!(
                    "{url}/api/G06/tram-quan-trac-phong-xa/v1/records -H 'Lt-Purpose: giam-sat-phong-xa' -H 'Accept: application/geo+json'"
                ),
            ),
        ];
        let edit = self.pick(
            "Sửa một thỏa thuận rồi hỏi lại (bản sao, chép lại từ `policies/` mỗi lần khởi động)",
            "Edit an agreement and ask again (copies, made anew from `policies/` at every start)",
        );
        let journal = self.pick("Xem nhật ký", "Read the journal");
        let (head, end) = self.pick2(
            ("Cổng vẫn đang phục vụ. Thử:", "Ctrl-C để dừng tất cả."),
            ("The gateway keeps serving. Try:", "Ctrl-C stops everything."),
        );
        format!(
            "\n{head}\n{}\n{edit}:\n  {folder}/policies/agreements/TT-2026-018.toml\n{journal}:\n  {} journal query -c {folder}/gateway.toml\n{end}",
            lines.join("\n"),
            sandbox.program().display(),
        )
    }

    pub fn gateway_ended(self) -> &'static str {
        self.pick(
            "cổng đã dừng bất thường; cuối nhật ký vận hành",
            "the gateway ended by itself; the end of its log",
        )
    }

    pub fn closing(self) -> &'static str {
        self.pick("Đang dừng mọi tiến trình…", "Stopping every process…")
    }

    fn pick2(
        self,
        vi: (&'static str, &'static str),
        en: (&'static str, &'static str),
    ) -> (&'static str, &'static str) {
        match self {
            Self::Vi => vi,
            Self::En => en,
        }
    }
}

/// The beginning of a body on one line.
fn excerpt(text: &str) -> String {
    let mut line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > EXCERPT {
        line = line.chars().take(EXCERPT).chain(['…']).collect();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_one_short_line() {
        assert_eq!(excerpt("<a>\n  <b/>\n</a>"), "<a> <b/> </a>");
        let long = excerpt(&"ế".repeat(500));
        assert_eq!(long.chars().count(), EXCERPT + 1);
    }

    #[test]
    fn what_was_asked_for_wins() {
        assert!(matches!(Words::chosen(Some("en")), Words::En));
        assert!(matches!(Words::chosen(Some("vi")), Words::Vi));
    }
}
