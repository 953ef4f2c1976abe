//! Which endpoint takes a call.
//!
//! Those that are well take them, the one whose turn it is first. Under load, turns send as many calls
//! to an endpoint that is slow as to the others, until all that wait are waiting for it; so the one
//! whose turn it is is held against another one at random, and the less loaded for its weight is taken
//! (the power of two choices: nearly as even as looking at all of them, and nobody runs in a herd to
//! the one that was seen idle).
//!
//! **Panic.** When less than half of the endpoints are well, those that are only unwell count again:
//! to trust the verdict would crush the few that are left, and most verdicts of that kind are about
//! something else than the endpoints. Open circuits are not tried even then.
//!
//! A circuit whose rest is over is tried by the first call that may be sent again if it fails, and by
//! any call where nothing else is left.

use std::{
    cell::Cell,
    hash::{BuildHasher, RandomState},
};

use policies::{Balance, MOST_ENDPOINTS};

use super::breaker::Fitness;

/// An endpoint as it stands at a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) fitness: Fitness,
    pub(super) weight: u32,
    /// Calls under way.
    pub(super) load: u32,
}

/// What a choice depends on besides the endpoints.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    pub(super) balance: Balance,
    /// The endpoint whose turn it is.
    pub(super) turn: usize,
    /// The endpoints tried before, a bit each.
    pub(super) tried: u32,
    /// Whether the call may be sent again, so that it can find out about a circuit.
    pub(super) may_find_out: bool,
    /// A number that is different each time.
    pub(super) chance: u64,
}

/// The endpoint to try now; none when none may be.
pub(super) fn choose(candidates: &[Candidate], wish: Wish) -> Option<usize> {
    let untried = |index: usize| index < MOST_ENDPOINTS && wish.tried & (1 << index) == 0;
    let first = |fit: fn(&Candidate) -> bool| {
        let mut found = candidates.iter().enumerate().filter(|(index, one)| untried(*index) && fit(one));
        found.next().map(|(index, _)| index)
    };
    if wish.may_find_out
        && let Some(due) = first(|one| one.fitness == Fitness::Due && one.weight > 0)
    {
        return Some(due);
    }
    let well = |one: &Candidate| one.fitness == Fitness::Well;
    let unwell = |one: &Candidate| one.fitness == Fitness::Unwell;
    let regular = |one: &Candidate| one.weight > 0;
    let of_all = candidates.iter().filter(|one| regular(one)).count();
    let healthy = candidates.iter().filter(|one| regular(one) && well(one)).count();
    let panic = healthy * 2 < of_all;
    // The pools one after the other: the last are better than nothing.
    let pools: [&dyn Fn(&Candidate) -> bool; 5] = [
        &|one| regular(one) && (well(one) || panic && unwell(one)),
        &|one| regular(one) && unwell(one),
        &well,
        &unwell,
        &|one| one.fitness == Fitness::Due,
    ];
    pools.iter().find_map(|pool| {
        let within = |index: usize| untried(index) && candidates.get(index).is_some_and(pool);
        among(candidates, wish, &within)
    })
}

/// The one of a pool.
fn among(candidates: &[Candidate], wish: Wish, within: &dyn Fn(usize) -> bool) -> Option<usize> {
    let drawn = |but: Option<usize>, chance: u64| drawn(candidates, within, but, chance);
    let first = if within(wish.turn) { wish.turn } else { drawn(None, wish.chance >> 32)? };
    if wish.balance == Balance::Turns {
        return Some(first);
    }
    let Some(second) = drawn(Some(first), wish.chance) else { return Some(first) };
    let (one, other) = (candidates.get(first)?, candidates.get(second)?);
    // Which would have less to do for its weight with this call.
    let with_it = |a: &Candidate, b: &Candidate| (u64::from(a.load) + 1) * u64::from(b.weight.max(1));
    Some(if with_it(other, one) < with_it(one, other) { second } else { first })
}

/// One of a pool at random, by weight.
fn drawn(
    candidates: &[Candidate],
    within: &dyn Fn(usize) -> bool,
    but: Option<usize>,
    chance: u64,
) -> Option<usize> {
    let pool = || {
        let all = candidates.iter().enumerate();
        all.filter(|(index, _)| Some(*index) != but && within(*index))
            .map(|(index, one)| (index, u64::from(one.weight.max(1))))
    };
    let sum: u64 = pool().map(|(_, weight)| weight).sum();
    let mut left = (chance & u64::from(u32::MAX)).checked_rem(sum)?;
    for (index, weight) in pool() {
        match left.checked_sub(weight) {
            Some(rest) => left = rest,
            None => return Some(index),
        }
    }
    None
}

