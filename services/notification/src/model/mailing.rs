//! When mails go out: at once, after quiet hours, or once an hour for a busy desk.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::quiet::QuietHours;

/// From so many mails within an hour on, a desk is busy: what comes then goes together (own
/// default, not validated).
pub(crate) const BUSY: usize = 4;

/// How long a busy desk gets no mail (own default, not validated).
const DIGEST: SignedDuration = SignedDuration::from_hours(1);

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

/// Decides for a mailbox with these quiet hours, or none: what waits for it is urgent or not, and so
/// much was mailed lately.
pub(crate) fn plan(
    now: Timestamp,
    local: &TimeZone,
    quiet: Option<QuietHours>,
    any_urgent: bool,
    recent: Recent,
) -> Plan {
    let after_digest = recent
        .last
        .filter(|_| recent.mails >= BUSY)
        .and_then(|last| last.saturating_add(DIGEST).ok())
        .filter(|at| *at > now);
    let earliest = after_digest.unwrap_or(now);
    let earliest = quiet
        .and_then(|hours| hours.end(earliest, local))
        .unwrap_or(earliest);
    if earliest <= now {
        Plan::Everything
    } else if any_urgent {
        Plan::UrgentOnly(earliest)
    } else {
        Plan::Wait(earliest)
    }
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
    fn in_quiet_hours_only_what_is_urgent_is_mailed() {
        let night = Some(QuietHours::NIGHT);
        let noon = Some(QuietHours::parse("12:00", "13:00").unwrap());
        let (morning, one) = (at("2026-11-24T07:00"), at("2026-11-24T13:00"));
        for (now, quiet, urgent, plan_) in [
            ("2026-11-23T07:00", night, false, Plan::Everything),
            ("2026-11-23T19:59", night, false, Plan::Everything),
            ("2026-11-23T20:00", night, false, Plan::Wait(morning)),
            ("2026-11-24T03:00", night, false, Plan::Wait(morning)),
            ("2026-11-24T03:00", night, true, Plan::UrgentOnly(morning)),
            ("2026-11-24T12:30", night, false, Plan::Everything),
            ("2026-11-24T12:30", noon, false, Plan::Wait(one)),
            ("2026-11-24T12:30", noon, true, Plan::UrgentOnly(one)),
            ("2026-11-24T03:00", noon, false, Plan::Everything),
            ("2026-11-24T03:00", None, false, Plan::Everything),
        ] {
            let planned = plan(at(now), &belgium(), quiet, urgent, NOTHING);
            assert_eq!(planned, plan_, "{now} {quiet:?} {urgent}");
        }
    }

    #[test]
    fn a_busy_desk_gets_one_mail_an_hour_and_what_is_urgent_at_once() {
        let busy = |last: &str| Recent {
            mails: BUSY,
            last: Some(at(last)),
        };
        let night = Some(QuietHours::NIGHT);
        let now = at("2026-11-23T10:30");
        let later = at("2026-11-23T11:10");
        let decide = |urgent, recent| plan(now, &belgium(), night, urgent, recent);
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
        // The hour ends in quiet hours: it goes when they end, or at once where there are none.
        let evening = |quiet| {
            let now = at("2026-11-23T19:50");
            plan(now, &belgium(), quiet, false, busy("2026-11-23T19:30"))
        };
        assert_eq!(evening(night), Plan::Wait(at("2026-11-24T07:00")));
        assert_eq!(evening(None), Plan::Wait(at("2026-11-23T20:30")));
    }
}
