//! Regular expressions of XML Schema (part 2, appendix F) as JSON Schema writes them (ECMA-262).
//!
//! Those of XML Schema speak of the whole text, know no anchors, and have classes of their own.

/// What could not be said.
pub(super) struct Unsayable(pub(super) &'static str);

/// A pattern in ECMA-262.
pub(super) struct Said {
    pub(super) pattern: String,
    /// Whether digits of other scripts are left out.
    pub(super) narrower: bool,
}

/// `pattern` in ECMA-262, bound to both ends.
pub(super) fn ecma(pattern: &str) -> Result<Said, Unsayable> {
    let mut out = String::with_capacity(pattern.len() + 4);
    let mut narrower = false;
    let mut within = false;
    let mut alternatives = false;
    let mut characters = pattern.chars().peekable();
    // Any character at all, the way XML Schema says it.
    const ANY: &str = r"[\s\S]";
    let mut rest = pattern;
    while let Some(character) = characters.next() {
        if !within && rest.starts_with(ANY) {
            out.push_str(ANY);
            characters.nth(ANY.len() - 2);
            rest = rest.get(ANY.len()..).unwrap_or_default();
            continue;
        }
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
        match character {
            '\\' => {
                let Some(escaped) = characters.next() else { return Err(Unsayable("\\")) };
                rest = rest.get(escaped.len_utf8()..).unwrap_or_default();
                let (outside, inside) = match escaped {
                    'd' => {
                        narrower = true;
                        ("[0-9]", Some("0-9"))
                    }
                    'D' => ("[^0-9]", None),
                    's' => (r"[ \t\n\r]", Some(r" \t\n\r")),
                    'S' => (r"[^ \t\n\r]", None),
                    'w' => (r"[^\p{P}\p{Z}\p{C}]", None),
                    'W' => (r"[\p{P}\p{Z}\p{C}]", Some(r"\p{P}\p{Z}\p{C}")),
                    'i' | 'I' => return Err(Unsayable(r"\i")),
                    'c' | 'C' => return Err(Unsayable(r"\c")),
                    'p' | 'P' if rest.starts_with("{Is") => return Err(Unsayable(r"\p{Is…}")),
                    other => {
                        out.push('\\');
                        out.push(other);
                        continue;
                    }
                };
                out.push_str(match (within, inside) {
                    (false, _) => outside,
                    (true, Some(inside)) => inside,
                    (true, None) => return Err(Unsayable("[…]")),
                });
            }
            '[' if within => return Err(Unsayable("[…-[…]]")),
            '[' => {
                within = true;
                out.push('[');
                if characters.peek() == Some(&'^') {
                    characters.next();
                    rest = rest.get(1..).unwrap_or_default();
                    out.push('^');
                }
            }
            ']' if within => {
                within = false;
                out.push(']');
            }
            '^' => out.push_str(r"\^"),
            '$' if !within => out.push_str(r"\$"),
            '.' if !within => out.push_str(r"[^\n\r]"),
            '(' if !within => out.push_str("(?:"),
            '|' if !within => {
                alternatives = true;
                out.push('|');
            }
            other => out.push(other),
        }
    }
    let pattern = if alternatives { format!("^(?:{out})$") } else { format!("^{out}$") };
    Ok(Said { pattern, narrower })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pattern: &str) -> Option<String> {
        ecma(pattern).ok().map(|said| said.pattern)
    }

    #[test]
    fn whole_texts_become_bound_patterns() {
        for (xsd, ecma) in [
            ("[A-Z]{2}", "^[A-Z]{2}$"),
            ("a|bc", "^(?:a|bc)$"),
            (r"\d{4}[\d.]", "^[0-9]{4}[0-9.]$"),
            (r"[\s\S]*@[\s\S]*", r"^[\s\S]*@[\s\S]*$"),
            ("x^y$.", r"^x\^y\$[^\n\r]$"),
            (r"\p{Lu}(ab)?", r"^\p{Lu}(?:ab)?$"),
            ("[^/]+", "^[^/]+$"),
            ("", "^$"),
        ] {
            assert_eq!(said(xsd).as_deref(), Some(ecma), "{xsd}");
        }
        assert!(ecma(r"\d").is_ok_and(|said| said.narrower));
        for unsayable in [r"\i\c*", "[a-z-[aeiou]]", r"\p{IsThai}", r"[\D]", "\\"] {
            assert!(said(unsayable).is_none(), "{unsayable}");
        }
    }
}
