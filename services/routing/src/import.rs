//! Bringing listings into the directory: all of them, or nothing.

use jiff::{SignedDuration, Timestamp, civil::Date};
use knipperlicht_access::{Database, Principal};
use knipperlicht_eventing::{Kit, audit::Deed};

use crate::{RoutingError, model::listing::Listing, store};

/// Whether it is to take effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It is.
    Kept,
    /// Only what would happen is wanted.
    Tried,
}

/// What becomes of services that are not among the listings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// They stay.
    Stay,
    /// The listings are the whole directory: they ended yesterday.
    End,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) added: usize,
    pub(crate) changed: usize,
    pub(crate) ended: usize,
    /// The version of the directory it made, if any.
    pub(crate) version: Option<i64>,
}

/// Brings listings into the directory, in the name of `principal`, which a running service (`kit`)
/// notes in its audit log. The same ones again change
/// nothing and make no version.
pub(crate) async fn put(
    database: &Database,
    principal: &Principal,
    kit: Option<&Kit>,
    listings: &[Listing],
    (missing, effect): (Missing, Effect),
    (now, today): (Timestamp, Date),
) -> Result<Outcome, RoutingError> {
    let mut transaction = database.begin(principal).await?;
    store::lock_directory(&mut transaction).await?;
    let put = store::put_services(&mut transaction, listings).await?;
    let ended = match missing {
        Missing::Stay => Vec::new(),
        Missing::End => {
            let kept: Vec<&str> = listings.iter().map(|one| one.service.id.as_str()).collect();
            let yesterday = today
                .checked_sub(SignedDuration::from_hours(24))
                .unwrap_or(today);
            store::end_all_but(&mut transaction, &kept, yesterday).await?
        }
    };
    let mut differing = put.all();
    differing.extend(ended.iter().map(String::as_str));
    let version = store::note_directory_change(&mut transaction, &differing, now).await?;
    if let (Some(kit), Some(version)) = (kit, version) {
        transaction.act_as(&kit.principal).await?;
        let deed = Deed {
            action: "directory.imported",
            object: format!("version {version}"),
            purpose: &format!("{} services changed", differing.len()),
        };
        kit.note(&mut transaction, principal, deed).await?;
    }
    match effect {
        Effect::Kept => transaction.commit().await?,
        Effect::Tried => transaction.rollback().await?,
    }
    Ok(Outcome {
        added: put.added.len(),
        changed: put.changed.len(),
        ended: ended.len(),
        version: version.filter(|_| effect == Effect::Kept),
    })
}
