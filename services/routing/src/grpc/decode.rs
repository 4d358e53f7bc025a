//! From the wire to types that are always valid.

use jiff::civil::Date;
use knipperlicht_access::{Principal, Role};
use knipperlicht_vocabulary::{
    CodeError, ItemId, Need, OrganisationId, ReferralId, ServiceId, SituationId,
};

use crate::{RoutingError, model::referral::Actor, store::Filter};

/// A referral's id.
pub(super) fn referral(text: &str) -> Result<ReferralId, RoutingError> {
    text.parse().map_err(|source| RoutingError::Id {
        field: "referral_id",
        source,
    })
}

/// An item's id.
pub(super) fn item(text: &str) -> Result<ItemId, RoutingError> {
    text.parse().map_err(|source| RoutingError::Id {
        field: "item_id",
        source,
    })
}

/// A service's id.
pub(super) fn service(text: &str) -> Result<ServiceId, RoutingError> {
    text.parse().map_err(|source| RoutingError::Id {
        field: "service_id",
        source,
    })
}

/// An organisation's id.
pub(super) fn organisation(text: &str) -> Result<OrganisationId, RoutingError> {
    text.parse().map_err(|source| RoutingError::Id {
        field: "organisation_id",
        source,
    })
}

/// A code that has to be said.
pub(super) fn code<T: TryFrom<i32, Error = CodeError>>(
    field: &'static str,
    number: i32,
) -> Result<T, RoutingError> {
    T::try_from(number).map_err(|source| RoutingError::Code { field, source })
}

/// A day, or today.
pub(super) fn day(text: &str, today: Date) -> Result<Date, RoutingError> {
    if text.is_empty() {
        return Ok(today);
    }
    let day: Option<Date> = text.parse().ok();
    // What lies before the year 1 PostgreSQL may not know.
    day.filter(|day| day.year() > 0).ok_or(RoutingError::Day)
}

/// Who moves a referral. Whoever else may call was sorted out at the door.
pub(super) fn actor(principal: &Principal) -> Actor {
    match principal.role {
        Role::Coordinator => Actor::Coordinator,
        _ => Actor::Partner,
    }
}

/// Whose referrals the caller's are.
pub(super) fn filter(principal: &Principal) -> Filter {
    match &principal.organisation {
        Some(organisation) if principal.role == Role::Partner => {
            Filter::Organisation(organisation.clone())
        }
        _ => Filter::Zones(zones(principal)),
    }
}

/// The caller's zones.
pub(super) fn zones(principal: &Principal) -> Vec<String> {
    principal.zones.iter().map(ToString::to_string).collect()
}

/// A code that need not be said.
pub(super) fn optional_code<T: TryFrom<i32, Error = CodeError>>(
    field: &'static str,
    number: i32,
) -> Result<Option<T>, RoutingError> {
    if number == 0 {
        Ok(None)
    } else {
        code(field, number).map(Some)
    }
}

/// A situation's id, where one is said.
pub(super) fn situation(text: &str) -> Result<Option<SituationId>, RoutingError> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|source| RoutingError::Id {
        field: "situation_id",
        source,
    })
}

/// At least one need, each once, in their order.
pub(super) fn needs(numbers: &[i32]) -> Result<Vec<Need>, RoutingError> {
    if numbers.is_empty() {
        return Err(RoutingError::NoNeeds);
    }
    let mut needs = Vec::new();
    for number in numbers {
        let need = code("needs", *number)?;
        if !needs.contains(&need) {
            needs.push(need);
        }
    }
    Ok(needs)
}
