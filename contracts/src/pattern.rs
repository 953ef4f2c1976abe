//! A schema's `pattern` in other tongues.
//!
//! The schema writes ECMA-262, as JSON Schema asks; the validator runs what its library makes of that
//! for a linear-time engine. The same translation is parsed here, so that what XML Schema is told is the
//! language that the validator accepts: XML Schema has no anchors (a pattern speaks of the whole text)
//! and classes of its own, which is why they are written out as ranges. What it has no words for, an
//! anchor inside, a boundary of words, is refused when the contract is loaded: a rule that one format
//! could not carry would make the formats disagree.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Look};

/// A pattern that every description can carry.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    alternatives: Vec<Alternative>,
}

/// One of the outermost alternatives.
#[derive(Clone, Debug)]
struct Alternative {
    /// Whether it is bound to the text's start.
    from_start: bool,
    to_end: bool,
    body: Vec<Hir>,
}

/// What XML 1.0 calls characters, as ranges.
const CHARACTERS: [(char, char); 5] =
    [('\t', '\n'), ('\r', '\r'), (' ', '\u{D7FF}'), ('\u{E000}', '\u{FFFD}'), ('\u{10000}', '\u{10FFFF}')];

/// Where characters are made up where a class has them: none that a reader refuses, and none that NFC
/// would write as another or join with its neighbour.
const MADE_UP_FROM: [(char, char); 5] =
    [('\t', '\n'), ('\r', '\r'), (' ', '~'), ('\u{A1}', '\u{2FF}'), ('\u{1F600}', '\u{1F64F}')];

/// Any character, in XML Schema's words.
const ANY: &str = r"[\s\S]";

/// More repetitions than this are not made up: they would only be longer.
const MADE_UP: u32 = 4;

impl Pattern {
    /// Reads an ECMA-262 pattern; `None` when it is none, needs look-around or back-references, or
    /// asks what XML Schema cannot.
    pub(crate) fn parse(pattern: &str) -> Option<Self> {
        let translated = jsonschema_regex::to_rust_regex(pattern).ok()?;
        let hir = regex_syntax::parse(&translated).ok()?;
        let outermost = match bare(&hir).kind() {
            HirKind::Alternation(branches) => branches.clone(),
            _ => vec![bare(&hir).clone()],
        };
        let alternatives = outermost.iter().map(Alternative::of).collect::<Option<_>>()?;
        let pattern = Self { alternatives };
        pattern.xsd_checked()?;
        Some(pattern)
    }

    /// The same language as a regular expression of XML Schema 1.0 (part 2, appendix F).
    pub(crate) fn xsd(&self) -> String {
        // Read only when it can be said.
        self.xsd_checked().unwrap_or_default()
    }

    fn xsd_checked(&self) -> Option<String> {
        let mut out = String::new();
        for (position, alternative) in self.alternatives.iter().enumerate() {
            if position > 0 {
                out.push('|');
            }
            if !alternative.from_start {
                out.push_str(ANY);
                out.push('*');
            }
            let alone = alternative.from_start && alternative.to_end && alternative.body.len() == 1;
            for part in &alternative.body {
                if alone { say(part, &mut out)? } else { say_part(part, &mut out)? }
            }
            if !alternative.to_end {
                out.push_str(ANY);
                out.push('*');
            }
        }
        Some(out)
    }

    /// A text that fits, the same for the same answers of `below`, which gives a number below its
    /// argument.
    pub(crate) fn sample(&self, below: &mut dyn FnMut(u32) -> u32) -> String {
        let mut out = String::new();
        let around = |bound: bool, below: &mut dyn FnMut(u32) -> u32, out: &mut String| {
            let count = if bound { 0 } else { below(MADE_UP) };
            out.extend((0..count).map(|_| if below(2) == 0 { 'z' } else { ' ' }));
        };
        if let Some(alternative) = pick(&self.alternatives, below) {
            around(alternative.from_start, below, &mut out);
            alternative.body.iter().for_each(|part| make_up(part, below, &mut out));
            around(alternative.to_end, below, &mut out);
        }
        out
    }
}

