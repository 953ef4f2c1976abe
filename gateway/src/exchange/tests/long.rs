//! Bodies too long to be held: what leaves is checked and filtered record by record, is seen to be
//! cut when it is, and is recorded either way.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use ring::digest::{SHA256, digest};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::stage::{
    CHUNKED, CUT, ENDLESS, GONE, NUMBER, Pieces, Stage, Who, chunked, json, of_province, reply, request, task,
};
use crate::journal::faulty::Faulty;

const SERVICE: &str = "services/G06/thu.toml";
const HANOI: &str = "agreements/TT-2026-001.toml";
const PARTNER: &str = "agreements/TT-2026-002.toml";

/// Whole bodies hold some fifty records here.
const SHORT: (&str, &str, &str) = (SERVICE, "[versions.1]", "limits = { body = \"32KiB\" }\n[versions.1]");
const STREAMED: (&str, &str, &str) = (SERVICE, "query = {", "query = { stream = true,");
const SET_ASIDE: (&str, &str, &str) =
    (SERVICE, "query = {", "query = { stream = { bad_records = \"set-aside\" },");
const TAKEN: (&str, &str, &str) = (SERVICE, "submit = {", "submit = { stream = true,");
const TAKEN_ASIDE: (&str, &str, &str) =
    (SERVICE, "submit = {", "submit = { stream = { bad_records = \"set-aside\" },");
const FORMATS: &str = "formats = [\"json\", \"xml\"]";
const ALL_FORMATS: &str = "formats = [\"json\", \"xml\", \"ndjson\", \"csv\"]";

/// Long enough to be streamed many times over.
const MANY: usize = 1_000;

async fn with(
    script: impl Fn(&str) -> String + Send + Sync + 'static,
    edits: &[(&str, &str, &str)],
) -> Stage {
    let formats = [(HANOI, FORMATS, ALL_FORMATS), (PARTNER, FORMATS, ALL_FORMATS)];
    let edits: Vec<_> = [SHORT].into_iter().chain(formats).chain(edits.iter().copied()).collect();
    Stage::with(script, &edits, Faulty::default()).await
}

fn keys(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("MAU-{number:05}"))
}

fn list(records: impl Iterator<Item = String>) -> String {
    format!("[{}]", records.collect::<Vec<_>>().join(","))
}

fn get(fields: &str) -> String {
    request("GET", "/records", fields, "")
}

fn count(said: &Pieces) -> usize {
    said.said.json().as_array().unwrap().len()
}

#[tokio::test]
async fn a_long_reply_passes_record_by_record() {
    let body = list(keys(MANY).map(|key| task(&key)));
    let answer = json(&body);
    let stage = with(move |_| answer.clone(), &[STREAMED]).await;
    let heard = stage.hear_pieces(Who::Hanoi, &get("")).await;
    assert_eq!((heard.said.status, heard.whole), (200, true));
    assert_eq!(heard.said.header("content-type"), "application/json");
    assert_eq!(heard.said.header("cache-control"), "no-store");
    assert_eq!(heard.said.body, body, "nothing is withheld from Hà Nội");

    assert_eq!(stage.kinds(&heard.said), ["opening", "closing"]);
    let record = stage.record(&heard.said);
    assert_eq!((record.decision.as_deref(), record.rule), (Some("granted"), None));
    assert_eq!((record.records, record.set_aside), (Some(MANY as u64), None));
    assert_eq!(record.response_bytes, Some(heard.bytes.len() as u64));
    assert_eq!(record.response_sha256.unwrap()[..], *digest(&SHA256, &heard.bytes).as_ref());
    let charge = record.charge.unwrap();
    assert_eq!((charge.records, charge.bytes), (MANY as u64, heard.bytes.len() as u64));
    // The provider's connection is as good as new.
    assert!(stage.hear_pieces(Who::Hanoi, &get("")).await.whole);
}

#[tokio::test]
async fn what_is_short_is_still_given_as_it_came() {
    let stage =
        with(|_| reply("200 OK", "ETag: \"v1\"\r\n", &list(keys(3).map(|key| task(&key)))), &[STREAMED])
            .await;
    let said = stage.get(Who::Hanoi, "/records").await;
    assert_eq!((said.status, said.header("etag")), (200, "\"v1\""));
    assert_eq!(said.body, list(keys(3).map(|key| task(&key))));
}

