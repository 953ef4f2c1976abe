//! The frames of an HTTP/2 connection, counted as they pass.
//!
//! The engine answers every PING and SETTINGS, takes note of every PRIORITY and forgets every reset stream,
//! for as long as its caller likes: each frame costs more to serve than to send, and one connection could
//! keep a worker busy for ever. It counts some of the rest, but what it calls a closed stream may have an
//! exchange that still runs. So frames that carry nothing are bounded here, by what the far end sends and by
//! what it makes us send:
//!
//! - **resets**: streams that the caller resets ("rapid reset", CVE-2023-44487) and streams that it makes us
//!   reset by breaking the protocol on them ("MadeYouReset", CVE-2025-8671);
//! - **idle frames**: SETTINGS, PING, PRIORITY, CONTINUATION, empty DATA, unknown ones, and WINDOW_UPDATE
//!   and PING beyond what our own DATA frames give reason for.
//!
//! Each bound lets a burst pass and recovers with time. Beyond it nothing more is read, and the connection's
//! task, woken through a [`Notice`], says GOAWAY with `ENHANCE_YOUR_CALM`.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, Ordering},
};

use tokio::{sync::Notify, time::Instant};

use super::settings::Limits;

/// Which part of the resets that may come at once is forgotten each second: of 256, more than a caller with a sharp
/// timeout makes.
const RESETS_BACK: u32 = 16;

/// Which part of the idle frames that may come at once is forgotten each second: of 1,024, more than the ten pings of
/// a caller that measures its line.
const IDLE_BACK: u32 = 8;

/// Updates and pings that each of our DATA frames is worth: one update for the stream, one for the
/// connection, one ping, one to spare.
const EARNED: u64 = 4;

/// A client's first 24 bytes, which are no frame (RFC 9113 section 3.4).
const PREFACE: usize = 24;

/// What there was too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flood {
    /// Streams reset.
    Resets,
    /// Frames that carry nothing.
    Idle,
}

/// How a connection's task hears of it.
#[derive(Debug, Default)]
pub(super) struct Notice {
    flood: OnceLock<Flood>,
    wake: Notify,
    /// Streams that we reset because the caller broke the protocol on them.
    pub(super) broken: AtomicU64,
}

impl Notice {
    /// Returns when there was too much.
    pub(super) async fn given(&self) -> Flood {
        loop {
            if let Some(flood) = self.flood.get() {
                return *flood;
            }
            self.wake.notified().await;
        }
    }

    fn give(&self, flood: Flood) {
        // The first one counts.
        let _ = self.flood.set(flood);
        self.wake.notify_one();
    }
}

/// Both directions of one connection.
#[derive(Debug)]
pub(super) struct Frames {
    inbound: Walk,
    outbound: Walk,
    resets: Bucket,
    idle: Bucket,
    earned: u64,
    notice: Arc<Notice>,
}

impl Frames {
    pub(super) fn new(notice: Arc<Notice>, limits: &Limits) -> Self {
        Self {
            inbound: Walk { skip: PREFACE, ..Walk::default() },
            outbound: Walk::default(),
            resets: Bucket::new(limits.resets, limits.resets.div_ceil(RESETS_BACK)),
            idle: Bucket::new(limits.idle_frames, limits.idle_frames.div_ceil(IDLE_BACK)),
            earned: 0,
            notice,
        }
    }

    /// Whether there was too much.
    pub(super) fn is_flooded(&self) -> bool {
        self.notice.flood.get().is_some()
    }

    /// Looks at what came; whether it may be served.
    pub(super) fn came(&mut self, bytes: &[u8]) -> bool {
        let (resets, idle, earned) = (&mut self.resets, &mut self.idle, &mut self.earned);
        let mut flood = None;
        self.inbound.over(bytes, |frame| {
            let (bucket, kind) = match frame.kind {
                HEADERS => return,
                DATA if frame.length > 0 || frame.flags & END_STREAM != 0 => return,
                RST_STREAM => (&mut *resets, Flood::Resets),
                PING | WINDOW_UPDATE if *earned > 0 => {
                    *earned -= 1;
                    return;
                }
                _ => (&mut *idle, Flood::Idle),
            };
            if !bucket.take() {
                flood.get_or_insert(kind);
            }
        });
        if let Some(flood) = flood {
            self.notice.give(flood);
        }
        !self.is_flooded()
    }

    /// Looks at what goes out.
    pub(super) fn went(&mut self, bytes: &[u8]) {
        let (resets, earned, notice) = (&mut self.resets, &mut self.earned, &self.notice);
        self.outbound.over(bytes, |frame| match frame.kind {
            DATA => *earned += EARNED,
            // A reset without error, a refusal or a failure of ours is not the caller's doing.
            RST_STREAM if matches!(frame.code, PROTOCOL_ERROR | FLOW_CONTROL_ERROR | STREAM_CLOSED) => {
                notice.broken.fetch_add(1, Ordering::Relaxed);
                if !resets.take() {
                    notice.give(Flood::Resets);
                }
            }
            _ => {}
        });
    }
}

// RFC 9113 section 6 and 7.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 1;
const PROTOCOL_ERROR: u32 = 1;
const FLOW_CONTROL_ERROR: u32 = 3;
const STREAM_CLOSED: u32 = 5;

/// What is looked at of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Frame {
    kind: u8,
    flags: u8,
    length: usize,
    /// Of RST_STREAM only.
    code: u32,
}

/// Where one direction stands among its frames.
#[derive(Debug, Default)]
struct Walk {
    /// The head of the frame under way, and the code of an RST_STREAM.
    head: [u8; 13],
    have: usize,
    /// Bytes that are not looked at.
    skip: usize,
}

