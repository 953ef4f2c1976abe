//! How senders spoil documents. Some ways leave the document valid: the judges say which.

use contracts::{Document, Form, NodeKind, Number, RecordShape};

use super::Chance;

/// Spoils one field somewhere in a record, in a way that XML and JSON can both carry.
pub fn tree(shape: &RecordShape, document: &mut Document<'_>, chance: &mut Chance) {
    let Document::Record(record) = document else { return };
    let present: Vec<_> = shape.fields.iter().filter(|field| record.get(&field.name).is_some()).collect();
    if present.is_empty() {
        return;
    }
    let field = chance.pick(&present);
    let unwrapped = matches!(&field.form, Form::List(list) if !list.wrapped);
    match chance.below(8) {
        // The text of an element is always there, if only as no text.
        0 if field.xml.kind != NodeKind::Text => {
            record.remove(&field.name);
            return;
        }
        // Null has no place in an attribute, in text, or in an unwrapped list.
        1 if field.xml.kind == NodeKind::Element && !unwrapped => {
            if let Some(value) = record.get_mut(&field.name) {
                *value = Document::Null;
            }
            return;
        }
        _ => {}
    }
    let Some(value) = record.get_mut(&field.name) else { return };
    match (&field.form, value) {
        (Form::List(list), Document::List(items)) => match chance.below(4) {
            // Unwrapped, an empty list is not there.
            0 if !unwrapped => items.clear(),
            1 | 2 if !items.is_empty() => {
                let copy = chance.pick(items);
                items.push(copy);
            }
            _ => {
                if items.is_empty() {
                    return;
                }
                let at = chance.below(u32::try_from(items.len()).unwrap_or(1)) as usize;
                one(&list.item, &mut items[at], chance);
            }
        },
        (form, value) => one(form, value, chance),
    }
}

fn one(form: &Form, value: &mut Document<'_>, chance: &mut Chance) {
    match form {
        Form::Record(inner) => tree(inner, value, chance),
        Form::Geometry(_) => geometry(value, chance),
        form => leaf(form, value, chance),
    }
}

/// Spoils a number of a position, or a position's place among others.
fn geometry(value: &mut Document<'_>, chance: &mut Chance) {
    let Some(coordinates) = value.as_record_mut().and_then(|record| record.get_mut("coordinates")) else {
        return;
    };
    positions(coordinates, chance);
}

fn positions(value: &mut Document<'_>, chance: &mut Chance) {
    let Document::List(items) = value else { return };
    if items.iter().any(|item| item.as_number().is_some()) {
        let far = chance.pick(&["0", "89", "-12.5", "500000.000"]);
        items[0] = Number::new(far).map_or(Document::Null, Document::Number);
        return;
    }
    let last = items.len().saturating_sub(1);
    match (chance.below(5), items.as_mut_slice()) {
        (0, [_, _, ..]) => drop(items.pop()),
        (1, [first, .., end]) => *end = first.clone(),
        // A curve that goes nowhere, a ring around nothing.
        (2, [first, rest @ ..])
            if first.as_list().is_some_and(|of| of.iter().all(|one| one.as_number().is_some())) =>
        {
            rest.fill(first.clone());
        }
        (_, all) => {
            if let Some(item) = all.get_mut(chance.below(u32::try_from(last + 1).unwrap_or(1)) as usize) {
                positions(item, chance);
            }
        }
    }
}

/// Turns every ring of a record back on itself, closed and long enough as it is: it encloses nothing. Tells
/// whether there was one; chance finds such a way too seldom to be relied on.
pub fn rings(shape: &RecordShape, document: &mut Document<'_>) -> bool {
    let Document::Record(record) = document else { return false };
    let mut found = false;
    for field in &shape.fields {
        if let Some(value) = record.get_mut(&field.name) {
            found |= rings_within(&field.form, value);
        }
    }
    found
}

fn rings_within(form: &Form, value: &mut Document<'_>) -> bool {
    match (form, value) {
        (Form::Record(inner), value) => rings(inner, value),
        (Form::List(list), Document::List(items)) => {
            items.iter_mut().fold(false, |found, item| rings_within(&list.item, item) | found)
        }
        (Form::Geometry(_), Document::Record(geometry)) => {
            let kind = geometry.get("type").and_then(Document::as_text);
            let has_rings = matches!(kind, Some("Polygon" | "MultiPolygon"));
            geometry.get_mut("coordinates").is_some_and(|coordinates| has_rings && turn_back(coordinates))
        }
        _ => false,
    }
}

