//! Why day counts could not be kept or rebuilt.

use std::path::PathBuf;

use contracts::Bilingual;

use crate::journal::JournalFault;

/// Day counts could not be kept. Admission goes on with the counts in memory: they are written when
/// the store takes them again, and rebuilt from the journal after a crash.
#[derive(Debug, thiserror::Error)]
pub enum QuotaFault {
    /// The store refused.
    #[error("the day counts at `{path}` could not be kept: {source}")]
    Store {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// The folder or the flushing thread could not be made.
    #[error("the day counts at `{path}` could not be begun: {source}")]
    Begin {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// What a dead process charged could not be read from the journal.
    #[error("the day counts could not be rebuilt: {0}")]
    Journal(#[from] JournalFault),
}

impl QuotaFault {
    /// What an operator reads: what happened, whose fault, what to do.
    pub fn explain(&self) -> Bilingual {
        match self {
            Self::Store { path, .. } | Self::Begin { path, .. } => Bilingual::new(
                format!(
                    "Không lưu được số đếm hạn mức ngày tại `{}` ({self}). Lỗi thuộc về máy chủ trục liên thông: kiểm \
                     tra dung lượng đĩa và quyền của thư mục `data`. Hạn mức vẫn được tính trong bộ nhớ và sẽ được ghi \
                     lại khi đĩa hoạt động trở lại.",
                    path.display()
                ),
                format!(
                    "The day counts could not be kept at `{}` ({self}). The fault is the gateway host's: check disk \
                     space and the permissions of the `data` folder. Quotas are still counted in memory and will be \
                     written when the disk takes them again.",
                    path.display()
                ),
            ),
            Self::Journal(fault) => fault.explain(),
        }
    }
}
