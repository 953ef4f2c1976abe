//! Names of members, subsystems and services: `instance/class/member[/subsystem[/service[/version]]]`.

use std::{fmt, str::FromStr};

use super::{IDENTIFIERS, element};

/// Characters of one part of an identifier; X-Road's own registers hold 255.
pub(super) const LONGEST: usize = 255;

/// A member, a subsystem or a service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identifier {
    /// `xRoadInstance`, such as `VN`.
    pub instance: String,
    /// `memberClass`, such as `GOV`.
    pub class: String,
    /// `memberCode`, such as `H26`.
    pub member: String,
    /// `subsystemCode`.
    pub subsystem: Option<String>,
    /// `serviceCode`; a service has one.
    pub service: Option<String>,
    /// `serviceVersion`.
    pub version: Option<String>,
}

/// The text does not name a member, a subsystem or a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an X-Road identifier: instance/class/member[/subsystem], each part at most 255 characters")]
pub struct NotAnIdentifier;

impl Identifier {
    /// `objectType`, which follows from what is there.
    pub fn object_type(&self) -> &'static str {
        match (&self.service, &self.subsystem) {
            (Some(_), _) => "SERVICE",
            (None, Some(_)) => "SUBSYSTEM",
            (None, None) => "MEMBER",
        }
    }

    /// The member alone: `instance/class/member`.
    pub fn member_name(&self) -> String {
        format!("{}/{}/{}", self.instance, self.class, self.member)
    }

    /// Appends it as an element called `name`, whose start tag declares what `declared` says.
    pub(super) fn write(&self, name: &str, declared: &str, out: &mut Vec<u8>) {
        let kind = self.object_type();
        out.extend_from_slice(
            format!("<{name}{declared} xmlns:id=\"{IDENTIFIERS}\" id:objectType=\"{kind}\">").as_bytes(),
        );
        let parts = [
            ("id:xRoadInstance", Some(&self.instance)),
            ("id:memberClass", Some(&self.class)),
            ("id:memberCode", Some(&self.member)),
            ("id:subsystemCode", self.subsystem.as_ref()),
            ("id:serviceCode", self.service.as_ref()),
            ("id:serviceVersion", self.version.as_ref()),
        ];
        for (part, text) in parts {
            if let Some(text) = text {
                element(part, "", text, out);
            }
        }
        out.extend_from_slice(format!("</{name}>").as_bytes());
    }
}

/// Whether `text` can be a part of an identifier, a message's id or an officer's: visible, one line, short.
pub(super) fn is_part(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= LONGEST && !text.chars().any(char::is_control)
}

impl FromStr for Identifier {
    type Err = NotAnIdentifier;

    /// A member or a subsystem, as REST headers and documents write it.
    fn from_str(text: &str) -> Result<Self, NotAnIdentifier> {
        let mut parts = text.split('/');
        let mut part = || parts.next().filter(|part| is_part(part)).map(str::to_owned);
        let (Some(instance), Some(class), Some(member)) = (part(), part(), part()) else {
            return Err(NotAnIdentifier);
        };
        let subsystem = match parts.next() {
            None => None,
            Some(part) if is_part(part) => Some(part.to_owned()),
            Some(_) => return Err(NotAnIdentifier),
        };
        if parts.next().is_some() {
            return Err(NotAnIdentifier);
        }
        Ok(Self { instance, class, member, subsystem, service: None, version: None })
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.member_name())?;
        for part in [&self.subsystem, &self.service, &self.version].into_iter().flatten() {
            write!(f, "/{part}")?;
        }
        Ok(())
    }
}
