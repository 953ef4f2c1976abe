//! A collection of task records, invented throughout and the same on every machine, in both formats.
//!
//! Both texts are written here, byte by byte as the translator has to write them, and not by it: so
//! its output can be held against them, and nothing of it is taken on trust. The records are as long and
//! as varied as those of the national database: long texts in Vietnamese, nested lists, attributes,
//! empty lists, nulls, numbers, and now and then a character that one of the formats must escape.

use std::{
    fmt::Write as _,
    fs::File,
    io::{BufWriter, Write as _},
    path::Path,
};

use anyhow::Result;

/// How large the XML text is, at least.
const SIZE: usize = 40 * 1000 * 1000;

/// What is written behind a document's end.
const LAST: &str = "\n";

const WORDS: &str = "nghiên cứu ứng dụng công nghệ sinh học trong sản xuất giống cây trồng chất lượng cao \
    tại các tỉnh miền núi phía Bắc đánh giá hiệu quả kinh tế xã hội mô hình chuyển giao kỹ thuật vật liệu \
    mới cho năng lượng tái tạo xây dựng hệ thống quan trắc môi trường nước bằng cảm biến thông minh";
const PEOPLE: [&str; 4] = ["Nguyễn Văn Mẫu", "Trần Thị Thử", "Lê Minh Ví Dụ", "Phạm Thị Mẫu"];

/// The collection's size.
pub struct Size {
    /// How many records it has.
    pub records: usize,
    /// Bytes of it as XML.
    pub xml: usize,
    /// Bytes of it as JSON.
    pub json: usize,
}

/// Writes the collection as `xml` and as `json`.
pub fn write(xml: &Path, json: &Path) -> Result<Size> {
    let mut files = [BufWriter::new(File::create(xml)?), BufWriter::new(File::create(json)?)];
    let mut chance = Chance(20_261_121);
    let mut size = Size { records: 0, xml: 0, json: 0 };
    let mut put = |xml: &str, json: &str, size: &mut Size| -> Result<()> {
        let [xml_file, json_file] = &mut files;
        xml_file.write_all(xml.as_bytes())?;
        json_file.write_all(json.as_bytes())?;
        size.xml += xml.len();
        size.json += json.len();
        Ok(())
    };
    let root = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><DanhSachNhiemVu xmlns=\"urn:lienthong:dataset:nhiem-vu:1\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">";
    put(root, "[", &mut size)?;
    while size.xml < SIZE {
        let comma = if size.records == 0 { "" } else { "," };
        size.records += 1;
        let Both { xml, json, .. } = task(size.records, &mut chance);
        put(&format!("<NhiemVu{xml}</NhiemVu>"), &format!("{comma}{{{json}}}"), &mut size)?;
    }
    put(&format!("</DanhSachNhiemVu>{LAST}"), &format!("]{LAST}"), &mut size)?;
    files.iter_mut().try_for_each(std::io::Write::flush)?;
    Ok(size)
}

/// The task with this number.
fn task(number: usize, chance: &mut Chance) -> Both {
    let mut task = Both::record();
    task.text("MaSo", &format!("ĐT-2026-{number:06}"));
    task.text("TenNhiemVu", &title(number, chance));
    if number % 2 == 1 {
        task.record_of("ChuongTrinh", |programme| {
            programme.attribute("Loai", "\"chuong-trinh\"", "chuong-trinh");
            programme.text("Ten", &chance.text(8));
            programme.text("MaSo", &format!("KC.{:02}/21-30", number % 30));
        });
    }
    task.text("MaLinhVuc", "40106");
    task.text("LinhVuc", "Khoa học nông nghiệp");
    task.record_of("ToChucChuTri", |organisation| {
        organisation.text("Ten", &format!("Viện Mẫu số {}", number % 100));
        organisation.text("MaDinhDanh", "G06.01");
    });
    task.text("MaTinh", "01");
    task.text("CapQuanLy", "quoc-gia");
    task.record_of("ChuNhiem", |person| {
        person.text("HoVaTen", chance.among(&PEOPLE));
        person.text("SoDinhDanh", &chance.citizen());
    });
    let members = chance.below(8);
    task.list_of("ThanhVien", "CaNhan", members, |index, member| {
        let place = (index + 1).to_string();
        member.attribute("ThuTu", &place, &place);
        member.text("HoVaTen", chance.among(&PEOPLE));
        member.text("SoDinhDanh", &chance.citizen());
        member.text("VaiTro", "Thành viên");
    });
    task.text("MucTieu", &chance.text(40));
    let contents: Vec<String> = (0..=chance.below(4)).map(|_| chance.text(25)).collect();
    task.texts("NoiDungChinh", &contents);
    task.list_of("SanPham", "Muc", 2, |index, product| {
        product.attribute(
            "Loai",
            if index == 0 { "\"bao-cao\"" } else { "\"bai-bao\"" },
            if index == 0 { "bao-cao" } else { "bai-bao" },
        );
        product.attribute("SoLuong", "1", "1");
        if index == 1 {
            product.attribute("DaDangKyBaoHo", "false", "false");
        }
        product.content("Ten", &chance.text(6));
    });
    task.text("ThoiGianBatDau", &format!("2026-{:02}-01", number % 12 + 1));
    if number.is_multiple_of(5) {
        task.null("ThoiGianKetThuc");
    } else {
        task.text("ThoiGianKetThuc", "2028-12-31");
    }
    task.number("KinhPhi", &format!("{}00000", 1000 + chance.below(90_000)));
    task.text("TinhTrang", "dang-tien-hanh");
    task.text("CapNhatLuc", &format!("2026-05-{:02}T08:{:02}:00+07:00", number % 28 + 1, number % 60));
    task.closed()
}

