//! Random shapes and documents for property tests: everything the schema subset allows, and texts that
//! look for trouble.

use contracts::{
    Bilingual, Classification, Document, Field, FieldPath, Form, ListForm, NodeKind, Number, Record,
    RecordShape, Shape, XmlName,
    geometry::{Area, COORD_REF_SYS, COORDINATES, Crs, GeometryForm, KIND, Kind},
};
use proptest::prelude::*;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Any tree that JSON can hold: a record or a list.
pub(crate) fn document() -> impl Strategy<Value = Document<'static>> {
    let value = prop_oneof![
        Just(Document::Null),
        any::<bool>().prop_map(Document::Bool),
        number().prop_map(Document::Number),
        text().prop_map(|text| Document::Text(text.into())),
    ]
    .prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Document::List),
            prop::collection::vec((text(), inner), 0..6).prop_map(record_of),
        ]
    });
    prop_oneof![
        prop::collection::vec(value.clone(), 0..6).prop_map(Document::List),
        prop::collection::vec((text(), value), 0..6).prop_map(record_of),
    ]
}

/// A shape, and a record or collection that conforms to it.
pub(crate) fn shape_and_document() -> impl Strategy<Value = (Shape, Document<'static>)> {
    shape().prop_flat_map(|shape| {
        let document = prop_oneof![
            record(&shape.root),
            prop::collection::vec(record(&shape.root), 0..4).prop_map(Document::List),
        ];
        (Just(shape), document)
    })
}

pub(crate) fn shape() -> impl Strategy<Value = Shape> {
    record_shape(3).prop_map(|mut root| {
        name_paths(&mut root, None);
        Shape {
            namespace: "urn:lienthong:dataset:thu:1".into(),
            record: "Thu".into(),
            collection: "DanhSachThu".into(),
            root,
        }
    })
}

/// Text in NFC, of XML's characters, fond of markup, white space and Vietnamese letters. It does not begin
/// with a mark.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        prop::sample::select(
            "<>&\"'] \t\n\r{}[]\\/;#:=-ệấđĐưỮ–“”€😀\u{301}\u{323}\u{7F}\u{85}\u{2028}\u{FEFF}"
                .chars()
                .collect::<Vec<_>>()
        ),
        prop::char::range('a', 'z'),
        any::<char>().prop_map(|character| if crate::text::allowed(character) { character } else { 'x' }),
    ];
    prop::collection::vec(character, 0..12).prop_map(|characters| {
        let marked = |character: &char| is_nfc_quick([*character].into_iter()) == IsNormalized::Maybe;
        characters.into_iter().nfc().skip_while(marked).collect()
    })
}

/// A number in JSON's form. Exponents are short, so that other parsers can judge with their floats.
pub(crate) fn number() -> impl Strategy<Value = Number<'static>> {
    "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,8})?([eE][+-]?[0-9])?".prop_map(|text| Number::new(text).unwrap())
}

/// A number as every format writes it. (What has an exponent leaves XML without.)
fn plain_number(integer: bool) -> impl Strategy<Value = Number<'static>> {
    let text = if integer { "-?(0|[1-9][0-9]{0,20})" } else { "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,8})?" };
    text.prop_map(|text| Number::new(text).unwrap())
}

/// A record of `shape`: required fields, and others by chance.
pub(crate) fn record(shape: &RecordShape) -> BoxedStrategy<Document<'static>> {
    let fields: Vec<BoxedStrategy<Option<(String, Document<'static>)>>> = shape
        .fields
        .iter()
        .map(|field| {
            let name = field.name.clone();
            let mut value = value(&field.form);
            if field.nullable {
                value = prop_oneof![4 => value, 1 => Just(Document::Null)].boxed();
            }
            let member = value.prop_map(move |value| (name.clone(), value));
            if field.required { member.prop_map(Some).boxed() } else { prop::option::of(member).boxed() }
        })
        .collect();
    fields
        .prop_map(|members| {
            let mut record = Record::default();
            members.into_iter().flatten().for_each(|(name, value)| record.push(name, value));
            Document::Record(record)
        })
        .boxed()
}