/// A number that is different each time, of each thread's own making (splitmix64): good enough to draw
/// endpoints and to blur rests, and no system call.
pub(super) fn chance() -> u64 {
    thread_local! {
        static SEED: Cell<u64> = Cell::new(RandomState::new().hash_one(std::thread::current().id()));
    }
    SEED.with(|seed| {
        let state = seed.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        seed.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const SHUT: Fitness = Fitness::Shut(Duration::from_secs(1));

    fn of(fitness: Fitness) -> Candidate {
        Candidate { fitness, weight: 1, load: 0 }
    }

    fn wish(turn: usize) -> Wish {
        Wish { balance: Balance::LeastLoaded, turn, tried: 0, may_find_out: false, chance: 0 }
    }

    /// How often each is chosen of three thousand calls, whoever's turn it is.
    fn spread(candidates: &[Candidate], wish: Wish) -> Vec<usize> {
        let mut counts = vec![0; candidates.len()];
        for call in 0..3000 {
            let wish = Wish { turn: call % candidates.len(), chance: chance(), ..wish };
            counts[choose(candidates, wish).unwrap()] += 1;
        }
        counts
    }

    #[test]
    fn turns_are_kept_while_nobody_waits() {
        let idle = [of(Fitness::Well); 3];
        assert_eq!(spread(&idle, wish(0)), [1000, 1000, 1000]);
        let loaded = [Candidate { load: 40, ..idle[0] }, idle[1], idle[2]];
        assert_eq!(spread(&loaded, Wish { balance: Balance::Turns, ..wish(0) }), [1000, 1000, 1000]);
    }

    #[test]
    fn whoever_is_slow_gets_less() {
        let slow = [Candidate { load: 9, ..of(Fitness::Well) }, of(Fitness::Well), of(Fitness::Well)];
        let counts = spread(&slow, wish(0));
        assert!(counts[0] == 0 && counts[1].abs_diff(counts[2]) < 400, "{counts:?}");
        // Twice the weight bears twice the load.
        let heavy = [
            Candidate { load: 5, weight: 4, ..of(Fitness::Well) },
            Candidate { load: 2, ..of(Fitness::Well) },
        ];
        assert_eq!(choose(&heavy, wish(1)), Some(0));
    }

    #[test]
    fn the_unwell_are_passed_over_until_too_few_are_left() {
        let (well, unwell) = (of(Fitness::Well), of(Fitness::Unwell));
        assert_eq!(spread(&[unwell, well], wish(0))[0], 0, "half is enough");
        let counts = spread(&[unwell, unwell, well], wish(0));
        assert!(counts.iter().all(|count| *count > 500), "less than half is panic: {counts:?}");
        assert!(spread(&[unwell, unwell], wish(0)).iter().all(|count| *count > 1000), "never all");
        assert_eq!(spread(&[of(SHUT), unwell], wish(0)), [0, 3000], "an open circuit is not tried even then");
        assert_eq!(choose(&[of(SHUT), of(SHUT)], wish(0)), None);
        // What failed just now is not tried again while another one is there, well or not.
        assert_eq!(choose(&[unwell, well], Wish { tried: 0b10, ..wish(1) }), Some(0));
        assert_eq!(choose(&[well, well], Wish { tried: 0b11, ..wish(1) }), None);
    }

    #[test]
    fn who_may_be_sent_again_finds_out() {
        let due = [of(Fitness::Well), of(Fitness::Due)];
        assert_eq!(choose(&due, wish(1)), Some(0));
        assert_eq!(choose(&due, Wish { may_find_out: true, ..wish(0) }), Some(1));
        assert_eq!(choose(&[of(SHUT), of(Fitness::Due)], wish(0)), Some(1), "or whoever has no other way");
    }

    #[test]
    fn without_weight_is_for_when_nobody_else_is_left() {
        let spare = Candidate { weight: 0, ..of(Fitness::Well) };
        assert_eq!(spread(&[of(Fitness::Well), spare], wish(0)), [3000, 0]);
        assert_eq!(spread(&[of(SHUT), spare], wish(0)), [0, 3000]);
    }

    fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
        let fitness = prop_oneof![Just(Fitness::Well), Just(Fitness::Unwell), Just(Fitness::Due), Just(SHUT)];
        let one = (fitness, 0..9_u32, 0..99_u32);
        prop::collection::vec(
            one.prop_map(|(fitness, weight, load)| Candidate { fitness, weight, load }),
            1..=32,
        )
    }

    proptest! {
        /// Verdicts never leave a call without an endpoint: only circuits do.
        #[test]
        fn never_all_are_passed_over(
            candidates in candidates(),
            turn in 0..40_usize,
            tried: u32,
            may_find_out: bool,
            chance: u64,
        ) {
            let wish = Wish { balance: Balance::LeastLoaded, turn, tried, may_find_out, chance };
            let open = |(index, one): (usize, &Candidate)| tried & (1 << index) == 0 && one.fitness != SHUT;
            let any = candidates.iter().enumerate().any(open);
            let chosen = choose(&candidates, wish);
            prop_assert_eq!(chosen.is_some(), any);
            if let Some(chosen) = chosen {
                prop_assert!(open((chosen, &candidates[chosen])));
            }
        }

        /// Outside a panic, the unwell are left alone.
        #[test]
        fn the_unwell_get_nothing_while_half_are_well(some in candidates(), turn in 0..32_usize, chance: u64) {
            let mut candidates: Vec<Candidate> = some.into_iter().take(16).collect();
            for index in 0..candidates.len() {
                candidates.push(Candidate { fitness: Fitness::Well, weight: 1 + index as u32, load: 50 });
            }
            let chosen = choose(&candidates, Wish { chance, ..wish(turn) }).unwrap();
            prop_assert_eq!(candidates[chosen].fitness, Fitness::Well);
        }
    }
}
