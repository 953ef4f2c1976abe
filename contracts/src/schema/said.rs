//! What is said of a faulty schema, and what to do about it.

use crate::Bilingual;

/// One kind of fault. `{}` in its texts stands for the name at fault.
pub(super) struct Said {
    /// The stable code.
    pub(super) rule: &'static str,
    /// What is wrong, in Vietnamese and English.
    message: [&'static str; 2],
    /// What the author can do.
    remedy: [&'static str; 2],
}

impl Said {
    /// What is wrong with `name`.
    pub(super) fn message(&self, name: &str) -> Bilingual {
        filled(self.message, name)
    }

    /// What to do about `name`.
    pub(super) fn remedy(&self, name: &str) -> Bilingual {
        filled(self.remedy, name)
    }
}

impl Said {
    /// What to do, where each language has a filling of its own.
    pub(super) fn remedies(&self, [vi, en]: [&str; 2]) -> Bilingual {
        Bilingual::new(self.remedy[0].replace("{}", vi), self.remedy[1].replace("{}", en))
    }
}

fn filled([vi, en]: [&str; 2], name: &str) -> Bilingual {
    Bilingual::new(vi.replace("{}", name), en.replace("{}", name))
}

pub(super) const REPEATED_MEMBER: Said = Said {
    rule: "repeated-member",
    message: ["`{}` được viết hai lần", "`{}` is written twice"],
    remedy: ["Xóa một trong hai.", "Remove one of the two."],
};

pub(super) const NOT_A_RECORD: Said = Said {
    rule: "not-a-record",
    message: ["Bản ghi phải có `\"type\": \"object\"`", "A record has `\"type\": \"object\"`"],
    remedy: [
        "Đặt `type` là `object`; danh sách bản ghi do hợp đồng tự có.",
        "Set `type` to `object`; the list of records comes by itself.",
    ],
};

pub(super) const NOT_A_SCHEMA: Said = Said {
    rule: "not-a-schema",
    message: [
        "Giá trị không hợp lệ theo JSON Schema 2020-12, hoặc không phải là một lược đồ dạng đối tượng",
        "The value is not valid in JSON Schema 2020-12, or is no schema object",
    ],
    remedy: [
        "Xem quy định của từ khóa này trong JSON Schema 2020-12.",
        "See what JSON Schema 2020-12 says of this keyword.",
    ],
};

pub(super) const DIALECT: Said = Said {
    rule: "dialect",
    message: ["`$schema` phải là JSON Schema 2020-12", "`$schema` must be JSON Schema 2020-12"],
    remedy: ["Đặt `$schema` là `{}`.", "Set `$schema` to `{}`."],
};

pub(super) const UNKNOWN_KEYWORD: Said = Said {
    rule: "unknown-keyword",
    message: [
        "Từ khóa `{}` không thuộc tập con được dùng ở đây",
        "The keyword `{}` is not of the subset that may stand here",
    ],
    remedy: ["Bỏ từ khóa; ở đây được dùng {}.", "Drop the keyword; what may stand here is {}."],
};

pub(super) const MISPLACED_KEYWORD: Said = Said {
    rule: "unknown-keyword",
    message: ["Từ khóa `{}` không đứng ở đây được", "The keyword `{}` may not stand here"],
    remedy: ["Chuyển sang {}, hoặc bỏ.", "Move it to {}, or drop it."],
};

pub(super) const OPEN_RECORD: Said = Said {
    rule: "open-record",
    message: [
        "Bản ghi phải có `\"additionalProperties\": false`",
        "A record has `\"additionalProperties\": false`",
    ],
    remedy: [
        "Thêm `\"additionalProperties\": false`: trường không có trong hợp đồng thì không được gửi.",
        "Add `\"additionalProperties\": false`: what the contract does not have is not sent.",
    ],
};

pub(super) const NO_FIELDS: Said = Said {
    rule: "no-fields",
    message: ["Bản ghi không có trường nào", "The record has no fields"],
    remedy: ["Khai báo các trường trong `properties`.", "Declare the fields in `properties`."],
};

pub(super) const TOO_MANY_FIELDS: Said = Said {
    rule: "too-many-fields",
    message: ["Quá nhiều trường: các `$ref` lồng nhau nhân lên", "Too many fields: nested `$ref` multiply"],
    remedy: ["Bớt tham chiếu lồng nhau.", "Use fewer nested references."],
};

pub(super) const TOO_DEEP: Said = Said {
    rule: "too-deep",
    message: ["Các bản ghi lồng nhau quá sâu", "Records are nested too deeply"],
    remedy: [
        "Tách thành bộ dữ liệu riêng và dẫn chiếu bằng mã.",
        "Make it a dataset of its own, referred to by code.",
    ],
};

pub(super) const FIELD_NAME: Said = Said {
    rule: "field-name",
    message: [
        "Tên trường phải bắt đầu bằng chữ cái (không phải `xml`) và chỉ gồm chữ cái không dấu, chữ số, `_`, `-`",
        "A field's name begins with a letter (not `xml`) and has only unaccented letters, digits, `_` and `-`",
    ],
    remedy: ["Đổi tên trường, ví dụ `HoVaTen`.", "Rename the field, such as `HoVaTen`."],
};

pub(super) const UNKNOWN_FIELD: Said = Said {
    rule: "unknown-field",
    message: ["Bản ghi không có trường `{}`", "The record has no field `{}`"],
    remedy: [
        "Sửa tên, hoặc khai báo trường trong `properties`.",
        "Correct the name, or declare the field in `properties`.",
    ],
};

pub(super) const TYPE: Said = Said {
    rule: "type",
    message: [
        "`type` phải là một trong object, array, string, number, integer, boolean, hoặc `[…, \"null\"]`",
        "`type` is one of object, array, string, number, integer, boolean, or `[…, \"null\"]`",
    ],
    remedy: [
        "Chọn đúng một kiểu; thêm `\"null\"` ở cuối khi giá trị có thể để trống.",
        "Choose one type; add `\"null\"` at the end when the value may be null.",
    ],
};

pub(super) const NO_TITLE: Said = Said {
    rule: "no-title",
    message: [
        "Trường `{}` chưa có tên gọi `x-title` bằng {languages}",
        "The field `{}` has no `x-title` in {languages}",
    ],
    remedy: [
        "Ghi `\"x-title\": { \"vi\": \"…\", \"en\": \"…\" }`, không để trống.",
        "Write `\"x-title\": { \"vi\": \"…\", \"en\": \"…\" }`, neither of them blank.",
    ],
};

pub(super) const NO_CLASSIFICATION: Said = Said {
    rule: "no-classification",
    message: ["Trường chưa có phân loại `x-classification`", "The field has no `x-classification`"],
    remedy: [
        "Thêm `x-classification`: open, shared, restricted, personal hoặc personal-sensitive; có thể đặt ở bản ghi bao ngoài.",
        "Add `x-classification`: open, shared, restricted, personal or personal-sensitive; the record around it may carry it.",
    ],
};

pub(super) const UNKNOWN_CLASSIFICATION: Said = Said {
    rule: "unknown-classification",
    message: ["Không có lớp phân loại này", "There is no such class"],
    remedy: [
        "Dùng open, shared, restricted, personal hoặc personal-sensitive.",
        "Use open, shared, restricted, personal or personal-sensitive.",
    ],
};

pub(super) const CLASS_QUESTION: Said = Said {
    rule: "class-question",
    message: [
        "`{field}` được chia sẻ tới đâu? `{}` là đề nghị theo tên trường, chưa ai quyết định",
        "How far is `{field}` shared? `{}` is a proposal by its name that nobody has decided on",
    ],
    remedy: [
        "Quyết định rồi ghi không có dấu hỏi, một trong: `open` (ai cũng được xem), `shared` (cơ quan dùng chung), `restricted` (khi thỏa thuận nêu tên), `personal` (dữ liệu cá nhân), `personal-sensitive` (dữ liệu cá nhân nhạy cảm).",
        "Decide, and write without the question mark one of: `open` (anyone), `shared` (agencies), `restricted` (where an agreement names it), `personal` (personal data), `personal-sensitive` (sensitive personal data).",
    ],
};

pub(super) const UNKNOWN_FORMAT: Said = Said {
    rule: "unknown-format",
    message: ["Không có định dạng này", "There is no such format"],
    remedy: ["Dùng một trong {}.", "Use one of {}."],
};

pub(super) const UNKNOWN_IDENTIFIER: Said = Said {
    rule: "unknown-identifier",
    message: ["Không có quy tắc định danh này", "There is no such identifier"],
    remedy: ["Dùng một trong {}.", "Use one of {}."],
};

pub(super) const UNKNOWN_CODE_LIST: Said = Said {
    rule: "unknown-code-list",
    message: ["Không có danh mục `{}` trong `code-lists`", "There is no list `{}` in `code-lists`"],
    remedy: [
        "Sửa tên (`lienthong contract codes` liệt kê các danh mục), hoặc thêm thư mục danh mục với `list.toml`.",
        "Correct the name (`lienthong contract codes` lists those there are), or add the list's folder with `list.toml`.",
    ],
};

pub(super) const CODE_LIST: Said = Said {
    rule: "code-list",
    message: [
        "`x-code-list` là tên danh mục, hoặc một đối tượng gồm đúng hai khóa `list` và `at`",
        "`x-code-list` is a list's name, or an object with just the keys `list` and `at`",
    ],
    remedy: [
        "Viết `\"x-code-list\": \"<danh mục>\"` hoặc `\"x-code-list\": { \"list\": \"<danh mục>\", \"at\": \"<trường ngày>\" }`.",
        "Write `\"x-code-list\": \"<list>\"` or `\"x-code-list\": { \"list\": \"<list>\", \"at\": \"<date field>\" }`.",
    ],
};

pub(super) const CODE_DATE: Said = Said {
    rule: "code-date",
    message: [
        "Bản ghi chứa mã này, hay bản ghi bao ngoài, không có trường ngày `{}` với đúng một giá trị",
        "Neither the record of this code nor one around it has a date field `{}` with one value",
    ],
    remedy: [
        "Nêu một trường văn bản có `format` là date, date-time hoặc year, không nằm trong danh sách khác với danh sách chứa mã.",
        "Name a text field whose `format` is date, date-time or year and that is in no list that the code is not in.",
    ],
};

pub(super) const PATTERN: Said = Said {
    rule: "pattern",
    message: [
        "Biểu thức không đọc được, hoặc cần nhìn trước, nhìn sau hay tham chiếu ngược: những thứ có thể chạy rất lâu",
        "The pattern cannot be read, or needs look-around or back-references, which can take very long",
    ],
    remedy: [
        "Viết lại bằng lớp ký tự, lặp và nhóm thông thường.",
        "Write it with character classes, repetition and groups.",
    ],
};

pub(super) const XML_NIL_ATTRIBUTES: Said = Said {
    rule: "xml-nil-attributes",
    message: [
        "Bản ghi có thuộc tính XML thì không thể null: phần tử `xsi:nil` không mang thuộc tính",
        "A record with XML attributes cannot be null: an element that is `xsi:nil` carries none",
    ],
    remedy: [
        "Bỏ `null` khỏi `type` và để trường không bắt buộc, hoặc chuyển các thuộc tính thành phần tử.",
        "Take `null` out of `type` and let the field be absent, or make the attributes elements.",
    ],
};

pub(super) const PATTERN_XSD: Said = Said {
    rule: "pattern-xsd",
    message: [
        "Biểu thức không diễn đạt được trong XSD: neo hoặc ranh giới từ đứng giữa biểu thức, hoặc ký tự mà XML không có",
        "XML Schema cannot say the pattern: an anchor or a word boundary stands inside, or characters that XML has not",
    ],
    remedy: [
        "Chỉ đặt `^` ở đầu và `$` ở cuối; thay `\\b` bằng lớp ký tự.",
        "Put `^` first and `$` last only; write a class of characters for `\\b`.",
    ],
};

pub(super) const BESIDE_REF: Said = Said {
    rule: "beside-ref",
    message: ["`{}` không được đứng cạnh `$ref`", "`{}` may not stand beside `$ref`"],
    remedy: [
        "Cạnh `$ref` chỉ có thể ghi `x-title`, `x-classification`, `xml`, `required` (thêm trường bắt buộc), `title`, `description`: chuyển `{}` vào định nghĩa, hoặc viết thẳng không dùng `$ref`.",
        "Beside `$ref` may stand `x-title`, `x-classification`, `xml`, `required` (further required fields), `title` and `description`: move `{}` into the definition, or write the schema out.",
    ],
};

pub(super) const UNKNOWN_REFERENCE: Said = Said {
    rule: "unknown-reference",
    message: [
        "`$ref` không trỏ tới định nghĩa nào trong `$defs` của tệp này hoặc của `catalog/parts.json`",
        "`$ref` names no definition in the `$defs` of this file or of `catalog/parts.json`",
    ],
    remedy: [
        "Viết `#/$defs/<tên>` với tên có trong tệp này, hoặc `parts.json#/$defs/<tên>` với tên có trong phần dùng chung. Hiện có: {}.",
        "Write `#/$defs/<name>` with a name of this file, or `parts.json#/$defs/<name>` with one of the shared parts. There are: {}.",
    ],
};

pub(super) const PARTS_ONLY: Said = Said {
    rule: "parts-only",
    message: [
        "`{}` không thuộc tệp phần dùng chung: tệp chỉ có các định nghĩa",
        "`{}` does not belong into the shared parts: they are definitions only",
    ],
    remedy: ["Chuyển vào trong `$defs`, hoặc bỏ.", "Move it into `$defs`, or drop it."],
};

pub(super) const UNUSED_PART: Said = Said {
    rule: "unused-definition",
    message: [
        "Không hợp đồng nào dùng phần dùng chung `{}`, nên không gì kiểm tra nó",
        "No contract uses the shared part `{}`, so nothing checks it",
    ],
    remedy: [
        "Xóa định nghĩa, hoặc tham chiếu tới nó bằng `parts.json#/$defs/{}`.",
        "Remove it, or refer to it by `parts.json#/$defs/{}`.",
    ],
};

pub(super) const ENDLESS_REFERENCE: Said = Said {
    rule: "endless-reference",
    message: ["Định nghĩa `{}` tham chiếu lại chính nó", "The definition `{}` refers to itself"],
    remedy: [
        "Giới hạn số cấp: viết từng cấp thành định nghĩa riêng.",
        "Bound the depth: write each level as a definition of its own.",
    ],
};

pub(super) const CHAINED_REFERENCE: Said = Said {
    rule: "chained-reference",
    message: [
        "Định nghĩa `{}` chỉ là tham chiếu tới định nghĩa khác",
        "The definition `{}` is but a reference to another",
    ],
    remedy: ["Tham chiếu thẳng tới định nghĩa cuối.", "Refer to the last definition directly."],
};

pub(super) const UNUSED_DEFINITION: Said = Said {
    rule: "unused-definition",
    message: [
        "Định nghĩa `{}` không được dùng, nên không được kiểm tra",
        "The definition `{}` is not used, so nothing checks it",
    ],
    remedy: ["Xóa định nghĩa, hoặc tham chiếu tới nó.", "Remove it, or refer to it."],
};

pub(super) const NO_ITEMS: Said = Said {
    rule: "no-items",
    message: ["Danh sách chưa khai báo `items`", "The list does not declare `items`"],
    remedy: ["Thêm `items`.", "Add `items`."],
};

pub(super) const LIST_ITEM: Said = Said {
    rule: "list-item",
    message: [
        "Phần tử của danh sách không được là danh sách hoặc null",
        "A list's item is neither a list nor null",
    ],
    remedy: [
        "Bọc danh sách trong thành một bản ghi có trường riêng.",
        "Put the inner list into a field of a record.",
    ],
};

pub(super) const XML_BINDING: Said = Said {
    rule: "xml-binding",
    message: [
        "`xml` là một đối tượng chỉ có `nodeType` (element, attribute, text, none) và `name` (chữ cái, chữ số, `_`, `-`)",
        "`xml` is an object with only `nodeType` (element, attribute, text, none) and `name` (letters, digits, `_`, `-`)",
    ],
    remedy: ["Sửa khóa hoặc giá trị.", "Correct the key or the value."],
};

pub(super) const XML_NODE_TYPE: Said = Said {
    rule: "xml-node-type",
    message: [
        "`nodeType: none` chỉ dùng cho danh sách, và phần tử của danh sách luôn là phần tử XML",
        "`nodeType: none` is for lists only, and a list's item is always an XML element",
    ],
    remedy: ["Bỏ `nodeType`.", "Drop `nodeType`."],
};

pub(super) const XML_ATTRIBUTE: Said = Said {
    rule: "xml-attribute",
    message: [
        "Thuộc tính và nội dung văn bản XML chỉ mang văn bản, số hoặc giá trị logic, và không thể là null",
        "An XML attribute or text carries text, a number or a truth value, and is never null",
    ],
    remedy: ["Bỏ `nodeType`, hoặc bỏ `null` khỏi `type`.", "Drop `nodeType`, or take `null` out of `type`."],
};

pub(super) const XML_TEXT_OPTIONAL: Said = Said {
    rule: "xml-text",
    message: [
        "Nội dung văn bản XML của phần tử phải là trường bắt buộc: văn bản vắng mặt và rỗng không phân biệt được",
        "The text of an XML element must be a required field: absent and empty text look the same",
    ],
    remedy: [
        "Đưa trường vào `required`, hoặc bỏ `nodeType: text`.",
        "List the field in `required`, or drop `nodeType: text`.",
    ],
};

pub(super) const XML_TEXT_TWICE: Said = Said {
    rule: "xml-text",
    message: ["Một phần tử XML chỉ có một nội dung văn bản", "An XML element has one text"],
    remedy: ["Bỏ `nodeType: text` ở một trong các trường.", "Drop `nodeType: text` on one of the fields."],
};

pub(super) const XML_TEXT_MIXED: Said = Said {
    rule: "xml-text",
    message: [
        "Nội dung văn bản XML chỉ đứng cạnh thuộc tính, không cạnh phần tử con",
        "XML text stands beside attributes only, never beside child elements",
    ],
    remedy: [
        "Đổi các trường khác thành thuộc tính, hoặc bỏ `nodeType: text`.",
        "Make the other fields attributes, or drop `nodeType: text`.",
    ],
};

pub(super) const XML_REPEATED_NAME: Said = Said {
    rule: "xml-repeated-name",
    message: [
        "Tên XML `{}` đã dùng cho một trường khác của bản ghi này",
        "The XML name `{}` is another field's of this record",
    ],
    remedy: ["Đặt `xml.name` khác.", "Choose another `xml.name`."],
};

pub(super) const XML_ITEM_NAME: Said = Said {
    rule: "xml-item-name",
    message: ["Danh sách có phần tử bao phải đặt tên phần tử con", "A wrapped list must name its items"],
    remedy: [
        "Thêm `\"xml\": { \"name\": … }` trong `items`.",
        "Add `\"xml\": { \"name\": … }` within `items`.",
    ],
};

pub(super) const XML_UNWRAPPED: Said = Said {
    rule: "xml-unwrapped",
    message: [
        "Danh sách không có phần tử bao phải có `minItems` từ 1 và không thể là null: nếu không, vắng mặt và rỗng lẫn vào nhau",
        "An unwrapped list needs `minItems` of at least 1 and is never null: otherwise absent and empty look the same",
    ],
    remedy: [
        "Thêm `\"minItems\": 1`, hoặc bỏ `nodeType: none`.",
        "Add `\"minItems\": 1`, or drop `nodeType: none`.",
    ],
};

pub(super) const XML_UNWRAPPED_NAME: Said = Said {
    rule: "xml-unwrapped",
    message: [
        "Phần tử của danh sách không có phần tử bao mang tên của trường",
        "The items of an unwrapped list bear the field's name",
    ],
    remedy: [
        "Đặt `name` ở `xml` của trường, bỏ trong `items`.",
        "Set `name` in the field's `xml`, not within `items`.",
    ],
};

pub(super) const GEOMETRY: Said = Said {
    rule: "geometry",
    message: [
        "`x-geometry` phải có `types`, `crs` và `box`, không rỗng và không lặp, với loại hình học và hệ tọa độ được hỗ trợ",
        "`x-geometry` has `types`, `crs` and `box`, none empty and nothing twice, of kinds and reference systems known here",
    ],
    remedy: [
        "Viết như `{ \"types\": [\"Point\"], \"crs\": [\"CRS84\", \"EPSG:4756\"], \"box\": [101, 6, 118, 24] }`; `box` là tây, nam, đông, bắc theo WGS 84.",
        "Write it as `{ \"types\": [\"Point\"], \"crs\": [\"CRS84\", \"EPSG:4756\"], \"box\": [101, 6, 118, 24] }`; `box` is west, south, east, north in WGS 84.",
    ],
};

pub(super) const RULE: Said = Said {
    rule: "rule",
    message: [
        "Quy tắc giữa các trường không dùng được `{}` ở đây",
        "A rule between fields may not use `{}` here",
    ],
    remedy: [
        "Chỉ đặt điều kiện trên các trường đã khai báo; trường mới khai báo trong `properties` của bản ghi.",
        "Only put conditions on declared fields; declare new ones in the record's `properties`.",
    ],
};

pub(super) const ORDER: Said = Said {
    rule: "order",
    message: [
        "`x-order` là các dãy tên trường của bản ghi này, mỗi dãy từ hai trường, cùng là ngày, cùng là thời điểm hoặc cùng là số",
        "`x-order` holds rows of names of this record's fields, two or more each: all days, all times or all numbers",
    ],
    remedy: [
        "Viết như `\"x-order\": [[\"ThoiGianBatDau\", \"ThoiGianKetThuc\"]]`.",
        "Write it like `\"x-order\": [[\"ThoiGianBatDau\", \"ThoiGianKetThuc\"]]`.",
    ],
};
