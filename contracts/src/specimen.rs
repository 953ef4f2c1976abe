//! Records made up for a contract: valid, various, and about nobody.
//!
//! Whoever writes a reader, a writer or a description wants records that the contract accepts and that
//! people would not think of: every optional field there or not, texts at both ends of their length with
//! markup in them, numbers in each of their written forms. They follow from the contract's schema and a
//! seed, and the same seed makes the same record.
//!
//! Values are made up from the schema's keywords and held against its own validator; records with rules
//! between fields are made up again until the rules hold. A contract whose rules are met by chance too
//! rarely has no specimen for that seed.

use serde_json::{Map, Value};

use crate::{
    CodeLists, Contract, Document, Form, Number, Record, RecordShape,
    description::Listed,
    identifiers::IdentifierKind,
    pattern::Pattern,
    schema::{ORDER, RULES},
    validation::{Validator, order::Order},
};

/// What makes up records of one contract.
pub struct Specimens<'c> {
    contract: &'c Contract,
    root: RecordPlan,
}

/// How often a value, a record or the whole is made up again before it is given up.
const TRIES: u32 = 200;

/// Values guessed for one record, all in all: parts that are made up again within parts that are would
/// multiply.
const GUESSES: u32 = 50_000;

/// Lists are made up with at most so many items more than they need.
const MORE_ITEMS: u32 = 3;

/// Texts are made up with at most so many characters more than they need; now and then with as many as
/// they may have.
const MORE_CHARACTERS: u32 = 12;

/// A text that may be longer than this is not made up in full.
const LONGEST: u32 = 2_000;

/// Characters that look for trouble; each stays as it is under NFC, whatever stands beside it.
const CHARACTERS: [char; 32] = [
    'a', 'b', 'Z', '0', '9', ' ', ' ', '<', '>', '&', '"', '\'', ']', '\t', '\n', '\r', '{', '}', '[', '\\',
    '/', ';', ':', '-', 'ệ', 'đ', 'Đ', 'Ư', '–', '€', '😀', '\u{2028}',
];

impl Contract {
    /// What makes up records of this contract. Compiles every field's rules: keep it.
    pub fn specimens(&self) -> Specimens<'_> {
        let empty = Map::new();
        let schema = self.schema.as_object().unwrap_or(&empty);
        Specimens { contract: self, root: RecordPlan::of(&self.shape.root, schema, self) }
    }
}

impl Specimens<'_> {
    /// A record that the contract accepts, made up from `seed`.
    pub fn record(&self, seed: u64) -> Option<Document<'static>> {
        let mut chance = Chance { state: seed, left: GUESSES };
        (0..TRIES).find_map(|_| {
            let record = self.root.make_up(&mut chance)?;
            self.contract.check(&record, 1).is_ok().then_some(record)
        })
    }
}

/// SplitMix64: small, and good enough to be various.
struct Chance {
    state: u64,
    /// Guesses left.
    left: u32,
}

impl Chance {
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, which is not zero.
    fn below(&mut self, limit: u32) -> u32 {
        // Below a u32, so the conversion holds.
        u32::try_from(self.next() % u64::from(limit.max(1))).unwrap_or(0)
    }

    /// True once in `times`.
    fn once_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let count = u32::try_from(from.len()).ok().filter(|count| *count > 0)?;
        from.get(usize::try_from(self.below(count)).ok()?)
    }
}

struct RecordPlan {
    fields: Vec<FieldPlan>,
    order: Option<Order>,
    /// The rules between the fields, when there are any.
    rules: Option<Validator>,
}

struct FieldPlan {
    name: String,
    required: bool,
    nullable: bool,
    value: ValuePlan,
}

enum ValuePlan {
    Leaf(LeafPlan),
    Record(RecordPlan),
    List { item: Box<ValuePlan>, least: u32, most: u32, whole: Option<Validator> },
}

struct LeafPlan {
    form: Form,
    schema: Map<String, Value>,
    pattern: Option<Pattern>,
    /// Codes of the list that the schema names, when it names one.
    codes: Vec<String>,
    /// Whether others than those may stand.
    open: bool,
    validator: Option<Validator>,
}

