//! A reply of any length, made while it is read: copies of one record under keys that count up.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame};
use serde::Deserialize;
use serde_json::Value;

/// How much is made at once.
const PIECE: usize = 32 * 1024;

/// What flows.
#[derive(Clone, Debug, Deserialize)]
pub struct Terms {
    /// How many records; without end when absent.
    pub records: Option<u64>,
    /// The position of one that lacks everything but its key.
    pub bad: Option<u64>,
    /// The position before which the connection is closed.
    pub breaks_at: Option<u64>,
}

/// An array of records.
pub struct Flow {
    terms: Terms,
    /// What stands before and after a record's key.
    around: (String, String),
    next: u64,
    over: bool,
}

impl Flow {
    /// Copies of the first record of `list`, a JSON array, whose key stands in `key`; none when there is
    /// none.
    pub fn of(list: &[u8], key: &str, terms: Terms) -> Option<Self> {
        const MARK: &str = "(key)";
        let mut first = serde_json::from_slice::<Value>(list).ok()?.as_array()?.first()?.clone();
        *first.get_mut(key)? = MARK.into();
        let text = first.to_string();
        let (before, after) = text.split_once(MARK)?;
        Some(Self { terms, around: (before.to_owned(), after.to_owned()), next: 0, over: false })
    }

    /// The next piece; none when the reply breaks off here.
    fn piece(&mut self) -> Option<String> {
        let mut piece = String::with_capacity(PIECE * 2);
        while piece.len() < PIECE {
            if self.terms.breaks_at == Some(self.next) {
                return (!piece.is_empty()).then_some(piece);
            }
            piece.push(if self.next == 0 { '[' } else { ',' });
            if self.terms.records.is_some_and(|records| self.next >= records) {
                piece.pop();
                piece.push_str(if self.next == 0 { "[]" } else { "]" });
                self.over = true;
                break;
            }
            let key = format!("LAP-{:08}", self.next);
            if self.terms.bad == Some(self.next) {
                piece.push_str(&format!(r#"{{"MaSo":"{key}"}}"#));
            } else {
                let (before, after) = &self.around;
                piece.extend([before, &*key, after]);
            }
            self.next += 1;
        }
        Some(piece)
    }
}

impl Body for Flow {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.over {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(match self.piece() {
            Some(piece) => Ok(Frame::data(piece.into())),
            None => Err(io::ErrorKind::ConnectionAborted.into()),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &[u8] = br#"[{"MaSo":"x","Ten":"y"}]"#;

    fn pieces(records: Option<u64>, bad: Option<u64>, breaks_at: Option<u64>) -> (String, bool) {
        let mut flow = Flow::of(LIST, "MaSo", Terms { records, bad, breaks_at }).unwrap();
        let mut all = String::new();
        while !flow.over {
            match flow.piece() {
                Some(piece) => all.push_str(&piece),
                None => return (all, false),
            }
        }
        (all, true)
    }

    #[test]
    fn an_array_of_as_many_records_flows() {
        let (text, whole) = pieces(Some(5_000), Some(4), None);
        let records: Vec<Value> = serde_json::from_str(&text).unwrap();
        assert!(whole && records.len() == 5_000);
        assert_eq!(records[17].to_string(), r#"{"MaSo":"LAP-00000017","Ten":"y"}"#);
        assert_eq!(records[4].to_string(), r#"{"MaSo":"LAP-00000004"}"#);
        assert_eq!(pieces(Some(0), None, None), ("[]".to_owned(), true));
    }

    #[test]
    fn it_breaks_off_where_told() {
        let (text, whole) = pieces(None, None, Some(2_000));
        assert!(!whole && text.matches("LAP-").count() == 2_000 && !text.ends_with(']'));
    }
}