fn value(form: &Form) -> BoxedStrategy<Document<'static>> {
    match form {
        Form::Text => text().prop_map(|text| Document::Text(text.into())).boxed(),
        Form::Number { integer } => plain_number(*integer).prop_map(Document::Number).boxed(),
        Form::Boolean => any::<bool>().prop_map(Document::Bool).boxed(),
        Form::Record(shape) => record(shape),
        Form::Geometry(form) => geometry(form),
        Form::List(list) => {
            let least = usize::from(!list.wrapped);
            prop::collection::vec(value(&list.item), least..4).prop_map(Document::List).boxed()
        }
    }
}

/// A geometry that `form` takes: some kind of its kinds, in one of its reference systems, near the middle of
/// Viet Nam, rings closed and the outer one against the clock.
pub(crate) fn geometry(form: &GeometryForm) -> BoxedStrategy<Document<'static>> {
    let (kinds, systems) = (form.kinds.clone(), form.crs.clone());
    let places = prop::collection::vec((0..80_000_u32, 0..80_000_u32, 1..900_u32), 2..4);
    (prop::sample::select(kinds), prop::sample::select(systems), places)
        .prop_map(|(kind, crs, places)| {
            let several = |one: &dyn Fn(usize) -> Document<'static>| {
                Document::List((0..places.len()).map(one).collect())
            };
            let place = |index: usize| places.get(index).copied().unwrap_or((0, 0, 1));
            let point = |index: usize| corner(crs, place(index), (0, 0));
            let line = |index: usize| {
                Document::List(vec![corner(crs, place(index), (0, 0)), corner(crs, place(index), (1, 1))])
            };
            let polygon = |index: usize| {
                let corners = [(0, 0), (3, 0), (3, 3), (0, 3), (0, 0)];
                let hole = [(1, 1), (1, 2), (2, 2), (1, 1)];
                let ring = |corners: &[(u32, u32)]| {
                    Document::List(corners.iter().map(|at| corner(crs, place(index), *at)).collect())
                };
                Document::List(vec![ring(&corners), ring(&hole)])
            };
            let coordinates = match kind {
                Kind::Point => point(0),
                Kind::LineString => line(0),
                Kind::Polygon => polygon(0),
                Kind::MultiPoint => several(&point),
                Kind::MultiLineString => several(&line),
                Kind::MultiPolygon => several(&polygon),
            };
            let mut record = Record::default();
            record.push(KIND, Document::Text(kind.name().into()));
            record.push(COORDINATES, coordinates);
            if crs != Crs::CRS84 {
                record.push(COORD_REF_SYS, Document::Text(crs.uri().into()));
            }
            Document::Record(record)
        })
        .boxed()
}

/// A corner of a square whose lower left one is `place`, in the axis order of `crs`: `at` counts sides east
/// and north. Written with trailing zeros and exponents now and then, as numbers are.
fn corner(crs: Crs, (east, north, side): (u32, u32, u32), at: (u32, u32)) -> Document<'static> {
    let (east, north) = (east + at.0 * side, north + at.1 * side);
    let number = |text: String| Document::Number(Number::new(text).unwrap());
    let (x, y) = if crs.is_projected() {
        (number(format!("{}.{:02}0", 460_000 + east, side % 100)), number(format!("{}e0", 1_760_000 + north)))
    } else {
        (number(format!("107.{east:05}")), number(format!("15.{north:05}0")))
    };
    Document::List(if crs.is_latitude_first() { vec![y, x] } else { vec![x, y] })
}