#[tokio::test]
async fn a_long_reply_passes_only_where_that_is_declared() {
    let answer = json(&list(keys(MANY).map(|key| task(&key))));
    let stage = with(move |_| answer.clone(), &[]).await;
    stage.get(Who::Hanoi, "/records").await.is_refused(502, "provider-too-large", "provider-too-large");
}

#[tokio::test]
async fn every_format_has_the_same_records() {
    let answer = json(&list(keys(MANY).map(|key| task(&key))));
    let stage = with(move |_| answer.clone(), &[STREAMED]).await;
    for (media, per_record, extra) in
        [("application/xml", "<NhiemVu>", 0), ("application/x-ndjson", "\n", 0), ("text/csv", "\r\n", 1)]
    {
        let heard = stage.hear_pieces(Who::Hanoi, &get(&format!("Accept: {media}\r\n"))).await;
        assert_eq!((heard.said.status, heard.whole), (200, true), "{media}: {:?}", heard.said);
        assert_eq!(heard.said.header("content-type"), media);
        assert_eq!(heard.said.body.matches(per_record).count(), MANY + extra, "{media}");
        assert!(heard.said.body.contains("MAU-00999"), "{media}");
    }
}

/// What the partner may not see: keys, and persons; and of Hà Nội's records, those of others.
const HIDDEN: [&str; 5] = ["MAU-", NUMBER, "Phạm Thị", "Hợp tác xã", "MaSo"];

#[tokio::test]
async fn nothing_withheld_leaves_in_any_format_however_the_reply_is_cut() {
    let body = list(keys(300).map(|key| task(&key)));
    let stage = with(
        move |heard| {
            let size =
                heard.split("MaTinh=").nth(1).and_then(|rest| rest.get(..2)?.parse().ok()).unwrap_or(1);
            chunked(&body, size)
        },
        &[STREAMED],
    )
    .await;
    for media in ["application/json", "application/xml", "application/x-ndjson", "text/csv"] {
        let heard = stage.hear_pieces(Who::Partner, &get(&format!("Accept: {media}\r\n"))).await;
        assert_eq!((heard.said.status, heard.whole), (200, true), "{media}: {:?}", heard.said);
        assert_eq!(heard.said.body.matches("Nhiệm vụ cấp cơ sở mẫu").count(), 300, "{media}");
        for hidden in HIDDEN {
            assert!(
                !heard.said.body.contains(hidden),
                "{hidden} in {media}: {}",
                heard.said.body.get(..300).unwrap()
            );
        }
        assert!(stage.record(&heard.said).withheld.contains(&"MaSo".to_owned()));
        assert_eq!(stage.kinds(&heard.said), ["opening", "closing"], "though nothing personal leaves");
    }
}

#[tokio::test]
async fn a_record_may_be_split_anywhere() {
    let body = list(keys(100).map(|key| task(&key)));
    for size in [1, 2, 3, 7, 61, 4096] {
        let answer = chunked(&body, size);
        let stage = with(move |_| answer.clone(), &[STREAMED]).await;
        let heard = stage.hear_pieces(Who::Hanoi, &get("")).await;
        assert_eq!((heard.whole, &heard.said.body), (true, &body), "in chunks of {size}");
    }
}

#[tokio::test]
async fn records_of_others_and_beyond_the_question_stay_behind() {
    // Every second record is another province's; the provider ignores the filter.
    let body = list(keys(MANY).enumerate().map(|(index, key)| of_province(&key, ["01", "79"][index % 2])));
    let answer = json(&body);
    let stage = with(move |_| answer.clone(), &[STREAMED]).await;
    let heard = stage.hear_pieces(Who::Hanoi, &get("")).await;
    assert_eq!((count(&heard), heard.whole), (MANY / 2, true));
    assert!(!heard.said.body.contains("\"79\"") && !heard.said.body.contains("MAU-00001"));
    assert_eq!(stage.record(&heard.said).left_out, Some(MANY as u64 / 2));

    let one = request("GET", "/records?MaSo=MAU-00998", "", "");
    let one = stage.hear_pieces(Who::Hanoi, &one).await;
    assert_eq!((count(&one), one.whole, stage.record(&one.said).left_out), (1, true, Some(MANY as u64 - 1)));
    let few = stage.hear_pieces(Who::Hanoi, &request("GET", "/records?limit=7", "", "")).await;
    assert_eq!((count(&few), few.whole, stage.record(&few.said).records), (7, true, Some(7)));
}

