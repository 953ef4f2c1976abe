//! The two datasets that are exchanged, invented for it.

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
