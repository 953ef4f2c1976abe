//! An authenticated consumer that wants more than its agreement gives.

use super::stage::{Stage, Who, json, of_province, reply, task};

#[tokio::test]
async fn what_is_authorised_is_what_is_forwarded() {
    let stage = Stage::set(|_| json(&task("A;b=?#%2F é"))).await;
    let said = stage.get(Who::Hanoi, "/records/A;b=%3F%23%252F%20%C3%A9").await;
    assert_eq!(said.status, 200, "{said:?}");
    let heard = stage.heard();
    assert!(heard[0].starts_with("GET /ws/A%3Bb%3D%3F%23%252F%20%C3%A9 HTTP/1.1\r\n"), "{}", heard[0]);
}

#[tokio::test]
async fn filters_are_forwarded_as_values_and_hold_whatever_the_provider_does() {
    let everything = format!("[{},{},{}]", task("A&MaTinh=24"), task("B"), of_province("A&MaTinh=24", "24"));
    let stage = Stage::set(move |_| json(&everything)).await;
    let said = stage.get(Who::Hanoi, "/records?MaSo=A%26MaTinh%3D24&limit=5").await;
    assert_eq!(said.json().as_array().unwrap().len(), 1, "{said:?}");
    assert!(stage.heard()[0].starts_with("GET /ws?MaSo=A%26MaTinh%3D24 HTTP/1.1"), "{}", stage.heard()[0]);
    for (query, rule) in [
        ("MaSo=A&MaSo=B", "repeated-parameter"),
        ("MaSo=A&%4DaSo=B", "repeated-parameter"),
        ("limit=1&limit=2", "repeated-parameter"),
        ("limit=0", "parameter"),
        ("limit=%2B1", "parameter"),
        ("limit=10001", "parameter"),
        ("cursor=x", "unknown-parameter"),
        ("since=2026", "unknown-parameter"),
    ] {
        stage.get(Who::Hanoi, &format!("/records?{query}")).await.is_refused(400, "parameter", rule);
    }
    let hidden = stage.get(Who::Partner, "/records?MaSo=A").await;
    hidden.is_refused(403, "filter-not-released", "filter-not-released");
    let unknown = stage.get(Who::Hanoi, "/records?ChuNhiem.SoDinhDanh=024188000004").await;
    assert_eq!(unknown.status, 403);
    assert!(!unknown.body.contains("024188000004"));
    assert_eq!(stage.heard().len(), 1, "no refused request reached the provider");
}

#[tokio::test]
async fn a_name_of_the_callers_making_is_not_told_back() {
    let stage = Stage::set(|_| json("[]")).await;
    let said = stage.get(Who::Hanoi, "/records?NguyenVanA.024188000004=1").await;
    assert!(!said.body.contains("NguyenVanA") && !said.body.contains("024188000004"), "{said:?}");
    let line = stage.lines().pop().unwrap().to_string();
    assert!(!line.contains("NguyenVanA") && !line.contains("024188000004"), "{line}");
}

#[tokio::test]
async fn who_does_not_see_keys_cannot_try_them() {
    let stage = Stage::set(|_| json(&task("A"))).await;
    let said = stage.get(Who::Partner, "/records/A").await;
    said.is_refused(403, "filter-not-released", "filter-not-released");
    assert!(stage.heard().is_empty());
}

#[tokio::test]
async fn a_record_out_of_scope_one_that_is_gone_and_one_that_never_was_look_alike() {
    let stage = Stage::set(|request| match request {
        request if request.contains("/ws/CO") => json(&of_province("CO", "24")),
        request if request.contains("/ws/MAT") => reply("410 Gone", "", ""),
        _ => reply("404 Not Found", "", "no such record"),
    })
    .await;
    let mut seen = Vec::new();
    for key in ["CO", "MAT", "KHONG"] {
        let said = stage.get(Who::Hanoi, &format!("/records/{key}")).await;
        let mut problem = said.json();
        problem["exchange"].take();
        seen.push((said.status, problem, said.header("retry-after").to_owned()));
    }
    assert_eq!(seen[0].0, 404);
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:#?}");
}

#[tokio::test]
async fn methods_that_are_not_ours_are_refused_and_do_not_reach_the_provider() {
    let stage = Stage::set(|_| json(&task("A"))).await;
    for method in ["HEAD", "OPTIONS", "TRACE", "PATCH", "DELETE", "PROPFIND"] {
        for path in ["/records/A", "/records", "/api", "/api/me"] {
            let said = stage.ask(Who::Hanoi, method, path, "", "").await;
            assert_eq!(said.status, 405, "{method} {path}");
            assert!(said.header("allow").contains("GET"), "{said:?}");
        }
    }
    assert!(stage.heard().is_empty());
}

