//! How often somebody may call: so many times in a minute, all of them at once if need be. An
//! account is counted wherever it calls from; who has none, by the address. How much is left each answer
//! says, in the words of draft-ietf-httpapi-ratelimit-headers.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    num::NonZeroU32,
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, MonotonicClock},
    middleware::StateInformationMiddleware,
    state::{InMemoryState, NotKeyed},
};
use http::{HeaderMap, HeaderName, HeaderValue};
use knipperlicht_vocabulary::ReporterId;
use nonzero_ext::nonzero;
use quick_cache::sync::Cache;

use crate::{AccessError, Principal, Role};

/// How many callers are remembered, at some hundred bytes each. Who called longest ago is
/// forgotten, and begins anew.
const REMEMBERED: usize = 50_000;

/// What a proxy tells of who called it.
const FORWARDED: &str = "x-forwarded-for";

/// How much may be asked of us, and how much of that is left.
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// A phone that was offline sends its queue, and asks for each signal how it stands.
const REPORTER: NonZeroU32 = nonzero!(600_u32);
/// A desk, or the software of a whole organisation behind one account.
const DESK: NonZeroU32 = nonzero!(1_200_u32);
/// Reports and repairs.
const OFFICE: NonZeroU32 = nonzero!(300_u32);
/// Carers with a link or a card, all those behind one address.
const ADDRESS: NonZeroU32 = nonzero!(120_u32);

/// How often one role may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// The role.
    pub role: Role,
    /// Calls in a minute.
    pub per_minute: NonZeroU32,
}

/// It does not say how often which role may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateError;

impl fmt::Display for RateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let roles: Vec<&str> = Role::CALLERS.iter().map(|role| role.name()).collect();
        let roles = roles.join(", ");
        write!(
            f,
            "give a role and its calls in a minute, such as reporter=600; roles: {roles}"
        )
    }
}

impl std::error::Error for RateError {}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let (name, number) = text.split_once('=').ok_or(RateError)?;
        let role = Role::CALLERS.iter().find(|role| role.name() == name.trim());
        Ok(Self {
            role: *role.ok_or(RateError)?,
            per_minute: number.trim().parse().map_err(|_| RateError)?,
        })
    }
}

/// How often each role may call.
#[derive(Debug, Clone, Default)]
pub struct Rates(Vec<Rate>);

impl Rates {
    /// Our own defaults, but for these roles.
    #[must_use]
    pub const fn with(own: Vec<Rate>) -> Self {
        Self(own)
    }

    /// The same, but for these roles.
    #[must_use]
    pub fn and(mut self, own: Vec<Rate>) -> Self {
        self.0.extend(own);
        self
    }

    fn of(&self, role: Role) -> NonZeroU32 {
        let own = self.0.iter().rev().find(|rate| rate.role == role);
        own.map_or_else(
            || match role {
                Role::Reporter => REPORTER,
                Role::Partner | Role::Coordinator => DESK,
                Role::Analyst | Role::Operator | Role::Admin => OFFICE,
                Role::LinkHolder => ADDRESS,
                // Nobody comes through the door as one of ours.
                Role::Service => NonZeroU32::MAX,
            },
            |rate| rate.per_minute,
        )
    }
}

/// Whose address a call without an account is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Peers {
    /// Whoever is at the other end of the connection.
    #[default]
    Direct,
    /// The one that our own proxy says it called for: nobody else can reach us.
    Forwarded,
}

impl Peers {
    pub(crate) fn address(self, peer: Option<IpAddr>, headers: &HeaderMap) -> IpAddr {
        let forwarded = match self {
            Self::Direct => None,
            Self::Forwarded => headers
                .get_all(FORWARDED)
                .iter()
                .next_back()
                .and_then(|value| value.to_str().ok())
                // Our proxy added the last one; those before it anybody can have written.
                .and_then(|value| value.rsplit(',').next()?.trim().parse().ok()),
        };
        network(forwarded.or(peer).unwrap_or(Ipv4Addr::UNSPECIFIED.into()))
    }
}

/// One subscriber's network: with IPv6 that is a /64, of which each may take any address.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Caller {
    Account(Role, ReporterId),
    Address(IpAddr),
}

