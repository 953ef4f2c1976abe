//! The language of a command's output, and writing to the terminal.

use std::io::Write;

use contracts::{Fault, Language};

/// Chooses between two texts.
#[derive(Clone, Copy)]
pub(crate) struct Words(pub Language);

impl Words {
    /// The text in the chosen language.
    pub(crate) fn say(self, vi: &'static str, en: &'static str) -> &'static str {
        match self.0 {
            Language::Vi => vi,
            Language::En => en,
        }
    }
}

/// `--lang` wins over `LC_ALL`, `LC_MESSAGES` and `LANG`; what says neither is Vietnamese. It is
/// read before the command line is parsed, since the help itself depends on it.
pub(crate) fn language_of_process() -> Language {
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let value = if argument == "--lang" {
            arguments.next()
        } else {
            argument.strip_prefix("--lang=").map(str::to_owned)
        };
        match value.as_deref() {
            Some("en") => return Language::En,
            Some("vi") => return Language::Vi,
            _ => {}
        }
    }
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    if locale.is_some_and(|name| name.starts_with("en")) { Language::En } else { Language::Vi }
}

/// One line to standard output. A reader that went away (a closed pipe) ends the process quietly.
pub(crate) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{text}").is_err() {
        std::process::exit(0);
    }
}

/// One line to standard error.
pub(crate) fn complain(text: &str) {
    // When standard error is gone there is nobody left to tell.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Faults and warnings, one line each.
pub(crate) fn print_faults(faults: &[Fault], language: Language) {
    let w = Words(language);
    for fault in faults {
        let kind = if fault.warning { w.say("cảnh báo", "warning") } else { w.say("lỗi", "error") };
        print(&format!("{kind}: {}", fault.display(language)));
    }
}