impl Alternative {
    fn of(hir: &Hir) -> Option<Self> {
        let mut body = match bare(hir).kind() {
            HirKind::Concat(parts) => parts.clone(),
            HirKind::Empty => Vec::new(),
            _ => vec![bare(hir).clone()],
        };
        let is = |part: Option<&Hir>, look| matches!(part.map(|part| bare(part).kind()), Some(HirKind::Look(found)) if *found == look);
        let from_start = is(body.first(), Look::Start);
        if from_start {
            body.remove(0);
        }
        let to_end = is(body.last(), Look::End);
        if to_end {
            body.pop();
        }
        Some(Self { from_start, to_end, body })
    }
}

/// What a group holds: groups only remember, and nothing here asks.
fn bare(hir: &Hir) -> &Hir {
    match hir.kind() {
        HirKind::Capture(capture) => bare(&capture.sub),
        _ => hir,
    }
}

// As deep as the pattern nests, which its parser bounds.
fn say(hir: &Hir, out: &mut String) -> Option<()> {
    match hir.kind() {
        HirKind::Empty => {}
        HirKind::Literal(literal) => {
            std::str::from_utf8(&literal.0).ok()?.chars().for_each(|character| escape(character, out));
        }
        HirKind::Class(Class::Unicode(class)) => say_class(class, out)?,
        // Bytes are characters here as long as they are ASCII.
        HirKind::Class(Class::Bytes(class)) => say_class(&class.to_unicode_class()?, out)?,
        HirKind::Look(_) => return None,
        HirKind::Capture(capture) => say(&capture.sub, out)?,
        HirKind::Concat(parts) => {
            for part in parts {
                say_part(part, out)?;
            }
        }
        HirKind::Alternation(branches) => {
            for (position, branch) in branches.iter().enumerate() {
                if position > 0 {
                    out.push('|');
                }
                say(branch, out)?;
            }
        }
        HirKind::Repetition(repetition) => {
            match bare(&repetition.sub).kind() {
                HirKind::Class(_) => say(&repetition.sub, out)?,
                _ => say_group(&repetition.sub, out)?,
            }
            match (repetition.min, repetition.max) {
                (0, Some(1)) => out.push('?'),
                (0, None) => out.push('*'),
                (1, None) => out.push('+'),
                (least, None) => out.push_str(&format!("{{{least},}}")),
                (least, Some(most)) if least == most => out.push_str(&format!("{{{least}}}")),
                (least, Some(most)) => out.push_str(&format!("{{{least},{most}}}")),
            }
        }
    }
    Some(())
}

/// A part of a sequence.
fn say_part(hir: &Hir, out: &mut String) -> Option<()> {
    match bare(hir).kind() {
        HirKind::Alternation(_) => say_group(hir, out),
        _ => say(hir, out),
    }
}

fn say_group(hir: &Hir, out: &mut String) -> Option<()> {
    out.push('(');
    say(hir, out)?;
    out.push(')');
    Some(())
}

/// A class as its ranges of XML's characters; one that runs to Unicode's end as the complement.
fn say_class(class: &ClassUnicode, out: &mut String) -> Option<()> {
    let all = ClassUnicode::new(CHARACTERS.map(|(start, end)| ClassUnicodeRange::new(start, end)));
    let mut told = class.clone();
    told.intersect(&all);
    let mut rest = all.clone();
    rest.difference(&told);
    if told.ranges().is_empty() {
        return None;
    }
    if rest.ranges().is_empty() {
        out.push_str(ANY);
        return Some(());
    }
    let is_complement = told.ranges().last().is_some_and(|range| range.end() == '\u{10FFFF}');
    match told.ranges() {
        [range] if range.start() == range.end() => escape(range.start(), out),
        ranges => {
            out.push_str(if is_complement { "[^" } else { "[" });
            for range in if is_complement { rest.ranges() } else { ranges } {
                escape(range.start(), out);
                if u32::from(range.end()) > u32::from(range.start()) + 1 {
                    out.push('-');
                }
                if range.end() != range.start() {
                    escape(range.end(), out);
                }
            }
            out.push(']');
        }
    }
    Some(())
}

/// One character, escaped wherever XML Schema might read more into it.
fn escape(character: char, out: &mut String) {
    match character {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\\' | '|' | '.' | '?' | '*' | '+' | '(' | ')' | '{' | '}' | '[' | ']' | '^' | '-' => {
            out.push('\\');
            out.push(character);
        }
        other => out.push(other),
    }
}

