//! Why bytes could not be read: the rule, the place, what to do; never what the bytes say.
//!
//! Readers find a [`Problem`] (a rule and an offset, cheap to pass up a recursion); it is put into
//! words once, at the reader's door. The only names in those words are the contract's own.

use std::fmt;

use contracts::{Bilingual, Place};

use crate::text;

/// Why bytes could not be read. It holds nothing of what they say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The broken rule, a stable code such as `duplicate-key`.
    pub rule: &'static str,
    /// Where in the input.
    pub place: Place,
    /// What is wrong.
    pub message: Bilingual,
    /// What the sender can do about it.
    pub remedy: Bilingual,
}

impl Unreadable {
    /// Puts `problem`, found in `bytes`, into words.
    pub(crate) fn new(bytes: &[u8], problem: Problem<'_>) -> Self {
        Self::at(text::place(bytes, problem.offset), problem)
    }

    /// Puts `problem`, found at `place`, into words.
    pub(crate) fn at(place: Place, problem: Problem<'_>) -> Self {
        let (message, remedy) = problem.rule.words(problem.name);
        Self { rule: problem.rule.code(), place, message, remedy }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {} [{}]", self.place.line, self.place.column, self.message.en, self.rule)
    }
}

impl std::error::Error for Unreadable {}

/// What a reader stumbled on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Problem<'a> {
    pub rule: Rule,
    /// In bytes, from the start of the text (a byte order mark not counted).
    pub offset: usize,
    /// A name that the contract or the format chose, never one from the input.
    pub name: Option<&'a str>,
}

impl<'a> Problem<'a> {
    pub fn new(rule: Rule, offset: usize) -> Self {
        Self { rule, offset, name: None }
    }

    pub fn about(rule: Rule, offset: usize, name: &'a str) -> Self {
        Self { rule, offset, name: Some(name) }
    }
}

/// Every rule of every reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    Encoding,
    /// The text says that it is in an encoding that its sender is not declared to write, or two.
    UndeclaredEncoding,
    /// The text could be UTF-8 or what its sender is declared to write.
    DoubtfulEncoding,
    /// A mark stands where no letter takes it.
    UnpairedMark,
    ControlCharacter,
    NotWellFormed,
    /// The input ends before what it began does. Not well-formed too, and told under that code.
    Unfinished,
    /// A record of a stream takes more bytes than its reader keeps.
    RecordTooLarge,
    TooDeep,
    TooManyNodes,
    NameTooLong,
    TextTooLong,
    NumberTooLong,
    WrongRoot,
    DuplicateKey,
    LoneSurrogate,
    TrailingBytes,
    TooManyAttributes,
    TooManyReferences,
    Doctype,
    Entity,
    XmlVersion,
    Namespace,
    UnboundPrefix,
    WrongNamespace,
    UnknownElement,
    UnknownAttribute,
    RepeatedElement,
    Order,
    MixedContent,
    Nil,
    XsiType,
    SoapFault,
    SoapVersion,
    SoapBody,
    MustUnderstand,
    RepeatedHeader,
    XRoadHeader,
    /// A signature, which reading and writing anew would break.
    Signed,
    NotAVerdict,
    FormatNotRead,
    GmlGeometry,
    SrsMissing,
    SrsAmbiguous,
    SrsDeprecated,
    SrsUnknown,
    SrsMixed,
    NotAFeature,
    FeatureId,
    BesideProperties,
    ForeignCrs,
    LateCrs,
}

