//! What can be wrong with a request's head, and how it is told.

use contracts::Bilingual;
use http::StatusCode;

/// One rule of hygiene that a request broke. None of them quotes the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{}", self.rule())]
pub enum HygieneFault {
    /// The request line is not `method SP target SP version` (RFC 9112 section 3).
    RequestLine,
    /// Neither HTTP/1.1 nor HTTP/2 (TT 39/2017: HTTP/1.1 is mandatory).
    Version,
    /// A line ends in a bare LF, or a CR stands alone (RFC 9112 section 2.2).
    BareLineEnd,
    /// A field continued on the next line (RFC 9112 section 5.2).
    Folded,
    /// White space before a field's colon (RFC 9112 section 5.1).
    SpaceBeforeColon,
    /// A field without a colon, or a name that is not a token.
    FieldName,
    /// NUL or another control character in a field.
    ControlCharacter,
    /// Both `Content-Length` and `Transfer-Encoding` (RFC 9112 section 6.1): how requests are smuggled.
    LengthAndCoding,
    /// `Content-Length` more than once, even with the same value.
    RepeatedLength,
    /// `Content-Length` is not a number, or too large to be one.
    Length,
    /// A transfer coding other than `chunked` once.
    TransferCoding,
    /// A chunk, an extension or a trailer that is not what RFC 9112 section 7.1 says, or a trailer that
    /// would frame or address the request.
    Chunk,
    /// An expectation other than `100-continue` (RFC 9110 section 10.1.1).
    Expectation,
    /// No `Host` (RFC 9112 section 3.2).
    MissingHost,
    /// More than one `Host`.
    RepeatedHost,
    /// An authority that is none, or two that differ.
    Authority,
    /// An authority that is not ours (RFC 9110 section 15.5.20).
    Misdirected,
    /// Neither origin form nor absolute form (`CONNECT`, `*`).
    TargetForm,
    /// A character that may not stand in a target, a fragment's `#` among them.
    TargetCharacter,
    /// A `%` that is not followed by two hexadecimal digits.
    BadEscape,
    /// Escapes that do not decode to UTF-8: overlong forms, surrogates, broken sequences.
    OverlongUtf8,
    /// An escaped control character in the target.
    EscapedControl,
    /// An escaped `/` or any `\` in the path: separators that others may see and we do not.
    EncodedSlash,
    /// `.` or `..` as a segment, escaped or not, with or without parameters.
    DotSegment,
    /// A target longer than its cap.
    TargetTooLong,
    /// More fields than the cap.
    TooManyHeaders,
    /// A head larger than its cap.
    HeadersTooLarge,
    /// A head that did not arrive in time.
    SlowHeaders,
}

impl HygieneFault {
    /// Every fault, for tests and documents.
    pub const ALL: [Self; 28] = [
        Self::RequestLine,
        Self::Version,
        Self::BareLineEnd,
        Self::Folded,
        Self::SpaceBeforeColon,
        Self::FieldName,
        Self::ControlCharacter,
        Self::LengthAndCoding,
        Self::RepeatedLength,
        Self::Length,
        Self::TransferCoding,
        Self::Chunk,
        Self::Expectation,
        Self::MissingHost,
        Self::RepeatedHost,
        Self::Authority,
        Self::Misdirected,
        Self::TargetForm,
        Self::TargetCharacter,
        Self::BadEscape,
        Self::OverlongUtf8,
        Self::EscapedControl,
        Self::EncodedSlash,
        Self::DotSegment,
        Self::TargetTooLong,
        Self::TooManyHeaders,
        Self::HeadersTooLarge,
        Self::SlowHeaders,
    ];