fn make_up(hir: &Hir, below: &mut dyn FnMut(u32) -> u32, out: &mut String) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(Class::Bytes(_)) => {}
        HirKind::Literal(literal) => out.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(Class::Unicode(class)) => {
            let all = ClassUnicode::new(MADE_UP_FROM.map(|(start, end)| ClassUnicodeRange::new(start, end)));
            let mut usual = class.clone();
            usual.intersect(&all);
            let from = if usual.ranges().is_empty() { class } else { &usual };
            let Some(range) = pick(from.ranges(), below) else { return };
            let width = u32::from(range.end()) - u32::from(range.start());
            let character = char::from_u32(u32::from(range.start()) + below(width.saturating_add(1)));
            out.push(character.unwrap_or(range.start()));
        }
        HirKind::Repetition(repetition) => {
            let least = repetition.min;
            let most = repetition.max.unwrap_or(u32::MAX).min(least.saturating_add(MADE_UP));
            for _ in 0..least + below(most - least + 1) {
                make_up(&repetition.sub, below, out);
            }
        }
        HirKind::Capture(capture) => make_up(&capture.sub, below, out),
        HirKind::Concat(parts) => parts.iter().for_each(|part| make_up(part, below, out)),
        HirKind::Alternation(branches) => {
            if let Some(branch) = pick(branches, below) {
                make_up(branch, below, out);
            }
        }
    }
}

fn pick<'a, T>(from: &'a [T], below: &mut dyn FnMut(u32) -> u32) -> Option<&'a T> {
    let count = u32::try_from(from.len()).ok().filter(|count| *count > 0)?;
    from.get(usize::try_from(below(count)).ok()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn xsd(pattern: &str) -> Option<String> {
        Pattern::parse(pattern).map(|pattern| pattern.xsd())
    }

    #[test]
    fn patterns_are_said_of_the_whole_text() {
        for (ecma, told) in [
            ("^[A-Z]{2}$", "[A-Z]{2}"),
            ("^[a-z0-9]+(-[a-z0-9]+)*$", r"[0-9a-z]+(\-[0-9a-z]+)*"),
            (r"^\+?[0-9]{6,15}$", r"(\+)?[0-9]{6,15}"),
            (r"^\d{4}-\d{2}$", r"[0-9]{4}\-[0-9]{2}"),
            ("ab", r"[\s\S]*ab[\s\S]*"),
            (r"^\*\*\*", r"\*\*\*[\s\S]*"),
            ("^(a|bc)$", "a|bc"),
            ("^x(a|bc)y$", "x(a|bc)y"),
            ("^[^/]*$", "[^/]*"),
            ("^$", ""),
            ("^(.{1,3}\\.)*$", r"([^\n]{1,3}\.)*"),
            (
                r"^10\.[0-9]{4,9}/\S+$",
                "10\\.[0-9]{4,9}/[^\\t\\n\\r \u{A0}\u{1680}\u{2000}-\u{200A}\u{2028}\u{2029}\u{202F}\u{205F}\u{3000}\u{FEFF}]+",
            ),
        ] {
            assert_eq!(xsd(ecma).as_deref(), Some(told), "{ecma}");
        }
    }

    #[test]
    fn what_xml_schema_has_no_words_for_is_refused() {
        for pattern in [r"\bword\b", "a(^b|c)", "(?=a)b", r"(a)\1", "(", "x($|y)z"] {
            assert!(xsd(pattern).is_none(), "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn what_is_made_up_fits(seed in any::<u64>(), at in 0_usize..6) {
            let pattern = [
                "^[a-z0-9]+(-[a-z0-9]+)*$", r"^\+?[0-9]{6,15}$", "^(ab|[^c]{2,}|)x?$", "needle", r"^\w+\s\S*", "^[1-6]([0-9]{2}){0,3}$",
            ][at];
            let mut state = seed;
            let mut below = |limit: u32| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                u32::try_from((state >> 33) % u64::from(limit)).unwrap()
            };
            let text = Pattern::parse(pattern).unwrap().sample(&mut below);
            let validator = jsonschema::options()
                .with_pattern_options(jsonschema::PatternOptions::regex())
                .build(&serde_json::json!({ "pattern": pattern }))
                .unwrap();
            prop_assert!(validator.is_valid(&serde_json::Value::String(text.clone())), "{text:?}");
        }

        #[test]
        fn any_text_is_a_pattern_or_refused(text in "[-ab|()*+?.{}\\[\\]^$\\\\dwsb0-2,]{0,12}") {
            let _ = Pattern::parse(&text);
        }
    }
}