/// A title; one in eight has characters that XML or JSON must escape.
fn title(number: usize, chance: &mut Chance) -> String {
    let mut title = chance.text(18);
    if number.is_multiple_of(8) {
        title.push_str(" (R&D) \"mẫu\"");
    }
    title
}

/// The members of a record, or of a part of one, in both formats.
struct Both {
    /// What follows the element's name: attributes, `>` and content.
    xml: String,
    /// What stands between the braces.
    json: String,
    /// Whether the start tag has been closed.
    opened: bool,
}

impl Both {
    fn record() -> Self {
        Self { xml: String::new(), json: String::new(), opened: false }
    }

    fn closed(mut self) -> Self {
        self.open();
        self
    }

    fn open(&mut self) {
        if !std::mem::replace(&mut self.opened, true) {
            self.xml.push('>');
        }
    }

    fn name(&mut self, name: &str) {
        let comma = if self.json.is_empty() { "" } else { "," };
        let _ = write!(self.json, "{comma}\"{name}\":");
    }

    fn attribute(&mut self, name: &str, json: &str, value: &str) {
        let _ = write!(self.xml, " {name}=\"{value}\"");
        self.name(name);
        self.json.push_str(json);
    }

    fn element(&mut self, name: &str, content: &str) {
        self.open();
        let _ = write!(self.xml, "<{name}>{content}</{name}>");
    }

    fn text(&mut self, name: &str, value: &str) {
        self.element(name, &in_xml(value));
        self.name(name);
        let _ = write!(self.json, "\"{}\"", in_json(value));
    }

    /// The element's own text.
    fn content(&mut self, name: &str, value: &str) {
        self.open();
        self.xml.push_str(&in_xml(value));
        self.name(name);
        let _ = write!(self.json, "\"{}\"", in_json(value));
    }

    fn number(&mut self, name: &str, value: &str) {
        self.element(name, value);
        self.name(name);
        self.json.push_str(value);
    }

    fn null(&mut self, name: &str) {
        self.open();
        let _ = write!(self.xml, "<{name} xsi:nil=\"true\"/>");
        self.name(name);
        self.json.push_str("null");
    }

    /// A list without an element of its own.
    fn texts(&mut self, name: &str, values: &[String]) {
        values.iter().for_each(|value| self.element(name, &in_xml(value)));
        self.name(name);
        let quoted: Vec<String> = values.iter().map(|value| format!("\"{}\"", in_json(value))).collect();
        let _ = write!(self.json, "[{}]", quoted.join(","));
    }

    fn record_of(&mut self, name: &str, fill: impl FnOnce(&mut Self)) {
        let mut inner = Self::record();
        fill(&mut inner);
        let inner = inner.closed();
        self.open();
        let _ = write!(self.xml, "<{name}{}</{name}>", inner.xml);
        self.name(name);
        let _ = write!(self.json, "{{{}}}", inner.json);
    }

    fn list_of(&mut self, name: &str, item: &str, count: usize, mut fill: impl FnMut(usize, &mut Self)) {
        self.open();
        self.name(name);
        if count == 0 {
            let _ = write!(self.xml, "<{name}/>");
            self.json.push_str("[]");
            return;
        }
        let _ = write!(self.xml, "<{name}>");
        self.json.push('[');
        for index in 0..count {
            let mut inner = Self::record();
            fill(index, &mut inner);
            let inner = inner.closed();
            let _ = write!(self.xml, "<{item}{}</{item}>", inner.xml);
            let comma = if index == 0 { "" } else { "," };
            let _ = write!(self.json, "{comma}{{{}}}", inner.json);
        }
        let _ = write!(self.xml, "</{name}>");
        self.json.push(']');
    }
}

/// Of what the texts hold, only this needs escaping.
fn in_xml(text: &str) -> String {
    text.replace('&', "&amp;")
}

/// Of what the texts hold, only this needs escaping.
fn in_json(text: &str) -> String {
    text.replace('"', "\\\"")
}

/// Numbers that look random and are the same in every run (Marsaglia's xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or_default() % limit.max(1)
    }

    fn among<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts.get(self.below(texts.len())).copied().unwrap_or_default()
    }

    fn text(&mut self, words: usize) -> String {
        let known: Vec<&str> = WORDS.split_whitespace().collect();
        let chosen: Vec<&str> = (0..words).map(|_| self.among(&known)).collect();
        chosen.join(" ")
    }

    /// Twelve digits of nobody.
    fn citizen(&mut self) -> String {
        format!("001{}{:02}{:06}", self.below(2), 60 + self.below(39), self.below(1_000_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_records_are_written_in_both_formats() {
        let mut chance = Chance(7);
        for number in 1..40 {
            let Both { xml, json, .. } = task(number, &mut chance);
            assert!(xml.contains(&format!("<MaSo>ĐT-2026-{number:06}</MaSo>")), "{xml}");
            assert!(json.contains(&format!("\"MaSo\":\"ĐT-2026-{number:06}\"")), "{json}");
            assert_eq!(xml.matches("<CaNhan ").count(), json.matches("\"ThuTu\":").count());
            assert_eq!(xml.contains("xsi:nil"), json.contains("null"));
            assert_eq!(xml.contains("&amp;"), json.contains("\\\""));
        }
    }
}
