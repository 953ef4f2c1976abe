//! The language of a command's output, and the terminal it is written to.

use std::{ffi::OsString, io::Write};

use contracts::{Fault, Language};
use jiff::Timestamp;

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
/// found before the command line is parsed, since the help itself depends on it.
pub(crate) fn language_of(arguments: &[OsString], variable: impl Fn(&str) -> Option<String>) -> Language {
    let mut arguments = arguments.iter().skip(1).filter_map(|argument| argument.to_str());
    while let Some(argument) = arguments.next() {
        let value = if argument == "--lang" { arguments.next() } else { argument.strip_prefix("--lang=") };
        match value {
            Some("en") => return Language::En,
            Some("vi") => return Language::Vi,
            _ => {}
        }
    }
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(|name| variable(name).filter(|value| !value.is_empty()));
    if locale.is_some_and(|name| name.starts_with("en")) { Language::En } else { Language::Vi }
}

/// A moment as people here write it: the hour and the date in Viet Nam.
pub(crate) fn moment(at: Timestamp) -> String {
    policies::local(at).strftime("%H:%M:%S %d/%m/%Y").to_string()
}

/// Where a command writes, and in which language.
pub(crate) struct Console<'a> {
    /// The language.
    pub(crate) words: Words,
    /// What the command is asked for.
    pub(crate) out: &'a mut dyn Write,
    /// What keeps it from that.
    pub(crate) err: &'a mut dyn Write,
}

impl Console<'_> {
    /// The text in the language of the output.
    pub(crate) fn say(&self, vi: &'static str, en: &'static str) -> &'static str {
        self.words.say(vi, en)
    }

    /// The language of the output.
    pub(crate) fn language(&self) -> Language {
        self.words.0
    }

    /// One line. A reader that went away (a closed pipe) ends the process quietly.
    pub(crate) fn print(&mut self, text: &str) {
        if writeln!(self.out, "{text}").is_err() {
            std::process::exit(0);
        }
    }

    /// One line about what went wrong.
    pub(crate) fn complain(&mut self, text: &str) {
        // When standard error is gone there is nobody left to tell.
        let _ = writeln!(self.err, "{text}");
    }

    /// Faults and warnings.
    pub(crate) fn faults(&mut self, faults: &[Fault]) {
        for fault in faults {
            let kind =
                if fault.warning { self.say("cảnh báo", "warning") } else { self.say("lỗi", "error") };
            self.print(&format!("{kind}: {}", fault.display(self.language())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_wins_over_the_locale_and_silence_is_vietnamese() {
        let of = |line: &str, lang: Option<&str>| {
            let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            language_of(&arguments, |name| lang.filter(|_| name == "LANG").map(str::to_owned))
        };
        assert_eq!(of("lienthong check", None), Language::Vi);
        assert_eq!(of("lienthong check", Some("C.UTF-8")), Language::Vi);
        assert_eq!(of("lienthong check", Some("en_GB.UTF-8")), Language::En);
        assert_eq!(of("lienthong check --lang vi", Some("en_GB.UTF-8")), Language::Vi);
        assert_eq!(of("lienthong --lang=en check", Some("vi_VN.UTF-8")), Language::En);
    }
}
