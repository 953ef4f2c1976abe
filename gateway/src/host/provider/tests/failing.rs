//! Providers that fail: what is tried then, and what never is.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use policies::Look;

use super::*;

const MS: fn(u64) -> Duration = Duration::from_millis;

/// Rests that a test can wait for.
const BRISK: Breaker = Breaker { failures: 3, rest: MS_200, longest_rest: MS_400 };
const MS_200: Duration = Duration::from_millis(200);
const MS_400: Duration = Duration::from_millis(400);

/// One provider at all of their addresses; the first one's certificates are the others' too.
fn among(neighbours: &[&Neighbour]) -> ProviderSettings {
    let mut settings = neighbours[0].settings();
    settings.endpoints = neighbours
        .iter()
        .map(|one| EndpointSettings { url: format!("https://{}/ws", one.address), weight: 1 })
        .collect();
    settings.breaker = BRISK;
    settings
}

fn answers(status: &str) -> Deed {
    Deed::Say(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n"))
}

/// A call with time and a count of its own.
fn errand() -> &'static Errand {
    Box::leak(Box::new(Errand::begin(Duration::from_secs(10), None)))
}

fn state(provider: &Provider, index: usize) -> &'static str {
    provider.report().endpoints[index].state
}

#[tokio::test]
async fn an_open_circuit_is_left_alone_and_one_call_finds_out() {
    // Alive only after a while.
    let began = Instant::now();
    let neighbour =
        Neighbour::open(move |_, _| if began.elapsed() < MS(600) { Deed::Close } else { ok("a") }).await;
    let provider = Arc::new(compile(&among(&[&neighbour])));
    for _ in 0..3 {
        assert_eq!(provider.call(get("/a")).await.unwrap_err(), BROKEN);
    }
    assert_eq!(neighbour.heard().len(), 3);
    for _ in 0..20 {
        let fault = provider.call(get("/a")).await.unwrap_err();
        assert!(matches!(fault, CallFault::CircuitOpen { wait } if wait <= MS_200), "{fault:?}");
    }
    assert_eq!((neighbour.heard().len(), provider.report().shut, state(&provider, 0)), (3, 20, "open"));
    // Of many that come when the rest is over, one is sent.
    sleep(MS(210)).await;
    let calls = (0..20)
        .map(|_| provider.clone())
        .map(|provider| tokio::spawn(async move { provider.call(get("/a")).await }));
    let mut outcomes = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        outcomes.push(call.await.unwrap().unwrap_err());
    }
    assert_eq!(outcomes.iter().filter(|fault| **fault == BROKEN).count(), 1, "{outcomes:?}");
    assert_eq!(neighbour.heard().len(), 4);
    sleep(MS(410)).await;
    assert_eq!(provider.call(get("/a")).await.unwrap().status, 200);
    assert_eq!(state(&provider, 0), "well");
    let report = provider.report();
    assert_eq!((report.endpoints[0].failures, report.endpoints[0].rests, report.under_way), (4, 1, 0));
}

#[tokio::test]
async fn a_reload_forgets_nothing() {
    let neighbour = Neighbour::open(|_, _| Deed::Close).await;
    let standings = Standings::default();
    let settings = among(&[&neighbour]);
    let compile =
        |settings: &ProviderSettings| Provider::compile(settings, &standings, Timestamp::now()).unwrap().0;
    let old = compile(&settings);
    for _ in 0..3 {
        old.call(get("/a")).await.unwrap_err();
    }
    let new = compile(&settings);
    drop(old);
    standings.sweep();
    assert!(matches!(new.call(get("/a")).await, Err(CallFault::CircuitOpen { .. })));
    let other = compile(&ProviderSettings { name: ("G06/thu".to_owned(), 2), ..settings.clone() });
    assert_eq!(other.call(get("/a")).await.unwrap_err(), BROKEN, "another version is another upstream");
    let mended = compile(&ProviderSettings { server_name: "127.0.0.1".to_owned(), ..settings.clone() });
    let fault = mended.call(get("/a")).await.unwrap_err();
    assert!(!matches!(fault, CallFault::CircuitOpen { .. }), "a mended name waits for no rest: {fault:?}");
    drop((new, other, mended));
    standings.sweep();
    assert_eq!(compile(&settings).call(get("/a")).await.unwrap_err(), BROKEN, "nobody had it any more");
}

