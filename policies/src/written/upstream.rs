//! `upstream` of a version, as written.

use std::{ops::RangeInclusive, time::Duration};

use toml::Spanned;

use super::{Length, Reference, Table, Url, both, values::is_host};
use crate::upstream::{
    Balance, Breaker, ClientCertificate, Endpoint, HealthCheck, Look, MOST_ENDPOINTS, Retry, Timeouts,
    Upstream,
};

/// Thresholds beyond this are never reached.
const MOST_IN_A_ROW: u64 = 1000;

/// A look more often than this is traffic; one less often sees nothing.
const EVERY: RangeInclusive<Duration> = Duration::from_millis(500)..=Duration::from_secs(3600);

/// A rest that is shorter is none; one that is longer is an outage of the gateway's own making.
const REST: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(600);

/// More retries a second than this are no minimum.
const MOST_RETRIES: u64 = 10_000;

/// The longest path of a look; as long as any in use, many times over.
const LONGEST_PATH: usize = 1024;

impl Upstream {
    /// Reads `upstream`; `None` when it lacks what makes it one.
    pub(crate) fn read(table: Table<'_>) -> Option<Self> {
        let endpoints = endpoints(&table);
        let server_name = table.required("server_name", table.text("server_name"));
        let server_name = server_name.and_then(|name| proven_name(&table, name));
        let trust = Reference::read(&table, "trust");
        let trust = table.required("trust", trust);
        let client_certificate = table.table("client_certificate").and_then(|pair| {
            let cert = pair.required("cert", Reference::read(&pair, "cert"));
            let key = pair.required("key", Reference::read(&pair, "key"));
            pair.close();
            Some(ClientCertificate { certificate: cert?, key: key? })
        });
        let timeout = table.table("timeout").map(timeouts).unwrap_or_default();
        let concurrent = table.limit("concurrent").map_or(Self::CONCURRENT, Spanned::into_inner);
        let balance = table.value::<Balance>("balance").map(Spanned::into_inner).unwrap_or_default();
        let breaker = table.table("breaker").map(breaker).unwrap_or_default();
        let health = table.table("health").map(health);
        let retry = table.table("retry").map(retry).unwrap_or_default();
        table.close();
        Some(Self {
            endpoints: endpoints?,
            server_name: server_name?,
            trust: trust?,
            client_certificate,
            timeout,
            concurrent,
            balance,
            breaker,
            health,
            retry,
        })
    }
}

/// All of them, or none when one is wrong.
fn endpoints(table: &Table<'_>) -> Option<Vec<Endpoint>> {
    let written = table.required("endpoints", table.tables("endpoints"));
    let count = written.as_ref().map_or(0, Vec::len);
    let endpoints: Vec<Endpoint> = written.unwrap_or_default().into_iter().filter_map(endpoint).collect();
    if count == 0 && table.has("endpoints") {
        table.sheet().fault(
            table.span(),
            "no-endpoint",
            both("chưa có địa chỉ nào của bên cung cấp", "the provider has no address"),
            both("Thêm `{ url = \"https://…\" }`", "Add `{ url = \"https://…\" }`"),
        );
    }
    if count > MOST_ENDPOINTS {
        table.sheet().fault(
            table.span(),
            "too-many-endpoints",
            both(
                format!("bên cung cấp có quá {MOST_ENDPOINTS} địa chỉ"),
                format!("the provider has more than {MOST_ENDPOINTS} addresses"),
            ),
            both(
                "Đặt một bộ cân bằng tải phía trước các máy đó và ghi địa chỉ của nó",
                "Put a load balancer in front of these machines and name its address",
            ),
        );
    }
    (endpoints.len() == count && (1..=MOST_ENDPOINTS).contains(&count)).then_some(endpoints)
}

fn endpoint(table: Table<'_>) -> Option<Endpoint> {
    let url = table.required("url", table.value::<Url>("url"));
    let weight = table.limit("weight").map_or(1, Spanned::into_inner);
    table.close();
    Some(Endpoint { address: url?.into_inner().0, weight })
}

fn proven_name(table: &Table<'_>, name: Spanned<String>) -> Option<String> {
    let address = name.get_ref().parse::<std::net::IpAddr>().is_ok();
    if address || !is_host(name.get_ref()) {
        // An empty name would switch verification off in some TLS stacks (FACTS 11).
        table.sheet().fault(
            name.span(),
            "bad-server-name",
            both(
                "`server_name` phải là tên máy trong chứng thư của bên cung cấp",
                "`server_name` must be the host name in the provider's certificate",
            ),
            both("Lấy tên trong SAN của chứng thư đó", "Take the name from that certificate's SAN"),
        );
        return None;
    }
    Some(name.into_inner().to_ascii_lowercase())
}

fn timeouts(table: Table<'_>) -> Timeouts {
    let default = Timeouts::default();
    let length = |key| table.value::<Length>(key);
    let connect = length("connect").map_or(default.connect, |length| length.into_inner().0);
    let request = length("request").map_or(default.request, |length| length.into_inner().0);
    let attempt = length("attempt");
    if let Some(attempt) = attempt.as_ref().filter(|attempt| attempt.get_ref().0 > request) {
        table.sheet().fault(
            attempt.span(),
            "bad-timeout",
            both("`attempt` dài hơn `request`", "`attempt` is longer than `request`"),
            both(
                "Ghi thời gian chờ một địa chỉ trước khi hỏi địa chỉ khác, ngắn hơn `request`",
                "Give how long one endpoint is waited for before another is asked, less than `request`",
            ),
        );
    }
    table.close();
    Timeouts { connect, request, attempt: attempt.map(|attempt| attempt.into_inner().0) }
}