/// As many tasks, one of which lacks its title.
fn one_bad(at: usize) -> String {
    list(keys(MANY).enumerate().map(|(index, key)| match index == at {
        true => task(&key).replace("TenNhiemVu", "TenKhac"),
        false => task(&key),
    }))
}

#[tokio::test]
async fn a_bad_record_midway_cuts_the_answer_and_says_so_in_the_journal() {
    let answer = json(&one_bad(700));
    let stage = with(move |_| answer.clone(), &[STREAMED]).await;
    let heard = stage.hear_pieces(Who::Hanoi, &get("")).await;
    assert_eq!((heard.said.status, heard.whole), (200, false), "it began well");
    assert!(heard.said.body.contains("MAU-00400") && !heard.said.body.contains("MAU-00700"));
    assert_eq!(stage.kinds(&heard.said), ["opening", "closing"]);
    let record = stage.record(&heard.said);
    assert_eq!(record.decision.as_deref(), Some("cut"));
    assert_eq!(record.rule.as_deref(), Some("provider-broke-contract"));
    assert_eq!((record.bad_at.as_deref(), record.set_aside), (Some("700"), None));
    assert_eq!((record.fault.as_deref(), record.status), (Some("provider"), Some(200)));
    assert!(record.records.unwrap() < 700 && record.records.unwrap() > 400, "{record:?}");
    assert_eq!(record.charge.unwrap().records, record.records.unwrap());
}

#[tokio::test]
async fn a_bad_record_in_hand_is_still_a_refusal() {
    let answer = json(&one_bad(3));
    let stage = with(move |_| answer.clone(), &[STREAMED]).await;
    let said = stage.get(Who::Hanoi, "/records").await;
    assert_eq!((said.status, said.refusal().1.as_str()), (502, "provider-broke-contract"));
    let record = stage.record(&said);
    assert_eq!((record.decision.as_deref(), record.status), (Some("refused"), Some(502)));
    assert_eq!(record.bad_at.as_deref(), Some("3"));
}

#[tokio::test]
async fn a_bad_record_is_set_aside_where_that_is_declared() {
    let answer = json(&one_bad(700));
    let stage = with(move |_| answer.clone(), &[SET_ASIDE]).await;
    let heard = stage.hear_pieces(Who::Hanoi, &get("")).await;
    assert_eq!((heard.said.status, heard.whole, count(&heard)), (200, true, MANY - 1));
    assert_eq!(heard.said.header("lt-set-aside"), "possible", "nobody knows when the answer begins");
    let record = stage.record(&heard.said);
    assert_eq!((record.decision.as_deref(), record.set_aside), (Some("granted"), Some(1)));
    assert_eq!((record.records, record.bad_at.as_deref()), (Some(MANY as u64 - 1), Some("700")));
}

#[tokio::test]
async fn what_is_declared_of_bad_records_holds_whatever_the_length() {
    let reply = list(["A", "B", "C"].map(|key| bad_if(key == "B", key)).into_iter());
    let answer = reply.clone();
    let stage = with(move |_| json(&answer), &[SET_ASIDE]).await;
    let said = stage.get(Who::Hanoi, "/records").await;
    assert_eq!((said.status, said.header("lt-set-aside")), (200, "possible"));
    assert_eq!(said.body, list([task("A"), task("C")].into_iter()));
    let record = stage.record(&said);
    assert_eq!((record.records, record.set_aside, record.bad_at.as_deref()), (Some(2), Some(1), Some("1")));
    // The same is said when nothing is: whether there are bad ones among the records of others is not
    // everybody's to know.
    let partner = stage.get(Who::Partner, "/records").await;
    assert_eq!((partner.header("lt-set-aside"), partner.json().as_array().unwrap().len()), ("possible", 2));

    let stage = with(move |_| json(&reply), &[STREAMED]).await;
    let said = stage.get(Who::Hanoi, "/records").await;
    said.is_refused(502, "provider-broke-contract", "nhiem-vu@1");
    assert_eq!(stage.record(&said).bad_at.as_deref(), Some("1"));
}

