//! Test controls: what a neighbour saw, and how it is to misbehave. Plain HTTP, loopback only.
//!
//! `GET /ready` · `GET /seen` (requests since the last reset) · `PUT /behaviour` · `POST /reset`.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{Received, Reply, flow, serve::Stage};

/// How a neighbour behaves.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Behaviour {
    /// As it should.
    Proper,
    /// Replies with `value` in `field` of every record.
    Garble { field: String, value: Value },
    /// Does what is asked and answers `ms` late.
    Late { ms: u64 },
    /// Closes the connection halfway through its reply.
    HangUp,
    /// Answers a list of tasks with any number of them.
    Flow(flow::Terms),
    /// Answers 500 and does nothing.
    Fail,
    /// Does what is asked and closes without a word.
    Mute,
    /// Closes every connection at once.
    Down,
}

/// The bound address of the controls.
pub struct Controls {
    listener: TcpListener,
    stage: Arc<Stage>,
}

impl Controls {
    pub(super) async fn bind(address: SocketAddr, stage: Arc<Stage>) -> Result<Self> {
        let listener = TcpListener::bind(address).await.with_context(|| format!("listening on {address}"))?;
        Ok(Self { listener, stage })
    }

    pub(super) async fn run(&self) {
        loop {
            let Ok((tcp, _)) = self.listener.accept().await else { continue };
            let stage = Arc::clone(&self.stage);
            tokio::spawn(async move {
                let service = service_fn(move |request| told(Arc::clone(&stage), request));
                let _ = http1::Builder::new().serve_connection(TokioIo::new(tcp), service).await;
            });
        }
    }
}

async fn told(stage: Arc<Stage>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let (status, value) = match (head.method, head.uri.path()) {
        (Method::GET, "/ready") => (StatusCode::OK, Value::Null),
        (Method::GET, "/seen") => (StatusCode::OK, stage.seen().iter().map(|seen| describe(seen)).collect()),
        (Method::PUT, "/behaviour") => match serde_json::from_slice(&body) {
            Ok(behaviour) => {
                stage.behave(behaviour);
                (StatusCode::OK, Value::Null)
            }
            Err(error) => (StatusCode::BAD_REQUEST, json!(error.to_string())),
        },
        (Method::POST, "/reset") => {
            stage.behave(Behaviour::Proper);
            stage.forget();
            (StatusCode::OK, Value::Null)
        }
        _ => (StatusCode::NOT_FOUND, Value::Null),
    };
    let mut response = Response::new(Full::from(value.to_string()));
    *response.status_mut() = status;
    Ok(response)
}

fn describe(seen: &Received) -> Value {
    let headers: Vec<_> = seen
        .headers
        .iter()
        .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
        .collect();
    json!({
        "method": seen.method.as_str(),
        "path": seen.path,
        "query": seen.query,
        "headers": headers,
        "body": String::from_utf8_lossy(&seen.body),
    })
}

/// The reply's body with `value` in `field` of every record. A body that is neither JSON nor XML,
/// or that has no such field, stays as it is.
pub(super) fn garble(reply: &Reply, field: &str, value: &Value) -> Bytes {
    let text = String::from_utf8_lossy(&reply.body);
    if reply.media.starts_with("application/json") {
        let Ok(mut body) = serde_json::from_str::<Value>(&text) else { return reply.body.clone() };
        let one = |record: &mut Value| {
            if let Some(members) = record.as_object_mut() {
                members.insert(field.to_owned(), value.clone());
            }
        };
        match &mut body {
            Value::Array(records) => records.iter_mut().for_each(one),
            record => one(record),
        }
        return body.to_string().into();
    }
    let Ok(document) = roxmltree::Document::parse(&text) else { return reply.body.clone() };
    let new = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
        .replace('&', "&amp;")
        .replace('<', "&lt;");
    let mut out = String::new();
    let mut from = 0;
    for node in document.descendants().filter(|node| node.tag_name().name() == field) {
        let (Some(first), Some(last)) = (node.first_child(), node.last_child()) else { continue };
        out.push_str(text.get(from..first.range().start).unwrap_or_default());
        out.push_str(&new);
        from = last.range().end;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn garbled(media: &'static str, body: &'static str) -> Bytes {
        garble(&Reply::new(StatusCode::OK, media, body), "MaTinh", &json!("99"))
    }

    #[test]
    fn every_record_is_garbled() {
        assert_eq!(
            garbled("application/json", r#"[{"MaTinh":"01","A":1},{"A":2}]"#),
            r#"[{"MaTinh":"99","A":1},{"A":2,"MaTinh":"99"}]"#
        );
        assert_eq!(
            garbled("application/xml", "<l><r><MaTinh>01</MaTinh><A/></r><r><MaTinh>79</MaTinh></r></l>"),
            "<l><r><MaTinh>99</MaTinh><A/></r><r><MaTinh>99</MaTinh></r></l>"
        );
    }

    #[test]
    fn what_is_no_record_stays() {
        assert_eq!(garbled("text/plain", "gone"), "gone");
    }
}
