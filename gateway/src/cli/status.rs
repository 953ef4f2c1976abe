//! `lienthong status`: one screen about the running gateway.
#![allow(
    clippy::indexing_slicing,
    reason = "only JSON values are indexed, and those give null where nothing is"
)]

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use clap::ArgMatches;
use contracts::Language;
use jiff::Timestamp;
use serde_json::Value;

use super::{
    Console, Exit, Failure, Outcome, settings_file,
    words::{self, Words},
};
use crate::world::Settings;

/// The gateway answers from memory; one that takes longer is in trouble, which is worth saying.
const PATIENCE: Duration = Duration::from_secs(5);
/// A status is a few kilobytes.
const ANSWER_CAP: u64 = 4 * 1024 * 1024;

pub(super) fn run(given: &ArgMatches, console: &mut Console<'_>) -> Outcome {
    let w = console.words;
    let loaded = match Settings::read(&settings_file(given)) {
        Ok(loaded) => loaded,
        Err(faults) => {
            console.faults(&faults);
            return Ok(Exit::Refused);
        }
    };
    let admin = &loaded.settings.admin;
    let token = admin.tokens.first().ok_or_else(|| {
        Failure(
            w.say(
                "`[admin] tokens` trống: cần một thẻ vận hành để hỏi tình trạng",
                "`[admin] tokens` is empty: an operator's token is needed to ask",
            )
            .to_owned(),
        )
    })?;
    let token = token.token.read(&loaded.folder)?;
    let answer = ask(admin.address, &token).map_err(|error| {
        Failure(format!(
            "{} {}: {error}",
            w.say("không hỏi được cổng tại", "the gateway cannot be asked at"),
            admin.address
        ))
    })?;
    let (code, body) = answer;
    if code == 401 {
        return Err(Failure(
            w.say(
                "cổng không nhận thẻ này: `[admin] tokens` đã đổi sau khi cổng khởi động?",
                "the gateway does not know this token: was `[admin] tokens` changed since it started?",
            )
            .to_owned(),
        ));
    }
    let status: Value = serde_json::from_slice(&body).map_err(|_| {
        Failure(
            w.say(
                "trả lời không phải tình trạng của cổng: chương trình khác đang nghe ở địa chỉ này?",
                "the answer is not a gateway's status: does another program listen there?",
            )
            .to_owned(),
        )
    })?;
    if given.get_flag("json") {
        console.print(&serde_json::to_string_pretty(&status)?);
    } else {
        console.print(&screen(&status, w));
    }
    let ready = status.get("ready").and_then(Value::as_bool).unwrap_or(false);
    Ok(if ready { Exit::Done } else { Exit::Refused })
}

/// Asks for the status; gives the HTTP status and the body.
fn ask(address: std::net::SocketAddr, token: &[u8]) -> std::io::Result<(u16, Vec<u8>)> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut request =
        format!("GET /status HTTP/1.0\r\nHost: {address}\r\nAuthorization: Bearer ").into_bytes();
    request.extend_from_slice(token.trim_ascii());
    request.extend_from_slice(b"\r\n\r\n");
    stream.write_all(&request)?;
    let mut answer = Vec::new();
    stream.take(ANSWER_CAP).read_to_end(&mut answer)?;
    let code = answer.get(9..12).and_then(|code| std::str::from_utf8(code).ok()?.parse().ok()).unwrap_or(0);
    let body = memchr::memmem::find(&answer, b"\r\n\r\n").map_or(0, |at| at + 4);
    Ok((code, answer.split_off(body)))
}

