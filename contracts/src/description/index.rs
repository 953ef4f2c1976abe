//! All contracts of a catalogue on one page, in Markdown: `catalog/INDEX.md` is this.

use crate::{Catalog, Contract, Status, scope::Scope};

/// The page: how many contracts there are, and one row for each.
pub fn index(catalog: &Catalog) -> String {
    let count = |status| catalog.contracts().filter(|contract| contract.status() == status).count();
    let (active, drafts) = (count(Status::Active), count(Status::Draft));
    let mut page = format!(
        "# Bộ dữ liệu / Datasets\n\n\
         {} hợp đồng: {active} hiệu lực, {drafts} dự thảo. / {0} contracts: {active} active, {drafts} drafts.\n\n\
         | hợp đồng / contract | tên gọi / title | căn cứ / article | cơ quan / owner | cập nhật / update | trạng thái / status |\n\
         |---|---|---|---|---|---|\n",
        active + drafts
    );
    for contract in catalog.contracts() {
        let (title, update) = (contract.title(), contract.update().title());
        page.push_str(&format!(
            "| `{}` | {} / {} | {} | {} | {} / {} | {} |\n",
            contract.id(),
            title.vi,
            title.en,
            articles(contract, catalog.scope()),
            contract.owner(),
            update.vi,
            update.en,
            contract.status().as_str(),
        ));
    }
    page
}

/// Where the legal text asks for the contract; where it asks for no such record, what the contract rests on.
fn articles(contract: &Contract, scope: Option<&Scope>) -> String {
    let mut places: Vec<&str> = Vec::new();
    for (_, item) in scope.into_iter().flat_map(|scope| scope.asks_for(contract.id())) {
        if !places.contains(&item.at.as_str()) {
            places.push(&item.at);
        }
    }
    if places.is_empty() { contract.legal_basis().join("; ") } else { places.join(", ") }
}