fn turn_back(coordinates: &mut Document<'_>) -> bool {
    let Document::List(items) = coordinates else { return false };
    let [first, second, .., last] = items.as_slice() else {
        return items.iter_mut().fold(false, |found, item| turn_back(item) | found);
    };
    let is_ring = first.as_list().is_some_and(|of| of.iter().all(|one| one.as_number().is_some()));
    if !is_ring {
        return items.iter_mut().fold(false, |found, item| turn_back(item) | found);
    }
    let (there, back, last) = (second.clone(), first.clone(), last.clone());
    for (index, position) in items.iter_mut().enumerate() {
        *position = if index % 2 == 0 { back.clone() } else { there.clone() };
    }
    if let Some(end) = items.last_mut() {
        *end = last;
    }
    true
}

fn leaf(form: &Form, value: &mut Document<'_>, chance: &mut Chance) {
    let text = |text: String| Document::Text(text.into());
    match form {
        Form::Boolean => *value = text(chance.pick(&["yes", "", "True", "2"]).to_owned()),
        Form::Number { .. } => {
            let number = |text: &str| Number::new(text.to_owned()).map_or(Document::Null, Document::Number);
            *value = match chance.below(10) {
                0 => text("abc".to_owned()),
                1 => text(String::new()),
                2 => number("99999999999999999999"),
                3 => number("-99999999999999999999"),
                4 => number("0.123456"),
                5 => number("0"),
                6 => number("-1"),
                7 => number(
                    chance.pick(&["1e3", "1E-3", "25e-1", "5.00", "-0", "12e20", "0.5E1", "20.25", "1.125"]),
                ),
                _ => number(&format!("{}.{}", chance.below(100), chance.below(10))),
            };
        }
        _ => {
            let Document::Text(old) = value else { return };
            let mut old = old.to_string();
            let new = match chance.below(15) {
                0 => String::new(),
                1 => "x".repeat(30_000),
                2 => format!(" {old}"),
                3 => format!("{old}\n"),
                4 => format!("{old}{old}"),
                5 => old.to_uppercase(),
                6 => old.to_lowercase(),
                7 => chance
                    .pick(&["2026-02-30", "2026-13-01", "2026-01-01Z", "0000-01-01", "20260101"])
                    .to_owned(),
                8 => chance.pick(&["2024-02-29", "2025-12-31", "2026-08-01", "1999-01-01"]).to_owned(),
                9 => chance
                    .pick(&[
                        "2026-01-01T24:00:00Z",
                        "2026-01-01T08:00:00",
                        "2026-01-01t08:00:00z",
                        "2026-01-01T23:59:60Z",
                        "2026-01-01T08:00:00+14:30",
                        "2026-01-01T08:00:00.5+07:00",
                    ])
                    .to_owned(),
                10 => chance
                    .pick(&["01", "24", "52", "H26.1", "G06", "khong-co", "http://a b", "a@b@c", "1999"])
                    .to_owned(),
                // As long as the longest, and one more, in characters that are several bytes.
                11 => "ệ".repeat(chance.pick(&[1, 9, 20, 21, 40, 41, 100, 255, 256, 500, 501, 1000, 1001])),
                12 => {
                    old.pop();
                    old
                }
                // Digits that only a check digit tells apart.
                _ => match old.pop() {
                    Some('9') => format!("{old}0"),
                    Some(digit) if digit.is_ascii_digit() => {
                        format!("{old}{}", char::from(u8::try_from(digit).unwrap_or(b'0') + 1))
                    }
                    Some(_) | None => format!("{old}!"),
                },
            };
            *value = text(new);
        }
    }
}

