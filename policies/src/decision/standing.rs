//! What is asked of every request, whoever has an agreement: the version, the members, the
//! environment, the operation.

use jiff::civil::Date;

use super::{
    Hearing, Offer, Rule, Stop, Witness,
    words::{days, quoted, text},
};
use crate::Service;

impl<'r, W: Witness> Hearing<'r, '_, '_, W> {
    pub(super) fn offer(&mut self) -> Result<Offer<'r>, Stop<'r>> {
        let (register, ask, today) = (self.register, self.ask, self.local.date());
        let service = register.service(ask.service);
        let version = self.need(Rule::VersionUnknown, None, service.version(ask.version), || {
            let served = service.versions.iter().map(|version| format!("v{}", version.number));
            let served = served.collect::<Vec<_>>().join(", ");
            text(
                format!("dịch vụ `{}` phục vụ {served}; yêu cầu hỏi v{}", service.id, ask.version),
                format!("service `{}` serves {served}; the request asks for v{}", service.id, ask.version),
            )
        })?;
        self.ask(Rule::VersionRetired, None, !version.is_retired(today), || match version.retired_from {
            Some(day) => text(
                format!("phiên bản v{} ngừng phục vụ từ {day}; hôm nay là {today}", version.number),
                format!("version v{} is retired from {day}; today is {today}", version.number),
            ),
            None => text(
                format!("phiên bản v{} không có ngày ngừng phục vụ", version.number),
                format!("version v{} has no day of retirement", version.number),
            ),
        })?;
        self.standing(service, today)?;
        let operation =
            self.need(Rule::OperationNotOffered, None, version.operation(ask.operation), || {
                let offered = quoted(version.operations().map(|(operation, _)| operation.as_str()));
                text(
                    format!(
                        "dịch vụ `{}` v{} có các thao tác {offered}; yêu cầu là `{}`",
                        service.id, version.number, ask.operation
                    ),
                    format!(
                        "service `{}` v{} offers the operations {offered}; the request is `{}`",
                        service.id, version.number, ask.operation
                    ),
                )
            })?;
        Ok(Offer { service, version, operation })
    }

    /// Who asks: the member, the right to speak for it, the environment.
    fn standing(&mut self, service: &'r Service, today: Date) -> Result<(), Stop<'r>> {
        let (register, ask) = (self.register, self.ask);
        let caller = register.system(ask.caller);
        for key in [Some(caller.member), ask.represented].into_iter().flatten() {
            let member = register.member(key);
            self.ask(Rule::MemberNotValid, None, member.valid.contains(today), || {
                let id = &member.id;
                let (vi, en) = match &member.successor {
                    Some(next) => {
                        (format!("; cơ quan kế thừa là `{next}`"), format!("; its successor is `{next}`"))
                    }
                    None => (String::new(), String::new()),
                };
                text(
                    format!("cơ quan `{id}` có hiệu lực {}; hôm nay là {today}{vi}", days(&member.valid).vi),
                    format!("member `{id}` exists {}; today is {today}{en}", days(&member.valid).en),
                )
            })?;
        }
        if let Some(represented) = ask.represented {
            let allowed = represented == caller.member || caller.relays_for.contains(&represented);
            self.ask(Rule::RepresentationNotAllowed, None, allowed, || {
                let member = &register.member(represented).id;
                text(
                    format!(
                        "hệ thống `{}` nói thay `{member}`; danh sách `relays_for` của hệ thống quyết định",
                        caller.id
                    ),
                    format!("system `{}` speaks for `{member}`; its `relays_for` decides", caller.id),
                )
            })?;
        }
        let provider = register.system(service.system);
        let same = *caller.environment == *ask.environment && *provider.environment == *ask.environment;
        self.ask(Rule::Environment, None, same, || {
            text(
                format!(
                    "cổng chạy môi trường `{}`; `{}` thuộc `{}`, `{}` thuộc `{}`",
                    ask.environment, caller.id, caller.environment, provider.id, provider.environment
                ),
                format!(
                    "the gateway runs in `{}`; `{}` belongs to `{}`, `{}` to `{}`",
                    ask.environment, caller.id, caller.environment, provider.id, provider.environment
                ),
            )
        })
    }
}
