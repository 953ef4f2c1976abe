//! The pages as bytes.

use contracts::{Check, CodeList, CodeLists, Edition, Entry};
use jiff::civil::Date;
use serde_json::{Map, Value, json};

use crate::problem::escape;

/// The namespace of the pages in XML.
const NAMESPACE: &str = "urn:lienthong:danh-muc:1";

/// A page in each format.
pub(super) struct Written {
    pub(super) json: Vec<u8>,
    pub(super) xml: Vec<u8>,
    pub(super) csv: Vec<u8>,
}

/// What is shown of a list.
#[derive(Clone, Copy)]
pub(super) struct Excerpt<'l> {
    pub(super) list: &'l CodeList,
    /// One edition; all when none is named.
    pub(super) edition: Option<&'l str>,
    /// The codes valid on one day.
    pub(super) on: Option<Date>,
    /// One code.
    pub(super) code: Option<&'l str>,
}

/// The page of all lists.
pub(super) fn index(lists: &CodeLists) -> Written {
    let described = lists.iter().map(|list| {
        let mut described = about(list);
        described.insert("url".to_owned(), format!("/api/danh-muc/{}", list.name()).into());
        let editions = list.editions().iter().map(|edition| {
            let mut about = about_edition(edition);
            about.insert("codes".to_owned(), edition.entries().len().into());
            Value::Object(about)
        });
        described.insert("editions".to_owned(), editions.collect());
        Value::Object(described)
    });
    let json = json!({ "lists": described.collect::<Vec<_>>() });
    let header = [
        "list",
        "title_vi",
        "title_en",
        "complete",
        "check",
        "form",
        "edition",
        "valid_from",
        "valid_until",
        "codes",
    ];
    let rows = lists.iter().flat_map(|list| {
        list.editions().iter().map(move |edition| {
            [
                list.name().to_owned(),
                list.title().vi.clone(),
                list.title().en.clone(),
                list.is_complete().to_string(),
                check(list).to_owned(),
                list.form().map(|form| form.as_str().to_owned()).unwrap_or_default(),
                edition.id().to_owned(),
                day(edition.valid_from()),
                day(edition.valid_until()),
                edition.entries().len().to_string(),
            ]
        })
    });
    Written { xml: xml("codeLists", &json), csv: table(&header, rows), json: json.to_string().into_bytes() }
}

impl<'l> Excerpt<'l> {
    /// Everything.
    pub(super) fn whole(list: &'l CodeList) -> Self {
        Self { list, edition: None, on: None, code: None }
    }

    /// Whether no code is left.
    pub(super) fn is_empty(&self) -> bool {
        self.editions().all(|edition| self.entries(edition).next().is_none())
    }

    pub(super) fn write(&self) -> Written {
        let json = self.json();
        let header = ["edition", "valid_from", "valid_until", "code", "name", "name_en", "successor"];
        let rows = self.editions().flat_map(|edition| {
            self.entries(edition).map(move |entry| {
                [
                    edition.id().to_owned(),
                    day(entry.valid_from().or(edition.valid_from())),
                    day(entry.valid_until().or(edition.valid_until())),
                    entry.code.clone(),
                    entry.name.clone(),
                    entry.name_en.clone().unwrap_or_default(),
                    entry.successor.clone().unwrap_or_default(),
                ]
            })
        });
        Written {
            xml: xml("codeList", &json),
            csv: table(&header, rows),
            json: json.to_string().into_bytes(),
        }
    }

