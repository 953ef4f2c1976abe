//! Contracts that are drafts: what may be offered and agreed under them, and on what terms.
//!
//! A draft (`status = "draft"`) names what the law names and settles nothing: its fields may be renamed,
//! retyped or dropped without a new version. So it is used by those who know that and by nobody else:
//!
//! - a service version and an agreement say `draft = true` beside `contract`, or are refused; where they
//!   say so, operators are warned of it at every check;
//! - both name the text that they were written for (`contract_revision`, [`super::pins`]): when the draft
//!   changes, the document is a fault until someone has looked;
//! - no sharing mode opens a draft to callers without an agreement, who would take it for settled;
//! - no operation answers by a draft, since the caller's agreement could not say that it knows.
//!
//! A contract that has left its draft is not held against the document that still says `draft = true`:
//! it is told to delete the word.

use contracts::{Contract, ContractId, Status};
use toml::Spanned;

use crate::{
    Mode,
    written::{Sheet, both},
};

/// Holds `draft`, as the document says it beside the name of `contract`, against what the contract is.
pub(super) fn hold(
    sheet: &Sheet<'_>,
    name: &Spanned<ContractId>,
    draft: Option<&Spanned<bool>>,
    contract: &Contract,
) {
    let id = contract.id();
    let known = draft.filter(|draft| *draft.get_ref());
    match (contract.status(), known) {
        (Status::Draft, None) => sheet.fault(
            name.span(),
            "draft-contract",
            both(
                format!("`{id}` là hợp đồng dự thảo: các trường có thể đổi mà phiên bản không đổi"),
                format!("`{id}` is a draft: its fields may change within the version"),
            ),
            both(
                "Dùng hợp đồng đã có hiệu lực; nếu các bên chấp nhận dự thảo, thêm `draft = true` bên cạnh `contract`",
                "Use a contract that is active; if the parties accept a draft, add `draft = true` beside `contract`",
            ),
        ),
        (Status::Draft, Some(known)) => sheet.warn(
            known.span(),
            "draft-in-use",
            both(
                format!("dữ liệu được trao đổi theo hợp đồng dự thảo `{id}`, chưa trường nào là quy định"),
                format!("data is exchanged under the draft `{id}`, of which no field is settled"),
            ),
            both(
                "Theo dõi văn bản quy định các trường; khi hợp đồng có hiệu lực thì xóa `draft`",
                "Watch for the text that settles its fields; delete `draft` when the contract is active",
            ),
        ),
        (Status::Active, Some(known)) => sheet.warn(
            known.span(),
            "not-a-draft",
            both(format!("`{id}` không còn là dự thảo"), format!("`{id}` is not a draft")),
            both("Xóa `draft`", "Delete `draft`"),
        ),
        (Status::Active, None) => {}
    }
}

/// A sharing mode gives a draft to nobody.
pub(super) fn shared_by_mode(sheet: &Sheet<'_>, mode: &Spanned<Mode>, contract: &Contract) {
    if contract.status() == Status::Draft && mode.get_ref().basis().is_some() {
        let (id, name) = (contract.id(), mode.get_ref().as_str());
        sheet.fault(
            mode.span(),
            "draft-by-mode",
            both(
                format!("chế độ `{name}` chia sẻ hợp đồng dự thảo `{id}` với bên không có thỏa thuận"),
                format!("mode `{name}` shares the draft `{id}` with callers who have no agreement"),
            ),
            both(
                "Dùng `on-request` cho tới khi hợp đồng có hiệu lực",
                "Use `on-request` until the contract is active",
            ),
        );
    }
}

/// No operation answers by a draft that is not the service's own contract.
pub(super) fn reply(sheet: &Sheet<'_>, name: &Spanned<ContractId>, reply: &Contract) {
    if reply.status() == Status::Draft {
        sheet.fault(
            name.span(),
            "draft-reply",
            both(
                format!("câu trả lời theo hợp đồng dự thảo `{}`", reply.id()),
                format!("the answer goes by the draft `{}`", reply.id()),
            ),
            both("Dùng hợp đồng đã có hiệu lực", "Use a contract that is active"),
        );
    }
}

#[cfg(test)]
mod tests {
    use contracts::Catalog;

    use crate::{
        Register,
        fixture::{Fixture, TODAY, catalog_with_a_draft, pin_of},
    };

    const SERVICE: &str = "services/G06/thu.toml";
    const AGREEMENT: &str = "agreements/TT-1.toml";

    /// The documents without those whose mode shares `thu@1` with everyone, or that verify by it.
    fn on_request() -> Fixture {
        ["services/G06/chung.toml", "services/G06/mo.toml", "services/G06/xac-thuc.toml"]
            .into_iter()
            .fold(Fixture::new(), Fixture::without)
    }

