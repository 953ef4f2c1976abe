//! Why evidence could not be written or read.

use std::{io, path::PathBuf, sync::Arc};

use contracts::Bilingual;

/// Evidence could not be written (or, at a start, read). An exchange that meets one is answered
/// with 503: no exchange without a record.
#[derive(Clone, Debug, thiserror::Error)]
pub enum JournalFault {
    /// A folder or a file could not be made.
    #[error("`{path}` could not be created: {source}")]
    Create {
        /// Which.
        path: PathBuf,
        /// Why.
        source: Arc<io::Error>,
    },
    /// A record could not be appended; nothing of it is left in the segment.
    #[error("`{path}` could not be written: {source}")]
    Write {
        /// The segment or document.
        path: PathBuf,
        /// Why.
        source: Arc<io::Error>,
    },
    /// The disk did not confirm what was written.
    #[error("`{path}` could not be synchronised: {source}")]
    Sync {
        /// The segment or document.
        path: PathBuf,
        /// Why.
        source: Arc<io::Error>,
    },
    /// A folder or file could not be read.
    #[error("`{path}` could not be read: {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: Arc<io::Error>,
    },
    /// The journal is closing and takes no more records.
    #[error("the journal is closed")]
    Closed,
}

impl JournalFault {
    pub(super) fn create(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Create { path: path.into(), source: Arc::new(source) }
    }

    pub(super) fn write(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Write { path: path.into(), source: Arc::new(source) }
    }

    pub(super) fn sync(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Sync { path: path.into(), source: Arc::new(source) }
    }

    pub(crate) fn read(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Read { path: path.into(), source: Arc::new(source) }
    }

    /// What an operator reads in the log and on `readyz`: what happened, whose fault, what to do.
    pub fn explain(&self) -> Bilingual {
        let (path, source) = match self {
            Self::Create { path, source }
            | Self::Write { path, source }
            | Self::Sync { path, source }
            | Self::Read { path, source } => (path.display(), source),
            Self::Closed => {
                return Bilingual::new(
                    "Nhật ký đang đóng vì tiến trình sắp dừng; hãy gửi lại yêu cầu sau ít giây.",
                    "The journal is closing because the process is about to stop; send the request again in a few seconds.",
                );
            }
        };
        let (what_vi, what_en) = match self {
            Self::Create { .. } => ("tạo được", "created"),
            Self::Write { .. } => ("ghi được", "written"),
            Self::Sync { .. } => ("đồng bộ được xuống đĩa", "synchronised to disk"),
            Self::Read { .. } | Self::Closed => ("đọc được", "read"),
        };
        Bilingual::new(
            format!(
                "Nhật ký tại `{path}` không {what_vi} ({source}). Lỗi thuộc về máy chủ trục liên thông: kiểm tra \
                 dung lượng đĩa và quyền của thư mục `data`; mọi trao đổi bị từ chối cho đến khi ghi lại được."
            ),
            format!(
                "The journal at `{path}` could not be {what_en} ({source}). The fault is the gateway host's: check \
                 disk space and the permissions of the `data` folder; every exchange is refused until it can be \
                 written again."
            ),
        )
    }
}
