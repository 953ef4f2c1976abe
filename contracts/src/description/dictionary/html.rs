//! The dictionary as one HTML page: nothing to fetch, readable by a screen reader and on paper.

use super::{
    super::markup::Markup,
    facts::{CodeListFacts, Facts, RecordFacts},
};
use crate::{Bilingual, Contract, View};

/// Large enough to read, dense enough to print; wide tables scroll in their own frame.
const STYLE: &str = "
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:90rem;padding:1rem;color:#111;background:#fff}
table{border-collapse:collapse;width:100%;font-size:.875rem}
caption{text-align:left;padding:.25rem 0;color:#444}
th,td{border:1px solid #999;padding:.25rem .5rem;text-align:left;vertical-align:top}
thead th{background:#eee}
code{font-family:ui-monospace,monospace;overflow-wrap:anywhere}
[lang=en]{color:#444;display:block}
h1 [lang=en],h2 [lang=en]{font-size:.8em;font-weight:normal}
.frame{overflow-x:auto}
dt{font-weight:bold}
a{color:#00529b}
@media print{body{max-width:none;font-size:9pt}nav{display:none}h2{break-after:avoid}tr{break-inside:avoid}.frame{overflow:visible}}
";

const COLUMNS: [(&str, &str); 9] = [
    ("Trường", "Field"),
    ("Tên gọi", "Title"),
    ("Kiểu", "Type"),
    ("Giới hạn", "Limits"),
    ("Bắt buộc", "Required"),
    ("Loại dữ liệu", "Class"),
    ("Danh mục", "Code list"),
    ("XML", "XML"),
    ("Mô tả", "Description"),
];

/// The data dictionary of `contract` as `view` has it, as one self-contained HTML page.
pub fn html(contract: &Contract, view: &View) -> String {
    let facts = Facts::of(contract, view);
    let mut page = Markup::new("<!DOCTYPE html>");
    page.element("html", &[("lang", "vi")], |page| {
        page.element("head", &[], |page| {
            page.empty("meta", &[("charset", "utf-8")]);
            page.empty("meta", &[("name", "viewport"), ("content", "width=device-width, initial-scale=1")]);
            page.text("title", &[], &format!("{} ({})", facts.title.vi, contract.id()));
            page.text("style", &[], STYLE);
        });
        page.element("body", &[], |page| {
            page.element("header", &[], |page| head(page, &facts));
            page.element("nav", &[("aria-label", "Mục lục / Contents")], |page| contents(page, &facts));
            page.element("main", &[], |page| {
                facts.records.iter().for_each(|known| record(page, known));
                facts.code_lists.iter().for_each(|known| code_list(page, known));
            });
        });
    });
    page.end()
}

fn head(page: &mut Markup, facts: &Facts<'_>) {
    page.element("h1", &[], |page| both(page, facts.title));
    page.element("dl", &[], |page| {
        for (label, value) in &facts.head {
            page.element("dt", &[], |page| both(page, label));
            page.text("dd", &[], value);
        }
    });
    if let Some(description) = facts.description {
        page.text("p", &[], description);
    }
}

fn contents(page: &mut Markup, facts: &Facts<'_>) {
    let lists = facts.code_lists.iter().map(|known| (known.list.name(), known.list.title()));
    let records = facts.records.iter().map(|known| (known.name.as_str(), known.title));
    page.element("ul", &[], |page| {
        for (name, title) in records.chain(lists) {
            page.element("li", &[], |page| {
                page.text(
                    "a",
                    &[("href", &format!("#{name}"))],
                    &format!("{name}: {} / {}", title.vi, title.en),
                );
            });
        }
    });
}

fn record(page: &mut Markup, known: &RecordFacts<'_>) {
    page.element("section", &[("id", &known.name)], |page| {
        page.element("h2", &[], |page| {
            page.text("code", &[], &known.name);
            both(page, known.title);
        });
        if let Some(description) = known.description {
            page.text("p", &[], description);
        }
        page.element("div", &[("class", "frame")], |page| {
            page.element("table", &[], |page| rows(page, known));
        });
        if !known.rules.is_empty() {
            page.element("p", &[], |page| {
                both(page, &Bilingual::new("Quy tắc giữa các trường:", "Rules between fields:"));
            });
            page.element("ul", &[], |page| {
                known.rules.iter().for_each(|rule| {
                    page.element("li", &[], |page| page.text("code", &[], rule));
                });
            });
        }
    });
}

fn rows(page: &mut Markup, known: &RecordFacts<'_>) {
    page.text("caption", &[], &format!("Các trường / Fields: {}", known.name));
    page.element("thead", &[], |page| {
        page.element("tr", &[], |page| {
            for (vi, en) in COLUMNS {
                page.element("th", &[("scope", "col")], |page| both(page, &Bilingual::new(vi, en)));
            }
        });
    });
    page.element("tbody", &[], |page| {
        for row in &known.rows {
            page.element("tr", &[], |page| {
                page.element("th", &[("scope", "row")], |page| match &row.record {
                    Some(record) => page.element("a", &[("href", &format!("#{record}"))], |page| {
                        page.text("code", &[], row.name);
                    }),
                    None => page.text("code", &[], row.name),
                });
                for text in [row.title, &row.kind] {
                    page.element("td", &[], |page| both(page, text));
                }
                page.element("td", &[], |page| code(page, &row.limits));
                for text in [&row.required, &row.class] {
                    page.element("td", &[], |page| both(page, text));
                }
                page.element("td", &[], |page| {
                    if let Some(list) = row.code_list {
                        page.text("a", &[("href", &format!("#{list}"))], list);
                    }
                });
                page.element("td", &[], |page| code(page, &row.xml));
                page.text("td", &[], row.description.unwrap_or_default());
            });
        }
    });
}

fn code_list(page: &mut Markup, known: &CodeListFacts<'_>) {
    let list = known.list;
    page.element("section", &[("id", list.name())], |page| {
        page.element("h2", &[], |page| {
            page.text("code", &[], list.name());
            both(page, list.title());
        });
        page.text("p", &[], &format!("Nguồn / Source: {}", list.source()));
        if known.count == 0 {
            page.element("p", &[], |page| {
                both(
                    page,
                    &Bilingual::new(
                        "Danh mục chưa đầy đủ: chỉ kiểm tra dạng của mã.",
                        "The table is not had in full: only a code's form is checked.",
                    ),
                );
            });
        } else if known.codes.is_empty() {
            page.text("p", &[], &format!("{} mã / codes", known.count));
        } else {
            page.element("table", &[], |page| {
                page.text("caption", &[], &format!("Các mã / Codes: {}", list.name()));
                page.element("thead", &[], |page| {
                    page.element("tr", &[], |page| {
                        for (vi, en) in [("Mã", "Code"), ("Tên", "Name")] {
                            page.element("th", &[("scope", "col")], |page| {
                                both(page, &Bilingual::new(vi, en))
                            });
                        }
                    });
                });
                page.element("tbody", &[], |page| {
                    for (code, name) in &known.codes {
                        page.element("tr", &[], |page| {
                            page.text("th", &[("scope", "row")], code);
                            page.text("td", &[], name);
                        });
                    }
                });
            });
        }
    });
}

/// A text in Vietnamese, the page's language, and in English.
fn both(page: &mut Markup, text: &Bilingual) {
    page.text("span", &[], &text.vi);
    page.text("span", &[("lang", "en")], &text.en);
}

fn code(page: &mut Markup, text: &str) {
    if !text.is_empty() {
        page.text("code", &[], text);
    }
}