/// A task, without its title if it is to be bad.
fn bad_if(bad: bool, key: &str) -> String {
    if bad { task(key).replace("TenNhiemVu", "TenKhac") } else { task(key) }
}

#[tokio::test]
async fn a_short_submission_is_taken_without_its_bad_records_where_that_is_declared() {
    let created = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";
    let stage = with(|_| created.to_owned(), &[TAKEN_ASIDE]).await;
    let body = list(["A", "B", "C"].map(|key| bad_if(key == "B", key)).into_iter());
    let said = stage.send(Who::Hanoi, "POST", "/records", &body).await;
    assert_eq!((said.status, said.header("lt-set-aside")), (201, "1; at=\"1\""));
    let given = stage.heard()[0].split_once("\r\n\r\n").unwrap().1.to_owned();
    assert_eq!(given, list([task("A"), task("C")].into_iter()));
    let record = stage.record(&said);
    assert_eq!((record.records, record.set_aside, record.bad_at.as_deref()), (Some(2), Some(1), Some("1")));

    // The only record is no collection with one left out, and none is left of a list of bad ones.
    let alone = stage.send(Who::Hanoi, "POST", "/records", &bad_if(true, "D")).await;
    alone.is_refused(422, "contract-violation", "nhiem-vu@1");
    let none = stage.send(Who::Hanoi, "POST", "/records", &list([bad_if(true, "D")].into_iter())).await;
    none.is_refused(422, "contract-violation", "nhiem-vu@1");
    // What lies beyond the agreement is no mistake to be overlooked.
    let beyond = list([task("E"), of_province("F", "79"), bad_if(true, "G")].into_iter());
    let beyond = stage.send(Who::Hanoi, "POST", "/records", &beyond).await;
    beyond.is_refused(403, "record-outside-scope", "record-outside-scope");
    assert_eq!(stage.heard().len(), 1);

    // Where nothing is declared, one bad record refuses all.
    let stage = with(|_| created.to_owned(), &[TAKEN]).await;
    let said = stage.send(Who::Hanoi, "POST", "/records", &body).await;
    said.is_refused(422, "contract-violation", "nhiem-vu@1");
    assert_eq!(stage.record(&said).bad_at.as_deref(), Some("1"));
    assert!(stage.heard().is_empty());
}

#[tokio::test]
async fn a_provider_answers_for_each_record_of_a_submission() {
    // Declared of what is submitted, it excuses no bad record in the answer.
    let stage = with(
        |_| reply("201 Created", "", &list(["A", "B"].map(|key| bad_if(key == "B", key)).into_iter())),
        &[TAKEN_ASIDE],
    )
    .await;
    let body = list(["A", "B"].map(task).into_iter());
    let said = stage.send(Who::Hanoi, "POST", "/records", &body).await;
    said.is_refused(504, "outcome-unknown", "reply-broke-contract");
}

#[tokio::test]
async fn a_format_that_the_agreement_does_not_name_is_not_given() {
    let body = list(keys(MANY).map(|key| task(&key)));
    let narrow = [(HANOI, ALL_FORMATS, "formats = [\"json\"]"), STREAMED];
    let stage = with(move |_| json(&body), &narrow).await;
    for media in ["text/csv", "application/x-ndjson"] {
        let said = stage.ask(Who::Hanoi, "GET", "/records", &format!("Accept: {media}\r\n"), "").await;
        said.is_refused(403, "format-not-agreed", "format-not-agreed");
    }
    assert!(stage.heard().is_empty());
}