impl Rule {
    pub fn code(self) -> &'static str {
        match self {
            Self::Encoding => "encoding",
            Self::UndeclaredEncoding => "undeclared-encoding",
            Self::DoubtfulEncoding => "doubtful-encoding",
            Self::UnpairedMark => "unpaired-mark",
            Self::ControlCharacter => "control-character",
            Self::NotWellFormed | Self::Unfinished => "not-well-formed",
            Self::RecordTooLarge => "record-too-large",
            Self::TooDeep => "too-deep",
            Self::TooManyNodes => "too-many-nodes",
            Self::NameTooLong => "name-too-long",
            Self::TextTooLong => "text-too-long",
            Self::NumberTooLong => "number-too-long",
            Self::WrongRoot => "wrong-root",
            Self::DuplicateKey => "duplicate-key",
            Self::LoneSurrogate => "lone-surrogate",
            Self::TrailingBytes => "trailing-bytes",
            Self::TooManyAttributes => "too-many-attributes",
            Self::TooManyReferences => "too-many-references",
            Self::Doctype => "doctype",
            Self::Entity => "entity",
            Self::XmlVersion => "xml-version",
            Self::Namespace => "namespace",
            Self::UnboundPrefix => "unbound-prefix",
            Self::WrongNamespace => "wrong-namespace",
            Self::UnknownElement => "unknown-element",
            Self::UnknownAttribute => "unknown-attribute",
            Self::RepeatedElement => "repeated-element",
            Self::Order => "order",
            Self::MixedContent => "mixed-content",
            Self::Nil => "nil",
            Self::XsiType => "xsi-type",
            Self::SoapFault => "soap-fault",
            Self::SoapVersion => "soap-version",
            Self::SoapBody => "soap-body",
            Self::MustUnderstand => "must-understand",
            Self::RepeatedHeader => "repeated-header",
            Self::XRoadHeader => "xroad-header",
            Self::Signed => "signed-document",
            Self::NotAVerdict => "not-a-verdict",
            Self::FormatNotRead => "format-not-read",
            Self::GmlGeometry => "gml-geometry",
            Self::SrsMissing => "srs-name-missing",
            Self::SrsAmbiguous => "srs-name-ambiguous",
            Self::SrsDeprecated => "srs-name-deprecated",
            Self::SrsUnknown => "srs-name-unknown",
            Self::SrsMixed => "srs-name-mixed",
            Self::NotAFeature => "not-a-feature",
            Self::FeatureId => "feature-id",
            Self::BesideProperties => "beside-properties",
            Self::ForeignCrs => "geojson-crs",
            Self::LateCrs => "coord-ref-sys-late",
        }
    }

    /// The message and the remedy; `name` is the field, root or namespace of the contract they concern, or
    /// the format's own member.
    fn words(self, name: Option<&str>) -> (Bilingual, Bilingual) {
        let (vi, en, vi_remedy, en_remedy) = self.phrases();
        let message = match name {
            Some(name) => Bilingual::new(format!("{vi}: `{name}`"), format!("{en}: `{name}`")),
            None => Bilingual::new(vi, en),
        };
        (message, Bilingual::new(vi_remedy, en_remedy))
    }

    /// Vietnamese and English, the message and then the remedy.
    fn phrases(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Self::Encoding => (
                "Nội dung không phải là văn bản theo bảng mã UTF-8, hay theo bảng mã đã khai báo cho hệ thống gửi",
                "The content is not text in UTF-8, or in the encoding declared for the sending system",
                "Mã hóa nội dung bằng UTF-8 và ghi đúng bảng mã (hoặc không ghi); hệ thống cũ thì đề nghị người vận hành khai báo `encoding` cho hệ thống",
                "Encode the content as UTF-8 and name that encoding, or none; for an older system ask the operator to declare its `encoding`",
            ),
            Self::UndeclaredEncoding => (
                "Nội dung tự ghi một bảng mã mà hệ thống gửi không được khai báo, hoặc ghi hai bảng mã khác nhau",
                "The content names an encoding that is not declared for the sending system, or names two",
                "Gửi UTF-8, hoặc đề nghị người vận hành khai báo `encoding` cho hệ thống; `charset`, dấu BOM và khai báo XML phải ghi cùng một bảng mã",
                "Send UTF-8, or ask the operator to declare the system's `encoding`; `charset`, byte order mark and XML declaration must name the same one",
            ),
            Self::DoubtfulEncoding => (
                "Không rõ bảng mã: hệ thống gửi được khai báo dùng bảng mã cũ nhưng nội dung giống UTF-8",
                "The encoding is in doubt: the sending system is declared to write an older one, but the content looks like UTF-8",
                "Ghi rõ `charset=utf-8` (hoặc bảng mã đã khai báo) trong `Content-Type` hay trong khai báo XML",
                "Say `charset=utf-8` (or the declared encoding) in `Content-Type` or in the XML declaration",
            ),
            Self::UnpairedMark => (
                "Có dấu (thanh, mũ, móc) đứng riêng, không ghép được với chữ nào trước nó",
                "A tone or other mark stands alone: no letter before it takes it",
                "Viết dấu ngay sau chữ cái mang dấu; kiểm tra bước chuyển bảng mã ở hệ thống gửi",
                "Write the mark right after the letter that carries it; look at how the sending system converts text",
            ),
            Self::ControlCharacter => (
                "Có ký tự điều khiển hoặc ký tự không được phép trong văn bản",
                "There is a control character, or one that text may not hold",
                "Bỏ các ký tự điều khiển khỏi dữ liệu; chỉ giữ dấu tab và dấu xuống dòng, viết đúng cách của định dạng",
                "Remove control characters from the data; only tabs and line ends remain, escaped where the format asks for it",
            ),
            Self::NotWellFormed => (
                "Nội dung sai cú pháp của định dạng",
                "The content breaks the syntax of its format",
                "Kiểm tra cú pháp tại vị trí đã nêu; nên dùng thư viện sinh JSON hoặc XML thay cho ghép chuỗi",
                "Check the syntax at the place given; produce JSON or XML with a library rather than by joining strings",
            ),
            Self::Unfinished => (
                "Nội dung bị cắt ngang: hết dữ liệu khi tài liệu chưa kết thúc",
                "The content ends before the document does",
                "Gửi lại toàn bộ tài liệu; nếu đã gửi đủ, kiểm tra dấu đóng còn thiếu ở cuối",
                "Send the whole document again; if it was whole, look for a mark that is missing at its end",
            ),
            Self::RecordTooLarge => (
                "Một bản ghi của danh sách quá lớn",
                "A record of the list is too large",
                "Rút gọn bản ghi; tệp đính kèm được gửi riêng, không nằm trong bản ghi",
                "Make the record smaller; attachments travel on their own, not inside a record",
            ),
            Self::TooDeep => (
                "Các phần tử lồng nhau quá sâu",
                "Elements are nested too deeply",
                "Gửi đúng cấu trúc của hợp đồng dữ liệu",
                "Send the structure that the contract describes",
            ),
            Self::TooManyNodes => (
                "Tài liệu có quá nhiều giá trị",
                "The document holds too many values",
                "Chia dữ liệu thành nhiều lần gửi nhỏ hơn",
                "Split the data into smaller requests",
            ),
            Self::NameTooLong => (
                "Có tên trường hoặc tên phần tử quá dài",
                "A name is too long",
                "Dùng đúng tên trường trong hợp đồng dữ liệu",
                "Use the field names of the contract",
            ),
            Self::TextTooLong => (
                "Có đoạn văn bản quá dài",
                "A text is too long",
                "Rút ngắn văn bản; tệp đính kèm được gửi riêng, không nằm trong bản ghi",
                "Shorten the text; attachments travel on their own, not inside a record",
            ),
            Self::NumberTooLong => (
                "Có số được viết quá dài",
                "A number is written with too many digits",
                "Gửi số với độ chính xác cần thiết",
                "Send the number with the precision it needs",
            ),
            Self::WrongRoot => (
                "Gốc của tài liệu không phải là bản ghi hoặc danh sách mà thao tác này nhận",
                "The root is not the record or list that this operation takes",
                "Gửi một bản ghi hoặc một danh sách đúng như mô tả của dịch vụ",
                "Send one record, or one list, as the service's description says",
            ),
            Self::DuplicateKey => (
                "Một đối tượng có hai trường trùng tên",
                "An object holds the same name twice",
                "Bỏ trường lặp; các hệ thống đọc trường lặp theo những cách khác nhau nên không thể chấp nhận",
                "Remove the repeated name; systems read repeated names differently, so they cannot be accepted",
            ),
            Self::LoneSurrogate => (
                "Chuỗi thoát `\\u` biểu diễn nửa cặp ký tự thay thế",
                "A `\\u` escape stands for half of a surrogate pair",
                "Viết ký tự trực tiếp bằng UTF-8 hoặc viết đủ cặp `\\u`",
                "Write the character in UTF-8, or both escapes of its pair",
            ),
            Self::TrailingBytes => (
                "Còn dữ liệu thừa sau khi tài liệu đã kết thúc",
                "There is more after the end of the document",
                "Gửi đúng một tài liệu; nhiều bản ghi thì đặt trong một danh sách",
                "Send one document; several records go into one list",
            ),
            Self::TooManyAttributes => (
                "Một phần tử có quá nhiều thuộc tính",
                "An element has too many attributes",
                "Gửi đúng cấu trúc của hợp đồng dữ liệu",
                "Send the structure that the contract describes",
            ),
            Self::TooManyReferences => (
                "Tài liệu có quá nhiều tham chiếu ký tự `&…;`",
                "The document holds too many character references `&…;`",
                "Viết chữ tiếng Việt trực tiếp bằng UTF-8",
                "Write letters in UTF-8 rather than as references",
            ),
            Self::Doctype => (
                "Tài liệu có khai báo DOCTYPE",
                "The document has a DOCTYPE declaration",
                "Bỏ khai báo DOCTYPE; cấu trúc đã do hợp đồng dữ liệu quy định",
                "Remove the DOCTYPE; the contract describes the structure",
            ),
            Self::Entity => (
                "Tài liệu dùng thực thể không có sẵn trong XML",
                "The document uses an entity that XML does not predefine",
                "Chỉ dùng `&lt;`, `&gt;`, `&amp;`, `&apos;`, `&quot;` hoặc tham chiếu ký tự dạng số",
                "Use only `&lt;`, `&gt;`, `&amp;`, `&apos;`, `&quot;` and numeric character references",
            ),
            Self::XmlVersion => (
                "Phiên bản XML không phải là 1.0",
                "The XML version is not 1.0",
                "Khai báo `version=\"1.0\"`",
                "Declare `version=\"1.0\"`",
            ),
            Self::Namespace => (
                "Khai báo không gian tên không hợp lệ",
                "A namespace declaration is not allowed",
                "Chỉ khai báo không gian tên của hợp đồng và `xsi`; không dùng lại các tiền tố dành riêng",
                "Declare the contract's namespace and `xsi` only; leave the reserved prefixes alone",
            ),
            Self::UnboundPrefix => (
                "Có tiền tố không gian tên chưa được khai báo",
                "A namespace prefix is not declared",
                "Khai báo `xmlns:tiền-tố` trên phần tử gốc",
                "Declare `xmlns:prefix` on the root element",
            ),
            Self::WrongNamespace => (
                "Phần tử gốc không thuộc không gian tên của hợp đồng",
                "The root element is not in the contract's namespace",
                "Khai báo `xmlns` trên phần tử gốc bằng đúng không gian tên đã nêu",
                "Declare `xmlns` on the root element with exactly the namespace named",
            ),
            Self::UnknownElement => (
                "Có phần tử mà hợp đồng dữ liệu không có tại vị trí này",
                "There is an element that the contract does not have here",
                "Bỏ phần tử đó hoặc sửa lại tên và không gian tên theo hợp đồng",
                "Remove the element, or give it the name and namespace of the contract",
            ),
            Self::UnknownAttribute => (
                "Có thuộc tính mà hợp đồng dữ liệu không có tại vị trí này",
                "There is an attribute that the contract does not have here",
                "Bỏ thuộc tính đó hoặc sửa lại tên theo hợp đồng",
                "Remove the attribute, or give it the name in the contract",
            ),
            Self::RepeatedElement => (
                "Phần tử chỉ được có một lần nhưng xuất hiện nhiều lần",
                "An element that may stand once stands twice",
                "Chỉ gửi một phần tử",
                "Send it once",
            ),
            Self::Order => (
                "Phần tử đứng sai thứ tự của hợp đồng dữ liệu",
                "An element stands out of the contract's order",
                "Sắp xếp các phần tử theo thứ tự trong lược đồ XML của dịch vụ",
                "Put the elements in the order of the service's XML schema",
            ),
            Self::MixedContent => (
                "Văn bản và phần tử con nằm lẫn lộn",
                "Text and child elements are mixed",
                "Đặt văn bản vào đúng phần tử của trường; giữa các phần tử chỉ được có khoảng trắng",
                "Put text into its field's element; between elements only white space may stand",
            ),
            Self::Nil => (
                "`xsi:nil` được dùng sai: giá trị phải là `true` hoặc `false` và phần tử khi đó phải rỗng",
                "`xsi:nil` is misused: it is `true` or `false`, and the element is then empty",
                "Bỏ nội dung của phần tử hoặc bỏ `xsi:nil`",
                "Empty the element, or remove `xsi:nil`",
            ),
            Self::XsiType => (
                "Tài liệu dùng `xsi:type`",
                "The document uses `xsi:type`",
                "Bỏ `xsi:type`; kiểu dữ liệu đã do hợp đồng quy định",
                "Remove `xsi:type`; the contract says what type a field has",
            ),
            Self::SoapFault => (
                "Hệ thống được hỏi trả lời bằng SOAP Fault",
                "The system that was asked answered with a SOAP Fault",
                "Liên hệ đơn vị vận hành hệ thống đó, kèm mã trao đổi; kết quả chưa được xác minh",
                "Contact the operator of that system with the exchange id; nothing has been verified",
            ),
            Self::SoapVersion => (
                "Phong bì không thuộc SOAP 1.1 hay SOAP 1.2",
                "The envelope is of neither SOAP 1.1 nor SOAP 1.2",
                "Dùng không gian tên `http://schemas.xmlsoap.org/soap/envelope/` (1.1) hoặc `http://www.w3.org/2003/05/soap-envelope` (1.2)",
                "Use the namespace `http://schemas.xmlsoap.org/soap/envelope/` (1.1) or `http://www.w3.org/2003/05/soap-envelope` (1.2)",
            ),
            Self::SoapBody => (
                "Thân thông điệp SOAP không chứa đúng một phần tử",
                "The body of the SOAP message does not hold exactly one element",
                "Đặt đúng một phần tử thao tác vào `Body`, theo WSDL của dịch vụ (document/literal)",
                "Put exactly one operation's element into `Body`, as the service's WSDL says (document/literal)",
            ),
            Self::MustUnderstand => (
                "Có khối tiêu đề SOAP buộc phải hiểu mà cổng không hiểu",
                "A SOAP header block that must be understood is not understood here",
                "Bỏ khối tiêu đề đó hoặc bỏ `mustUnderstand`; WS-Security không được dùng, bên gọi được xác thực bằng chứng thư TLS",
                "Leave the block out, or its `mustUnderstand`; WS-Security is not used, callers are known by their TLS certificate",
            ),
            Self::RepeatedHeader => (
                "Một khối tiêu đề hoặc phần tử của nó xuất hiện hai lần",
                "A header block, or an element of one, stands twice",
                "Chỉ gửi một lần",
                "Send it once",
            ),
            Self::XRoadHeader => (
                "Khối tiêu đề X-Road thiếu hoặc sai dạng",
                "The X-Road header blocks are incomplete or malformed",
                "Gửi `client`, `id`, `protocolVersion` (4.0) và mã định danh có `objectType` đúng, theo giao thức thông điệp X-Road 4.0",
                "Send `client`, `id`, `protocolVersion` (4.0) and identifiers with their `objectType`, as X-Road's message protocol 4.0 says",
            ),
            Self::Signed => (
                "Tài liệu mang chữ ký XML; đọc rồi viết lại sẽ làm hỏng chữ ký",
                "The document bears an XML signature, which reading and writing it anew would break",
                "Gửi tài liệu không ký; tài liệu có chữ ký chỉ được chuyển nguyên vẹn qua dịch vụ khai báo `signed = \"carry\"`",
                "Send it unsigned; signed documents are only carried unchanged, by services that declare `signed = \"carry\"`",
            ),
            Self::NotAVerdict => (
                "Câu trả lời không chứa một kết quả xác thực rõ ràng",
                "The answer holds no clear verdict",
                "Đối chiếu cấu hình giao thức của dịch vụ với tài liệu của bên cung cấp; kết quả chưa được xác minh",
                "Compare the service's dialect settings with the provider's guide; nothing has been verified",
            ),
            Self::GmlGeometry => (
                "Hình học GML thiếu, sai cấu trúc hoặc không thuộc các loại đơn giản được nhận",
                "The GML geometry is missing, malformed, or not of the simple kinds that are taken",
                "Gửi điểm, đường gấp khúc, đa giác hoặc tập hợp của chúng theo GML 3.2 (hoặc 3.1); không dùng cung tròn, khối hay `xlink:href`",
                "Send a point, a line of straight pieces, a polygon or several of one kind in GML 3.2 (or 3.1); no arcs, solids or `xlink:href`",
            ),
            Self::SrsMissing => (
                "Hình học không nêu hệ tọa độ (`srsName`)",
                "The geometry does not name its reference system (`srsName`)",
                "Ghi `srsName` trên hình học, dạng `urn:ogc:def:crs:EPSG::4756`; hệ tọa độ không bao giờ được suy đoán",
                "Put `srsName` on the geometry, such as `urn:ogc:def:crs:EPSG::4756`; a reference system is never guessed",
            ),
            Self::SrsAmbiguous => (
                "Cách viết hệ tọa độ này được hiểu theo cả hai thứ tự trục",
                "This way to name a reference system is read in both axis orders",
                "Viết `urn:ogc:def:crs:EPSG::…` (thứ tự trục của EPSG) hoặc `urn:ogc:def:crs:OGC:1.3:CRS84` (kinh độ trước)",
                "Write `urn:ogc:def:crs:EPSG::…` (the axis order of EPSG) or `urn:ogc:def:crs:OGC:1.3:CRS84` (longitude first)",
            ),
            Self::SrsDeprecated => (
                "EPSG:6956–6959 đã bị hủy vì định nghĩa đảo trục đông và bắc",
                "EPSG:6956–6959 are withdrawn: their definitions swap easting and northing",
                "Dùng mã VN-2000 / TM-3 hiện hành (EPSG:5896–5899, 9205–9218), hướng đông trước",
                "Use the VN-2000 / TM-3 codes in force (EPSG:5896–5899, 9205–9218), easting first",
            ),
            Self::SrsUnknown => (
                "Hệ tọa độ không được hỗ trợ",
                "The reference system is not known here",
                "Dùng WGS 84 (CRS84, EPSG:4326) hoặc VN-2000 (EPSG:4756, 3405, 3406, các múi TM-3)",
                "Use WGS 84 (CRS84, EPSG:4326) or VN-2000 (EPSG:4756, 3405, 3406, the TM-3 zones)",
            ),
            Self::SrsMixed => (
                "Các phần của một hình học ở những hệ tọa độ khác nhau",
                "The parts of one geometry are in different reference systems",
                "Dùng một hệ tọa độ cho cả hình học",
                "Use one reference system for the whole geometry",
            ),
            Self::NotAFeature => (
                "Tài liệu không phải là `Feature` hoặc `FeatureCollection` đúng dạng",
                "The document is no well-formed `Feature` or `FeatureCollection`",
                "Gửi `type`, `geometry` và `properties` theo RFC 7946; trường hình học chính nằm ở `geometry`, các trường khác ở `properties`",
                "Send `type`, `geometry` and `properties` as RFC 7946 says; the first geometry field goes to `geometry`, all other fields to `properties`",
            ),
            Self::FeatureId => (
                "`id` của Feature khác với trường khóa trong `properties`",
                "The Feature's `id` differs from the key field in `properties`",
                "Ghi cùng một giá trị, hoặc bỏ `id`",
                "Give both the same value, or leave `id` out",
            ),
            Self::BesideProperties => (
                "Feature mang dữ liệu ở chỗ không được đọc",
                "The Feature holds data where none is read",
                "Đặt mọi trường vào `properties`, vị trí vào `geometry`; gửi `place` bằng JSON-FG (`application/vnd.ogc.fg+json`); bỏ `time`, vì hợp đồng dữ liệu không có trường cho nó",
                "Put every field into `properties` and the place into `geometry`; send `place` as JSON-FG (`application/vnd.ogc.fg+json`); leave out `time`, for which contracts have no field",
            ),
            Self::ForeignCrs => (
                "GeoJSON khai báo một hệ tọa độ khác CRS84",
                "The GeoJSON names another reference system than CRS84",
                "GeoJSON luôn theo WGS 84, kinh độ trước (RFC 7946): nếu tọa độ đúng là như vậy thì bỏ thành phần này; với VN-2000 hãy gửi JSON-FG (`place`, `coordRefSys`) hoặc GML",
                "GeoJSON is always WGS 84, longitude first (RFC 7946): if the coordinates are, leave the member out; send VN-2000 as JSON-FG (`place`, `coordRefSys`) or GML",
            ),
            Self::LateCrs => (
                "`coordRefSys` của tập hợp đứng sau các đối tượng đã được đọc theo nó",
                "The collection's `coordRefSys` stands behind the features that were to be read by it",
                "Đặt `coordRefSys` trước `features`, hoặc ghi nó trong từng đối tượng",
                "Put `coordRefSys` before `features`, or say it on each feature",
            ),
            Self::FormatNotRead => (
                "Định dạng này chỉ dùng cho câu trả lời, không dùng để gửi vào",
                "This format is for answers only, not for what is sent",
                "Gửi JSON hoặc XML theo hợp đồng dữ liệu",
                "Send JSON or XML as the contract describes",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_carry_the_place_and_the_contracts_name() {
        let unreadable = Unreadable::new("a\nbộ x".as_bytes(), Problem::about(Rule::Order, 7, "MaSo"));
        assert_eq!(unreadable.place, Place { line: 2, column: 4 });
        assert_eq!(
            unreadable.to_string(),
            "2:4: An element stands out of the contract's order: `MaSo` [order]"
        );
        assert!(unreadable.message.vi.ends_with("`MaSo`"));
    }
}
