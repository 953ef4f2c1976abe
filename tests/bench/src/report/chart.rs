//! Bars beside bars, drawn as SVG that needs nothing else: no script, no style sheet, no font of its own.

use std::fmt::Write as _;

/// Measures of the drawing, in pixels.
const WIDTH: f64 = 790.0;
const LABELS: f64 = 250.0;
const FIGURES: f64 = 90.0;
const BAR: f64 = 13.0;
const GAP: f64 = 12.0;
const TITLE: f64 = 34.0;
/// A bar longer than this many times the reference is cut and its figure says how long it is: one
/// outlier is not to make the others unreadable.
const LONGEST: f64 = 6.0;
/// One colour for each system, told apart in grey too.
const COLOURS: [(&str, &str); 4] =
    [("nginx", "#7a8b99"), ("haproxy", "#b4bfc8"), ("envoy", "#d9c59a"), ("lienthong", "#b3261e")];

/// Groups of bars under a title.
pub struct Panel {
    title: String,
    groups: Vec<Group>,
}

/// The bars of one case.
struct Group {
    title: String,
    bars: Vec<(&'static str, f64)>,
}

/// Panels below each other.
pub struct Chart {
    panels: Vec<Panel>,
}

impl Panel {
    /// One without groups.
    pub fn new(title: &str) -> Self {
        Self { title: title.to_owned(), groups: Vec::new() }
    }

    /// Adds a group; values are multiples of the reference, which is 1.
    pub fn group(&mut self, title: &str, bars: Vec<(&'static str, f64)>) {
        self.groups.push(Group { title: title.to_owned(), bars });
    }
}

impl Chart {
    /// Of these panels.
    pub fn of(panels: Vec<Panel>) -> Self {
        Self { panels }
    }

    /// The drawing.
    pub fn svg(&self) -> String {
        let mut body = String::new();
        let mut y = 10.0;
        for panel in &self.panels {
            y = panel.draw(&mut body, y) + GAP;
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{y}\" viewBox=\"0 0 {WIDTH} {y}\" \
             font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"{WIDTH}\" height=\"{y}\" fill=\"#ffffff\"/>\n\
             {body}</svg>\n"
        )
    }
}

impl Panel {
    /// Draws it from `y` down; returns where it ends.
    fn draw(&self, out: &mut String, y: f64) -> f64 {
        let values = self.groups.iter().flat_map(|group| &group.bars).map(|(_, value)| *value);
        let longest = values.filter(|value| value.is_finite()).fold(1.0, f64::max).min(LONGEST);
        let scale = (WIDTH - LABELS - FIGURES) / longest;
        let _ = writeln!(
            out,
            "<text x=\"10\" y=\"{:.0}\" font-size=\"14\" font-weight=\"bold\">{}</text>",
            y + 16.0,
            escaped(&self.title)
        );
        let top = y + TITLE;
        let mut y = top;
        for group in &self.groups {
            let _ = writeln!(out, "<text x=\"10\" y=\"{:.0}\">{}</text>", y + BAR, escaped(&group.title));
            for (name, value) in &group.bars {
                let colour =
                    COLOURS.iter().find(|(known, _)| known == name).map_or("#444444", |(_, colour)| colour);
                let length = if value.is_finite() { value.min(longest) * scale } else { 0.0 };
                let figure = if value.is_finite() { format!("{value:.2}") } else { "–".into() };
                let _ = writeln!(
                    out,
                    "<rect x=\"{LABELS}\" y=\"{y:.0}\" width=\"{length:.1}\" height=\"{:.0}\" fill=\"{colour}\"/>\
                     <text x=\"{:.1}\" y=\"{:.0}\" font-size=\"10\">{figure} {}</text>",
                    BAR - 2.0,
                    LABELS + length + 4.0,
                    y + BAR - 3.0,
                    escaped(name)
                );
                y += BAR;
            }
            y += GAP;
        }
        let _ = writeln!(
            out,
            "<line x1=\"{0:.1}\" x2=\"{0:.1}\" y1=\"{top:.0}\" y2=\"{1:.0}\" stroke=\"#222222\" stroke-dasharray=\"2 3\"/>",
            LABELS + scale,
            y - GAP
        );
        y
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_values_and_outliers_are_cut() {
        let mut panel = Panel::new("A < B");
        panel.group("case", vec![("nginx", 1.0), ("envoy", 2.0), ("lienthong", 60.0), ("haproxy", f64::NAN)]);
        let svg = Chart::of(vec![panel]).svg();
        let unit = (WIDTH - LABELS - FIGURES) / LONGEST;
        for length in [unit, 2.0 * unit, LONGEST * unit, 0.0] {
            assert!(svg.contains(&format!("width=\"{length:.1}\"")), "{length}: {svg}");
        }
        assert!(svg.contains("A &lt; B") && svg.contains(">60.00 lienthong<") && svg.contains(">– haproxy<"));
    }
}