#[tokio::test]
async fn a_provider_that_dies_midway_is_no_end_of_the_answer() {
    let body = list(keys(MANY).map(|key| task(&key)));
    let half: String = body.chars().take(body.chars().count() / 2).collect();
    for answer in [
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{half}{CUT}", body.len()),
        format!("{CHUNKED}{:x}\r\n{half}\r\n{CUT}", half.len()),
        // Without any framing only the content tells.
        format!("HTTP/1.1 200 OK\r\n\r\n{half}{CUT}"),
    ] {
        let stage = with(move |_| answer.clone(), &[STREAMED]).await;
        let heard = stage.hear_pieces(Who::Hanoi, &get("")).await;
        assert_eq!((heard.said.status, heard.whole), (200, false));
        let record = stage.record(&heard.said);
        assert_eq!((record.decision.as_deref(), record.fault.as_deref()), (Some("cut"), Some("provider")));
    }
}

/// An array that never ends.
fn endless() -> String {
    let first = format!("[{}", task("DAU"));
    format!("{CHUNKED}{:x}\r\n{first}\r\n{ENDLESS}", first.len())
}

#[tokio::test]
async fn a_suspension_cuts_what_is_under_way() {
    let stage = with(|_| endless(), &[STREAMED]).await;
    let mut stream = stage.dial(Who::Hanoi).await;
    stream.write_all(get("").as_bytes()).await.unwrap();
    let begun = Pieces::read(&mut stream, 200_000).await;
    assert_eq!((begun.said.status, begun.whole), (200, false));
    let suspension = "id = \"DC-1\"\nreason = { vi = \"Lộ khóa\", en = \"A key has leaked\" }\nsystem = \"H26/he-thong\"\n";
    stage.put("suspensions/DC-1.toml", suspension);
    let rest = async { while stream.read(&mut [0; 65536]).await.unwrap_or(0) > 0 {} };
    tokio::time::timeout(std::time::Duration::from_secs(15), rest).await.expect("cut in time");
    let record = stage.record(&begun.said);
    assert_eq!((record.decision.as_deref(), record.rule.as_deref()), (Some("cut"), Some("suspended")));
    stage.until(|heard| heard.contains(&GONE.to_owned())).await;
}

#[tokio::test]
async fn a_consumer_that_goes_away_is_not_fetched_for() {
    let stage = with(|_| endless(), &[STREAMED]).await;
    let mut stream = stage.dial(Who::Hanoi).await;
    stream.write_all(get("").as_bytes()).await.unwrap();
    let begun = Pieces::read(&mut stream, 200_000).await;
    drop(stream);
    stage.until(|heard| heard.contains(&GONE.to_owned())).await;
    let record = stage.until_recorded(&begun.said).await;
    assert_eq!((record.decision.as_deref(), record.rule.as_deref()), (Some("cut"), Some("consumer-gone")));
    assert_eq!(record.fault.as_deref(), Some("consumer"));
}

#[tokio::test]
async fn the_days_records_end_an_answer_that_has_no_end() {
    let quota =
        ("agreements/TT-2026-001.toml", "[fields]", "[quota]\nper_day = { records = 2000 }\n[fields]");
    let stage = with(|_| endless(), &[STREAMED, quota]).await;
    let heard = stage.hear_pieces(Who::Hanoi, &get("")).await;
    assert_eq!((heard.said.status, heard.whole), (200, false));
    let record = stage.record(&heard.said);
    assert_eq!((record.decision.as_deref(), record.rule.as_deref()), (Some("cut"), Some("quota-exceeded")));
    let given = heard.said.body.matches("\"MaSo\"").count() as u64;
    assert!(given <= 2000 && record.records.unwrap() == given && given > 1500, "{given}");
}

#[tokio::test]
async fn going_down_cuts_an_answer_and_the_journal_knows_how_far_it_came() {
    let mut stage = with(|_| endless(), &[STREAMED]).await;
    let mut stream = stage.dial(Who::Hanoi).await;
    stream.write_all(get("").as_bytes()).await.unwrap();
    let begun = Pieces::read(&mut stream, 200_000).await;
    stage.cut().await;
    let record = stage.until_recorded(&begun.said).await;
    assert_eq!((record.decision.as_deref(), record.rule.as_deref()), (Some("cut"), Some("abandoned")));
    assert!(record.records.unwrap() > 100 && record.response_sha256.is_some());
}

