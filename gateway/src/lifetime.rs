//! What every answer of a version on its way out says of that.
//!
//! From the day in `deprecated_from` answers carry `Deprecation` (RFC 9745) and, when the end is known,
//! `Sunset` (RFC 8594); `Link` leads to the version's dictionary, which tells of it in words
//! (`rel="deprecation"`), and to the version to move to (`rel="successor-version"`, RFC 5829). From the
//! day in `retired_from` the version is gone: it is refused with 410, and the refusal carries the same
//! fields. Days begin at midnight in Viet Nam.

use jiff::{Timestamp, civil::Date};
use policies::Service;

use crate::host::{
    Answer,
    fields::{self, Name},
};

const DEPRECATION: Name = Name::of("deprecation");
const SUNSET: Name = Name::of("sunset");

/// A version that is on its way out, or gone.
#[derive(Clone, Copy, Debug)]
pub struct Leaving<'w> {
    service: &'w Service,
    version: u32,
    deprecated: Option<Timestamp>,
    gone: Option<Timestamp>,
    successor: Option<u32>,
}

impl<'w> Leaving<'w> {
    /// What is to be said on `now` of version `number`, when anything is.
    pub fn of(service: &'w Service, number: u32, now: Timestamp) -> Option<Self> {
        let today = policies::local(now).date();
        let version = service.version(number)?;
        let deprecated = version.deprecated_from.filter(|from| *from <= today);
        // An end without a day of deprecation is announced as soon as it is known.
        let announced =
            deprecated.is_some() || version.deprecated_from.is_none() || version.is_retired(today);
        let gone = version.retired_from.filter(|_| announced);
        if deprecated.is_none() && gone.is_none() {
            return None;
        }
        Some(Self {
            service,
            version: number,
            deprecated: deprecated.and_then(start_of),
            gone: gone.and_then(start_of),
            successor: successor(service, number, today),
        })
    }

    /// Adds the header fields to `answer`.
    pub fn tell(&self, answer: &mut Answer) {
        if let Some(deprecated) = self.deprecated {
            // A date of structured fields (RFC 9651 section 3.3.7): seconds behind an `@`.
            answer.fields.push(DEPRECATION, &format!("@{}", deprecated.as_second()));
        }
        if let Some(gone) = self.gone {
            let date = gone.to_zoned(jiff::tz::TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S GMT");
            answer.fields.push(SUNSET, &date.to_string());
        }
        let service = &self.service.id;
        let mut links = Vec::new();
        if self.deprecated.is_some() {
            links.push(format!("</api/{service}/v{}/dictionary>; rel=\"deprecation\"", self.version));
        }
        if let Some(successor) = self.successor {
            links.push(format!("</api/{service}/v{successor}/openapi.json>; rel=\"successor-version\""));
        }
        if !links.is_empty() {
            answer.fields.push(fields::LINK, &links.join(", "));
        }
    }
}

/// The newest later version that is neither retired nor deprecated itself.
pub fn successor(service: &Service, number: u32, today: Date) -> Option<u32> {
    let later = service.versions.iter().filter(|version| version.number > number);
    let lasting = later.filter(|version| {
        !version.is_retired(today) && version.deprecated_from.is_none_or(|from| from > today)
    });
    lasting.map(|version| version.number).max()
}

fn start_of(day: Date) -> Option<Timestamp> {
    policies::instant(day.at(0, 0, 0, 0))
}
