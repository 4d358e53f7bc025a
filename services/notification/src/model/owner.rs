//! Whose news a subscription is for.

/// A sort of owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum OwnerKind {
    /// A partner organisation.
    Organisation,
    /// A zone.
    Zone,
    /// A reporter.
    Reporter,
}

impl OwnerKind {
    /// Its name in the tables.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Zone => "zone",
            Self::Reporter => "reporter",
        }
    }

    /// The sort with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Organisation, Self::Zone, Self::Reporter]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// Whose news it is: an organisation's or a zone's id, or what stands for a reporter in events.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Owner {
    pub(crate) kind: OwnerKind,
    pub(crate) id: String,
}

impl Owner {
    pub(crate) fn new(kind: OwnerKind, id: impl Into<String>) -> Self {
        Self {
            kind,
            id: id.into(),
        }
    }
}