#[tokio::test]
async fn identity_headers_are_the_gateways_and_cannot_be_forged() {
    let stage = Stage::set(|_| json("[]")).await;
    let forged = "Lt-Consumer: G01/bo-cong-an\r\nLt-Agreement: TT-9999\r\nLt-Exchange-Id: 1\r\nX-Road-Service: a/b\r\n\
                  X-Forwarded-For: 1.2.3.4\r\nCookie: a=b\r\nAuthorization: Bearer x\r\nTraceparent: Nguyen Van A\r\n\
                  Idempotency-Key: k\r\nIf-Match: \"guess\"\r\nIf-None-Match: \"x\"\r\nRange: bytes=0-1\r\n";
    let said = stage.ask(Who::Hanoi, "GET", "/records", forged, "").await;
    assert_eq!(said.status, 200, "{said:?}");
    let heard = stage.heard()[0].to_lowercase();
    assert!(
        heard.contains("lt-consumer: h26/he-thong\r\n") && heard.contains("lt-agreement: tt-2026-001\r\n")
    );
    for absent in [
        "bo-cong-an",
        "9999",
        "x-road",
        "forwarded",
        "cookie",
        "bearer",
        "nguyen",
        "idempotency",
        "if-",
        "range",
    ] {
        assert!(!heard.contains(absent), "{absent}: {heard}");
    }
    let spoken_for = stage.ask(Who::Hanoi, "GET", "/records", "Lt-On-Behalf-Of: G03\r\n", "").await;
    spoken_for.is_refused(403, "relay-not-allowed", "relay-not-allowed");
    let twice = stage.ask(Who::Hanoi, "GET", "/records", "Lt-Purpose: quan-ly\r\n", "").await;
    twice.is_refused(400, "header", "header");
    assert_eq!(stage.record(&twice).caller.as_deref(), Some("H26/he-thong"));
}

#[tokio::test]
async fn a_submission_is_checked_whole_before_anything_leaves() {
    let stage = Stage::set(|_| reply("201 Created", "", "")).await;
    let outside = format!("[{},{}]", task("A"), of_province("B", "24"));
    let said = stage.send(Who::Hanoi, "POST", "/records", &outside).await;
    said.is_refused(403, "record-outside-scope", "record-outside-scope");
    let empty = stage.send(Who::Hanoi, "POST", "/records", "[]").await;
    empty.is_refused(422, "contract-violation", "nhiem-vu@1");
    let broken = format!("[{},{{\"MaSo\":\"024188000004\"}}]", task("A"));
    let broken = stage.send(Who::Hanoi, "POST", "/records", &broken).await;
    broken.is_refused(422, "contract-violation", "nhiem-vu@1");
    assert!(broken.body.contains("\"/1/"), "{}", broken.body);
    let other = stage.send(Who::Hanoi, "PUT", "/records/A", &task("B")).await;
    other.is_refused(400, "parameter", "wrong-record");
    for coded in
        ["Content-Encoding: gzip\r\n", "Content-Type: text/plain\r\n", "Content-Type: application/xml\r\n"]
    {
        let fields = format!("Content-Type: application/json\r\n{coded}");
        let said = stage.ask(Who::Hanoi, "POST", "/records", &fields, &task("A")).await;
        assert_eq!(said.status, 415, "{coded}");
    }
    assert!(stage.heard().is_empty());
    let good = stage.send(Who::Hanoi, "POST", "/records", &format!("[{}]", task("A"))).await;
    assert_eq!(good.status, 201, "{good:?}");
    assert!(stage.heard()[0].ends_with(&format!("\r\n\r\n[{}]", task("A"))), "byte for byte");
}

#[tokio::test]
async fn two_consumers_with_one_idempotency_key_are_two() {
    let stage = Stage::set(|_| reply("201 Created", "", "")).await;
    let fields = "Content-Type: application/json\r\nIdempotency-Key: 1\r\n";
    for who in [Who::Hanoi, Who::Partner, Who::Hanoi] {
        assert_eq!(stage.ask(who, "POST", "/records", fields, &task("A")).await.status, 201);
    }
    let key = |request: &String| {
        let line = request.lines().find(|line| line.to_lowercase().starts_with("idempotency-key: ")).unwrap();
        line.to_owned()
    };
    let keys: Vec<String> = stage.heard().iter().map(key).collect();
    assert_ne!(keys[0], keys[1]);
    assert_eq!(keys[0], keys[2]);
}

#[tokio::test]
async fn a_change_is_made_to_the_record_that_was_looked_at() {
    let stage = Stage::set(|request| match request {
        request if request.starts_with("GET /ws/NGOAI ") => json(&of_province("NGOAI", "24")),
        request if request.starts_with("GET /ws/KHAC ") => json(&task("A")),
        request if request.starts_with("GET ") => {
            reply("200 OK", "Content-Type: application/json\r\nETag: \"v7\"\r\n", &task("A"))
        }
        _ => reply("204 No Content", "", ""),
    })
    .await;
    let json_type = "Content-Type: application/json\r\n";
    let any =
        stage.ask(Who::Hanoi, "PUT", "/records/A", &format!("{json_type}If-Match: *\r\n"), &task("A")).await;
    assert_eq!(any.status, 200, "{any:?}");
    let put = stage.heard().pop().unwrap().to_lowercase();
    assert!(put.starts_with("put /ws/a ") && put.contains("if-match: \"v7\"\r\n"), "{put}");
    let stale = format!("{json_type}If-Match: \"v6\"\r\n");
    let stale = stage.ask(Who::Hanoi, "PUT", "/records/A", &stale, &task("A")).await;
    stale.is_refused(412, "provider-precondition", "status-412");
    let moved = stage.send(Who::Hanoi, "PUT", "/records/NGOAI", &task("NGOAI")).await;
    moved.is_refused(404, "record-not-found", "record-not-found");
    let swapped = stage.ask(Who::Hanoi, "POST", "/records/KHAC/withdraw", "", "").await;
    swapped.is_refused(502, "provider-broke-contract", "wrong-record");
    let guess = stage.ask(Who::Partner, "POST", "/records/A/withdraw", "If-Match: \"guess\"\r\n", "").await;
    guess.is_refused(400, "header", "header");
    let changes = stage.heard().into_iter().filter(|request| !request.starts_with("GET ")).count();
    assert_eq!(changes, 1, "one change was asked for");
}