impl Walk {
    fn over(&mut self, mut bytes: &[u8], mut seen: impl FnMut(Frame)) {
        loop {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            bytes = bytes.get(skipped..).unwrap_or_default();
            let Some((byte, rest)) = bytes.split_first() else { return };
            if let Some(place) = self.head.get_mut(self.have) {
                *place = *byte;
            }
            (self.have, bytes) = (self.have + 1, rest);
            let [a, b, c, kind, flags, _, _, _, _, code @ ..] = self.head;
            let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
            let wanted = if kind == RST_STREAM { length.min(4) } else { 0 };
            if self.have >= 9 + wanted {
                let code = if wanted == 4 { u32::from_be_bytes(code) } else { 0 };
                seen(Frame { kind, flags, length, code });
                (self.have, self.skip) = (0, length - wanted);
            }
        }
    }
}

/// What may come at once, and what comes back of it each second.
#[derive(Debug)]
struct Bucket {
    left: u32,
    most: u32,
    per_second: u32,
    since: Instant,
}

impl Bucket {
    fn new(most: u32, per_second: u32) -> Self {
        Self { left: most, most, per_second, since: Instant::now() }
    }

    fn take(&mut self) -> bool {
        // The clock is asked when there is nothing left, not for every frame.
        if self.left == 0 {
            let back = self.since.elapsed().as_millis() * u128::from(self.per_second) / 1000;
            self.left = u32::try_from(back).unwrap_or(u32::MAX).min(self.most);
            if self.left == 0 {
                return false;
            }
            self.since = Instant::now();
        }
        self.left -= 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const RESETS: u32 = 300;
    const IDLE: u32 = 800;

    fn limits() -> Limits {
        Limits { resets: RESETS, idle_frames: IDLE, ..Limits::default() }
    }

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&length[1..], &[kind, flags, 0, 0, 0, 1], payload].concat()
    }

    fn after_preface() -> Frames {
        let mut frames = Frames::new(Arc::default(), &limits());
        assert!(frames.came(&[0; PREFACE]));
        frames
    }

    /// How many of `bytes` pass before it is too much.
    fn passes(frames: &mut Frames, bytes: &[u8], most: usize) -> usize {
        (0..most).take_while(|_| frames.came(bytes)).count()
    }

    #[tokio::test(start_paused = true)]
    async fn each_kind_has_its_bound() {
        let few = [(3, &[0, 0, 0, 8][..], RESETS), (4, &[], IDLE), (6, &[0; 8], IDLE), (2, &[0; 5], IDLE)];
        for (kind, payload, most) in
            few.into_iter().chain([(0, &[][..], IDLE), (8, &[0; 4], IDLE), (16, &[1], IDLE)])
        {
            let mut frames = after_preface();
            assert_eq!(passes(&mut frames, &frame(kind, 0, payload), 5000), most as usize, "{kind}");
            assert!(frames.is_flooded());
        }
        let mut frames = after_preface();
        for useful in [frame(0, 0, b"x"), frame(0, 1, b""), frame(1, 5, &[0x82])] {
            assert_eq!(
                passes(&mut frames, &useful, 5000),
                5000,
                "requests and their bodies have other bounds"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn bounds_recover_with_time() {
        let mut frames = after_preface();
        let ping = frame(6, 0, &[0; 8]);
        assert_eq!(passes(&mut frames, &ping, IDLE as usize), IDLE as usize);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(passes(&mut frames, &ping, 5000), (IDLE / IDLE_BACK) as usize);
    }

    #[tokio::test(start_paused = true)]
    async fn what_we_send_is_a_reason_for_updates() {
        let mut frames = after_preface();
        for _ in 0..10_000 {
            frames.went(&frame(0, 0, &[0; 100]));
        }
        assert_eq!(passes(&mut frames, &frame(8, 0, &[0; 4]), 50_000), 40_000 + IDLE as usize);
    }

    #[tokio::test(start_paused = true)]
    async fn resets_that_a_caller_provokes_are_its_own() {
        let mut frames = after_preface();
        for _ in 0..10_000 {
            frames.went(&frame(3, 0, &[0, 0, 0, 0]));
            frames.went(&frame(3, 0, &[0, 0, 0, 7]));
        }
        assert!(!frames.is_flooded(), "an early answer and a refusal are ours");
        for number in 0..=RESETS {
            assert!(!frames.is_flooded(), "{number}");
            frames.went(&frame(3, 0, &[0, 0, 0, 1]));
        }
        assert!(frames.is_flooded());
        assert!(!frames.came(&frame(0, 0, b"x")));
        assert_eq!(frames.notice.given().await, Flood::Resets);
    }

    proptest! {
        #[test]
        fn frames_are_seen_alike_however_they_arrive(
            all in proptest::collection::vec((any::<u8>(), any::<u8>(), proptest::collection::vec(any::<u8>(), 0..40)), 0..8),
            size in 1usize..20
        ) {
            let wire: Vec<u8> = all.iter().flat_map(|(kind, flags, payload)| frame(*kind, *flags, payload)).collect();
            let mut seen = Vec::new();
            let mut walk = Walk::default();
            for piece in wire.chunks(size) {
                walk.over(piece, |frame| seen.push((frame.kind, frame.flags, frame.length)));
            }
            let sent: Vec<_> = all.iter().map(|(kind, flags, payload)| (*kind, *flags, payload.len())).collect();
            prop_assert_eq!(seen, sent);
        }
    }
}