#[tokio::test]
async fn who_only_reads_sees_nothing_of_a_dying_endpoint() {
    for dying in [
        Deed::Close,
        answers("503 Service Unavailable"),
        Deed::SayAndCut("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc".to_owned()),
    ] {
        let dead = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let (flag, deed) = (dead.clone(), dying.clone());
        let one = Neighbour::open(move |_, _| if flag.load(Relaxed) { deed.clone() } else { ok("a") }).await;
        let two = one.twin(|_, _| ok("a")).await;
        let provider = Arc::new(compile(&among(&[&one, &two])));
        let failed = Arc::new(AtomicUsize::new(0));
        let load: Vec<_> = (0..16)
            .map(|_| (provider.clone(), failed.clone()))
            .map(|(provider, failed)| {
                tokio::spawn(async move {
                    for _ in 0..30 {
                        let reply = provider.call(Call { errand: errand(), ..get("/a") }).await;
                        if !reply.is_ok_and(|reply| reply.status == 200) {
                            failed.fetch_add(1, Relaxed);
                        }
                    }
                })
            })
            .collect();
        sleep(MS(20)).await;
        dead.store(true, Relaxed);
        for one in load {
            one.await.unwrap();
        }
        assert_eq!(failed.load(Relaxed), 0);
        let report = provider.report();
        assert!(report.retries > 0 && report.endpoints[0].failures > 0, "{report:?}");
        assert_eq!(report.under_way, 0);
    }
}

