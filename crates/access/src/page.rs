//! The table role x call as a page for people: `docs/access.md`.

use std::fmt::Write;

use crate::{CALLS, Role};

const INTRODUCTION: &str = "\
# Who may make which call

This page is written from `crates/access/src/calls.rs` by `make access-page`; `make test` fails when
it tells something else. A call that is not in the table is refused to everybody.

- Who has an account sends an access token, which says the role. A role that may not make a call is
  refused with [KL0004](errors/KL0004.md), whoever has no token with [KL0001](errors/KL0001.md).
- `link_holder` is whoever has a carer's link or card and no account: the call carries the link's own
  token, and no access token. With one, the caller is its account.
- `service` is one of our own services that reacts to an event or a clock. It makes no calls:
  services tell each other facts, and none waits for another's answer. No access token gives this
  role.
- What a call then finds is for row-level security to say: a partner sees its own referrals, a
  coordinator its zones, a reporter its own signals, an analyst only what is counted.

Without any token answer only `grpc.health.v1.Health` and the reflection of the contracts.
";

/// The page.
#[must_use]
pub fn page() -> String {
    let mut services: Vec<&str> = Vec::new();
    for (call, _) in CALLS {
        let service = split(call).0;
        if !services.contains(&service) {
            services.push(service);
        }
    }
    let mut page = INTRODUCTION.to_owned();
    for service in services {
        let heading: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
        // Writing to a text does not fail.
        let _ = write!(
            page,
            "\n## {service}\n\n| call | {} |\n| --- |{}\n",
            heading.join(" | "),
            " :-: |".repeat(heading.len()),
        );
        let mut rows: Vec<_> = CALLS
            .iter()
            .filter(|(call, _)| split(call).0 == service)
            .collect();
        rows.sort_by_key(|(call, _)| *call);
        for (call, roles) in rows {
            let cells: Vec<&str> = Role::ALL
                .iter()
                .map(|role| if roles.contains(role) { "yes" } else { "" })
                .collect();
            let _ = writeln!(page, "| {} | {} |", split(call).1, cells.join(" | "));
        }
    }
    page
}

/// The service and the call.
fn split(call: &str) -> (&str, &str) {
    let (service, name) = call.split_once('/').unwrap_or(("", call));
    (service.rsplit('.').next().unwrap_or(service), name)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn the_page_tells_what_the_table_says() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/access.md");
        if std::env::var_os("KL_WRITE_PAGES").is_some() {
            fs::write(&file, page()).unwrap();
        }
        assert_eq!(
            fs::read_to_string(&file).unwrap_or_default(),
            page(),
            "write it anew: make access-page"
        );
    }
}
