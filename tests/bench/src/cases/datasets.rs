//! The two datasets that are exchanged, invented for it.

use std::fmt::Write as _;

use crate::documents::Dataset;

/// A small record.
pub static UNIT: Dataset = Dataset {
    name: "don-vi-mau",
    contract: r#"id = "don-vi-mau@1"
title = { vi = "Đơn vị mẫu", en = "Sample unit" }
owner = "G06"
legal_basis = ["Tài liệu mẫu để đo hiệu năng"]
status = "active"
update = "daily"
key = "Ma"
[xml]
namespace = "urn:lienthong:dataset:don-vi-mau:1"
record = "DonVi"
collection = "DanhSachDonVi"
"#,
    schema: r#"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "$id": "urn:lienthong:contract:don-vi-mau:1",
  "title": "Đơn vị mẫu",
  "type": "object",
  "additionalProperties": false,
  "required": ["Ma", "Ten"],
  "properties": {
    "Ma": { "x-title": { "vi": "Mã", "en": "Code" }, "x-classification": "open", "type": "string", "minLength": 1, "maxLength": 20 },
    "Ten": { "x-title": { "vi": "Tên", "en": "Name" }, "x-classification": "open", "type": "string", "maxLength": 200 },
    "MaTinh": { "x-title": { "vi": "Mã tỉnh", "en": "Province" }, "x-classification": "open", "type": "string", "pattern": "^[0-9]{2}$" },
    "SoQuyetDinh": { "x-title": { "vi": "Số quyết định thành lập", "en": "Number of the founding decision" }, "x-classification": "shared", "type": "string", "maxLength": 40 },
    "NamThanhLap": { "x-title": { "vi": "Năm thành lập", "en": "Founded" }, "x-classification": "open", "type": "integer", "minimum": 1800 },
    "DangHoatDong": { "x-title": { "vi": "Đang hoạt động", "en": "Active" }, "x-classification": "open", "type": "boolean" }
  }
}
"#,
    example: RECORD,
};

/// A record of [`UNIT`], with a space that tells whether it was passed as it came or written anew.
pub const RECORD: &str = r#"{"Ma": "DV-0001","Ten":"Viện Thử nghiệm Mẫu","MaTinh":"01","SoQuyetDinh":"2026/0001/QĐ-MAU","NamThanhLap":1998,"DangHoatDong":true}"#;

/// The same record with two fields withheld and one masked.
pub const RELEASED: &str =
    r#"{"Ma":"DV-0001","Ten":"Viện Thử nghiệm Mẫu","MaTinh":"01","SoQuyetDinh":"***-MAU"}"#;
/// The same with one withheld.
pub const WIDER: &str = r#"{"Ma":"DV-0001","Ten":"Viện Thử nghiệm Mẫu","MaTinh":"01","SoQuyetDinh":"***-MAU","NamThanhLap":1998}"#;

