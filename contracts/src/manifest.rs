//! `contract.toml` as written: what a dataset is called, who answers for it, how it stands in XML.
//!
//! A value that is blank is a question that a draft leaves to its author ([`crate::draft`]), not a mistake:
//! every one of them is told at the first reading, with what may stand there, whatever else is wrong.

use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use crate::{
    Bilingual, ContractId, Fault, FieldPath, Form, Language, Place, RecordShape, Status, UpdateFrequency,
    fault::OPEN_ANSWER, identifiers::IdentifierKind,
};

/// The file, key by key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    pub(crate) id: Spanned<String>,
    pub(crate) title: Spanned<Bilingual>,
    pub(crate) owner: Spanned<String>,
    pub(crate) legal_basis: Spanned<Vec<String>>,
    pub(crate) status: Spanned<String>,
    pub(crate) update: Spanned<String>,
    pub(crate) key: Spanned<String>,
    pub(crate) xml: Names,
}

impl Manifest {
    /// Whether the contract may be relied on, as far as that is answered.
    pub(crate) fn known_status(&self) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.as_str() == self.status.get_ref())
    }

    /// How often the dataset is brought up to date, as far as that is answered.
    pub(crate) fn known_update(&self) -> Option<UpdateFrequency> {
        UpdateFrequency::ALL.into_iter().find(|frequency| frequency.as_str() == self.update.get_ref())
    }
}

/// The XML names of a dataset.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Names {
    pub(crate) namespace: Spanned<String>,
    pub(crate) record: Spanned<String>,
    pub(crate) collection: Spanned<String>,
}

/// The most fields that are named for a key; a person does not read more.
const MOST_LISTED: usize = 12;

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
            self.open(
                &manifest.title,
                ("`title`: bộ dữ liệu tên là gì?", "`title`: what is the dataset called?"),
                (
                    "Ghi tên bằng cả tiếng Việt (`vi`) và tiếng Anh (`en`).",
                    "Give it in Vietnamese (`vi`) and in English (`en`).",
                ),
            );
        }
        if manifest.owner.get_ref().trim().is_empty() {
            self.open(
                &manifest.owner,
                ("`owner`: cơ quan nào chịu trách nhiệm?", "`owner`: which agency answers for it?"),
                (
                    "Ghi mã định danh của cơ quan hoặc đơn vị, như `G06` hoặc `G06.15`.",
                    "Write the code of the agency or unit, such as `G06` or `G06.15`.",
                ),
            );
        } else if !IdentifierKind::MaCoQuan.accepts(manifest.owner.get_ref()) {
            self.fault(
                &manifest.owner,
                "owner",
                ("`owner` phải là mã định danh cơ quan", "`owner` is an agency code"),
                ("Ghi mã như `G06`.", "Write a code such as `G06`."),
            );
        }
        if manifest.legal_basis.get_ref().iter().all(|text| text.trim().is_empty()) {
            self.open(
                &manifest.legal_basis,
                ("`legal_basis`: căn cứ văn bản nào?", "`legal_basis`: by which text?"),
                (
                    "Ghi ít nhất một văn bản, như `[\"Thông tư 22/2025/TT-BKHCN, Điều 8\"]`.",
                    "Name at least one text, such as `[\"Thông tư 22/2025/TT-BKHCN, Điều 8\"]`.",
                ),
            );
        }
        self.status(&manifest);
        self.update(&manifest);
        self.names(&manifest.xml);
        Some(manifest)
    }

    /// Whether the contract may be relied on.
    fn status(&mut self, manifest: &Manifest) {
        if manifest.known_status().is_none() {
            let remedy = (
                "Ghi `active` nếu các trường đã được văn bản chốt (đổi trường là phiên bản mới), hoặc `draft` nếu \
                 chưa: trường còn đổi được trong cùng phiên bản, và chỉ dịch vụ, thỏa thuận ghi `draft = true` mới \
                 được dùng.",
                "Write `active` when the fields are settled (to change them is a new version), or `draft` when they \
                 are not: they may change within the version, and only services and agreements that say \
                 `draft = true` may use it.",
            );
            let ask = ("`status`: đã chốt hay còn dự thảo?", "`status`: is it settled, or a draft?");
            self.choice(&manifest.status, "status", ask, remedy);
        }
    }

    /// How often the dataset is brought up to date.
    fn update(&mut self, manifest: &Manifest) {
        if manifest.known_update().is_none() {
            let of = |language| {
                let told = UpdateFrequency::ALL
                    .map(|one| format!("`{}` ({})", one.as_str(), one.title().get(language)));
                told.join(", ")
            };
            let ask =
                ("`update`: bao lâu cập nhật một lần?", "`update`: how often is it brought up to date?");
            let remedy = (
                format!("Ghi một trong: {}.", of(Language::Vi)),
                format!("Write one of: {}.", of(Language::En)),
            );
            self.choice(&manifest.update, "update", ask, (&remedy.0, &remedy.1));
        }
    }

    /// A value that is none of those that may stand there: a question where it is blank.
    fn choice(&mut self, at: &Spanned<String>, key: &'static str, ask: (&str, &str), remedy: (&str, &str)) {
        if at.get_ref().trim().is_empty() {
            return self.open(at, ask, remedy);
        }
        let wrong = (format!("`{key}` không nhận giá trị này"), format!("`{key}` does not take this value"));
        self.fault(at, key, (&wrong.0, &wrong.1), remedy);
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

    /// The question which field is the key, where nobody has answered it; `fit` are those that may be.
    pub(crate) fn blank_key(&mut self, manifest: &Manifest, fit: &[&str]) -> bool {
        if !manifest.key.get_ref().trim().is_empty() {
            return false;
        }
        let listed: Vec<String> = fit.iter().take(MOST_LISTED).map(|name| format!("`{name}`")).collect();
        let more = if fit.len() > MOST_LISTED { ", …" } else { "" };
        let listed = listed.join(", ") + more;
        let (vi, en) = if fit.is_empty() {
            (
                "Trường nào có giá trị riêng ở mỗi bản ghi thì đưa vào `required` của lược đồ rồi ghi tên ở đây.".to_owned(),
                "List in the schema's `required` the field whose value is each record's own, and name it here.".to_owned(),
            )
        } else {
            (
                format!("Ghi tên trường có giá trị riêng ở mỗi bản ghi, một trong: {listed}."),
                format!("Name the field whose value is each record's own, one of: {listed}."),
            )
        };
        let ask = ("`key`: trường nào nhận biết một bản ghi?", "`key`: which field identifies a record?");
        self.open(&manifest.key, ask, (&vi, &en));
        true
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

    /// A question that a draft leaves to its author.
    fn open<T>(&mut self, at: &Spanned<T>, ask: (&str, &str), remedy: (&str, &str)) {
        self.fault(at, OPEN_ANSWER, ask, remedy);
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
