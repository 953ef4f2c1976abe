//! What Rust sources may say, judged by their tokens.

use std::path::Path;

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

use crate::{Fault, floors::floor};

/// Crates of the engine and its TLS, as code names them; a prefix, so `pingora_core` is one.
const ENGINE: [&str; 4] = ["pingora", "rustls", "tokio_rustls", "hyper_rustls"];

/// The folder whose purpose is to contain the engine.
const HOST: &str = "gateway/src/host";

/// Every fault of one Rust file. A file that is not Rust's tokens is the compiler's business.
pub fn check(file: &Path, text: &str) -> Vec<Fault> {
    let Ok(tokens) = text.parse::<TokenStream>() else { return Vec::new() };
    let shipped = is_shipped(file);
    let mut inspection =
        Inspection { file, shipped, engine_allowed: !shipped || file.starts_with(HOST), faults: Vec::new() };
    inspection.walk(tokens);
    inspection.faults
}

/// Whether the file is part of what is delivered: not a test, on whatever floor. Tests play the
/// engine's other end and may know it.
fn is_shipped(file: &Path) -> bool {
    let named = |name: &str| file.components().any(|part| part.as_os_str() == name);
    floor(file).is_some_and(|floor| floor < 3) && named("src") && !named("tests") && !named("tests.rs")
}

struct Inspection<'a> {
    file: &'a Path,
    shipped: bool,
    engine_allowed: bool,
    faults: Vec<Fault>,
}

impl Inspection<'_> {
    fn walk(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        let mut after_hash = false;
        while let Some(token) = tokens.next() {
            let hash = after_hash;
            after_hash = false;
            match token {
                TokenTree::Ident(word) => {
                    let called =
                        matches!(tokens.peek(), Some(TokenTree::Punct(next)) if next.as_char() == '!');
                    self.word(&word, called);
                }
                TokenTree::Punct(sign) => after_hash = sign.as_char() == '#',
                TokenTree::Group(group) => {
                    if hash && group.delimiter() == Delimiter::Bracket {
                        self.attribute(&group.stream());
                    }
                    self.walk(group.stream());
                }
                TokenTree::Literal(_) => {}
            }
        }
    }

    fn word(&mut self, word: &Ident, called: bool) {
        let name = word.to_string();
        if !self.engine_allowed && ENGINE.iter().any(|engine| is_crate(&name, engine)) {
            self.fault(
                word,
                "engine-outside-host",
                format!("`{name}` is named outside `{HOST}`, the engine's only home"),
            );
        }
        if self.shipped && called && matches!(name.as_str(), "todo" | "unimplemented") {
            self.fault(word, "unfinished", format!("`{name}!` in shipped code"));
        }
    }

    fn attribute(&mut self, tokens: &TokenStream) {
        if let Some(TokenTree::Ident(word)) = tokens.clone().into_iter().next()
            && word == "ignore"
        {
            self.fault(&word, "switched-off", "a test that is switched off: mend it or delete it".into());
        }
    }

    fn fault(&mut self, word: &Ident, rule: &'static str, message: String) {
        let line = Some(word.span().start().line);
        self.faults.push(Fault { file: self.file.to_owned(), line, rule, message });
    }
}

/// Whether `name` is `engine` or one of its crates (`pingora_core`), not a word that begins alike.
fn is_crate(name: &str, engine: &str) -> bool {
    name.strip_prefix(engine).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(file: &str, text: &str) -> Vec<(Option<usize>, &'static str)> {
        check(Path::new(file), text).into_iter().map(|fault| (fault.line, fault.rule)).collect()
    }

    #[test]
    fn the_engine_is_named_in_the_host_only() {
        let import = "use std::io;\nuse pingora_core::apps::HttpServerApp;\n";
        assert_eq!(found("gateway/src/exchange.rs", import), [(Some(2), "engine-outside-host")]);
        assert_eq!(found("gateway/src/host/listener.rs", import), []);
        assert_eq!(found("tests/bench/src/main.rs", import), []);
        assert_eq!(found("gateway/src/exchange/tests/stage.rs", import), []);
        assert_eq!(found("gateway/src/quota/tests.rs", import), []);
        let inline = "fn f() { let x = { rustls::crypto::ring::default_provider() }; }";
        assert_eq!(found("policies/src/register.rs", inline), [(Some(1), "engine-outside-host")]);
    }

    #[test]
    fn words_in_comments_and_texts_are_not_code() {
        let text = "//! pingora and rustls\n/// todo!() and #[ignore]\nfn f() { let _ = \"rustls todo!()\"; } // todo!()";
        assert_eq!(found("gateway/src/world/mod.rs", text), []);
        assert_eq!(found("gateway/src/world/mod.rs", "fn pingorade(rustlsy: u8) {}"), []);
    }

    #[test]
    fn shipped_code_is_finished() {
        let text = "fn f() {\n    todo!(\"later\")\n}\nfn g() { unimplemented!() }";
        assert_eq!(
            found("contracts/src/catalog.rs", text),
            [(Some(2), "unfinished"), (Some(4), "unfinished")]
        );
        assert_eq!(found("contracts/src/catalog.rs", "fn todo() { let unimplemented = !true; }"), []);
    }

    #[test]
    fn no_test_is_switched_off_anywhere() {
        let text = "#[test]\n#[ignore = \"slow\"]\nfn f() {}";
        assert_eq!(found("tests/journeys/tests/push.rs", text), [(Some(2), "switched-off")]);
        assert_eq!(found("gateway/src/lib.rs", "fn f() { let ignore = [0]; ignore[0]; }"), []);
    }
}
