//! Identifiers with rules of their own, one file each.

/// The identifiers that a schema may name with `x-identifier`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IdentifierKind {
    /// Số định danh cá nhân: 12 digits.
    SoDinhDanh,
    /// Mã số thuế: 10 digits with a check digit, or 13 with a branch.
    MaSoThue,
    /// Mã định danh cơ quan (QĐ 20/2020/QĐ-TTg): `G06`, `H26.01`.
    MaCoQuan,
}
