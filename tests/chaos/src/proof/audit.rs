//! What somebody may have to answer for is in an audit log, and the logs are whole.

use std::collections::HashSet;

use super::{Fault, Findings};
use crate::{books::Books, load::Promises};

pub(super) fn check(books: &Books, promises: &Promises, findings: &mut Findings) {
    for log in &books.audit {
        for fault in &log.faults {
            let service = log.service.name();
            findings.add(Fault::Lost, format!("the audit log of {service}: {fault}"));
        }
    }
    let noted: HashSet<_> = books.looked_at.iter().collect();
    for situation in promises.looked_at.iter().filter(|one| !noted.contains(one)) {
        findings.add(
            Fault::Lost,
            format!("a desk read the contact of {situation}, and no audit log says so"),
        );
    }
}
