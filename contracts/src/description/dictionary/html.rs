//! The dictionary as one HTML page: nothing to fetch, readable by a screen reader and on paper.

use super::{
    super::markup::Markup,
    facts::{CodeListFacts, Facts, RecordFacts, Row},
};
use crate::{Bilingual, Contract, View};

/// Large enough to read, dense enough to print. On a narrow screen each row of fields is a card, its cells
/// under one another with their columns' heads beside them; on paper it stays a table, whatever the paper.
const STYLE: &str = "
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:100rem;padding:1rem 1.5rem;color:#1a1a1a;background:#fff}
h1{font-size:1.75rem;line-height:1.25;margin:.5rem 0 1rem}
h2{font-size:1.25rem;line-height:1.3;margin:2.5rem 0 .5rem;padding-top:.75rem;border-top:2px solid #00529b}
h2 code{display:block;font-size:.875rem;color:#00529b}
h1 [lang=en],h2 [lang=en]{font-size:.8em;font-weight:normal}
[lang=en]{color:#555;display:block}
p{max-width:70rem}
a{color:#00529b}
code{font-family:ui-monospace,monospace;font-size:.9375em;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:minmax(10rem,max-content) 1fr;gap:.375rem 1.5rem;margin:0 0 1rem}
dt{font-weight:bold}
dt [lang=en]{font-weight:normal;font-size:.875em}
dd{margin:0;overflow-wrap:anywhere}
nav{background:#f4f7fa;border:1px solid #d5dde5;padding:.75rem 1rem;margin:1rem 0}
nav ul{columns:24rem;column-gap:2rem;list-style:none;margin:0;padding:0}
nav li{break-inside:avoid;padding:.125rem 0 .125rem 1rem;text-indent:-1rem}
.frame{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.875rem;line-height:1.4}
table.codes{width:auto;min-width:24rem}
caption{text-align:left;padding:.25rem 0;color:#555}
th,td{border:1px solid #b8c0c8;padding:.375rem .5rem;text-align:left;vertical-align:top}
thead th{background:#e8eef4}
thead th [lang=en],tbody th [lang=en]{font-weight:normal}
tbody tr:nth-child(even){background:#f8fafb}
td>code{display:block}
.fields th code{overflow-wrap:normal}
.fields td:nth-child(2){min-width:10rem}
.fields td:nth-child(4){min-width:9rem}
.fields td:nth-child(8){min-width:8rem}
.fields td:last-child{min-width:14rem}
@media screen and (max-width:70rem){
.fields caption,.fields thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.fields,.fields tbody,.fields tr,.fields th{display:block}
.fields tr{border:1px solid #b8c0c8;margin:0 0 .75rem;background:#fff}
.fields tbody tr:nth-child(even){background:#fff}
.fields tbody th{border:0;background:#e8eef4;font-size:1rem}
.fields td{display:grid;grid-template-columns:minmax(6.5rem,25%) 1fr;gap:0 .75rem;border:0;border-top:1px solid #e3e8ed;padding:.25rem .5rem}
.fields td::before{content:attr(data-label);color:#555;grid-row:1/9}
.fields td>*{grid-column:2}
.fields td:empty{display:none}
}
@media screen and (max-width:40rem){
body{padding:.75rem}
h1{font-size:1.4rem}
dl{display:block}
dd{margin:0 0 .5rem}
table.codes{width:100%;min-width:0}
}
@media print{
@page{size:A4 landscape;margin:12mm}
body{max-width:none;padding:0;font-size:9pt}
table{font-size:8pt}
nav{display:none}
a{color:inherit;text-decoration:none}
h2{break-after:avoid;border-top:0;margin-top:1.25rem}
tr{break-inside:avoid}
.frame{overflow:visible}
.fields td:nth-child(n){min-width:0}
.fields td:nth-child(8){min-width:7rem}
}
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
            page.style(STYLE);
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
            page.element("table", &[("class", "fields")], |page| rows(page, known));
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
            page.element("tr", &[], |page| cells(page, row));
        }
    });
}

/// One field's cells, in the order of the columns. What is empty holds nothing, not even white space: on
/// narrow screens it is left out.
fn cells(page: &mut Markup, row: &Row<'_>) {
    let [_, title, kind, limits, required, class, list, xml, description] =
        COLUMNS.map(|(vi, en)| if vi == en { vi.to_owned() } else { format!("{vi} / {en}") });
    let labelled = |label: &str, page: &mut Markup, content: Option<&dyn Fn(&mut Markup)>| match content {
        Some(content) => page.element("td", &[("data-label", label)], content),
        None => page.text("td", &[("data-label", label)], ""),
    };
    page.element("th", &[("scope", "row")], |page| match &row.record {
        Some(record) => page.element("a", &[("href", &format!("#{record}"))], |page| {
            page.text("code", &[], row.name);
        }),
        None => page.text("code", &[], row.name),
    });
    labelled(&title, page, Some(&|page| both(page, row.title)));
    labelled(&kind, page, Some(&|page| both(page, &row.kind)));
    let all = |page: &mut Markup| row.limits.iter().for_each(|limit| page.text("code", &[], limit));
    labelled(&limits, page, (!row.limits.is_empty()).then_some(&all));
    labelled(&required, page, Some(&|page| both(page, &row.required)));
    labelled(&class, page, Some(&|page| both(page, &row.class)));
    let link = |page: &mut Markup| {
        row.code_list.iter().for_each(|list| page.text("a", &[("href", &format!("#{list}"))], list));
    };
    labelled(&list, page, row.code_list.map(|_| &link as &dyn Fn(&mut Markup)));
    labelled(&xml, page, Some(&|page| page.text("code", &[], &row.xml)));
    page.text("td", &[("data-label", &description)], row.description.unwrap_or_default());
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
            page.element("table", &[("class", "codes")], |page| {
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

/// A text in Vietnamese, the page's language, and in English, unless it is the same.
fn both(page: &mut Markup, text: &Bilingual) {
    page.text("span", &[], &text.vi);
    if text.en != text.vi {
        page.text("span", &[("lang", "en")], &text.en);
    }
}
