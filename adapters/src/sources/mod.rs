//! What somebody has of a dataset, as the source of a contract in the making ([`contracts::draft`]).
//!
//! | source | file |
//! |---|---|
//! | XML Schema 1.0 | [`of_xsd`] |
//! | a sample in XML | [`of_xml_sample`] |
//! | a sample in CSV | [`of_csv_sample`] |
//!
//! JSON Schema and JSON samples are read on the floor below, where JSON is.
//!
//! These files come from other people's systems and are held to caps like any other input: references
//! are followed within the file and nothing is fetched, a type within itself is a fault, and what is
//! written out of types that multiply is counted. Unlike records, a source is about no one: faults name
//! its elements and types, since whoever mends it must find them. Of samples only names are ever told.

mod csv_sample;
mod names;
mod xml_sample;
mod xsd;

use std::path::Path;

use contracts::{Bilingual, Fault, Place};

pub use self::{
    csv_sample::of_csv_sample, names::dataset as dataset_name, xml_sample::of_xml_sample, xsd::of_xsd,
};

/// Elements and attributes of one source. The largest schemas of the trade, GML with all its parts, have
/// some 20,000; a tree of so many takes a few tens of megabytes.
const NODES: u32 = 400_000;

/// Nesting of a source: what is deeper is an attempt at the reader's stack.
const DEPTH: usize = 64;

/// One kind of fault, or of remark. `{}` in its texts stands for the name it is about.
struct Said {
    rule: &'static str,
    message: [&'static str; 2],
    remedy: [&'static str; 2],
}

impl Said {
    fn of(&self, file: &Path, place: Option<Place>, name: &str, warning: bool) -> Fault {
        // Names of other people's schemas have no cap of their own; two of them may be told together.
        let name: String = name.chars().take(200).collect();
        let filled = |[vi, en]: [&str; 2]| Bilingual::new(vi.replace("{}", &name), en.replace("{}", &name));
        Fault {
            file: file.to_owned(),
            place,
            rule: self.rule,
            message: filled(self.message),
            remedy: filled(self.remedy),
            warning,
        }
    }
}

/// The XML document of `text`, without a DOCTYPE and within the caps.
fn parsed<'t>(file: &Path, text: &'t str) -> Result<roxmltree::Document<'t>, Vec<Fault>> {
    let options = roxmltree::ParsingOptions { allow_dtd: false, nodes_limit: NODES, ..Default::default() };
    let fault = |place, said: &Said| vec![said.of(file, place, "", false)];
    let document = roxmltree::Document::parse_with_options(text, options).map_err(|error| {
        let at = error.pos();
        let said = match error {
            roxmltree::Error::DtdDetected => &DOCTYPE,
            roxmltree::Error::NodesLimitReached => &TOO_LARGE,
            _ => &NOT_XML,
        };
        fault(Some(Place { line: at.row, column: at.col }), said)
    })?;
    let mut depth = 0_usize;
    let mut at = Some(document.root());
    // In document order, up and down without a stack.
    while let Some(node) = at {
        if depth > DEPTH {
            return Err(fault(Some(place(&node)), &TOO_DEEP));
        }
        let mut next = node.first_child();
        if next.is_some() {
            depth += 1;
        }
        let mut above = Some(node);
        while let (None, Some(done)) = (next, above) {
            next = done.next_sibling();
            if next.is_none() {
                above = done.parent();
                depth = depth.saturating_sub(1);
            }
            if above.is_none() {
                break;
            }
        }
        at = next;
    }
    Ok(document)
}

fn place(node: &roxmltree::Node<'_, '_>) -> Place {
    let at = node.document().text_pos_at(node.range().start);
    Place { line: at.row, column: at.col }
}

const NOT_XML: Said = Said {
    rule: "not-xml",
    message: ["Không phải XML đúng cú pháp", "Not well-formed XML"],
    remedy: ["Sửa ở vị trí đã nêu.", "Correct it at the given place."],
};

const DOCTYPE: Said = Said {
    rule: "doctype",
    message: ["DOCTYPE không được nhận", "A DOCTYPE is not taken"],
    remedy: [
        "Xóa khai báo DOCTYPE và các thực thể của nó.",
        "Remove the DOCTYPE and the entities it declares.",
    ],
};

const TOO_LARGE: Said = Said {
    rule: "too-large",
    message: ["Tệp nguồn có quá nhiều phần tử", "The source has too many elements"],
    remedy: ["Chỉ giữ phần mô tả một bộ dữ liệu.", "Keep what describes one dataset."],
};

const TOO_DEEP: Said = Said {
    rule: "too-deep",
    message: ["Tệp nguồn lồng nhau quá sâu", "The source nests too deep"],
    remedy: ["Chỉ giữ phần mô tả một bộ dữ liệu.", "Keep what describes one dataset."],
};

#[cfg(test)]
mod tests;