    /// The stable code.
    pub fn rule(self) -> &'static str {
        match self {
            Self::RequestLine => "request-line",
            Self::Version => "http-version",
            Self::BareLineEnd => "bare-cr-or-lf",
            Self::Folded => "folded-header",
            Self::SpaceBeforeColon => "space-before-colon",
            Self::FieldName => "header-name",
            Self::ControlCharacter => "control-character",
            Self::LengthAndCoding => "content-length-and-transfer-encoding",
            Self::RepeatedLength => "repeated-content-length",
            Self::Length => "content-length",
            Self::TransferCoding => "unknown-transfer-coding",
            Self::Chunk => "chunk-framing",
            Self::Expectation => "expectation",
            Self::MissingHost => "missing-host",
            Self::RepeatedHost => "repeated-host",
            Self::Authority => "authority",
            Self::Misdirected => "misdirected",
            Self::TargetForm => "target-form",
            Self::TargetCharacter => "target-character",
            Self::BadEscape => "bad-escape",
            Self::OverlongUtf8 => "overlong-utf-8",
            Self::EscapedControl => "escaped-control",
            Self::EncodedSlash => "encoded-slash",
            Self::DotSegment => "dot-segment",
            Self::TargetTooLong => "target-too-long",
            Self::TooManyHeaders => "too-many-headers",
            Self::HeadersTooLarge => "headers-too-large",
            Self::SlowHeaders => "slow-headers",
        }
    }

    /// The status it is answered with.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Version => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            Self::Expectation => StatusCode::EXPECTATION_FAILED,
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::TargetTooLong => StatusCode::URI_TOO_LONG,
            Self::TooManyHeaders | Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::SlowHeaders => StatusCode::REQUEST_TIMEOUT,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// Whether it is still known where the request ends, so that the connection can go on.
    pub fn framing_is_sound(self) -> bool {
        matches!(
            self,
            Self::Misdirected
                | Self::TargetCharacter
                | Self::BadEscape
                | Self::OverlongUtf8
                | Self::EscapedControl
                | Self::EncodedSlash
                | Self::DotSegment
                | Self::TargetTooLong
                | Self::TooManyHeaders
                | Self::Expectation
        )
    }

    /// What is wrong and what to do, for whoever wrote the client.
    pub fn message(self) -> Bilingual {
        let (vi, en) = match self {
            Self::RequestLine => (
                "Dòng yêu cầu không đúng dạng `phương thức đích phiên-bản`. Hãy dùng một thư viện HTTP/1.1 chuẩn.",
                "The request line is not `method target version`. Use a standard HTTP/1.1 library.",
            ),
            Self::Version => {
                ("Cổng chỉ nhận HTTP/1.1 và HTTP/2.", "Only HTTP/1.1 and HTTP/2 are spoken here.")
            }
            Self::BareLineEnd => (
                "Có dòng kết thúc không phải CRLF, hoặc một ký tự CR đứng riêng. Mỗi dòng của phần đầu phải kết thúc bằng CRLF.",
                "A line does not end in CRLF, or a CR stands alone. Every line of the head ends in CRLF.",
            ),
            Self::Folded => (
                "Có trường tiêu đề kéo sang dòng sau. Hãy viết mỗi trường trên một dòng.",
                "A header field continues on the next line. Write each field on one line.",
            ),
            Self::SpaceBeforeColon => (
                "Có khoảng trắng trước dấu hai chấm của một trường tiêu đề. Hãy bỏ khoảng trắng đó.",
                "A header field has white space before its colon. Remove it.",
            ),
            Self::FieldName => (
                "Có trường tiêu đề thiếu dấu hai chấm hoặc tên chứa ký tự không hợp lệ.",
                "A header field has no colon, or its name holds a character that may not be there.",
            ),
            Self::ControlCharacter => (
                "Có ký tự điều khiển trong một trường tiêu đề. Hãy bỏ ký tự đó.",
                "A header field holds a control character. Remove it.",
            ),
            Self::LengthAndCoding => (
                "Yêu cầu có cả `Content-Length` và `Transfer-Encoding`. Chỉ gửi một trong hai.",
                "The request has both `Content-Length` and `Transfer-Encoding`. Send one of them.",
            ),
            Self::RepeatedLength => (
                "`Content-Length` xuất hiện nhiều lần. Chỉ gửi một lần.",
                "`Content-Length` is given more than once. Send it once.",
            ),
            Self::Length => (
                "`Content-Length` không phải là một số nguyên không âm hợp lệ.",
                "`Content-Length` is not a valid whole number.",
            ),
            Self::TransferCoding => (
                "`Transfer-Encoding` chỉ được là `chunked`, một lần.",
                "`Transfer-Encoding` may only be `chunked`, once.",
            ),
            Self::Chunk => (
                "Thân yêu cầu được chia khối sai: kích thước, phần mở rộng, dấu kết thúc dòng hoặc trường cuối không hợp lệ. Hãy dùng một thư viện HTTP/1.1 chuẩn.",
                "The body's chunks are framed wrongly: a size, an extension, a line end or a trailer is not valid. Use a standard HTTP/1.1 library.",
            ),
            Self::Expectation => {
                ("`Expect` chỉ được là `100-continue`.", "`Expect` may only be `100-continue`.")
            }
            Self::MissingHost => (
                "Yêu cầu thiếu `Host`. Hãy gửi tên máy chủ của cổng.",
                "The request has no `Host`. Send the gateway's name.",
            ),
            Self::RepeatedHost => (
                "`Host` xuất hiện nhiều lần. Chỉ gửi một lần.",
                "`Host` is given more than once. Send it once.",
            ),
            Self::Authority => (
                "Tên máy chủ trong yêu cầu không hợp lệ, hoặc `Host` khác với tên trong địa chỉ đích.",
                "The request's authority is not valid, or `Host` differs from the target's.",
            ),
            Self::Misdirected => (
                "Yêu cầu gửi tới một tên máy chủ không phải của cổng này. Kiểm tra địa chỉ cổng trong cấu hình của hệ thống gọi.",
                "The request is for an authority that is not this gateway's. Check the gateway's address in the calling system.",
            ),
            Self::TargetForm => (
                "Đích của yêu cầu phải là một đường dẫn bắt đầu bằng `/`; cổng không nhận `CONNECT` và `*`.",
                "The target must be a path that begins with `/`; `CONNECT` and `*` are not taken.",
            ),
            Self::TargetCharacter => (
                "Địa chỉ đích chứa ký tự phải được mã hóa phần trăm, hoặc có phần `#`.",
                "The target holds a character that must be percent-encoded, or a `#` fragment.",
            ),
            Self::BadEscape => (
                "Địa chỉ đích có dấu `%` không kèm hai chữ số thập lục phân.",
                "The target has a `%` without two hexadecimal digits.",
            ),
            Self::OverlongUtf8 => (
                "Phần mã hóa phần trăm trong địa chỉ đích không phải là UTF-8 hợp lệ.",
                "The target's percent-encoding is not valid UTF-8.",
            ),
            Self::EscapedControl => (
                "Địa chỉ đích chứa ký tự điều khiển đã mã hóa.",
                "The target holds an escaped control character.",
            ),
            Self::EncodedSlash => (
                "Đường dẫn chứa dấu gạch chéo đã mã hóa hoặc dấu `\\`. Giá trị có dấu gạch chéo phải đặt trong phần truy vấn, ví dụ `?MaSo=…`.",
                "The path holds an escaped slash or a `\\`. Put values with a slash in the query, such as `?MaSo=…`.",
            ),
            Self::DotSegment => (
                "Đường dẫn chứa đoạn `.` hoặc `..`. Hãy gửi đường dẫn đã rút gọn.",
                "The path holds a `.` or `..` segment. Send the path without them.",
            ),
            Self::TargetTooLong => (
                "Địa chỉ đích dài quá giới hạn. Hãy bớt điều kiện lọc.",
                "The target is longer than the cap. Use fewer filters.",
            ),
            Self::TooManyHeaders => {
                ("Yêu cầu có quá nhiều trường tiêu đề.", "The request has too many header fields.")
            }
            Self::HeadersTooLarge => {
                ("Phần đầu của yêu cầu lớn quá giới hạn.", "The request's head is larger than the cap.")
            }
            Self::SlowHeaders => (
                "Phần đầu của yêu cầu không đến đủ trong thời hạn. Hãy kiểm tra đường truyền và gửi lại.",
                "The request's head did not arrive in time. Check the line and send again.",
            ),
        };
        Bilingual::new(vi, en)
    }
}