#[tokio::test]
async fn others_are_served_while_a_long_answer_runs() {
    let stage = Arc::new(
        with(
            |heard| if heard.starts_with("GET /ws/NV") { json(&task("NV")) } else { endless() },
            &[STREAMED],
        )
        .await,
    );
    // One worker serves both. What the stream moves while another exchange takes place is bounded by
    // how often it lets others run, not by how long it is.
    let moved = Arc::new(AtomicUsize::new(0));
    let mut stream = stage.dial(Who::Hanoi).await;
    stream.write_all(get("").as_bytes()).await.unwrap();
    let counter = Arc::clone(&moved);
    let reading = tokio::spawn(async move {
        let mut buffer = vec![0; 65536];
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            counter.fetch_add(count, Ordering::Relaxed);
        }
    });
    let mut most = 0;
    for _ in 0..20 {
        let before = moved.load(Ordering::Relaxed);
        assert_eq!(stage.get(Who::Hanoi, "/records/NV").await.status, 200);
        most = most.max(moved.load(Ordering::Relaxed) - before);
    }
    assert!(moved.load(Ordering::Relaxed) > 0, "the stream ran meanwhile");
    // An exchange with its handshakes takes the worker's attention some twenty times.
    assert!(most < 8 * 1024 * 1024, "{most} bytes went to one caller while another waited");
    reading.abort();
}

/// A submission of this body, in one piece.
fn post(body: &str) -> String {
    request("POST", "/records", "Content-Type: application/json\r\n", body)
}

#[tokio::test]
async fn a_long_submission_passes_record_by_record() {
    let stage = with(|_| "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n".to_owned(), &[TAKEN]).await;
    let body = list(keys(MANY).map(|key| task(&key)));
    let said = stage.send(Who::Hanoi, "POST", "/records", &body).await;
    assert_eq!(said.status, 201, "{said:?}");
    let heard = stage.heard();
    let (head, given) = heard[0].split_once("\r\n\r\n").unwrap();
    assert!(head.to_lowercase().contains("transfer-encoding: chunked"), "{head}");
    assert_eq!(given, body);
    assert_eq!(stage.kinds(&said), ["opening", "closing"]);
    let record = stage.record(&said);
    assert_eq!((record.records, record.request_bytes), (Some(MANY as u64), Some(body.len() as u64)));
    assert_eq!(record.request_sha256.unwrap()[..], *digest(&SHA256, body.as_bytes()).as_ref());
}

#[tokio::test]
async fn what_is_wrong_from_the_start_reaches_no_provider() {
    let stage = with(|_| json("[]"), &[TAKEN]).await;
    let bad = stage.send(Who::Hanoi, "POST", "/records", &one_bad(3)).await;
    bad.is_refused(422, "contract-violation", "nhiem-vu@1");
    assert!(bad.body.contains("/3/TenNhiemVu") || bad.body.contains("\"/3"), "{}", bad.body);
    let elsewhere = list(keys(MANY).map(|key| of_province(&key, "79")));
    stage.send(Who::Hanoi, "POST", "/records", &elsewhere).await.is_refused(
        403,
        "record-outside-scope",
        "record-outside-scope",
    );
    let one = task("MAU").replace("Khảo sát.", &"Khảo sát. ".repeat(10_000));
    stage.send(Who::Hanoi, "POST", "/records", &one).await.is_refused(
        413,
        "body-too-large",
        "body-too-large",
    );
    assert!(stage.heard().is_empty());
}