#[tokio::test]
async fn what_changes_something_is_sent_once_whatever_fails() {
    for deed in [Deed::Close, answers("503 Service Unavailable"), Deed::SayAndCut("HTTP/1.1 2".to_owned())] {
        let one = Neighbour::open(move |_, _| deed.clone()).await;
        let two = one.twin(|_, _| ok("a")).await;
        let provider = compile(&among(&[&one, &two]));
        let (mut good, mut bad) = (0, 0);
        for _ in 0..40 {
            match provider.call(post("once")).await {
                Ok(reply) if reply.status == 200 => good += 1,
                Ok(_) | Err(CallFault::Broken { sent: true }) => bad += 1,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(one.heard().len() + two.heard().len(), 40, "each once");
        assert_eq!((two.heard().len(), one.heard().len(), provider.report().retries), (good, bad, 0));
        assert!(bad < 10, "the failing one is left alone: {bad}");
    }
}

#[tokio::test]
async fn under_a_key_that_the_provider_honours_a_change_is_sent_again() {
    let one = Neighbour::open(|_, _| Deed::Close).await;
    let two = one.twin(|_, _| ok("a")).await;
    let provider = compile(&among(&[&one, &two]));
    for _ in 0..10 {
        let keyed = Call { again: Again::AfterFailure, errand: errand(), ..post("keyed") };
        assert_eq!(provider.call(keyed).await.unwrap().status, 200);
    }
    assert_eq!(two.heard().len(), 10);
}

#[tokio::test]
async fn what_could_not_be_sent_goes_elsewhere_whatever_the_budget() {
    let neighbour = Neighbour::open(|_, _| ok("a")).await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut settings = among(&[&neighbour]);
    settings.endpoints.insert(0, EndpointSettings { url: format!("https://{closed}/ws"), weight: 1 });
    settings.retry = Retry { percent: 0, per_second: 0, idempotency_key: false };
    let provider = compile(&settings);
    for _ in 0..20 {
        let errand = errand();
        assert_eq!(provider.call(Call { errand, ..post("a") }).await.unwrap().status, 200);
        assert_eq!(errand.retries(), 0, "nothing was sent twice");
    }
    assert_eq!((neighbour.heard().len(), provider.report().retries), (20, 0));
    assert_eq!(provider.report().endpoints.iter().filter(|endpoint| endpoint.state == "open").count(), 1);
}

#[tokio::test]
async fn retries_end_with_their_budget() {
    let one = Neighbour::open(|_, _| answers("502 Bad Gateway")).await;
    let two = one.twin(|_, _| answers("502 Bad Gateway")).await;
    let mut settings = among(&[&one, &two]);
    settings.retry = Retry { percent: 10, per_second: 0, idempotency_key: false };
    let provider = compile(&settings);
    for _ in 0..200 {
        // A bad answer is an answer: nobody is refused for it.
        assert_eq!(provider.call(Call { errand: errand(), ..get("/a") }).await.unwrap().status, 502);
    }
    let retries = provider.report().retries;
    assert_eq!(one.heard().len() + two.heard().len(), 200 + usize::try_from(retries).unwrap());
    assert!((25..=30).contains(&retries), "the reserve of ten, and a tenth of the calls: {retries}");
    assert!(
        provider.report().endpoints.iter().all(|endpoint| endpoint.state != "open"),
        "{:?}",
        provider.report()
    );
}

#[tokio::test]
async fn beside_one_that_hangs_another_is_asked() {
    let hung = Neighbour::open(|_, _| Deed::Silence).await;
    let well = hung.twin(|_, _| ok("a")).await;
    let mut settings = among(&[&hung, &well]);
    settings.patience = MS(100);
    settings.balance = Balance::Turns;
    let provider = compile(&settings);
    for call in 0..12 {
        let (began, errand) = (Instant::now(), errand());
        assert_eq!(provider.call(Call { errand, ..get("/a") }).await.unwrap().status, 200);
        assert!(began.elapsed() < MS(1000), "call {call}");
        assert_eq!(errand.retries() > 0, began.elapsed() > MS(90));
    }
    let report = provider.report();
    assert_eq!(
        (hung.heard().len(), report.endpoints[0].state, report.under_way),
        (3, "open", 0),
        "{report:?}"
    );
    // A change is never asked twice, and what hangs is its outcome.
    let provider = compile(&ProviderSettings { name: ("G06/khac".to_owned(), 1), ..settings });
    let call = Call { errand: within(MS(300)), ..post("once") };
    assert_eq!(provider.call(call).await.unwrap_err(), CallFault::TimedOut { sent: true });
    assert_eq!(hung.heard().len(), 4);
}

#[tokio::test]
async fn a_reply_that_never_ends_is_none() {
    let neighbour =
        Neighbour::open(|_, _| Deed::Say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc".to_owned())).await;
    let mut settings = among(&[&neighbour]);
    settings.patience = MS(100);
    let provider = compile(&settings);
    for _ in 0..3 {
        let call = Call { errand: within(MS(150)), ..get("/a") };
        assert_eq!(provider.call(call).await.unwrap_err(), CallFault::TimedOut { sent: true });
    }
    assert_eq!(state(&provider, 0), "open");
}

#[tokio::test]
async fn one_that_is_merely_slow_is_heard() {
    let slow = Neighbour::slow(MS(250)).await;
    let other = slow.twin(|_, _| Deed::Silence).await;
    let mut settings = among(&[&slow, &other]);
    settings.patience = MS(100);
    settings.balance = Balance::Turns;
    let provider = compile(&settings);
    for _ in 0..2 {
        assert_eq!(provider.call(Call { errand: errand(), ..get("/a") }).await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn a_callers_haste_is_no_mark_against_a_provider() {
    let slow = Neighbour::slow(MS(150)).await;
    let provider = compile(&among(&[&slow]));
    for _ in 0..10 {
        let call = Call { errand: within(MS(20)), ..get("/a") };
        assert!(matches!(provider.call(call).await, Err(CallFault::TimedOut { .. })));
    }
    assert_eq!(provider.call(Call { errand: errand(), ..get("/a") }).await.unwrap().status, 200);
    assert_eq!(provider.report().endpoints[0].failures, 0);
    // Nor is there time for anything when none was left.
    let heard = slow.heard().len();
    let call = Call { errand: within(Duration::ZERO), ..get("/a") };
    assert_eq!(provider.call(call).await.unwrap_err(), CallFault::TimedOut { sent: false });
    assert_eq!(slow.heard().len(), heard);
}

#[tokio::test]
async fn the_provider_is_told_what_is_left() {
    let neighbour = Neighbour::open(|_, _| ok("a")).await;
    let provider = neighbour.provider();
    let told = |text: &str| -> u64 {
        let line = text.lines().find_map(|line| line.strip_prefix("lt-deadline-ms: ")).unwrap();
        line.parse().unwrap()
    };
    let shared = Errand::begin(Duration::from_secs(10), None);
    provider.call(Call { errand: &shared, ..get("/look") }).await.unwrap();
    sleep(MS(50)).await;
    provider.call(Call { errand: &shared, ..post("change") }).await.unwrap();
    provider.call(Call { errand: within(MS(700)), ..get("/hasty") }).await.unwrap();
    let heard: Vec<u64> =
        neighbour.heard().iter().map(|(_, text)| told(&text.to_ascii_lowercase())).collect();
    assert!((9_800..=10_000).contains(&heard[0]), "{heard:?}");
    assert!((8000..=9950).contains(&heard[1]), "both share one deadline: {heard:?}");
    assert!((1..=700).contains(&heard[2]), "{heard:?}");
}

#[tokio::test]
async fn no_more_calls_are_under_way_than_may_be() {
    let hung = Neighbour::open(|_, _| Deed::Silence).await;
    let mut settings = among(&[&hung]);
    settings.concurrent = 4;
    for endpoints in [1, 2] {
        settings.endpoints = vec![settings.endpoints[0].clone(); endpoints];
        let provider = Arc::new(compile(&settings));
        let held: Vec<_> = (0..4)
            .map(|_| provider.clone())
            .map(|provider| {
                tokio::spawn(async move {
                    drop(provider.call(Call { errand: within(MS(500)), ..post("a") }).await)
                })
            })
            .collect();
        sleep(MS(150)).await;
        assert_eq!(provider.call(post("b")).await.unwrap_err(), CallFault::Busy);
        assert_eq!(provider.report().busy, 1);
        for one in held {
            one.await.unwrap();
        }
        // A place is given back however a call ends.
        assert!(matches!(
            provider.call(Call { errand: within(MS(50)), ..post("c") }).await,
            Err(CallFault::TimedOut { .. })
        ));
        assert_eq!(provider.report().under_way, 0);
    }
}

#[tokio::test]
async fn a_place_is_held_until_a_long_reply_has_come() {
    let neighbour = Neighbour::open(|_, _| {
        Deed::Say("HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n".to_owned() + &"x".repeat(2000))
    })
    .await;
    let mut settings = among(&[&neighbour]);
    settings.concurrent = 1;
    let provider = compile(&settings);
    let (flow, beginning) = provider.flow(Call { reply_limit: 100, ..get("/a") }).await.unwrap();
    assert!(matches!(beginning, crate::host::Beginning::More(_)));
    assert_eq!(provider.call(get("/a")).await.unwrap_err(), CallFault::Busy);
    drop(flow);
    assert!(provider.flow(Call { reply_limit: 100, errand: errand(), ..get("/a") }).await.is_ok());
}

#[tokio::test]
async fn looks_find_out_what_calls_would_not() {
    let sick = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let flag = sick.clone();
    let one =
        Neighbour::open(move |_, _| if flag.load(Relaxed) { answers("500 Oops") } else { ok("well") }).await;
    let two = one.twin(|_, _| ok("well")).await;
    let mut settings = among(&[&one, &two]);
    settings.health = Some(policies::HealthCheck {
        look: Look::Path("/suc-khoe".to_owned()),
        every: MS(500),
        timeout: MS(300),
        fall: 2,
        rise: 1,
    });
    let provider = Arc::new(compile(&settings));
    for _ in 0..2 {
        provider.look(0).await;
        provider.look(1).await;
    }
    assert_eq!((state(&provider, 0), state(&provider, 1)), ("ill", "well"));
    let text = one.heard()[0].1.to_ascii_lowercase();
    let host = format!("host: khcn.example:{}", one.address.port());
    assert_eq!(
        text.trim().lines().collect::<Vec<_>>(),
        ["get /suc-khoe http/1.1", &host, "user-agent: lienthong-health", "connection: close"],
        "nobody's name, and not below the base"
    );
    let seen = one.heard().len();
    for _ in 0..10 {
        assert_eq!(provider.call(post("a")).await.unwrap().status, 200);
    }
    assert_eq!((one.heard().len(), two.heard().len()), (seen, 12));
    sick.store(false, Relaxed);
    provider.look(0).await;
    assert_eq!(state(&provider, 0), "well");

    // The prober takes looks by itself, and ends with what it looks after.
    let serving = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let (flag, looked_after) = (serving.clone(), provider.clone());
    let seen = one.heard().len();
    let prober = tokio::spawn(probe(move |each| {
        each(&looked_after);
        flag.load(Relaxed)
    }));
    sleep(MS(1800)).await;
    serving.store(false, Relaxed);
    timeout(Duration::from_secs(2), prober).await.unwrap().unwrap();
    let looks = one.heard().len() - seen;
    assert!((2..=4).contains(&looks), "{looks} looks in 1.8 s, one every half");
}

#[tokio::test]
async fn a_look_asks_no_more_than_it_is_told_to() {
    let neighbour = Neighbour::open(|_, _| ok("a")).await;
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let verdict = async |address: SocketAddr, look: Look| {
        let mut settings = neighbour.settings();
        settings.endpoints[0].url = format!("https://{address}");
        settings.health =
            Some(policies::HealthCheck { look, every: MS(500), timeout: MS(200), fall: 1, rise: 1 });
        let provider = compile(&settings);
        provider.look(0).await;
        state(&provider, 0)
    };
    let mute = mute.local_addr().unwrap();
    assert_eq!(verdict(neighbour.address, Look::Tls).await, "well");
    assert_eq!(verdict(neighbour.address, Look::Tcp).await, "well");
    assert!(neighbour.heard().is_empty());
    assert_eq!((verdict(mute, Look::Tcp).await, verdict(mute, Look::Tls).await), ("well", "ill"));
    assert_eq!((verdict(closed, Look::Tcp).await, verdict(closed, Look::Tls).await), ("ill", "ill"));
}
