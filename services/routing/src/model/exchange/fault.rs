//! What is wrong with a file, where, and what to do.

use std::fmt;

/// Where in a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The line, counted from 1; 0 where lines mean nothing.
    pub line: u64,
    /// The column of a CSV file, or the path of a JSON value such as `services[3].languages[0].code`.
    pub path: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.path),
            line => write!(f, "line {line}, {}", self.path),
        }
    }
}

/// Something to say of a place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub place: Place,
    /// What sort of thing.
    pub kind: FaultKind,
    /// What exactly.
    pub what: String,
}

/// What can be said of a place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// It is not the form it should be.
    Unreadable,
    /// Something has to be said that is not.
    Missing,
    /// A value has not the form it should have.
    Malformed,
    /// It refers to something that the file does not hold.
    Dangling,
    /// The same service twice.
    Duplicate,
    /// A code that is no language.
    Language,
    /// An area without a zone.
    Area,
    /// A code that is not in its list.
    Code,
    /// Room stated in the future.
    CapacityInFuture,
    /// It ends before it begins.
    Period,
    /// Not wrong: something the directory does not keep.
    NotKept,
    /// Not wrong: a service that is not offered.
    LeftOut,
}

impl FaultKind {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Unreadable,
        Self::Missing,
        Self::Malformed,
        Self::Dangling,
        Self::Duplicate,
        Self::Language,
        Self::Area,
        Self::Code,
        Self::CapacityInFuture,
        Self::Period,
        Self::NotKept,
        Self::LeftOut,
    ];

    /// Its code: `docs/errors/` has a page for each.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "KL3101",
            Self::Missing => "KL3102",
            Self::Malformed => "KL3103",
            Self::Dangling => "KL3104",
            Self::Duplicate => "KL3105",
            Self::Language => "KL3106",
            Self::Area => "KL3107",
            Self::Code => "KL3108",
            Self::CapacityInFuture => "KL3109",
            Self::Period => "KL3110",
            Self::NotKept => "KL3111",
            Self::LeftOut => "KL3112",
        }
    }

    /// Whether the file is refused for it.
    #[must_use]
    pub const fn is_wrong(self) -> bool {
        !matches!(self, Self::NotKept | Self::LeftOut)
    }

    /// What to do about it.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Unreadable => "bring the file into one of the forms of docs/directory.md",
            Self::Missing => "fill it in",
            Self::Malformed => "write it as docs/directory.md shows",
            Self::Dangling => "put what it refers to into the same file, or in its place",
            Self::Duplicate => "give each service an id of its own, or remove one of the two",
            Self::Language => {
                "use a code of ISO 639-1, such as nl, fr or ar; a dialect belongs in the language's note"
            }
            Self::Area => {
                "name zones that exist, or postal codes of Flanders or Brussels, or say everywhere"
            }
            Self::Code => "use one of the codes named",
            Self::CapacityInFuture => "give the moment at which the partner said it",
            Self::Period => "let it begin before it ends",
            Self::NotKept => "nothing need be done",
            Self::LeftOut => "give it a last day if it should be kept as ended",
        }
    }
}
