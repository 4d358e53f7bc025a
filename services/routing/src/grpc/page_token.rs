//! Page tokens: where the page before ended.

use knipperlicht_contracts::from_micros;
use knipperlicht_vocabulary::Urgency;
use uuid::Uuid;

use crate::{RoutingError, model::referral::Referral, store::After};

/// The place after this referral.
pub(super) fn after(referral: &Referral) -> After {
    let urgency_order = match referral.urgency {
        Urgency::Emergency => 1,
        Urgency::Urgent => 2,
        Urgency::Soon => 3,
        Urgency::Routine => 4,
    };
    After {
        urgency_order,
        created_at: referral.created_at,
        id: referral.id.uuid(),
    }
}

/// A place as a token. Callers give it back as it is and read nothing in it.
pub(super) fn encode(after: After) -> String {
    let After {
        urgency_order,
        created_at,
        id,
    } = after;
    format!(
        "{urgency_order}.{}.{}",
        created_at.as_microsecond(),
        id.simple()
    )
}

/// The place a token stands for; the start for none.
pub(super) fn decode(token: &str) -> Result<After, RoutingError> {
    if token.is_empty() {
        Ok(After::START)
    } else {
        read(token).ok_or(RoutingError::PageToken)
    }
}

fn read(token: &str) -> Option<After> {
    let mut parts = token.split('.');
    let after = After {
        urgency_order: parts.next()?.parse().ok()?,
        created_at: from_micros(parts.next()?.parse().ok()?).ok()?,
        id: Uuid::try_parse(parts.next()?).ok()?,
    };
    parts.next().is_none().then_some(after)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_token_leads_back_to_its_place() {
        let place = After {
            urgency_order: 2,
            created_at: Timestamp::from_microsecond(1_700_000_000_123_456).unwrap(),
            id: Uuid::from_u128(7),
        };
        assert_eq!(decode(&encode(place)).unwrap(), place);
        assert_eq!(decode("").unwrap(), After::START);
        for bad in [
            "x",
            "1.2",
            "1.2.3",
            "1.2.00000000000000000000000000000007.4",
            "1.-377705023201000000.00000000000000000000000000000007",
        ] {
            assert!(matches!(decode(bad), Err(RoutingError::PageToken)), "{bad}");
        }
    }
}