    /// With `words` beside the contract's name in both documents.
    fn saying(words: [&str; 2]) -> Fixture {
        let after = |fixture: Fixture, file: &str, words: &str| {
            fixture.edit(file, "contract = \"thu@1\"\n", &format!("contract = \"thu@1\"\n{words}\n"))
        };
        after(after(on_request(), SERVICE, words[0]), AGREEMENT, words[1])
    }

    /// File, rule, and whether it is a warning.
    fn told(fixture: &Fixture, catalog: &Catalog) -> Vec<(String, &'static str, bool)> {
        let faults = match Register::compile(&fixture.sources, catalog, TODAY) {
            Ok((_, warnings)) => warnings,
            Err(faults) => faults,
        };
        faults
            .into_iter()
            .map(|fault| (fault.file.display().to_string(), fault.rule, fault.warning))
            .collect()
    }

    #[test]
    fn a_draft_is_used_only_by_those_who_say_so_and_name_its_text() {
        let catalog = catalog_with_a_draft("thu");
        let pin = pin_of(&catalog);
        let known = format!("draft = true\n{pin}");
        let fault = |file: &str, rule| (file.to_owned(), rule, false);
        let warning = |file: &str, rule| (file.to_owned(), rule, true);

        // Silence is a refusal, and so is `false`.
        for word in ["", "draft = false"] {
            let silent = format!("{word}\n{pin}");
            assert_eq!(
                told(&saying([&silent, &silent]), &catalog),
                [fault(AGREEMENT, "draft-contract"), fault(SERVICE, "draft-contract")]
            );
        }
        assert_eq!(
            told(&saying([&known, &pin]), &catalog),
            [fault(AGREEMENT, "draft-contract"), warning(SERVICE, "draft-in-use")],
            "the service's word is not the agreement's"
        );
        assert_eq!(
            told(&saying([&known, &known]), &catalog),
            [warning(AGREEMENT, "draft-in-use"), warning(SERVICE, "draft-in-use")]
        );
        // A draft changes within its version: no text, or another text, stops the document.
        assert_eq!(
            told(&saying([&known, "draft = true"]), &catalog),
            [
                fault(AGREEMENT, "contract-not-pinned"),
                warning(AGREEMENT, "draft-in-use"),
                warning(SERVICE, "draft-in-use")
            ]
        );
        let stale = "draft = true\ncontract_revision = \"000000000000\"";
        let rules = told(&saying([stale, &known]), &catalog);
        assert!(rules.contains(&fault(SERVICE, "contract-changed")), "{rules:?}");
    }

    #[test]
    fn a_draft_with_open_answers_is_used_by_nobody() {
        let catalog = crate::fixture::catalog_with_an_open_draft();
        assert!(catalog.is_open_draft(&"thu@1".parse().unwrap()));
        let known = "draft = true";
        let rules = told(&saying([known, known]), &catalog);
        assert!(rules.contains(&(SERVICE.to_owned(), "open-draft", false)), "{rules:?}");
        assert!(Register::compile(&saying([known, known]).sources, &catalog, TODAY).is_err());
    }

    #[test]
    fn an_active_contract_needs_no_word_and_one_too_many_is_told() {
        let catalog = crate::fixture::catalog();
        assert_eq!(told(&saying(["", ""]), catalog), []);
        let rules = told(&saying(["draft = true", "draft = false"]), catalog);
        assert_eq!(rules, [(SERVICE.to_owned(), "not-a-draft", true)]);
        let rules = told(&saying(["draft = 1", ""]), catalog);
        assert_eq!(rules, [(SERVICE.to_owned(), "wrong-type", false)]);
    }

    #[test]
    fn no_sharing_mode_gives_a_draft_to_everyone() {
        let catalog = catalog_with_a_draft("thu");
        let known = format!("draft = true\n{}", pin_of(&catalog));
        for mode in ["default", "open"] {
            let open = saying([&known, &known]).edit(SERVICE, "\"on-request\"", &format!("\"{mode}\""));
            let rules = told(&open, &catalog);
            assert!(rules.contains(&(SERVICE.to_owned(), "draft-by-mode", false)), "{mode}: {rules:?}");
        }
    }

    #[test]
    fn no_operation_answers_by_a_draft() {
        let rules = told(&Fixture::new(), &catalog_with_a_draft("ket-qua"));
        assert_eq!(rules, [("services/G06/xac-thuc.toml".to_owned(), "draft-reply", false)]);
    }
}
