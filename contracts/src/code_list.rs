//! Code lists (danh mục dùng chung): editions with validity dates, read from CSV.

/// One code list with its editions. (To be built.)
#[derive(Clone, Debug)]
pub struct CodeList;

/// All code lists, by name.
#[derive(Clone, Debug, Default)]
pub struct CodeLists;
