//! Markup written element by element: indented, and escaped wherever text goes in.

/// XML or HTML in the making.
pub(super) struct Markup {
    out: String,
    depth: usize,
}

impl Markup {
    /// A document that begins with `declaration`.
    pub(super) fn new(declaration: &str) -> Self {
        Self { out: format!("{declaration}\n"), depth: 0 }
    }

    /// The document.
    pub(super) fn end(self) -> String {
        self.out
    }

    /// An element with others inside.
    pub(super) fn element(
        &mut self,
        name: &str,
        attributes: &[(&str, &str)],
        children: impl FnOnce(&mut Self),
    ) {
        self.start(name, attributes);
        self.out.push_str(">\n");
        let opened = self.out.len();
        self.depth += 1;
        children(self);
        self.depth -= 1;
        if self.out.len() == opened {
            // Nothing inside: the start becomes the whole.
            self.out.truncate(opened - 2);
            self.out.push_str("/>\n");
            return;
        }
        self.indent();
        self.out.push_str(&format!("</{name}>\n"));
    }

    /// An element with nothing inside.
    pub(super) fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.start(name, attributes);
        self.out.push_str("/>\n");
    }

    /// An element that holds text.
    pub(super) fn text(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.start(name, attributes);
        self.out.push('>');
        self.escaped(text);
        self.out.push_str(&format!("</{name}>\n"));
    }

    /// HTML's `style`, whose text is not read as markup: neither escaped nor anybody's words but ours.
    pub(super) fn style(&mut self, sheet: &'static str) {
        self.indent();
        self.out.push_str(&format!("<style>{sheet}</style>\n"));
    }

    fn start(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.indent();
        self.out.push('<');
        self.out.push_str(name);
        for (name, value) in attributes {
            self.out.push_str(&format!(" {name}=\""));
            self.escaped(value);
            self.out.push('"');
        }
    }

    fn indent(&mut self) {
        self.out.extend(std::iter::repeat_n("  ", self.depth));
    }

    /// Text for an element or an attribute alike. White space other than blanks is written as
    /// references, which attributes need.
    fn escaped(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                '\t' | '\n' | '\r' => self.out.push_str(&format!("&#{};", u32::from(character))),
                other => self.out.push(other),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_stays_text() {
        let mut markup = Markup::new("<?xml version=\"1.0\"?>");
        markup.element("a", &[("b", "\"<&\n")], |markup| {
            markup.text("c", &[], "</c><script>'&amp;");
            markup.element("d", &[], |_| ());
            markup.empty("e", &[]);
        });
        assert_eq!(
            markup.end(),
            "<?xml version=\"1.0\"?>\n<a b=\"&quot;&lt;&amp;&#10;\">\n  <c>&lt;/c&gt;&lt;script&gt;'&amp;amp;</c>\n  <d/>\n  <e/>\n</a>\n"
        );
    }
}
