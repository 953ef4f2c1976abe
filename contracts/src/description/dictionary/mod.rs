//! The data dictionary: what every field is, for people, in Vietnamese and in English.
//!
//! One document per view in both languages side by side, since the two sides of an agreement read the
//! same page. The facts are gathered once ([`facts`]); Markdown and HTML only lay them out.

mod facts;
mod html;
mod markdown;

pub use self::{html::html, markdown::markdown};