    fn editions(&self) -> impl Iterator<Item = &'l Edition> {
        let wanted = self.edition;
        self.list.editions().iter().filter(move |edition| wanted.is_none_or(|wanted| wanted == edition.id()))
    }

    fn entries(&self, edition: &'l Edition) -> impl Iterator<Item = &'l Entry> {
        let (on, code) = (self.on, self.code);
        edition.entries().iter().filter(move |entry| {
            code.is_none_or(|code| code == entry.code)
                && on.is_none_or(|day| {
                    entry.valid_from().is_none_or(|from| from <= day)
                        && entry.valid_until().is_none_or(|until| day <= until)
                })
        })
    }

    fn json(&self) -> Value {
        let mut page = about(self.list);
        let editions = self.editions().map(|edition| {
            let mut about = about_edition(edition);
            about.insert(
                "entries".to_owned(),
                self.entries(edition).map(|entry| self.entry(edition, entry)).collect(),
            );
            Value::Object(about)
        });
        page.insert("editions".to_owned(), editions.collect());
        let mappings = self.list.mappings().iter().filter(|mapping| {
            self.code.is_none()
                && self.edition.is_none_or(|edition| edition == mapping.from || edition == mapping.to)
        });
        let mappings: Vec<Value> = mappings
            .map(|mapping| {
                let pairs = mapping.pairs().iter().map(|pair| {
                    let mut written = Map::new();
                    written.insert("from".to_owned(), pair.from.as_str().into());
                    written.insert("to".to_owned(), pair.to.as_str().into());
                    add_days(&mut written, pair.valid_from(), pair.valid_until());
                    Value::Object(written)
                });
                json!({
                    "from": mapping.from, "to": mapping.to, "source": mapping.source,
                    "complete": mapping.complete, "pairs": pairs.collect::<Vec<_>>(),
                })
            })
            .collect();
        if !mappings.is_empty() {
            page.insert("mappings".to_owned(), mappings.into());
        }
        Value::Object(page)
    }

    fn entry(&self, edition: &Edition, entry: &Entry) -> Value {
        let mut name = json!({ "vi": entry.name });
        if let (Some(english), Some(name)) = (&entry.name_en, name.as_object_mut()) {
            name.insert("en".to_owned(), english.as_str().into());
        }
        let mut written = Map::new();
        written.insert("code".to_owned(), entry.code.as_str().into());
        written.insert("name".to_owned(), name);
        add_days(&mut written, entry.valid_from(), entry.valid_until());
        if let Some(successor) = &entry.successor {
            written.insert("successor".to_owned(), successor.as_str().into());
        }
        if self.code.is_some() {
            let told = |found: Vec<(&Edition, &str)>| -> Value {
                found
                    .into_iter()
                    .map(|(edition, code)| json!({"edition": edition.id(), "code": code}))
                    .collect()
            };
            let list = self.list;
            written.insert("successors".to_owned(), told(list.successors(&entry.code, edition.id())));
            written.insert("predecessors".to_owned(), told(list.predecessors(&entry.code, edition.id())));
        }
        Value::Object(written)
    }
}

fn about(list: &CodeList) -> Map<String, Value> {
    let mut about = Map::new();
    about.insert("list".to_owned(), list.name().into());
    about.insert("title".to_owned(), json!({ "vi": list.title().vi, "en": list.title().en }));
    about.insert("source".to_owned(), list.source().trim().into());
    about.insert("complete".to_owned(), list.is_complete().into());
    about.insert("check".to_owned(), check(list).into());
    if let Some(form) = list.form() {
        let asks = form.asks();
        about.insert("form".to_owned(), json!({ "rule": form.as_str(), "vi": asks.vi, "en": asks.en }));
    }
    about
}

/// `codes` or `form`, as in `list.toml`.
fn check(list: &CodeList) -> &'static str {
    match list.check() {
        Check::Codes => "codes",
        Check::Form => "form",
    }
}

fn about_edition(edition: &Edition) -> Map<String, Value> {
    let mut about = Map::new();
    about.insert("edition".to_owned(), edition.id().into());
    add_days(&mut about, edition.valid_from(), edition.valid_until());
    about
}

fn add_days(written: &mut Map<String, Value>, from: Option<Date>, until: Option<Date>) {
    for (name, found) in [("valid_from", from), ("valid_until", until)] {
        if let Some(found) = found {
            written.insert(name.to_owned(), found.to_string().into());
        }
    }
}

fn day(day: Option<Date>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

/// The element of an item, by the list's name: what an English reader would call one of them.
const ITEMS: [(&str, &str); 7] = [
    ("lists", "codeList"),
    ("editions", "edition"),
    ("entries", "entry"),
    ("mappings", "mapping"),
    ("pairs", "pair"),
    ("successors", "successor"),
    ("predecessors", "predecessor"),
];

/// The same page in XML: a member is an element of its name, a list one around its items.
fn xml(root: &str, page: &Value) -> Vec<u8> {
    let mut out = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><{root} xmlns=\"{NAMESPACE}\">");
    content(page, "", &mut out);
    out.push_str(&format!("</{root}>"));
    out.into_bytes()
}

// As deep as the pages above, which this file alone makes.
fn content(value: &Value, name: &str, out: &mut String) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                out.push_str(&format!("<{name}>"));
                content(value, name, out);
                out.push_str(&format!("</{name}>"));
            }
        }
        Value::Array(items) => {
            let item = ITEMS.iter().find(|(list, _)| *list == name).map_or("item", |(_, item)| item);
            for value in items {
                out.push_str(&format!("<{item}>"));
                content(value, item, out);
                out.push_str(&format!("</{item}>"));
            }
        }
        Value::String(text) => out.push_str(&escape(text)),
        Value::Null => {}
        other => out.push_str(&other.to_string()),
    }
}

/// RFC 4180.
fn table<const N: usize>(header: &[&str; N], rows: impl Iterator<Item = [String; N]>) -> Vec<u8> {
    let mut out = String::new();
    let mut row = |cells: &[&str; N]| {
        let cells = cells.map(|cell| {
            if cell.contains([',', '"', '\r', '\n']) {
                format!("\"{}\"", cell.replace('"', "\"\""))
            } else {
                cell.to_owned()
            }
        });
        out.push_str(&cells.join(","));
        out.push_str("\r\n");
    };
    row(header);
    for cells in rows {
        row(&cells.each_ref().map(String::as_str));
    }
    out.into_bytes()
}
