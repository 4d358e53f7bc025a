//! Who calls: two of each who must not see each other's.

use knipperlicht_access::{Role, allowed};
use knipperlicht_e2e::{Call, Caller, World, a_signal};

pub(crate) const ZONES: [&str; 2] = ["oostende-bredene", "gent"];
pub(crate) const POSTAL_CODES: [&str; 2] = ["8400", "9000"];

/// Somebody.
pub(crate) struct Person {
    pub(crate) name: &'static str,
    pub(crate) role: Role,
    /// The account, the organisation or the zone that makes something theirs.
    pub(crate) own: String,
    pub(crate) caller: Caller,
}

impl Person {
    pub(crate) fn may_call(&self, call: &Call) -> bool {
        allowed(&call.path).unwrap_or_default().contains(&self.role)
    }

    pub(crate) const fn is_reporter(&self) -> bool {
        matches!(self.role, Role::Reporter)
    }
}

pub(crate) struct People {
    pub(crate) all: Vec<Person>,
}

impl People {
    pub(crate) async fn of(world: &World) -> Self {
        let mut all = Vec::new();
        for (place, names) in [
            ["reporter a", "partner a", "coordinator a"],
            ["reporter b", "partner b", "coordinator b"],
        ]
        .into_iter()
        .enumerate()
        {
            let [reporter, partner, coordinator] = names;
            let zone = ZONES[place];
            let account = format!("reporter-{place}");
            all.push(Person {
                name: reporter,
                role: Role::Reporter,
                caller: world.caller(&account, Role::Reporter, None, &[]),
                own: account,
            });
            let organisation = asked_in(world, place).await;
            all.push(Person {
                name: partner,
                role: Role::Partner,
                // The zone is not what makes it theirs.
                caller: world.caller(
                    "desk",
                    Role::Partner,
                    Some(&organisation),
                    &[ZONES[1 - place]],
                ),
                own: organisation,
            });
            all.push(Person {
                name: coordinator,
                role: Role::Coordinator,
                caller: world.caller(
                    coordinator.split(' ').next().unwrap(),
                    Role::Coordinator,
                    None,
                    &[zone],
                ),
                own: zone.to_owned(),
            });
        }
        all.push(Person {
            name: "analyst",
            role: Role::Analyst,
            caller: world.caller("analyst", Role::Analyst, None, &ZONES),
            own: String::new(),
        });
        all.push(Person {
            name: "link holder",
            role: Role::LinkHolder,
            caller: world.nobody(),
            own: String::new(),
        });
        Self { all }
    }
}

/// The organisation that is asked first in this zone.
async fn asked_in(world: &World, place: usize) -> String {
    let mut signal = a_signal(&world.environment);
    POSTAL_CODES[place].clone_into(&mut signal.postal_code);
    let receipt = world.reporter("first").send(signal).await.unwrap();
    let coordinator = world.coordinator(&[ZONES[place]]);
    let referral = coordinator.referral_of(&receipt.situation_id).await;
    referral.service.unwrap().organisation_id
}