type Allowance<C> = Arc<RateLimiter<NotKeyed, InMemoryState, C, StateInformationMiddleware>>;

/// A call that was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counted {
    role: Role,
    per_minute: NonZeroU32,
    left: Left,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// So many more at once.
    Calls(u32),
    /// Not even this one, but another after so long.
    NothingFor(Duration),
}

impl Counted {
    /// Whether the call may be made.
    pub(crate) fn outcome(&self) -> Result<(), AccessError> {
        match self.left {
            Left::Calls(_) => Ok(()),
            Left::NothingFor(wait) => Err(AccessError::TooOften { wait }),
        }
    }

    /// Says it to the caller: so many calls in a minute, and so many left until all of them are there
    /// again.
    pub(crate) fn tell(&self, headers: &mut HeaderMap) {
        let (name, per_minute) = (self.role.name(), self.per_minute);
        let (left, seconds) = match self.left {
            Left::Calls(left) => (left, self.until_all_are_there(left)),
            Left::NothingFor(wait) => (0, wait.as_secs()),
        };
        let policy = format!("\"{name}\";q={per_minute};w=60");
        let left = format!("\"{name}\";r={left};t={seconds}");
        for (name, value) in [(POLICY, policy), (LEFT, left)] {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
    }

    fn until_all_are_there(&self, left: u32) -> u64 {
        let per_minute = u64::from(self.per_minute.get());
        let used = per_minute.saturating_sub(left.into());
        (used * 60).div_ceil(per_minute)
    }
}

/// Counts calls.
pub(crate) struct Limiter<C: Clock = MonotonicClock> {
    rates: Rates,
    clock: C,
    callers: Cache<Caller, Allowance<C>>,
}

impl<C: Clock + Clone> Limiter<C> {
    pub(crate) fn new(rates: Rates, clock: C) -> Self {
        Self {
            rates,
            clock,
            callers: Cache::new(REMEMBERED),
        }
    }

    /// Counts a call.
    pub(crate) fn count(&self, principal: &Principal, address: IpAddr) -> Counted {
        let role = principal.role;
        let caller = match role {
            Role::LinkHolder => Caller::Address(address),
            _ => Caller::Account(role, principal.subject.clone()),
        };
        let allowance = match self.callers.get(&caller) {
            Some(allowance) => allowance,
            None => self.allowance(&caller, role),
        };
        let left = match allowance.check() {
            Ok(state) => Left::Calls(state.remaining_burst_capacity()),
            Err(until) => {
                let wait = until.wait_time_from(self.clock.now());
                // Whole seconds, and never none.
                Left::NothingFor(Duration::from_secs(wait.as_secs() + 1))
            }
        };
        Counted {
            role,
            per_minute: self.rates.of(role),
            left,
        }
    }

    /// A new one; or that of a call that came at the same moment.
    fn allowance(&self, caller: &Caller, role: Role) -> Allowance<C> {
        let quota = Quota::per_minute(self.rates.of(role));
        let new = || {
            let limiter = RateLimiter::direct_with_clock(quota, self.clock.clone());
            Arc::new(limiter.with_middleware())
        };
        let made = self
            .callers
            .get_or_insert_with(caller, || Ok::<_, std::convert::Infallible>(new()));
        made.unwrap_or_else(|never| match never {})
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn somebody(name: &str, role: Role) -> Principal {
        Principal {
            subject: name.parse().unwrap(),
            role,
            organisation: None,
            zones: Vec::new(),
        }
    }

    const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const SCHOOL: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));

    fn limiter(own: &[&str]) -> Limiter<FakeRelativeClock> {
        let own = own.iter().map(|rate| rate.parse().unwrap()).collect();
        Limiter::new(Rates::with(own), FakeRelativeClock::default())
    }

    /// How many of `tries` calls are let in.
    fn let_in(
        limiter: &Limiter<FakeRelativeClock>,
        who: &Principal,
        from: IpAddr,
        tries: u32,
    ) -> usize {
        (0..tries)
            .filter(|_| limiter.count(who, from).outcome().is_ok())
            .count()
    }