#[tokio::test]
async fn a_bad_record_midway_stops_a_submission_where_it_stands() {
    let stage = with(|_| json("[]"), &[TAKEN]).await;
    let said = stage.send(Who::Hanoi, "POST", "/records", &one_bad(700)).await;
    said.is_refused(422, "contract-violation", "outcome-unknown");
    assert!(said.body.contains("\"/700"), "told by its position: {}", said.body);
    assert!(stage.heard().is_empty(), "the provider never saw an end");
    assert_eq!(stage.kinds(&said), ["opening", "closing"]);
    let record = stage.record(&said);
    assert_eq!((record.decision.as_deref(), record.status), (Some("refused"), Some(422)));
    assert!(record.request_out.is_some() && record.records.unwrap() == 700, "{record:?}");

    let outside =
        list(keys(MANY).enumerate().map(|(i, key)| of_province(&key, if i == 700 { "79" } else { "01" })));
    let said = stage.send(Who::Hanoi, "POST", "/records", &outside).await;
    said.is_refused(403, "record-outside-scope", "outcome-unknown");
}

#[tokio::test]
async fn bad_records_of_a_submission_are_set_aside_and_told_by_position() {
    let stage =
        with(|_| "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n".to_owned(), &[TAKEN_ASIDE]).await;
    let bad = |index| matches!(index, 5 | 700 | 701);
    let body = list(keys(MANY).enumerate().map(|(index, key)| match bad(index) {
        true => task(&key).replace("TenNhiemVu", "TenKhac"),
        false => task(&key),
    }));
    let said = stage.send(Who::Hanoi, "POST", "/records", &body).await;
    assert_eq!((said.status, said.header("lt-set-aside")), (201, "3; at=\"5, 700-701\""));
    let given = stage.heard()[0].split_once("\r\n\r\n").unwrap().1.to_owned();
    assert_eq!(given.matches("\"MaSo\"").count(), MANY - 3);
    assert!(!given.contains("TenKhac"));
    let record = stage.record(&said);
    assert_eq!((record.records, record.set_aside), (Some(MANY as u64 - 3), Some(3)));
    assert_eq!(record.bad_at.as_deref(), Some("5, 700-701"));

    let none = list(keys(MANY).map(|key| task(&key).replace("TenNhiemVu", "TenKhac")));
    let said = stage.send(Who::Hanoi, "POST", "/records", &none).await;
    said.is_refused(422, "contract-violation", "nhiem-vu@1");
    assert!(said.body.contains("\"/0"), "the first is told: {}", said.body);
    assert_eq!(stage.heard().len(), 1);
}

#[tokio::test]
async fn a_provider_that_answers_yes_has_counted_the_records() {
    let short = list(keys(MANY - 1).map(|key| task(&key)));
    let answer = reply("201 Created", "", &short);
    let stage = with(move |_| answer.clone(), &[TAKEN]).await;
    let body = list(keys(MANY).map(|key| task(&key)));
    let heard = stage.hear_pieces(Who::Hanoi, &post(&body)).await;
    assert_eq!((heard.said.status, heard.whole), (201, false), "it gave one record too few");
    let record = stage.record(&heard.said);
    assert_eq!(
        (record.decision.as_deref(), record.cause.as_deref()),
        (Some("cut"), Some("reply-broke-contract"))
    );
}

#[tokio::test]
async fn a_provider_that_says_no_is_heard() {
    let stage = with(|_| reply("409 Conflict", "", ""), &[TAKEN]).await;
    let body = list(keys(MANY).map(|key| task(&key)));
    let said = stage.send(Who::Hanoi, "POST", "/records", &body).await;
    said.is_refused(409, "provider-conflict", "status-409");
}

#[tokio::test]
async fn a_consumer_that_dies_midway_leaves_an_unknown_outcome_in_the_journal() {
    let stage = with(|_| json("[]"), &[TAKEN]).await;
    let body = list(keys(MANY).map(|key| task(&key)));
    let text = post(&body);
    let mut stream = stage.dial(Who::Hanoi).await;
    stream.write_all(&text.as_bytes()[..text.len() / 2]).await.unwrap();
    stream.flush().await.unwrap();
    stage.until_lines(|lines| lines.iter().any(|line| line["kind"] == "opening")).await;
    drop(stream);
    stage.until_lines(|lines| lines.iter().any(|line| line["kind"] == "closing")).await;
    let closing = stage.lines().into_iter().find(|line| line["kind"] == "closing").unwrap();
    assert_eq!((&closing["rule"], &closing["cause"]), (&"body-broken".into(), &"outcome-unknown".into()));
    assert!(stage.heard().is_empty());
}
