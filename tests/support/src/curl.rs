//! `curl`, for a second opinion on what the gateway speaks: another HTTP stack, another TLS library.

use std::{fs, net::SocketAddr, path::Path, process::Command, time::Duration};

use anyhow::{Context, Result, ensure};
use http::{HeaderMap, HeaderName, HeaderValue, Version};

use crate::{Answer, Ask, Http, Identity, process};

/// Asks `address` as `identity` over `http`, under the name `localhost`.
///
/// # Errors
/// When curl is missing, or gets no HTTP answer; the error carries curl's words and exit code.
pub fn ask(address: SocketAddr, ca: &Path, identity: &Identity, http: Http, ask: &Ask) -> Result<Answer> {
    let version = if http == Http::Two { "--http2" } else { "--http1.1" };
    let url = format!("https://localhost:{}{}", address.port(), ask.target());
    let headers: Vec<String> = ask.headers().iter().map(|(name, value)| format!("{name}: {value}")).collect();
    // What is asked is what is sent: no path tidied, no character taken for a pattern.
    let mut arguments = vec![version, "--path-as-is", "--globoff", "--request", ask.method().as_str()];
    headers.iter().for_each(|header| arguments.extend(["--header", header]));
    let content = tempfile::NamedTempFile::new()?;
    let body = format!("@{}", content.path().display());
    if !ask.content().is_empty() {
        fs::write(content.path(), ask.content())?;
        arguments.extend(["--data-binary", &body]);
    }
    arguments.push(&url);
    run(ca, identity, &arguments)
}

/// Runs curl as `identity`, with `arguments` after the ones that name certificates.
///
/// # Errors
/// As [`ask`].
pub fn run(ca: &Path, identity: &Identity, arguments: &[&str]) -> Result<Answer> {
    let (head, body) = (tempfile::NamedTempFile::new()?, tempfile::NamedTempFile::new()?);
    let mut curl = Command::new("curl");
    // `-q` first: a developer's own .curlrc must not decide what a test does.
    curl.args(["-q", "--silent", "--show-error", "--max-time", "20", "--noproxy", "*", "--cacert"]).arg(ca);
    curl.arg("--cert").arg(&identity.certificate).arg("--key").arg(&identity.key);
    curl.arg("--dump-header").arg(head.path()).arg("--output").arg(body.path()).args(arguments);
    let ended = process::run(&mut curl, Duration::from_secs(30))?;
    ensure!(ended.status.success(), "curl ended with {}: {}", ended.status, ended.err.trim());
    let head = fs::read_to_string(head.path())?;
    let (status, version, headers) = last_head(&head).context("curl wrote no response head")?;
    Ok(Answer { status, version, headers, body: fs::read(body.path())?.into() })
}

/// The last response head: interim ones (100) come before it.
fn last_head(text: &str) -> Option<(u16, Version, HeaderMap)> {
    let head = text.trim_end().rsplit("\r\n\r\n").next()?;
    let mut lines = head.lines();
    let mut status_line = lines.next()?.split(' ');
    let version = match status_line.next()? {
        "HTTP/1.1" => Version::HTTP_11,
        "HTTP/2" => Version::HTTP_2,
        _ => return None,
    };
    let status = status_line.next()?.parse().ok()?;
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        headers.append(name.parse::<HeaderName>().ok()?, value.trim().parse::<HeaderValue>().ok()?);
    }
    Some((status, version, headers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_final_head_counts() {
        let text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nLocation: /x\r\n\r\n";
        let (status, version, headers) = last_head(text).unwrap();
        assert_eq!((status, version), (201, Version::HTTP_11));
        assert_eq!(headers["location"], "/x");
        assert_eq!(last_head("HTTP/2 403 \r\nserver: x\r\n\r\n").unwrap().0, 403);
    }
}
