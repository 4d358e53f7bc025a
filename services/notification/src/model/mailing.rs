//! When mails go out: at once, after the night, or once an hour for a busy desk.

use jiff::{
    SignedDuration, Timestamp,
    civil::{Time, time},
    tz::TimeZone,
};

/// From so many mails within an hour on, a desk is busy: what comes then goes together (own
/// default, not validated).
pub(crate) const BUSY: usize = 4;

/// How long a busy desk gets no mail (own default, not validated).
const DIGEST: SignedDuration = SignedDuration::from_hours(1);

/// When nobody is mailed but for what is urgent (own default, not validated): Belgian time.
const QUIET_FROM: Time = time(20, 0, 0, 0);
const QUIET_TO: Time = time(7, 0, 0, 0);

/// What was mailed within the last hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Recent {
    /// How many mails.
    pub(crate) mails: usize,
    /// The last of them.
    pub(crate) last: Option<Timestamp>,
}

/// What to do with what waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plan {
    /// All of it goes into one mail.
    Everything,
    /// What is urgent goes into one mail; the rest waits until then.
    UrgentOnly(Timestamp),
    /// All of it waits until then.
    Wait(Timestamp),
}

/// Decides for a mailbox: what waits for it is urgent or not, and so much was mailed lately.
pub(crate) fn plan(now: Timestamp, local: &TimeZone, any_urgent: bool, recent: Recent) -> Plan {
    let after_digest = recent
        .last
        .filter(|_| recent.mails >= BUSY)
        .and_then(|last| last.saturating_add(DIGEST).ok())
        .filter(|at| *at > now);
    let earliest = after_digest.unwrap_or(now);
    let earliest = end_of_quiet(earliest, local).unwrap_or(earliest);
    if earliest <= now {
        Plan::Everything
    } else if any_urgent {
        Plan::UrgentOnly(earliest)
    } else {
        Plan::Wait(earliest)
    }
}

/// When the quiet hours around `at` end; nothing outside them.
fn end_of_quiet(at: Timestamp, local: &TimeZone) -> Option<Timestamp> {
    let here = at.to_zoned(local.clone());
    let day = if here.time() >= QUIET_FROM {
        here.date().tomorrow().ok()?
    } else if here.time() < QUIET_TO {
        here.date()
    } else {
        return None;
    };
    let end = day.to_datetime(QUIET_TO).to_zoned(local.clone()).ok()?;
    Some(end.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn belgium() -> TimeZone {
        TimeZone::get("Europe/Brussels").unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse::<jiff::civil::DateTime>()
            .unwrap()
            .to_zoned(belgium())
            .unwrap()
            .timestamp()
    }

    const NOTHING: Recent = Recent {
        mails: 0,
        last: None,
    };

    #[test]
    fn by_day_at_once_and_by_night_only_what_is_urgent() {
        for (now, urgent, plan_) in [
            ("2026-11-23T07:00", false, Plan::Everything),
            ("2026-11-23T19:59", false, Plan::Everything),
            (
                "2026-11-23T20:00",
                false,
                Plan::Wait(at("2026-11-24T07:00")),
            ),
            (
                "2026-11-24T03:00",
                false,
                Plan::Wait(at("2026-11-24T07:00")),
            ),
            (
                "2026-11-24T03:00",
                true,
                Plan::UrgentOnly(at("2026-11-24T07:00")),
            ),
            // The night in which summer time ends is an hour longer.
            (
                "2026-10-24T23:00",
                false,
                Plan::Wait(at("2026-10-25T07:00")),
            ),
        ] {
            assert_eq!(plan(at(now), &belgium(), urgent, NOTHING), plan_, "{now}");
        }
    }

    #[test]
    fn a_busy_desk_gets_one_mail_an_hour_and_what_is_urgent_at_once() {
        let busy = |last: &str| Recent {
            mails: BUSY,
            last: Some(at(last)),
        };
        let now = at("2026-11-23T10:30");
        let later = at("2026-11-23T11:10");
        let decide = |urgent, recent| plan(now, &belgium(), urgent, recent);
        assert_eq!(decide(false, busy("2026-11-23T10:10")), Plan::Wait(later));
        assert_eq!(
            decide(true, busy("2026-11-23T10:10")),
            Plan::UrgentOnly(later)
        );
        assert_eq!(decide(false, busy("2026-11-23T09:30")), Plan::Everything);
        let less = Recent {
            mails: BUSY - 1,
            ..busy("2026-11-23T10:10")
        };
        assert_eq!(decide(false, less), Plan::Everything);
        // The hour ends in the night: it goes in the morning.
        assert_eq!(
            plan(
                at("2026-11-23T19:50"),
                &belgium(),
                false,
                busy("2026-11-23T19:30")
            ),
            Plan::Wait(at("2026-11-24T07:00"))
        );
    }
}
