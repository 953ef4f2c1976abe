//! The dictionary as Markdown: tables of GitHub's kind.

use super::facts::Facts;
use crate::{Bilingual, Contract, View};

/// The data dictionary of `contract` as `view` has it, in Markdown.
pub fn markdown(contract: &Contract, view: &View) -> String {
    let facts = Facts::of(contract, view);
    let mut out = format!("# {}\n\n", both(facts.title));
    for (label, value) in &facts.head {
        out.push_str(&format!("- **{}**: {}\n", both(label), cell(value)));
    }
    if let Some(description) = facts.description {
        out.push_str(&format!("\n{}\n", cell(description)));
    }
    for record in &facts.records {
        out.push_str(&format!("\n## {}: {}\n\n", code(&record.name), both(record.title)));
        if let Some(description) = record.description {
            out.push_str(&format!("{}\n\n", cell(description)));
        }
        out.push_str(
            "| Trường / Field | Tên gọi / Title | Kiểu / Type | Giới hạn / Limits | Bắt buộc / Required | Loại dữ liệu / Class | Danh mục / Code list | XML | Mô tả / Description |\n\
             |---|---|---|---|---|---|---|---|---|\n",
        );
        for row in &record.rows {
            let list = row.code_list.map(code).unwrap_or_default();
            let limits = if row.limits.is_empty() { String::new() } else { code(&row.limits.join("; ")) };
            out.push_str(&format!(
                "| {} | {} | {} | {limits} | {} | {} | {list} | {} | {} |\n",
                code(row.name),
                both(row.title),
                both(&row.kind),
                both(&row.required),
                both(&row.class),
                code(&row.xml),
                cell(row.description.unwrap_or_default()),
            ));
        }
        if !record.rules.is_empty() {
            out.push_str("\nQuy tắc giữa các trường / Rules between fields:\n\n");
            record.rules.iter().for_each(|rule| out.push_str(&format!("- {}\n", code(rule))));
        }
    }
    for known in &facts.code_lists {
        let list = known.list;
        out.push_str(&format!("\n## {}: {}\n\n", code(list.name()), both(list.title())));
        out.push_str(&format!("Nguồn / Source: {}\n", cell(list.source())));
        if known.count == 0 {
            out.push_str("\nDanh mục chưa đầy đủ: chỉ kiểm tra dạng của mã. / The table is not had in full: only a code's form is checked.\n");
        } else if known.codes.is_empty() {
            out.push_str(&format!("\n{} mã / codes.\n", known.count));
        } else {
            out.push_str("\n| Mã / Code | Tên / Name |\n|---|---|\n");
            known.codes.iter().for_each(|(value, name)| {
                out.push_str(&format!("| {} | {} |\n", code(value), cell(name)));
            });
        }
    }
    out
}

fn both(text: &Bilingual) -> String {
    format!("{} / {}", cell(&text.vi), cell(&text.en))
}

/// Text that stays text, and within its cell.
fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' | '\t' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '#' => {
                out.push('\\');
                out.push(character);
            }
            other => out.push(other),
        }
    }
    out
}

/// Text as code. A bar would end the cell even here, and a mark the code.
fn code(text: &str) -> String {
    let marks = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(marks + 1);
    let blank = if marks > 0 { " " } else { "" };
    format!("{fence}{blank}{}{blank}{fence}", text.replace('|', "\\|").replace(['\n', '\r', '\t'], " "))
}