    #[test]
    fn a_minutes_calls_may_come_at_once_and_then_one_by_one() {
        let limiter = limiter(&["reporter=60"]);
        let (cleaner, nurse) = (
            somebody("cleaner", Role::Reporter),
            somebody("nurse", Role::Reporter),
        );
        assert_eq!(let_in(&limiter, &cleaner, HOME, 100), 60);
        // Wherever they call from; and nobody else suffers by it.
        assert_eq!(let_in(&limiter, &cleaner, SCHOOL, 1), 0);
        assert_eq!(let_in(&limiter, &nurse, HOME, 100), 60);
        let refused = limiter.count(&cleaner, HOME).outcome().unwrap_err();
        assert!(
            matches!(refused, AccessError::TooOften { wait } if wait.as_secs() <= 2),
            "{refused}"
        );
        limiter.clock.advance(Duration::from_secs(3));
        assert_eq!(let_in(&limiter, &cleaner, HOME, 100), 3);
        limiter.clock.advance(Duration::from_mins(2));
        assert_eq!(let_in(&limiter, &cleaner, HOME, 100), 60);
    }

    #[test]
    fn each_call_is_told_how_many_are_left() {
        let limiter = limiter(&["reporter=90"]);
        let cleaner = somebody("cleaner", Role::Reporter);
        let told = |counted: Counted| {
            let mut headers = HeaderMap::new();
            counted.tell(&mut headers);
            assert_eq!(headers[POLICY], "\"reporter\";q=90;w=60");
            headers[LEFT].to_str().unwrap().to_owned()
        };
        let first = told(limiter.count(&cleaner, HOME));
        assert_eq!(first, "\"reporter\";r=89;t=1");
        assert_eq!(let_in(&limiter, &cleaner, HOME, 88), 88);
        let last = told(limiter.count(&cleaner, HOME));
        assert_eq!(last, "\"reporter\";r=0;t=60");
        let refused = told(limiter.count(&cleaner, HOME));
        assert_eq!(refused, "\"reporter\";r=0;t=1");
        limiter.clock.advance(Duration::from_secs(20));
        let later = told(limiter.count(&cleaner, HOME));
        assert_eq!(later, "\"reporter\";r=29;t=41");
    }

    #[test]
    fn who_has_no_account_is_counted_by_the_address() {
        let limiter = limiter(&["link_holder=5"]);
        let carer = somebody("link", Role::LinkHolder);
        assert_eq!(let_in(&limiter, &carer, HOME, 9), 5);
        assert_eq!(let_in(&limiter, &carer, SCHOOL, 9), 5);
    }

    #[test]
    fn a_phone_can_send_its_whole_queue_and_ask_after_each() {
        let limiter = limiter(&[]);
        let cleaner = somebody("cleaner", Role::Reporter);
        assert_eq!(let_in(&limiter, &cleaner, HOME, 300), 300);
    }

    #[test]
    fn however_many_call_only_so_many_are_remembered() {
        let limiter = limiter(&[]);
        for number in 0..3 * REMEMBERED {
            let who = somebody(&format!("reporter-{number}"), Role::Reporter);
            limiter.count(&who, HOME).outcome().unwrap();
        }
        assert!(limiter.callers.len() <= REMEMBERED);
    }

    #[test]
    fn an_address_is_that_of_one_subscriber() {
        let header = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.append(FORWARDED, text.parse().unwrap());
            headers
        };
        let home: IpAddr = HOME;
        let said = header("203.0.113.9, 192.0.2.2");
        assert_eq!(Peers::Direct.address(Some(home), &said), home);
        assert_eq!(Peers::Forwarded.address(Some(home), &said), SCHOOL);
        assert_eq!(Peers::Forwarded.address(Some(home), &header("?")), home);
        assert_eq!(
            Peers::Forwarded.address(Some(home), &HeaderMap::new()),
            home
        );
        let of = |text: &str| Peers::Direct.address(text.parse().ok(), &HeaderMap::new());
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), home);
    }

    #[test]
    fn a_rate_names_a_role_and_a_number() {
        let rate: Rate = "partner=2400".parse().unwrap();
        assert_eq!((rate.role, rate.per_minute.get()), (Role::Partner, 2_400));
        for wrong in [
            "",
            "partner",
            "partner=0",
            "partner=many",
            "service=5",
            "x=5",
        ] {
            assert_eq!(wrong.parse::<Rate>(), Err(RateError), "{wrong}");
        }
    }
}
