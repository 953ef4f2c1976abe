//! A page of metrics as Prometheus reads it.

use std::fmt::Write;

/// Prometheus' text format 0.0.4. Writing to a `String` does not fail.
#[derive(Default)]
pub struct Page(String);

impl Page {
    /// Describes a family, before its samples; `lienthong_` is put before its name.
    pub fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP lienthong_{name} {help}\n# TYPE lienthong_{name} {kind}");
    }

    /// One sample of the family described last.
    pub fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let _ = write!(self.0, "lienthong_{name}");
        for (index, (label, text)) in labels.iter().enumerate() {
            let open = if index == 0 { '{' } else { ',' };
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.0, "{open}{label}=\"{text}\"");
        }
        let close = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{close} {value}");
    }

    /// A family of one gauge.
    pub fn gauge(&mut self, name: &str, help: &str, value: f64) {
        self.head(name, "gauge", help);
        self.sample(name, &[], value);
    }

    /// A family of one counter.
    pub fn counter(&mut self, name: &str, help: &str, count: u64) {
        self.head(name, "counter", help);
        self.sample(name, &[], count as f64);
    }

    /// The page as it is served.
    pub fn into_text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_cannot_break_out_of_its_quotes() {
        let mut page = Page::default();
        page.sample("x", &[("file", "a\"b\\c\nd"), ("y", "z")], 1.5);
        assert_eq!(page.0, "lienthong_x{file=\"a\\\"b\\\\c\\nd\",y=\"z\"} 1.5\n");
    }
}