/// A larger one: texts, lists, numbers, dates.
pub static DOSSIER: Dataset = Dataset {
    name: "ho-so-mau",
    contract: r#"id = "ho-so-mau@1"
title = { vi = "Hồ sơ mẫu", en = "Sample dossier" }
owner = "G06"
legal_basis = ["Tài liệu mẫu để đo hiệu năng"]
status = "active"
update = "daily"
key = "Ma"
[xml]
namespace = "urn:lienthong:dataset:ho-so-mau:1"
record = "HoSo"
collection = "DanhSachHoSo"
"#,
    schema: r#"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "$id": "urn:lienthong:contract:ho-so-mau:1",
  "title": "Hồ sơ mẫu",
  "type": "object",
  "additionalProperties": false,
  "required": ["Ma", "Ten", "MaTinh", "NgayNop", "NoiDung", "HangMuc"],
  "properties": {
    "Ma": { "x-title": { "vi": "Mã", "en": "Code" }, "x-classification": "open", "type": "string", "minLength": 1, "maxLength": 20 },
    "Ten": { "x-title": { "vi": "Tên", "en": "Title" }, "x-classification": "open", "type": "string", "minLength": 1, "maxLength": 300 },
    "MaTinh": { "x-title": { "vi": "Mã tỉnh", "en": "Province" }, "x-classification": "open", "type": "string", "pattern": "^[0-9]{2}$" },
    "NgayNop": { "x-title": { "vi": "Ngày nộp", "en": "Submitted on" }, "x-classification": "open", "type": "string", "format": "date" },
    "HanXuLy": { "x-title": { "vi": "Hạn xử lý", "en": "Due on" }, "x-classification": "shared", "type": ["string", "null"], "format": "date" },
    "KinhPhi": { "x-title": { "vi": "Kinh phí", "en": "Budget" }, "x-classification": "shared", "type": "integer", "minimum": 0 },
    "DaDuyet": { "x-title": { "vi": "Đã duyệt", "en": "Approved" }, "x-classification": "shared", "type": "boolean" },
    "NoiDung": {
      "x-title": { "vi": "Nội dung", "en": "Contents" }, "x-classification": "open", "type": "array", "minItems": 1, "maxItems": 50,
      "items": { "type": "string", "minLength": 1, "maxLength": 2000 }, "xml": { "nodeType": "none" }
    },
    "HangMuc": {
      "x-title": { "vi": "Hạng mục", "en": "Items" }, "type": "array", "maxItems": 500,
      "items": {
        "type": "object", "additionalProperties": false, "required": ["ThuTu", "Ten", "Loai"],
        "properties": {
          "ThuTu": { "x-title": { "vi": "Thứ tự", "en": "Order" }, "x-classification": "open", "type": "integer", "minimum": 1, "maximum": 500, "xml": { "nodeType": "attribute" } },
          "Ten": { "x-title": { "vi": "Tên", "en": "Name" }, "x-classification": "open", "type": "string", "minLength": 1, "maxLength": 300 },
          "Loai": { "x-title": { "vi": "Loại", "en": "Kind" }, "x-classification": "open", "type": "string", "enum": ["thiet-bi", "vat-tu", "nhan-cong"] },
          "DonGia": { "x-title": { "vi": "Đơn giá (triệu đồng)", "en": "Price (million dong)" }, "x-classification": "shared", "type": "number", "minimum": 0 },
          "NgayGiao": { "x-title": { "vi": "Ngày giao", "en": "Delivered on" }, "x-classification": "shared", "type": "string", "format": "date" }
        },
        "xml": { "name": "Muc" }
      }
    }
  },
  "x-order": [["NgayNop", "HanXuLy"]]
}
"#,
    example: r#"{"Ma":"HS-0000","Ten":"Hồ sơ mẫu","MaTinh":"01","NgayNop":"2026-01-01","NoiDung":["Mẫu"],"HangMuc":[]}"#,
};

/// Items that make 4 KB of JSON.
pub const JSON_ITEMS: usize = 24;
/// Items that make 4 KB of XML.
pub const XML_ITEMS: usize = 19;

/// A record of [`DOSSIER`] in either format, as whoever writes it compactly does.
pub struct Dossier {
    /// As JSON.
    pub json: String,
    /// As XML.
    pub xml: String,
}

impl Dossier {
    /// One with so many items; 150 to 200 bytes each.
    pub fn with(items: usize) -> Self {
        const TEXT: &str = "Nghiên cứu ứng dụng công nghệ sinh học trong sản xuất giống cây trồng chất lượng cao tại các \
                            tỉnh miền núi phía Bắc";
        let mut json = format!(
            r#"{{"Ma":"HS-0001","Ten":"{TEXT}","MaTinh":"01","NgayNop":"2026-03-02","HanXuLy":null,"KinhPhi":125000000,"DaDuyet":false,"NoiDung":["{TEXT}","{TEXT} (mẫu)"],"HangMuc":["#
        );
        let mut xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><HoSo xmlns=\"urn:lienthong:dataset:ho-so-mau:1\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><Ma>HS-0001</Ma><Ten>{TEXT}</Ten>\
             <MaTinh>01</MaTinh><NgayNop>2026-03-02</NgayNop><HanXuLy xsi:nil=\"true\"/><KinhPhi>125000000</KinhPhi>\
             <DaDuyet>false</DaDuyet><NoiDung>{TEXT}</NoiDung><NoiDung>{TEXT} (mẫu)</NoiDung><HangMuc>"
        );
        for number in 1..=items {
            let comma = if number == 1 { "" } else { "," };
            let name = format!("Thiết bị quan trắc mẫu số {number}, cảm biến thông minh");
            let kind = ["nhan-cong", "thiet-bi", "vat-tu"].get(number % 3).copied().unwrap_or_default();
            let (price, day) = (number * 37, number % 28 + 1);
            let _ = write!(
                json,
                r#"{comma}{{"ThuTu":{number},"Ten":"{name}","Loai":"{kind}","DonGia":{price}.50,"NgayGiao":"2026-05-{day:02}"}}"#
            );
            let _ = write!(
                xml,
                "<Muc ThuTu=\"{number}\"><Ten>{name}</Ten><Loai>{kind}</Loai><DonGia>{price}.50</DonGia>\
                 <NgayGiao>2026-05-{day:02}</NgayGiao></Muc>"
            );
        }
        json.push_str("]}");
        xml.push_str("</HangMuc></HoSo>");
        Self { json, xml }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_as_long_as_their_cases_say() {
        for text in [Dossier::with(JSON_ITEMS).json, Dossier::with(XML_ITEMS).xml] {
            assert!(text.len().abs_diff(4096) < 120, "{}", text.len());
        }
    }
}