/// One screen: what it is, whether it works, what serves, what is wrong. Times are Viet Nam's.
fn screen(status: &Value, w: Words) -> String {
    let mut rows: Vec<(&str, String)> = Vec::new();
    let of = |pointer: &str| Member { value: status.pointer(pointer).unwrap_or(&Value::Null), w };
    rows.push((
        w.say("Cổng", "Gateway"),
        format!("lienthong {} · {}", of("/version").text(), of("/environment").text()),
    ));
    let ready = of("/ready").value == &Value::Bool(true);
    rows.push((
        w.say("Tình trạng", "State"),
        if ready { w.say("sẵn sàng", "ready") } else { w.say("KHÔNG SẴN SÀNG", "NOT READY") }.to_owned(),
    ));
    rows.extend(of("/reasons").list().map(|reason| ("", format!("✗ {}", reason.told()))));
    rows.extend(of("/concerns").list().map(|concern| ("", format!("! {}", concern.told()))));
    rows.push((w.say("Chạy từ", "Running since"), of("/started_at").moment()));
    let count = |pointer: &str, vi, en| format!("{} {}", of(pointer).text(), w.say(vi, en));
    rows.push((
        w.say("Bộ tài liệu", "Documents"),
        [
            of("/snapshot/hash").text().chars().take(12).collect(),
            count("/snapshot/members", "thành viên", "members"),
            count("/snapshot/services", "dịch vụ", "services"),
            count("/snapshot/agreements", "thỏa thuận", "agreements"),
            count("/snapshot/contracts", "hợp đồng", "contracts"),
        ]
        .join(" · "),
    ));
    rows.push((w.say("Nạp lúc", "Loaded at"), of("/snapshot/loaded_at").moment()));
    rows.push((w.say("Đình chỉ", "Suspensions"), of("/suspensions").text()));
    for ending in of("/snapshot/agreements_ending").list() {
        rows.push((
            w.say("Sắp hết hạn", "Ending"),
            format!(
                "{} · {} {}",
                ending.member("id").text(),
                ending.member("days_left").text(),
                w.say("ngày", "day(s)")
            ),
        ));
    }
    rows.push((w.say("Chứng thư đến", "Certificate until"), of("/certificate/expires").moment()));
    for list in of("/revocation_lists").list() {
        rows.push((
            w.say("Danh sách thu hồi", "Revocation list"),
            format!(
                "{} · {} {} · {} {}",
                list.member("file").text(),
                w.say("bản sau", "next due"),
                list.member("next_update").moment(),
                w.say("dùng được đến", "usable until"),
                list.member("refused_from").moment(),
            ),
        ));
    }
    rows.push((w.say("Kết nối", "Connections"), of("/connections").text()));
    rows.push((
        w.say("Trao đổi", "Exchanges"),
        [
            count("/exchanges/granted", "đã thực hiện", "carried out"),
            count("/exchanges/refused", "bị từ chối", "refused"),
            count("/exchanges/under_way", "đang chạy", "under way"),
        ]
        .join(" · "),
    ));
    rows.extend(providers(of("/upstreams"), w));
    let journal = of("/journal/fault");
    rows.push((
        w.say("Nhật ký", "Journal"),
        if journal.value.is_null() {
            format!("{} · {}", w.say("tốt", "sound"), count("/journal/records", "bản ghi", "records"))
        } else {
            journal.told()
        },
    ));
    let shared = of("/quota/redis");
    if !shared.value.is_null() {
        let present = shared.member("present").value == &Value::Bool(true);
        let state = if present {
            w.say("dùng chung qua Redis", "shared on Redis").to_owned()
        } else {
            format!("{} ({})", w.say("REDIS VẮNG MẶT", "REDIS IS AWAY"), shared.member("when_away").text())
        };
        rows.push((
            w.say("Hạn mức", "Quotas"),
            format!("{state} · {} {}", w.say("từ", "since"), shared.member("since").moment()),
        ));
    }
    for (pointer, vi, en) in
        [("/documents/faults", "LỖI TÀI LIỆU", "FAULT"), ("/documents/warnings", "Cảnh báo", "Warning")]
    {
        rows.extend(of(pointer).list().map(|fault| (w.say(vi, en), fault.fault())));
    }
    let lines = rows.into_iter().map(|(name, value)| format!("{name:<20} {value}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// How providers fare: one row for all, and one for each endpoint that is not well.
fn providers(of: Member<'_>, w: Words) -> Vec<(&'static str, String)> {
    let count = |name, vi, en| format!("{} {}", of.member(name).text(), w.say(vi, en));
    let mut rows = vec![(
        w.say("Bên cung cấp", "Providers"),
        [
            count("endpoints", "địa chỉ", "endpoints"),
            count("well", "tốt", "well"),
            count("under_way", "cuộc gọi đang chạy", "calls under way"),
            count("retries", "lần gửi lại", "sent again"),
            count("busy", "bị từ chối vì quá tải", "refused as busy"),
            count("shut", "bị từ chối vì ngắt mạch", "refused by open circuits"),
        ]
        .join(" · "),
    )];
    for endpoint in of.member("troubled").list() {
        let state = match endpoint.member("state").text().as_str() {
            "open" => w.say("ngắt mạch: không trả lời", "circuit open: no answer").to_owned(),
            "half-open" => w.say("đang thử lại", "being tried again").to_owned(),
            "passed-over" => w.say("tạm bỏ qua: trả lời lỗi", "passed over: bad answers").to_owned(),
            "ill" => w.say("kiểm tra sức khỏe không đạt", "health checks fail").to_owned(),
            other => other.to_owned(),
        };
        let again = endpoint.member("tried_again");
        let again = if again.value.is_null() {
            String::new()
        } else {
            format!(" · {} {}", w.say("thử lại lúc", "tried again at"), again.moment())
        };
        rows.push((
            "",
            format!(
                "! {} v{} {} · {state}{again}",
                endpoint.member("service").text(),
                endpoint.member("version").text(),
                endpoint.member("endpoint").text(),
            ),
        ));
    }
    rows
}

/// A member of the status; one that is not there (another version answers) reads as a dash.
#[derive(Clone, Copy)]
struct Member<'a> {
    value: &'a Value,
    w: Words,
}

impl<'a> Member<'a> {
    fn member(self, name: &str) -> Self {
        Self { value: self.value.get(name).unwrap_or(&Value::Null), w: self.w }
    }

    fn list(self) -> impl Iterator<Item = Member<'a>> {
        self.value.as_array().into_iter().flatten().map(move |value| Member { value, w: self.w })
    }

    fn text(self) -> String {
        match self.value {
            Value::Null => "–".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }

    fn moment(self) -> String {
        self.text().parse::<Timestamp>().map_or_else(|_| self.text(), words::moment)
    }

    /// The text in the language of the output.
    fn told(self) -> String {
        self.member(if self.w.0 == Language::Vi { "vi" } else { "en" }).text()
    }

    fn fault(self) -> String {
        let place = self.member("place");
        let place = if place.value.is_null() {
            String::new()
        } else {
            format!(":{}:{}", place.member("line").text(), place.member("column").text())
        };
        format!(
            "{}{place}: {}. {}",
            self.member("file").text(),
            self.member("message").told(),
            self.member("remedy").told()
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sample() -> Value {
        json!({
            "version": "0.1.0", "environment": "production", "ready": false,
            "reasons": [{"vi": "Đĩa đầy.", "en": "The disk is full."}],
            "concerns": [{"vi": "Tài liệu có lỗi.", "en": "Documents have faults."}],
            "started_at": "2026-11-20T17:00:00Z",
            "snapshot": {
                "hash": "0123456789abcdef", "loaded_at": "2026-11-21T01:30:00Z", "members": 4, "services": 5,
                "agreements": 10, "contracts": 5, "agreements_ending": [{"id": "TT-1", "days_left": 3}],
            },
            "suspensions": 1,
            "documents": {
                "faults": [{
                    "file": "agreements/TT-1.toml", "place": {"line": 3, "column": 7},
                    "message": {"vi": "sai khóa", "en": "wrong key"}, "remedy": {"vi": "Sửa", "en": "Mend it"},
                }],
                "warnings": [],
            },
            "certificate": {"expires": "2027-01-01T00:00:00Z"},
            "revocation_lists": [{
                "file": "pki/ca.crl", "next_update": "2026-11-28T00:00:00Z", "refused_from": "2026-11-29T00:00:00Z",
            }],
            "connections": 12,
            "exchanges": {"granted": 7, "refused": 2, "under_way": 1},
            "journal": {"fault": null, "records": 19},
            "upstreams": {
                "endpoints": 3, "well": 2, "under_way": 4, "retries": 5, "busy": 6, "shut": 7,
                "troubled": [{
                    "service": "G06/nhiem-vu", "version": 1, "endpoint": "10.0.0.5:8443/ws", "state": "open",
                    "tried_again": "2026-11-21T01:30:00Z",
                }],
            },
            "quota": {"redis": {"present": false, "since": "2026-11-21T01:00:00Z", "when_away": "local-share"}},
        })
    }

    #[test]
    fn a_screen_tells_state_faults_and_viet_nams_time() {
        let screen = screen(&sample(), Words(Language::En));
        for line in [
            "State                NOT READY",
            "                     ✗ The disk is full.",
            "                     ! Documents have faults.",
            "Running since        00:00:00 21/11/2026",
            "Documents            0123456789ab · 4 members · 5 services · 10 agreements · 5 contracts",
            "Ending               TT-1 · 3 day(s)",
            "Certificate until    07:00:00 01/01/2027",
            "Exchanges            7 carried out · 2 refused · 1 under way",
            "Providers            3 endpoints · 2 well · 4 calls under way · 5 sent again · 6 refused as busy · 7 refused by open circuits",
            "                     ! G06/nhiem-vu v1 10.0.0.5:8443/ws · circuit open: no answer · tried again at 08:30:00 21/11/2026",
            "Journal              sound · 19 records",
            "Quotas               REDIS IS AWAY (local-share) · since 08:00:00 21/11/2026",
            "FAULT                agreements/TT-1.toml:3:7: wrong key. Mend it",
        ] {
            assert!(screen.lines().any(|shown| shown == line), "no `{line}` in\n{screen}");
        }
        assert!(
            screen.contains("next due 07:00:00 28/11/2026 · usable until 07:00:00 29/11/2026"),
            "{screen}"
        );
        assert!(super::screen(&sample(), Words(Language::Vi)).contains("KHÔNG SẴN SÀNG"));
    }

    #[test]
    fn what_another_version_does_not_tell_is_a_dash() {
        assert!(screen(&json!({}), Words(Language::En)).contains("Certificate until    –"));
    }
}
