//! `contract.toml` as written: what a dataset is called, who answers for it, how it stands in XML.

use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use crate::{
    Bilingual, ContractId, Fault, FieldPath, Form, Place, RecordShape, Status, UpdateFrequency,
    identifiers::IdentifierKind,
};

/// The file, key by key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    pub(crate) id: Spanned<String>,
    pub(crate) title: Spanned<Bilingual>,
    pub(crate) owner: Spanned<String>,
    pub(crate) legal_basis: Spanned<Vec<String>>,
    pub(crate) status: Status,
    pub(crate) update: UpdateFrequency,
    pub(crate) key: Spanned<String>,
    pub(crate) xml: Names,
}

/// The XML names of a dataset.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Names {
    pub(crate) namespace: Spanned<String>,
    pub(crate) record: Spanned<String>,
    pub(crate) collection: Spanned<String>,
}

/// The reading of one `contract.toml`.
pub(crate) struct Reading<'a> {
    file: &'a Path,
    text: &'a str,
    pub(crate) faults: Vec<Fault>,
}

impl<'a> Reading<'a> {
    pub(crate) fn of(file: &'a Path, text: &'a str) -> Self {
        Self { file, text, faults: Vec::new() }
    }

    /// Reads the file of the contract that its folder names `id`. `None` when it cannot be read;
    /// other faults leave what was read for further checks.
    pub(crate) fn manifest(&mut self, id: &ContractId) -> Option<Manifest> {
        let manifest: Manifest = match toml::from_str(self.text) {
            Ok(manifest) => manifest,
            Err(error) => {
                self.faults.push(Fault::of_toml(self.file, self.text, &error));
                return None;
            }
        };
        if *manifest.id.get_ref() != id.to_string() {
            self.fault(
                &manifest.id,
                "wrong-id",
                (
                    &format!("`id` khác thư mục: ở đây phải là `{id}`"),
                    &format!("`id` differs from the folder: `{id}` is wanted here"),
                ),
                (
                    "Sửa `id`, hoặc chuyển tệp sang `catalog/<bộ dữ liệu>/v<phiên bản>/`.",
                    "Correct `id`, or move the file to `catalog/<dataset>/v<version>/`.",
                ),
            );
        }
        let title = manifest.title.get_ref();
        if title.vi.trim().is_empty() || title.en.trim().is_empty() {
            self.fault(
                &manifest.title,
                "no-title",
                ("Tên gọi để trống", "The title is empty"),
                ("Ghi tên bằng cả tiếng Việt và tiếng Anh.", "Give it in Vietnamese and in English."),
            );
        }
        if !IdentifierKind::MaCoQuan.accepts(manifest.owner.get_ref()) {
            self.fault(
                &manifest.owner,
                "owner",
                ("`owner` phải là mã định danh cơ quan", "`owner` is an agency code"),
                ("Ghi mã như `G06`.", "Write a code such as `G06`."),
            );
        }
        if manifest.legal_basis.get_ref().iter().all(|text| text.trim().is_empty()) {
            self.fault(
                &manifest.legal_basis,
                "no-legal-basis",
                ("Hợp đồng dữ liệu chưa nêu căn cứ pháp lý", "The contract names no legal basis"),
                ("Ghi ít nhất một văn bản.", "Name at least one text."),
            );
        }
        self.names(&manifest.xml);
        Some(manifest)
    }

    fn names(&mut self, names: &Names) {
        let namespace = names.namespace.get_ref();
        if !namespace.contains(':')
            || namespace.chars().any(|c| c.is_whitespace() || c.is_control() || "<>\"&".contains(c))
        {
            self.fault(
                &names.namespace,
                "xml-namespace",
                ("`namespace` phải là một URI đầy đủ", "`namespace` is a full URI"),
                (
                    "Ghi như `urn:lienthong:dataset:nhiem-vu:1`.",
                    "Write it as `urn:lienthong:dataset:nhiem-vu:1`.",
                ),
            );
        }
        for name in [&names.record, &names.collection] {
            if name.get_ref().parse::<FieldPath>().is_err()
                || name.get_ref().contains('.')
                || !name.get_ref().starts_with(|first: char| first.is_ascii_alphabetic())
            {
                self.fault(
                    name,
                    "xml-name",
                    ("Tên phần tử XML không hợp lệ", "Not the name of an XML element"),
                    (
                        "Bắt đầu bằng chữ cái, chỉ dùng chữ cái không dấu, chữ số, `_`, `-`.",
                        "Begin with a letter; use unaccented letters, digits, `_` and `-`.",
                    ),
                );
            }
        }
        if names.record.get_ref() == names.collection.get_ref() {
            self.fault(
                &names.collection,
                "xml-name",
                (
                    "Bản ghi và danh sách bản ghi phải có tên phần tử khác nhau",
                    "A record and a list of records have different elements",
                ),
                (
                    "Đặt tên như `DanhSachNhiemVu` cho danh sách.",
                    "Call the list something like `DanhSachNhiemVu`.",
                ),
            );
        }
    }

    /// The field that identifies a record: one that every record has.
    pub(crate) fn key(&mut self, manifest: &Manifest, record: &RecordShape) -> Option<FieldPath> {
        let Some((_, field)) = record.field(manifest.key.get_ref()) else {
            self.fault(
                &manifest.key,
                "unknown-field",
                ("`key` không phải là trường của bản ghi", "`key` is no field of the record"),
                ("Ghi tên một trường ở cấp đầu của lược đồ.", "Name a field of the schema's first level."),
            );
            return None;
        };
        if !field.required || field.nullable || !matches!(field.form, Form::Text | Form::Number { .. }) {
            self.fault(
                &manifest.key,
                "key",
                (
                    "Khóa phải là văn bản hoặc số, bắt buộc và không null",
                    "The key is text or a number, required and never null",
                ),
                (
                    "Đưa trường vào `required`, hoặc chọn trường khác.",
                    "List the field in `required`, or choose another.",
                ),
            );
        }
        Some(field.path.clone())
    }

    /// Reports that the namespace belongs to another contract already.
    pub(crate) fn taken_namespace(&mut self, manifest: &Manifest, by: &ContractId) {
        self.fault(
            &manifest.xml.namespace,
            "xml-namespace",
            (&format!("Không gian tên này là của `{by}`"), &format!("This namespace is that of `{by}`")),
            (
                "Mỗi hợp đồng và mỗi phiên bản có không gian tên riêng.",
                "Each contract and each version has one of its own.",
            ),
        );
    }

    fn fault<T>(&mut self, at: &Spanned<T>, rule: &'static str, message: (&str, &str), remedy: (&str, &str)) {
        self.faults.push(Fault {
            file: self.file.to_owned(),
            place: Some(Place::of(self.text, at.span().start)),
            rule,
            message: Bilingual::new(message.0, message.1),
            remedy: Bilingual::new(remedy.0, remedy.1),
            warning: false,
        });
    }
}
