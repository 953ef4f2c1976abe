//! What the legal text asks for, article by article, and which contract answers: `catalog/scope.toml`.
//!
//! An owner who asks "is everything there?" cannot read it off a list of contracts: the question is about
//! the text. So the table quotes the text, names each kind of information in its own words and order, and
//! says which contracts hold it. A kind without a contract is a fault, and so is a contract that is not in
//! the catalogue: the table cannot promise what is not there. A catalogue that answers to no such text need
//! not have the file.

use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use crate::{Bilingual, ContractId, Fault, Place};

/// The articles of a legal text that say what the information system holds.
#[derive(Clone, Debug)]
pub struct Scope {
    /// What the text is called.
    pub source: Bilingual,
    /// Its articles, in its order.
    pub articles: Vec<Article>,
}

/// One article.
#[derive(Clone, Debug)]
pub struct Article {
    /// Its number.
    pub number: u32,
    /// What it is about.
    pub title: Bilingual,
    /// The point of the text's overview that it spells out, such as `Điều 4 khoản 1 điểm b`.
    pub spells_out: Option<String>,
    /// The words of the text that name the kinds of information.
    pub text: String,
    /// The kinds, in the order of the text.
    pub items: Vec<Item>,
}

/// A kind of information that an article names.
#[derive(Clone, Debug)]
pub struct Item {
    /// Where, such as `Điều 9 khoản 2`.
    pub at: String,
    /// The text's own words, and a translation.
    pub title: Bilingual,
    /// The contracts that hold it, at least one.
    pub contracts: Vec<ContractId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    source: Bilingual,
    articles: Vec<WrittenArticle>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenArticle {
    number: u32,
    title: Bilingual,
    spells_out: Option<String>,
    text: String,
    items: Vec<WrittenItem>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenItem {
    at: String,
    vi: String,
    en: String,
    contracts: Spanned<Vec<Spanned<String>>>,
}

impl Scope {
    /// Reads the text of `file`; `has` says whether the catalogue has a contract.
    pub(super) fn read(
        file: &Path,
        text: &str,
        has: impl Fn(&ContractId) -> bool,
        faults: &mut Vec<Fault>,
    ) -> Option<Self> {
        let written: Written = match toml::from_str(text) {
            Ok(written) => written,
            Err(error) => {
                faults.push(Fault::of_toml(file, text, &error));
                return None;
            }
        };
        let before = faults.len();
        let articles = written.articles.into_iter().map(|article| Article {
            number: article.number,
            title: article.title,
            spells_out: article.spells_out,
            text: article.text,
            items: article.items.into_iter().map(|item| item.held(file, text, &has, faults)).collect(),
        });
        let scope = Self { source: written.source, articles: articles.collect() };
        (faults.len() == before).then_some(scope)
    }

    /// Every kind of information with its article, in the order of the text.
    pub fn items(&self) -> impl Iterator<Item = (&Article, &Item)> {
        self.articles.iter().flat_map(|article| article.items.iter().map(move |item| (article, item)))
    }

    /// Where the text asks for what `contract` holds; a contract may answer to several places.
    pub fn asks_for(&self, contract: &ContractId) -> impl Iterator<Item = (&Article, &Item)> {
        self.items().filter(move |(_, item)| item.contracts.contains(contract))
    }
}

impl WrittenItem {
    fn held(
        self,
        file: &Path,
        text: &str,
        has: impl Fn(&ContractId) -> bool,
        faults: &mut Vec<Fault>,
    ) -> Item {
        let mut fault = |at: usize, rule, message: (String, String), remedy: (&str, &str)| {
            faults.push(Fault {
                file: file.to_owned(),
                place: Some(Place::of(text, at)),
                rule,
                message: Bilingual::new(message.0, message.1),
                remedy: Bilingual::new(remedy.0, remedy.1),
                warning: false,
            });
        };
        if self.contracts.get_ref().is_empty() {
            fault(
                self.contracts.span().start,
                "no-contract",
                (
                    format!("Chưa có hợp đồng dữ liệu nào cho `{}`", self.vi),
                    format!("No contract holds `{}`", self.en),
                ),
                (
                    "Ghi ít nhất một hợp đồng; nếu chưa có, soạn một hợp đồng dự thảo.",
                    "Name at least one contract; if there is none, write a draft.",
                ),
            );
        }
        let mut contracts = Vec::new();
        for name in self.contracts.into_inner() {
            match name.get_ref().parse::<ContractId>() {
                Ok(id) if has(&id) => contracts.push(id),
                _ => fault(
                    name.span().start,
                    "unknown-contract",
                    (
                        "Danh mục không có hợp đồng này".to_owned(),
                        "The catalogue has no such contract".to_owned(),
                    ),
                    (
                        "Sửa tên, ghi như `nhiem-vu@1`, hoặc thêm hợp đồng.",
                        "Correct the name, written like `nhiem-vu@1`, or add the contract.",
                    ),
                ),
            }
        }
        Item { at: self.at, title: Bilingual::new(self.vi, self.en), contracts }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Written, shipped};
    use crate::Contract;

    /// The articles of the draft circular that name kinds of information.
    const ARTICLES: &[u32] = &[4, 8, 9, 10, 11, 12, 13, 14];

    /// How many clauses each article of the draft circular has, from Điều 1 on.
    const CLAUSES: [u32; 24] = [2, 4, 8, 3, 2, 5, 4, 6, 2, 3, 0, 0, 0, 2, 5, 6, 6, 5, 3, 12, 6, 4, 0, 3];

    /// The words of an enumeration that are none of its items.
    const BETWEEN: &[&str] = &["và", "Thông", "tin", "về", "1", "2", "3", "4", "5", "h"];

    /// What the draft circular is cited for: article and clause.
    fn cited(contract: &Contract) -> Vec<(u32, Option<u32>)> {
        let number = |text: &str| text.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().ok();
        let basis = contract.legal_basis().iter().filter(|text| text.starts_with("Dự thảo Thông tư"));
        basis
            .flat_map(|text| text.split("Điều ").skip(1))
            .map(|rest| {
                let article = number(rest).unwrap();
                let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
                (article, after.strip_prefix(" khoản ").and_then(number))
            })
            .collect()
    }

    #[test]
    fn every_kind_that_the_text_names_has_a_contract() {
        let catalog = shipped();
        let scope = catalog.scope().unwrap();
        let articles: Vec<u32> = scope.articles.iter().map(|article| article.number).collect();
        assert_eq!(articles, ARTICLES);
        let spelt_out: Vec<&str> =
            scope.articles.iter().filter_map(|article| article.spells_out.as_deref()).collect();
        let points = ["a", "b", "c", "d", "đ", "e", "g"].map(|point| format!("Điều 4 khoản 1 điểm {point}"));
        assert_eq!(spelt_out, points, "point h has its own contract");
        for article in &scope.articles {
            let words: Vec<&str> = article.text.split_whitespace().collect();
            let text = words.join(" ");
            let mut rest = text.split_once("nội dung chính:").map_or(&*text, |(_, rest)| rest);
            let mut between = Vec::new();
            for item in &article.items {
                let (before, after) = rest
                    .split_once(&item.title.vi)
                    .unwrap_or_else(|| panic!("Điều {}: `{}` is not next", article.number, item.title.vi));
                between.push(before);
                rest = after;
            }
            between.push(rest);
            let words = between.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
            let left: Vec<&str> = words.filter(|word| !word.is_empty() && !BETWEEN.contains(word)).collect();
            assert!(left.is_empty(), "Điều {} names more: {left:?}", article.number);
        }
    }

    #[test]
    fn a_contract_cites_the_article_that_asks_for_it_and_no_article_that_is_not_there() {
        let catalog = shipped();
        let scope = catalog.scope().unwrap();
        for contract in catalog.contracts() {
            let (id, cited) = (contract.id(), cited(contract));
            assert!(!cited.is_empty(), "{id} does not cite the draft circular");
            for (article, clause) in &cited {
                let clauses = CLAUSES.get(*article as usize - 1);
                let there = clauses.is_some_and(|clauses| clause.is_none_or(|clause| clause <= *clauses));
                assert!(there, "{id} cites Điều {article} {clause:?}");
            }
            for (article, item) in scope.asks_for(id) {
                let clause =
                    item.at.split_once(" khoản ").map(|(_, clause)| clause.split(' ').next().unwrap());
                let clause = clause.map(|clause| clause.parse().unwrap());
                assert!(cited.contains(&(article.number, clause)), "{id} does not cite {}", item.at);
            }
            if scope.asks_for(id).next().is_none() {
                let asked = |(article, _): &(u32, Option<u32>)| ARTICLES.contains(article);
                assert!(!cited.iter().any(asked), "{id} is missing in the table");
            }
        }
    }

    #[test]
    fn a_kind_without_a_contract_and_a_contract_that_is_not_there_are_faults() {
        let written = Written::sound();
        let scope = |contracts: &str| {
            let text = format!(
                "source = {{ vi = \"Luật\", en = \"Law\" }}\n[[articles]]\nnumber = 1\n\
                 title = {{ vi = \"Mẫu\", en = \"Sample\" }}\ntext = \"mẫu\"\n[[articles.items]]\n\
                 at = \"Điều 1\"\nvi = \"mẫu\"\nen = \"sample\"\ncontracts = {contracts}\n"
            );
            written.put("catalog/scope.toml", &text);
            written.faults()
        };
        assert_eq!(scope("[\"mau@1\"]"), [""; 0]);
        let catalog = written.load().unwrap();
        let asked: Vec<&str> = catalog
            .scope()
            .unwrap()
            .asks_for(&"mau@1".parse().unwrap())
            .map(|(_, item)| item.at.as_str())
            .collect();
        assert_eq!(asked, ["Điều 1"]);
        assert_eq!(scope("[]"), ["catalog/scope.toml:10 no-contract"]);
        assert_eq!(
            scope("[\"mau@1\",\n\"mau@2\", \"mau\"]"),
            ["catalog/scope.toml:11 unknown-contract", "catalog/scope.toml:11 unknown-contract"]
        );
        assert_eq!(scope("[\"mau@1\"]\nextra = 1"), ["catalog/scope.toml:11 unreadable-toml"]);
    }
}