impl RecordPlan {
    fn of(shape: &RecordShape, schema: &Map<String, Value>, contract: &Contract) -> Self {
        let empty = Map::new();
        let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
        let fields = shape.fields.iter().map(|field| {
            let own = properties.get(&field.name).and_then(Value::as_object).unwrap_or(&empty);
            FieldPlan {
                name: field.name.clone(),
                required: field.required,
                nullable: field.nullable,
                value: ValuePlan::of(&field.form, own, contract),
            }
        });
        let rules: Map<String, Value> = schema
            .iter()
            .filter(|(keyword, _)| RULES.contains(&keyword.as_str()) || *keyword == ORDER)
            .map(|(keyword, value)| (keyword.clone(), value.clone()))
            .collect();
        let compiled = || validator(rules.clone(), contract);
        Self {
            fields: fields.collect(),
            order: rules.get(ORDER).and_then(Order::of),
            rules: if rules.is_empty() { None } else { compiled() },
        }
    }

    fn make_up(&self, chance: &mut Chance) -> Option<Document<'static>> {
        (0..TRIES).find_map(|_| {
            chance.left = chance.left.checked_sub(1)?;
            // From the barest record to the fullest.
            let density = chance.below(6);
            let mut record = Record::with_capacity(self.fields.len());
            for field in &self.fields {
                if !field.required && chance.below(5) >= density {
                    continue;
                }
                let value = if field.nullable && chance.once_in(4) {
                    Some(Document::Null)
                } else {
                    field.value.make_up(chance)
                };
                match value {
                    Some(value) => record.push(field.name.clone(), value),
                    None if field.required => return None,
                    None => {}
                }
            }
            // Five days by chance are in order once in 120.
            if let Some(order) = &self.order {
                order.arrange(&mut record);
            }
            let record = Document::Record(record);
            self.rules.as_ref().is_none_or(|rules| rules.check(&record, 1).is_ok()).then_some(record)
        })
    }
}

/// The rules of a part on its own. Codes are held against their dates when the whole is there.
fn validator(schema: Map<String, Value>, contract: &Contract) -> Option<Validator> {
    let none = RecordShape { fields: Vec::new(), closed: true };
    Validator::compile(Value::Object(schema), &none, contract.validator.code_lists()).ok()
}

impl ValuePlan {
    fn of(form: &Form, schema: &Map<String, Value>, contract: &Contract) -> Self {
        match form {
            Form::Record(shape) => Self::Record(RecordPlan::of(shape, schema, contract)),
            Form::List(list) => {
                let empty = Map::new();
                let items = schema.get("items").and_then(Value::as_object).unwrap_or(&empty);
                let count = |keyword: &str| {
                    schema.get(keyword).and_then(Value::as_u64).and_then(|count| u32::try_from(count).ok())
                };
                let least = count("minItems").unwrap_or(0);
                let most = count("maxItems").unwrap_or(u32::MAX).min(least.saturating_add(MORE_ITEMS));
                let mut whole = schema.clone();
                whole.shift_remove("items");
                Self::List {
                    item: Box::new(Self::of(&list.item, items, contract)),
                    least,
                    most,
                    whole: validator(whole, contract),
                }
            }
            leaf => Self::Leaf(LeafPlan::of(leaf, schema, contract)),
        }
    }

    fn make_up(&self, chance: &mut Chance) -> Option<Document<'static>> {
        match self {
            Self::Leaf(leaf) => leaf.make_up(chance),
            Self::Record(record) => record.make_up(chance),
            Self::List { item, least, most, whole } => (0..TRIES).find_map(|_| {
                let count = least + chance.below((most - least).saturating_add(1));
                let items: Option<Vec<_>> = (0..count).map(|_| item.make_up(chance)).collect();
                let list = Document::List(items?);
                whole.as_ref().is_none_or(|rules| rules.check(&list, 1).is_ok()).then_some(list)
            }),
        }
    }
}