fn breaker(table: Table<'_>) -> Breaker {
    let default = Breaker::default();
    let failures = whole(&table, "failures", 1..=MOST_IN_A_ROW).unwrap_or(default.failures);
    let rest = length(&table, "rest", REST);
    let longest = length(&table, "longest_rest", REST);
    let rest = rest.map_or(default.rest, Spanned::into_inner);
    if let Some(longest) = longest.as_ref().filter(|longest| *longest.get_ref() < rest) {
        table.sheet().fault(
            longest.span(),
            "bad-length",
            both("`longest_rest` ngắn hơn `rest`", "`longest_rest` is shorter than `rest`"),
            both("Sửa một trong hai", "Correct one of them"),
        );
    }
    table.close();
    let longest_rest = longest.map_or(default.longest_rest.max(rest), Spanned::into_inner);
    Breaker { failures, rest, longest_rest }
}

fn health(table: Table<'_>) -> HealthCheck {
    let path = table.text("path").and_then(|path| looked_at(&table, path));
    let connect = table.value::<Connect>("connect");
    if let (Some(_), Some(connect)) = (&path, &connect) {
        table.sheet().fault(
            connect.span(),
            "two-looks",
            both("`path` và `connect` không đi cùng nhau", "`path` and `connect` do not go together"),
            both(
                "Giữ `path` để hỏi bằng HTTP, hoặc `connect` để chỉ thử kết nối",
                "Keep `path` to ask by HTTP, or `connect` to try a connection only",
            ),
        );
    }
    let every = length(&table, "every", EVERY).map_or(HealthCheck::EVERY, Spanned::into_inner);
    let timeout = length(&table, "timeout", Duration::from_millis(1)..=every);
    let fall = whole(&table, "fall", 1..=MOST_IN_A_ROW).unwrap_or(HealthCheck::FALL);
    let rise = whole(&table, "rise", 1..=MOST_IN_A_ROW).unwrap_or(HealthCheck::RISE);
    table.close();
    let look = match (path, connect.map(Spanned::into_inner)) {
        (Some(path), _) => Look::Path(path),
        (None, Some(Connect::Tcp)) => Look::Tcp,
        (None, _) => Look::Tls,
    };
    let timeout = timeout.map_or(HealthCheck::TIMEOUT.min(every), Spanned::into_inner);
    HealthCheck { look, every, timeout, fall, rise }
}

/// How far a look goes that asks nothing.
#[derive(Clone, Copy)]
enum Connect {
    Tcp,
    Tls,
}

super::words! {
    Connect: "`tls` hoặc `tcp`", "`tls` or `tcp`",
    "tls" => Self::Tls, "tcp" => Self::Tcp,
}

/// A path, and a query if need be, that is sent as it stands.
fn looked_at(table: &Table<'_>, path: Spanned<String>) -> Option<String> {
    let plain =
        |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'#' | b'"' | b'<' | b'>' | b'\\' | b'`');
    let good = path.get_ref().starts_with('/')
        && path.get_ref().len() <= LONGEST_PATH
        && path.get_ref().bytes().all(plain);
    if !good {
        table.sheet().fault(
            path.span(),
            "bad-path",
            both("`path` phải là đường dẫn như `/healthz`", "`path` must be a path such as `/healthz`"),
            both(
                "Bắt đầu bằng `/`, chỉ ký tự ASCII, không khoảng trắng",
                "Begin with `/`; ASCII only, without spaces",
            ),
        );
    }
    good.then(|| path.into_inner())
}

fn retry(table: Table<'_>) -> Retry {
    let default = Retry::default();
    let percent = whole(&table, "percent", 0..=100).unwrap_or(default.percent);
    let per_second = whole(&table, "per_second", 0..=MOST_RETRIES).unwrap_or(default.per_second);
    let idempotency_key = table.boolean("idempotency_key").is_some_and(Spanned::into_inner);
    table.close();
    Retry { percent, per_second, idempotency_key }
}

/// A whole number within `range`.
fn whole(table: &Table<'_>, key: &'static str, range: RangeInclusive<u64>) -> Option<u32> {
    let number = table.integer(key)?;
    if !range.contains(number.get_ref()) {
        let (from, to) = (range.start(), range.end());
        table.sheet().fault(
            number.span(),
            "bad-number",
            both(format!("`{key}` phải từ {from} đến {to}"), format!("`{key}` must be from {from} to {to}")),
            both(
                "Sửa số, hoặc xóa khóa để dùng giá trị mặc định",
                "Correct it, or delete the key for the default",
            ),
        );
        return None;
    }
    u32::try_from(number.into_inner()).ok()
}

/// A length of time within `range`.
fn length(
    table: &Table<'_>,
    key: &'static str,
    range: RangeInclusive<Duration>,
) -> Option<Spanned<Duration>> {
    let length = table.value::<Length>(key)?;
    let (span, length) = (length.span(), length.into_inner().0);
    if !range.contains(&length) {
        let (from, to) = (range.start(), range.end());
        table.sheet().fault(
            span,
            "bad-length",
            both(
                format!("`{key}` phải từ {from:?} đến {to:?}"),
                format!("`{key}` must be from {from:?} to {to:?}"),
            ),
            both(
                "Sửa thời gian, hoặc xóa khóa để dùng giá trị mặc định",
                "Correct it, or delete the key for the default",
            ),
        );
        return None;
    }
    Some(Spanned::new(span, length))
}
