//! `lienthong status`: one screen about the running gateway.
#![allow(
    clippy::indexing_slicing,
    reason = "only JSON values are indexed, and those give null where nothing is"
)]

use std::{
    io::{Read, Write},
    net::TcpStream,
    process::ExitCode,
    time::Duration,
};

use clap::ArgMatches;
use contracts::Language;
use serde_json::Value;

use super::{Failure, Outcome, settings_file, words};
use crate::world::Settings;

/// The gateway answers from memory; one that takes longer is in trouble, which is worth saying.
const PATIENCE: Duration = Duration::from_secs(5);
/// A status is a few kilobytes.
const ANSWER_CAP: u64 = 4 * 1024 * 1024;

pub(super) fn run(given: &ArgMatches, language: Language) -> Outcome {
    let w = words::Words(language);
    let loaded = match Settings::read(&settings_file(given)) {
        Ok(loaded) => loaded,
        Err(faults) => {
            words::print_faults(&faults, language);
            return Ok(ExitCode::FAILURE);
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
    let body = ask(admin.address, &token).map_err(|error| {
        Failure(format!(
            "{} {}: {error}",
            w.say("không hỏi được cổng tại", "the gateway cannot be asked at"),
            admin.address
        ))
    })?;
    let status: Value = serde_json::from_slice(&body)
        .map_err(|_| Failure(w.say("trả lời không phải tình trạng của cổng (thẻ sai, hoặc chương trình khác đang nghe ở địa chỉ này)", "the answer is not a gateway's status (wrong token, or another program listens there)").to_owned()))?;
    if given.get_flag("json") {
        words::print(&serde_json::to_string_pretty(&status)?);
    } else {
        show(&status, w);
    }
    let ready = status["ready"].as_bool().unwrap_or(false);
    Ok(if ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn ask(address: std::net::SocketAddr, token: &[u8]) -> std::io::Result<Vec<u8>> {
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
    let body = memchr::memmem::find(&answer, b"\r\n\r\n").map_or(0, |at| at + 4);
    Ok(answer.split_off(body))
}

fn show(status: &Value, w: words::Words) {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let row = |name: &str, value: String| words::print(&format!("{name:<26} {value}"));
    let ready = if status["ready"].as_bool() == Some(true) {
        w.say("sẵn sàng", "ready").to_owned()
    } else {
        text(&status["unready"])
    };
    row(
        w.say("Cổng", "Gateway"),
        format!("lienthong {} · {}", text(&status["version"]), text(&status["environment"])),
    );
    row(w.say("Tình trạng", "State"), ready);
    row(w.say("Chạy từ", "Running since"), text(&status["started_at"]));
    row(
        w.say("Bộ tài liệu", "Documents"),
        format!(
            "{} · {} {} · {} {} · {} {} · {} {}",
            text(&status["snapshot"]["hash"]).chars().take(12).collect::<String>(),
            status["snapshot"]["members"],
            w.say("thành viên", "members"),
            status["snapshot"]["services"],
            w.say("dịch vụ", "services"),
            status["snapshot"]["agreements"],
            w.say("thỏa thuận", "agreements"),
            status["snapshot"]["contracts"],
            w.say("hợp đồng", "contracts"),
        ),
    );
    row(w.say("Nạp lúc", "Loaded at"), text(&status["snapshot"]["loaded_at"]));
    if status["documents"]["last_good"].as_bool() == Some(true) {
        row(
            "",
            w.say(
                "ĐANG DÙNG BẢN TỐT GẦN NHẤT vì tài liệu hiện tại có lỗi",
                "SERVING THE LAST GOOD COPY: the documents have faults",
            )
            .to_owned(),
        );
    }
    row(w.say("Đình chỉ", "Suspensions"), text(&status["suspensions"]));
    row(
        w.say("Trao đổi", "Exchanges"),
        format!(
            "{} {} · {} {} · {} {}",
            status["exchanges"]["granted"],
            w.say("đã thực hiện", "carried out"),
            status["exchanges"]["refused"],
            w.say("bị từ chối", "refused"),
            status["exchanges"]["under_way"],
            w.say("đang chạy", "under way"),
        ),
    );
    row(w.say("Nhật ký", "Journal"), text(&status["journal"]));
    for fault in status["documents"]["faults"].as_array().into_iter().flatten() {
        let language = if w.0 == Language::Vi { "vi" } else { "en" };
        row(
            w.say("LỖI TÀI LIỆU", "DOCUMENT FAULT"),
            format!(
                "{}:{} {} {}",
                text(&fault["file"]),
                fault["place"]["line"],
                text(&fault["message"][language]),
                text(&fault["remedy"][language])
            ),
        );
    }
}
