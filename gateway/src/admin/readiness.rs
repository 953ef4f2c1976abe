//! Whether traffic should be sent here, and what an operator should look at although it may.

use std::fmt;

use contracts::Bilingual;
use jiff::Timestamp;

use crate::exchange::Gateway;

/// The verdict on one moment.
pub(super) struct Readiness {
    /// Why no traffic should come: nothing would pass.
    pub(super) reasons: Vec<Bilingual>,
    /// What is wrong while traffic passes.
    pub(super) concerns: Vec<Bilingual>,
}

impl Readiness {
    pub(super) fn of(gateway: &Gateway, now: Timestamp) -> Self {
        let keeper = gateway.keeper();
        let (mut reasons, mut concerns) = (Vec::new(), Vec::new());
        reasons.extend(gateway.journal().fault().map(|fault| fault.explain()));
        let pki = keeper.tls().current();
        if pki.own_expiry() <= now {
            reasons.push(Bilingual::new(
                "Chứng thư máy chủ đã hết hạn: mọi bên gọi từ chối kết nối. Thay tệp `[tls] certificate`.",
                "The server certificate has expired: every caller refuses the connection. Replace `[tls] certificate`.",
            ));
        }
        for list in pki.revocation_lists().filter(|list| list.next_update <= now) {
            let file = list.file.display();
            concerns.push(if list.stale_from <= now {
                Bilingual::new(
                    format!("Danh sách thu hồi `{file}` quá hạn và quá ân hạn: chứng thư của tổ chức này bị từ chối. Tải danh sách mới."),
                    format!("The revocation list `{file}` is past its date and grace: its authority's certificates are refused. Fetch the present one."),
                )
            } else {
                let from = policies::local(list.stale_from).strftime("%H:%M %d/%m/%Y").to_string();
                Bilingual::new(
                    format!("Danh sách thu hồi `{file}` đã quá hạn; từ {from} chứng thư của tổ chức này sẽ bị từ chối. Tải danh sách mới."),
                    format!("The revocation list `{file}` is past its date; from {from} its authority's certificates are refused. Fetch the present one."),
                )
            });
        }
        concerns.extend(gateway.quota().fault());
        concerns.extend(gateway.quota().standing().and_then(|shared| shared.concern));
        let standing = keeper.standing();
        let faults = standing.faults().count();
        if standing.last_good {
            concerns.push(Bilingual::new(
                "Đang dùng bản tài liệu tốt gần nhất vì tài liệu hiện tại có lỗi. Chạy `lienthong check`.",
                "The last good documents are served, since the present ones have faults. Run `lienthong check`.",
            ));
        } else if faults > 0 {
            concerns.push(Bilingual::new(
                format!("{faults} lỗi giữ tài liệu mới chưa có hiệu lực. Chạy `lienthong check`."),
                format!("{faults} fault(s) keep what was written from taking effect. Run `lienthong check`."),
            ));
        }
        if keeper.loaded().was_edited() {
            concerns.push(Bilingual::new(
                "`gateway.toml` đã được sửa sau khi cổng khởi động; thay đổi có hiệu lực ở lần khởi động sau.",
                "`gateway.toml` was edited since the start; the edit takes effect at the next start.",
            ));
        }
        Self { reasons, concerns }
    }

    /// The process was told to end: whoever is sent here now finds the door closing.
    pub(super) fn leaving(&mut self) {
        self.reasons.push(Bilingual::new(
            "Cổng đang dừng theo lệnh: gửi lưu lượng sang nút khác.",
            "The gateway is ending as it was told to: send traffic to another node.",
        ));
    }

    pub(super) fn is_ready(&self) -> bool {
        self.reasons.is_empty()
    }
}

/// For probes and for people, who may read either language.
impl fmt::Display for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", if self.is_ready() { "ready" } else { "not ready" })?;
        for told in self.reasons.iter().chain(&self.concerns) {
            writeln!(f, "{}\n{}", told.vi, told.en)?;
        }
        Ok(())
    }
}