impl LeafPlan {
    fn of(form: &Form, schema: &Map<String, Value>, contract: &Contract) -> Self {
        let lists: &CodeLists = contract.code_lists();
        let listed = Listed::of(schema, lists);
        let deciding = listed.as_ref().and_then(Listed::codes);
        let (open, codes) = match (deciding, listed) {
            (Some(codes), _) => (false, codes),
            // Rules between fields speak of the known ones.
            (None, Some(listed)) => (true, listed.known()),
            (None, None) => (true, Vec::new()),
        };
        Self {
            form: form.clone(),
            schema: schema.clone(),
            pattern: schema.get("pattern").and_then(Value::as_str).and_then(Pattern::parse),
            codes: codes.into_iter().map(|(code, _)| code.to_owned()).collect(),
            open,
            validator: validator(schema.clone(), contract),
        }
    }

    fn make_up(&self, chance: &mut Chance) -> Option<Document<'static>> {
        (0..TRIES).find_map(|_| {
            chance.left = chance.left.checked_sub(1)?;
            let value = self.guess(chance);
            self.validator.as_ref().is_none_or(|rules| rules.check(&value, 1).is_ok()).then_some(value)
        })
    }

    /// A value that may fit.
    fn guess(&self, chance: &mut Chance) -> Document<'static> {
        let listed = self.schema.get("enum").and_then(Value::as_array).and_then(|values| chance.pick(values));
        match self.schema.get("const").or(listed) {
            Some(Value::String(text)) => return Document::Text(text.clone().into()),
            Some(Value::Bool(value)) => return Document::Bool(*value),
            Some(Value::Number(number)) => {
                return Number::new(number.to_string()).map_or(Document::Null, Document::Number);
            }
            _ => {}
        }
        match &self.form {
            Form::Boolean => Document::Bool(chance.once_in(2)),
            Form::Geometry(geometry) => {
                geometry.specimen(&mut |limit| chance.below(limit)).unwrap_or(Document::Null)
            }
            Form::Number { integer } => {
                self.number(*integer, chance).map_or(Document::Null, Document::Number)
            }
            _ => Document::Text(self.text(chance).into()),
        }
    }

    fn text(&self, chance: &mut Chance) -> String {
        let text = |keyword: &str| self.schema.get(keyword).and_then(Value::as_str);
        if let Some(code) = chance.pick(&self.codes)
            && !(self.open && chance.once_in(3))
        {
            return code.clone();
        }
        if let Some(kind) = text("x-identifier").and_then(|name| name.parse().ok()) {
            return identifier(kind, chance);
        }
        if let Some(format) = text("format") {
            return formatted(format, chance);
        }
        if let Some(pattern) = &self.pattern {
            return pattern.sample(&mut |limit| chance.below(limit));
        }
        let count = |keyword: &str| {
            self.schema.get(keyword).and_then(Value::as_u64).and_then(|count| u32::try_from(count).ok())
        };
        let least = count("minLength").unwrap_or(0);
        let most = count("maxLength").unwrap_or(u32::MAX);
        let length = if most <= LONGEST && chance.once_in(8) {
            most
        } else {
            least + chance.below(most.saturating_sub(least).min(MORE_CHARACTERS).saturating_add(1))
        };
        (0..length).filter_map(|_| chance.pick(&CHARACTERS)).collect()
    }

    fn number(&self, integer: bool, chance: &mut Chance) -> Option<Number<'static>> {
        // Ends are guessed within what a machine number holds; the validator judges exactly.
        #[expect(clippy::cast_possible_truncation, reason = "saturates, and is a guess")]
        let bound = |keywords: [&str; 2], otherwise: i64| -> i64 {
            let bounds = keywords.iter().filter_map(|keyword| self.schema.get(*keyword)?.as_f64());
            bounds.map(|bound| bound as i64).next().unwrap_or(otherwise)
        };
        let bounded = ["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"];
        if !bounded.iter().any(|keyword| self.schema.contains_key(*keyword)) && chance.once_in(6) {
            let sign = if chance.once_in(2) { "-" } else { "" };
            return Number::new(format!("{sign}9{}", digits(30, chance)));
        }
        let least = bound(["minimum", "exclusiveMinimum"], -1_000_000);
        let most = bound(["maximum", "exclusiveMaximum"], 1_000_000).max(least);
        let width = most.abs_diff(least);
        let offset = match chance.below(6) {
            0 => 0,
            1 => width,
            2 => chance.next() % (width.min(10) + 1),
            _ => chance.next().checked_rem(width.saturating_add(1)).unwrap_or(0),
        };
        let whole = least.checked_add_unsigned(offset).unwrap_or(least);
        let form = match (integer, chance.below(8)) {
            (_, 0) => format!("{whole}.0"),
            (_, 1) => format!("{whole}e0"),
            (_, 2) => format!("{whole}0E-1"),
            (false, 3) => format!("{whole}.{}e+0", chance.below(100)),
            (false, 4..) => format!("{whole}.{}", chance.below(1000)),
            _ => whole.to_string(),
        };
        Number::new(form)
    }
}

