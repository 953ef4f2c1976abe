//! What of XML Schema a contract cannot hold, why, and what to do; and what it holds more narrowly.
//!
//! The line between the two: what a contract would let through although the source refuses it is a fault,
//! because a rule must not get lost unseen; where the contract is the stricter one, a remark is enough.

use super::super::Said;

macro_rules! said {
    ($($name:ident: $rule:literal, $vi:literal, $en:literal, $vi_remedy:literal, $en_remedy:literal;)*) => {
        $(pub(super) const $name: Said =
            Said { rule: $rule, message: [$vi, $en], remedy: [$vi_remedy, $en_remedy] };)*
    };
}

// What a contract cannot hold.
said! {
    NO_SCHEMA: "not-a-schema",
        "Phần tử gốc không phải `xs:schema`", "The root is not an `xs:schema`",
        "Đưa tệp XSD 1.0; với tệp dữ liệu mẫu, đặt đuôi `.xml`.", "Give an XSD 1.0 file; a sample of data ends in `.xml`.";
    INCLUDED: "xs-include",
        "`{}`: các tệp khác không được tải về hay mở ra", "`{}`: other files are neither fetched nor opened",
        "Chép các kiểu cần dùng vào cùng một tệp.", "Copy the types that are needed into this one file.";
    NEWER: "xsd-1.1",
        "`{}` thuộc XSD 1.1", "`{}` is of XSD 1.1",
        "Chỉ dùng XSD 1.0; viết quy tắc giữa các trường trong `schema.json`.", "Use XSD 1.0; write rules between fields in `schema.json`.";
    NO_RECORD: "no-record",
        "Không có phần tử toàn cục nào có thể là bản ghi", "No global element can be the record",
        "Khai báo phần tử của bản ghi ở mức ngoài cùng, kiểu phức hợp.", "Declare the record's element at the top level, with a complex type.";
    WHICH_RECORD: "which-record",
        "Nhiều phần tử có thể là bản ghi: {}", "More than one element can be the record: {}",
        "Nêu tên bằng `--record`.", "Name it with `--record`.";
    UNKNOWN: "unknown-component",
        "`{}` không có trong tệp này", "`{}` is not in this file",
        "Khai báo nó trong tệp; kiểu của không gian tên khác phải được chép vào.", "Declare it here; types of other namespaces are to be copied in.";
    GML: "gml-type",
        "`{}`: kiểu của GML không chép được thành hợp đồng", "`{}`: a type of GML cannot be copied into a contract",
        "Bỏ phần tử này khỏi bản sao của XSD rồi thêm trường có `x-geometry` vào `schema.json` (xem hợp đồng có hình học trong catalog).",
        "Take the element out of a copy of the XSD, then add a field with `x-geometry` to `schema.json` (see a contract with a geometry in the catalog).";
    RECURSIVE: "recursive-type",
        "`{}` chứa chính nó", "`{}` holds itself",
        "Bản ghi có độ sâu xác định: tách thành bộ dữ liệu riêng và tham chiếu bằng mã.", "A record has a definite depth: make a dataset of its own and refer by key.";
    TOO_MANY: "too-many-fields",
        "Các kiểu nhân lên thành quá nhiều trường", "The types multiply into too many fields",
        "Chỉ giữ những gì bộ dữ liệu cần.", "Keep what the dataset needs.";
    MIXED: "mixed-content",
        "`mixed=\"true\"`: văn bản xen giữa các phần tử không có dạng JSON tương đương", "`mixed=\"true\"`: text between elements has no equal in JSON",
        "Đưa văn bản vào một phần tử riêng.", "Give the text an element of its own.";
    ANY: "any",
        "`{}`: nội dung tùy ý không kiểm tra được và không chia sẻ được theo trường", "`{}`: what may be anything can be neither checked nor shared by field",
        "Nêu rõ từng phần tử, hoặc bỏ.", "Name each element, or leave it out.";
    ABSTRACT: "substitution",
        "`{}`: phần tử thay thế nhau không có một dạng duy nhất", "`{}`: elements that stand for each other have no one form",
        "Dùng phần tử cụ thể; nếu cần lựa chọn, dùng `xs:choice`.", "Use the concrete element; for a choice, `xs:choice`.";
    REPEATED_GROUP: "repeated-group",
        "Nhóm phần tử lặp lại: thứ tự xen kẽ của chúng không có trong JSON", "A group of elements that repeats: how they alternate is not in JSON",
        "Đặt nhóm vào một phần tử rồi cho phần tử đó lặp lại.", "Put the group into one element and let that repeat.";
    CHOICE_OF_GROUPS: "choice-of-groups",
        "`xs:choice` giữa các nhóm phần tử", "`xs:choice` between groups of elements",
        "Đặt mỗi nhóm vào một phần tử riêng.", "Give each group an element of its own.";
    TWICE: "element-twice",
        "`{}` có hai lần trong cùng một phần tử", "`{}` stands twice in one element",
        "Trong JSON mỗi tên có một lần: đổi tên một trong hai, hoặc dùng `maxOccurs`.", "JSON has each name once: rename one of the two, or use `maxOccurs`.";
    QUALIFIED_ATTRIBUTE: "qualified-attribute",
        "Thuộc tính `{}` thuộc một không gian tên", "The attribute `{}` is in a namespace",
        "Dùng thuộc tính không có không gian tên, hoặc phần tử.", "Use an attribute without a namespace, or an element.";
    EMPTY: "no-fields",
        "`{}` không có phần tử hay thuộc tính nào", "`{}` has neither elements nor attributes",
        "Dùng kiểu `xs:boolean`, hoặc bỏ.", "Make it an `xs:boolean`, or leave it out.";
    NO_TYPE: "any-type",
        "`{}` không có kiểu: có thể là bất cứ gì", "`{}` has no type: it can be anything",
        "Cho nó một kiểu.", "Give it a type.";
    TYPE: "type-not-held",
        "Hợp đồng không có kiểu `{}`", "A contract has no type `{}`",
        "Dùng kiểu văn bản với `xs:pattern`, hoặc bỏ; tệp đính kèm không đi trong bản ghi.", "Use a text with an `xs:pattern`, or leave it out; files do not travel in records.";
    LIST: "list-in-text",
        "`xs:list`: danh sách trong một văn bản", "`xs:list`: a list within one text",
        "Dùng một phần tử với `maxOccurs`.", "Use an element with `maxOccurs`.";
    UNION: "union",
        "`xs:union` của các kiểu khác nhau", "An `xs:union` of different types",
        "Chỉ hợp của các danh sách giá trị được nhận; hoặc dùng kiểu văn bản.", "Only lists of values can be united; or use a text.";
    FACET: "facet-not-held",
        "Hợp đồng không có quy tắc `{}` cho kiểu này", "A contract has no rule `{}` for this type",
        "Bỏ quy tắc khỏi bản sao của XSD; nếu cần, viết lại trong `schema.json` bằng `pattern` hoặc giới hạn khác.",
        "Take it out of a copy of the XSD; if it matters, say it in `schema.json` by a `pattern` or another bound.";
    TOTAL_DIGITS: "total-digits",
        "`xs:totalDigits` không có `xs:fractionDigits`", "`xs:totalDigits` without `xs:fractionDigits`",
        "Nêu cả hai, hoặc dùng giới hạn `xs:minInclusive`, `xs:maxInclusive`.", "Give both, or bounds by `xs:minInclusive` and `xs:maxInclusive`.";
    PATTERN: "pattern-not-held",
        "Biểu thức của `xs:pattern` dùng `{}`, không có dạng tương đương", "The `xs:pattern` uses `{}`, which has no equal",
        "Viết lại bằng các khoảng ký tự.", "Write it with ranges of characters.";
    TWO_PATTERNS: "two-patterns",
        "Hai `xs:pattern` cùng phải đúng", "Two `xs:pattern` that must both hold",
        "Viết thành một biểu thức.", "Write them as one expression.";
    KEY: "key",
        "`{}`: tính duy nhất này không có trong hợp đồng", "`{}`: a contract has no such uniqueness",
        "Bỏ khỏi bản sao của XSD. Khóa của bản ghi là `key` trong `contract.toml`; danh sách đơn giản có `uniqueItems`.",
        "Take it out of a copy of the XSD. A record's key is `key` in `contract.toml`; plain lists have `uniqueItems`.";
    NUMBER: "not-a-number",
        "Giá trị của `{}` không phải là số", "The value of `{}` is no number",
        "Sửa giá trị.", "Correct the value.";
}

