//! What the contracts say of everything that is declared in them: their comments are the
//! documentation.

use std::collections::HashMap;

use prost_reflect::{
    DescriptorPool, EnumDescriptor, EnumValueDescriptor, FieldDescriptor, FileDescriptor,
    MessageDescriptor, MethodDescriptor, ServiceDescriptor,
};

/// The comments of all contracts, by file and place.
#[derive(Debug)]
pub(super) struct Comments(HashMap<(String, Vec<i32>), String>);

/// What can have a comment.
pub(super) trait Commented {
    /// The file, and the place in it.
    fn place(&self) -> (FileDescriptor, Vec<i32>);
}

macro_rules! commented {
    ($($kind:ty => $file:expr;)*) => {$(
        impl Commented for $kind {
            fn place(&self) -> (FileDescriptor, Vec<i32>) {
                let file: fn(&$kind) -> FileDescriptor = $file;
                (file(self), self.path().to_vec())
            }
        }
    )*};
}

commented! {
    ServiceDescriptor => ServiceDescriptor::parent_file;
    MethodDescriptor => MethodDescriptor::parent_file;
    MessageDescriptor => MessageDescriptor::parent_file;
    FieldDescriptor => FieldDescriptor::parent_file;
    EnumDescriptor => EnumDescriptor::parent_file;
    EnumValueDescriptor => |value| value.parent_enum().parent_file();
}

impl Comments {
    pub(super) fn of(pool: &DescriptorPool) -> Self {
        let mut found = HashMap::new();
        for file in pool.files() {
            let proto = file.file_descriptor_proto();
            let locations = proto
                .source_code_info
                .iter()
                .flat_map(|info| &info.location);
            for location in locations {
                if let Some(text) = &location.leading_comments {
                    let place = (file.name().to_owned(), location.path.clone());
                    found.insert(place, unwrapped(text));
                }
            }
        }
        Self(found)
    }

    /// The comment; empty where there is none.
    pub(super) fn on(&self, what: &impl Commented) -> &str {
        let (file, path) = what.place();
        let found = self.0.get(&(file.name().to_owned(), path));
        found.map_or("", String::as_str)
    }
}

/// Lines that were broken for the page, whole again; an empty line stays.
fn unwrapped(text: &str) -> String {
    let paragraphs: Vec<String> = text
        .split("\n\n")
        .map(|paragraph| {
            let lines: Vec<&str> = paragraph.lines().map(str::trim).collect();
            lines.join(" ").trim().to_owned()
        })
        .collect();
    paragraphs.join("\n\n").trim().to_owned()
}

/// The first sentence.
pub(super) fn summary(text: &str) -> &str {
    let end = text.find(". ").map_or(text.len(), |end| end + 1);
    text[..end].trim_end_matches('.')
}