fn digits(count: u32, chance: &mut Chance) -> String {
    (0..count).filter_map(|_| char::from_digit(chance.below(10), 10)).collect()
}

fn identifier(kind: IdentifierKind, chance: &mut Chance) -> String {
    let made_up = Pattern::parse(kind.written().pattern)
        .map(|pattern| pattern.sample(&mut |limit| chance.below(limit)))
        .unwrap_or_default();
    if kind.accepts(&made_up) {
        return made_up;
    }
    // A check digit is the tenth of a tax code and the last of all others; it is found by trying.
    let places = [9, made_up.len().saturating_sub(1)];
    let tried = places.into_iter().flat_map(|place| {
        let (head, tail) = made_up.split_at_checked(place).unwrap_or((&made_up, ""));
        let tail = tail.get(1..).unwrap_or_default();
        "0123456789X".chars().map(move |check| format!("{head}{check}{tail}"))
    });
    tried.into_iter().find(|text| kind.accepts(text)).unwrap_or(made_up.clone())
}

fn formatted(format: &str, chance: &mut Chance) -> String {
    let mut between = |least: u32, most: u32| least + chance.below(most - least + 1);
    let day = format!("{:04}-{:02}-{:02}", between(1, 9999), between(1, 12), between(1, 31));
    let clock = format!("{:02}:{:02}:{:02}", between(0, 23), between(0, 59), between(0, 59));
    let fraction =
        if chance.once_in(3) { format!(".{}", digits(1 + chance.below(6), chance)) } else { String::new() };
    let offset = match chance.below(3) {
        0 => "Z".to_owned(),
        1 => "+07:00".to_owned(),
        _ => format!("-{:02}:{:02}", chance.below(14), chance.below(60)),
    };
    match format {
        "date" => day,
        "time" => format!("{clock}{fraction}{offset}"),
        "date-time" => format!("{day}T{clock}{fraction}{offset}"),
        "year" => digits(4, chance),
        "email" => format!("hop-thu-{}@example.org", digits(3, chance)),
        "uri" => format!("https://example.org/{}?a=%20&b={}", digits(3, chance), digits(2, chance)),
        "uuid" => format!(
            "{}-{}-7{}-8{}-{}",
            digits(8, chance),
            digits(4, chance),
            digits(3, chance),
            digits(3, chance),
            digits(12, chance)
        ),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::Catalog;

    #[test]
    fn every_contract_has_specimens_that_differ_and_come_again() {
        let (catalog, _) = Catalog::load(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        for contract in catalog.contracts() {
            let specimens = contract.specimens();
            let records: Vec<_> = (0..20)
                .map(|seed| {
                    specimens.record(seed).unwrap_or_else(|| panic!("{}: none for {seed}", contract.id()))
                })
                .collect();
            for (seed, record) in (0..).zip(&records) {
                assert_eq!(contract.check(record, 9), Ok(()));
                assert_eq!(specimens.record(seed).as_ref(), Some(record));
            }
            let first = records.first();
            assert!(records.iter().any(|record| Some(record) != first), "{}", contract.id());
        }
    }
}