/// Spoils one element of an XML text, in a way that JSON has not.
pub fn xml(xml: &str, chance: &mut Chance) -> Option<String> {
    let document = roxmltree::Document::parse(xml).ok()?;
    // What stands inside a geometry is GML's, and not described by the contract's schema.
    let is_own = |node: &roxmltree::Node<'_, '_>| {
        node.is_element() && !node.tag_name().namespace().is_some_and(|space| space.contains("/gml"))
    };
    let elements: Vec<_> = document.descendants().filter(is_own).collect();
    let element = chance.pick(&elements);
    let inside = !element.parent()?.is_root();
    let range = element.range();
    let (before, own, after) = (&xml[..range.start], &xml[range.clone()], &xml[range.end..]);
    let with = |instead: &str| format!("{before}{instead}{after}");
    // The name as written, and the same element with more in its start tag.
    let name = own[1..].split([' ', '/', '>']).next()?;
    let tagged = |attribute: &str| with(&format!("<{name} {attribute}{}", &own[1 + name.len()..]));
    let leaf = element.children().all(|child| child.is_text());
    let content = element.text().unwrap_or("");
    let said = |content: &str| with(&format!("<{name}>{content}</{name}>"));
    let xsi = r#"xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance""#;
    Some(match chance.below(20) {
        // Twice.
        0 if inside => with(&format!("{own}{own}")),
        // In another place.
        1 => {
            let next = element.next_sibling_element()?.range();
            format!("{before}{}{own}{}", &xml[next.clone()], &xml[next.end..])
        }
        // An element that nobody knows, before or after.
        2 if inside => with(&format!("<La/>{own}")),
        3 if inside => with(&format!("{own}<La xmlns=\"urn:la\">1</La>")),
        // An attribute that nobody knows, one in a namespace, one that XML Schema lets stand anywhere.
        4 => tagged("la=\"1\""),
        5 => tagged("xmlns:la=\"urn:la\" la:la=\"1\""),
        6 => tagged(&format!("{xsi} xsi:schemaLocation=\"urn:la la.xsd\"")),
        // Another type, as XML Schema lets documents choose.
        7 => tagged(&format!("{xsi} xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xsi:type=\"xs:string\"")),
        // Nil: where it may not be, beside content, and empty.
        8 if inside => with(&format!("<{name} {xsi} xsi:nil=\"true\"/>")),
        9 if inside && leaf => with(&format!("<{name} {xsi} xsi:nil=\"1\">{content}</{name}>")),
        10 => tagged(&format!("{xsi} xsi:nil=\"maybe\"")),
        // Another namespace, none, and the own under another prefix.
        11 => tagged("xmlns=\"urn:la\""),
        12 => tagged("xmlns=\"\""),
        // Text between elements.
        13 => {
            let child = element.first_element_child()?.range();
            format!("{}x{}", &xml[..child.start], &xml[child.start..])
        }
        // Comments and white space between elements say nothing.
        14 => {
            let child = element.first_element_child()?.range();
            format!("{}\n <!-- x -->\t{}", &xml[..child.start], &xml[child.start..])
        }
        // Numbers in notations that are XML Schema's, and that are not.
        15 if leaf && content.parse::<f64>().is_ok() => {
            let form = ["+{}", "00{}", " {} ", "{}e0", "{}E1", "{}.", "{}.0", "0x{}", "{} 0"];
            said(&chance.pick(&form).replace("{}", content))
        }
        16 if leaf => {
            said(chance.pick(&["", " ", "INF", "NaN", "-0", "+.5", "01", "true", "1", "٣", "1,5", "--1"]))
        }
        // Elements in a leaf.
        17 if leaf => said("<b>1</b>"),
        // A document type; entities that it would declare.
        18 => xml.replacen("?>", "?><!DOCTYPE La>", 1),
        // Gone.
        _ if inside => with(""),
        _ => return None,
    })
}

/// Spoils a JSON text, in a way that XML has not: a value of another type, a member that nobody knows, text
/// that is no JSON.
pub fn json(json: &[u8], chance: &mut Chance) -> Vec<u8> {
    let text = String::from_utf8_lossy(json).into_owned();
    let mut value: serde_json::Value = match serde_json::from_str(&text) {
        Ok(value) => value,
        Err(_) => return json.to_vec(),
    };
    match chance.below(10) {
        0 => text.replacen('{', "{\"TruongLa\":true,", 1).into_bytes(),
        // A name given twice; numbers that JSON has not; a comma too many; more than one value.
        1 => {
            text.replacen('{', &format!("{{{},", text[1..].split(",\"").next().unwrap_or("")), 1).into_bytes()
        }
        2 => text
            .replacen(':', &format!(":{},\"x\":", chance.pick(&["01", "+1", ".5", "NaN", "1.", "-"])), 1)
            .into_bytes(),
        3 => text.replacen('}', ",}", 1).into_bytes(),
        4 => format!("{text} {{}}").into_bytes(),
        _ => {
            let mut places = Vec::new();
            collect(&value, String::new(), &mut places);
            if let Some(place) = value.pointer_mut(&chance.pick(&places)) {
                other_type(place, chance);
            }
            value.to_string().into_bytes()
        }
    }
}

fn collect(value: &serde_json::Value, at: String, out: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(members) => {
            members.iter().for_each(|(name, value)| collect(value, format!("{at}/{name}"), out));
        }
        serde_json::Value::Array(items) => {
            items.iter().enumerate().for_each(|(place, value)| collect(value, format!("{at}/{place}"), out));
        }
        _ => {}
    }
    out.push(at);
}

fn other_type(value: &mut serde_json::Value, chance: &mut Chance) {
    use serde_json::{Value, json};
    let old = value.take();
    *value = match (chance.below(5), old) {
        (0, old) => json!([old]),
        (1, old) => json!({ "Con": old }),
        (2, Value::String(text)) => text.parse::<i64>().map_or(json!(7), Value::from),
        (2 | 3, Value::Number(number)) => Value::from(number.to_string()),
        (2 | 3, Value::Bool(yes)) => Value::from(yes.to_string()),
        (2 | 3, Value::Object(members)) => members.into_iter().map(|(_, value)| value).collect(),
        (3, _) => Value::Bool(true),
        _ => Value::Null,
    };
}