fn record_of(members: Vec<(String, Document<'static>)>) -> Document<'static> {
    let mut record = Record::default();
    for (name, value) in members {
        if record.get(&name).is_none() {
            record.push(name, value);
        }
    }
    Document::Record(record)
}

/// What a field is before it has a name: form, required, nullable, how it stands, renamed in XML.
type Draft = (Form, bool, bool, NodeKind, bool);

fn record_shape(depth: u32) -> BoxedStrategy<RecordShape> {
    let attribute = (leaf_form(), any::<bool>(), any::<bool>())
        .prop_map(|(form, required, renamed)| (form, required, false, NodeKind::Attribute, renamed));
    let text = leaf_form().prop_map(|form| (form, true, false, NodeKind::Text, false));
    let element = (form(depth), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(form, required, nullable, renamed)| {
            let unwrapped = matches!(&form, Form::List(list) if !list.wrapped);
            (form, required, nullable && !unwrapped, NodeKind::Element, renamed)
        },
    );
    let elements = prop::collection::vec(prop_oneof![1 => attribute.clone(), 4 => element], 0..7);
    let simple = (prop::collection::vec(attribute, 0..3), text).prop_map(|(mut attributes, text)| {
        attributes.push(text);
        attributes
    });
    prop_oneof![5 => elements, 1 => simple]
        .prop_map(|drafts| RecordShape {
            fields: drafts.into_iter().enumerate().map(|(index, draft)| field(index, draft)).collect(),
            closed: true,
        })
        .boxed()
}

fn form(depth: u32) -> BoxedStrategy<Form> {
    if depth == 0 {
        return leaf_form().boxed();
    }
    let item = prop_oneof![
        4 => leaf_form(),
        2 => record_shape(depth - 1).prop_map(Form::Record),
        1 => geometry_form(),
    ];
    let list = (item, any::<bool>()).prop_map(|(item, wrapped)| {
        Form::List(Box::new(ListForm { item, item_name: "Muc".into(), wrapped }))
    });
    prop_oneof![
        8 => leaf_form(),
        2 => record_shape(depth - 1).prop_map(Form::Record),
        4 => list,
        1 => geometry_form(),
    ]
    .boxed()
}

fn geometry_form() -> impl Strategy<Value = Form> {
    let kinds = prop::sample::subsequence(Kind::ALL.to_vec(), 1..=Kind::ALL.len());
    let systems: Vec<Crs> = Crs::all().collect();
    let systems = prop::sample::subsequence(systems.clone(), 1..=systems.len());
    (kinds, systems).prop_map(|(kinds, crs)| {
        let area = Area { west: 101.0, south: 6.0, east: 118.0, north: 24.0 };
        Form::Geometry(Box::new(GeometryForm { kinds, crs, area }))
    })
}

fn leaf_form() -> impl Strategy<Value = Form> + Clone {
    prop_oneof![
        2 => Just(Form::Text),
        1 => any::<bool>().prop_map(|integer| Form::Number { integer }),
        1 => Just(Form::Boolean),
    ]
}

fn field(index: usize, (form, required, nullable, kind, renamed): Draft) -> Field {
    let name = format!("Truong{index}");
    Field {
        path: name.parse().unwrap(),
        xml: XmlName { kind, name: if renamed { format!("t-{index}.a") } else { name.clone() } },
        title: Bilingual::new(format!("Trường {index}"), format!("Field {index}")),
        name,
        form,
        required,
        nullable,
        classification: Classification::Open,
        code_list: None,
        dated_by: None,
        identifier: None,
    }
}

fn name_paths(shape: &mut RecordShape, parent: Option<&FieldPath>) {
    for field in &mut shape.fields {
        if let Some(parent) = parent {
            field.path = parent.child(&field.name);
        }
        let inner = match &mut field.form {
            Form::Record(inner) => Some(inner),
            Form::List(list) => match &mut list.item {
                Form::Record(inner) => Some(inner),
                _ => None,
            },
            _ => None,
        };
        if let Some(inner) = inner {
            name_paths(inner, Some(&field.path));
        }
    }
}