// Where the contract is the stricter one.
said! {
    OFFSET: "stricter-time",
        "Hợp đồng đòi hỏi múi giờ trong thời điểm, và không cho phép nó trong ngày", "A contract wants an offset in times, and none in days",
        "Bên gửi phải ghi như 2026-01-31T08:00:00+07:00 và 2026-01-31.", "Senders write 2026-01-31T08:00:00+07:00 and 2026-01-31.";
    WHITE_SPACE: "stricter-white-space",
        "`{}`: hợp đồng giữ nguyên khoảng trắng, không thu gọn", "`{}`: a contract keeps white space as it is",
        "Bên gửi không để khoảng trắng thừa.", "Senders leave no white space around.";
    FLOAT: "stricter-float",
        "`{}`: INF và NaN không được nhận", "`{}`: INF and NaN are not taken",
        "Dùng trường vắng mặt hoặc rỗng thay cho NaN.", "Leave the field out, or null, instead of NaN.";
    NAME_CHARACTERS: "stricter-name",
        "`{}`: chỉ nhận chữ cái và chữ số ASCII", "`{}`: ASCII letters and digits only",
        "Xem lại `pattern`.", "Look at the `pattern`.";
    DIGITS: "stricter-digits",
        "`\\d` chỉ là các chữ số 0-9", "`\\d` is 0 to 9 only",
        "Không cần làm gì, trừ khi dùng chữ số của hệ chữ khác.", "Nothing to do, unless digits of other scripts are in use.";
    ANY_ORDER: "stricter-order",
        "`xs:all`: trong XML của hợp đồng, phần tử theo một thứ tự", "`xs:all`: in a contract's XML, elements have one order",
        "Bên gửi theo thứ tự trong `schema.json`.", "Senders follow the order of `schema.json`.";
    DECIMAL: "stricter-decimal",
        "`xs:totalDigits` và `xs:fractionDigits` được hiểu như `decimal(p, s)` của cơ sở dữ liệu", "`xs:totalDigits` and `xs:fractionDigits` are read as a database's `decimal(p, s)`",
        "Xem lại `minimum`, `maximum` và `multipleOf`.", "Look at `minimum`, `maximum` and `multipleOf`.";
    DEFAULT: "no-default",
        "Giá trị mặc định của `{}` không được chép: bên gửi phải nói rõ", "The default of `{}` is left out: senders say what they mean",
        "Nếu vắng mặt có nghĩa riêng, ghi trong `description`.", "If absence means something, say so in `description`.";
    UNQUALIFIED: "qualified-elements",
        "Phần tử con trong hợp đồng đều thuộc không gian tên", "In a contract all elements are in the namespace",
        "Tài liệu theo XSD này (`elementFormDefault=\"unqualified\"`) phải được viết lại.", "Documents of this XSD (`elementFormDefault=\"unqualified\"`) are to be written anew.";
    GEOMETRY: "geometry",
        "Trường `{}` chứa GML: loại hình học, hệ tọa độ và phạm vi là giá trị tạm", "The field `{}` holds GML: kinds, reference systems and box are provisional",
        "Sửa `x-geometry` cho đúng.", "Correct `x-geometry`.";
}
