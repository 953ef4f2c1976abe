//! How a refusal looks from outside.

use std::{borrow::Cow, time::Duration};

use contracts::Bilingual;
use http::StatusCode;

use super::Blame;

/// How a refusal looks from outside. `kind` is what programs act on, and what the journal calls
/// `rule`; `rule` tells which of its forms it took, for people, and is the journal's `cause` where it
/// says more than the code.
#[derive(Debug)]
pub struct Face {
    /// The HTTP status.
    pub status: StatusCode,
    /// The stable code of `type`.
    pub kind: &'static str,
    /// The precise rule; `kind` again when there is no finer one.
    pub rule: Cow<'static, str>,
    /// Whose fault.
    pub blame: Blame,
    /// A short title.
    pub title: Bilingual,
    /// What happened and what to do next.
    pub detail: Bilingual,
    /// When to try again.
    pub retry_after: Option<Duration>,
}

/// A face whose rule is its code; `title` and `detail` in Vietnamese and English.
pub(super) fn face(
    status: u16,
    kind: &'static str,
    blame: Blame,
    title: (&str, &str),
    detail: (&str, &str),
) -> Face {
    Face {
        status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        kind,
        rule: Cow::Borrowed(kind),
        blame,
        title: Bilingual::new(title.0, title.1),
        detail: Bilingual::new(detail.0, detail.1),
        retry_after: None,
    }
}

/// A text that stands alone: with a capital and a full stop.
pub(super) fn sentence(text: &Bilingual) -> Bilingual {
    let whole = |text: &str| {
        let mut letters = text.chars();
        let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
        let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
        format!("{first}{}{stop}", letters.as_str())
    };
    Bilingual::new(whole(&text.vi), whole(&text.en))
}

/// What happened, then what to do.
pub(super) fn joined(message: &Bilingual, remedy: &Bilingual) -> Bilingual {
    Bilingual::new(format!("{} {}", message.vi, remedy.vi), format!("{} {}", message.en, remedy.en))
}
