//! What is sent, by example: of each call that takes more than stands in its address, one that is right
//! as it stands.

use serde_json::{Map, Value};

const EXAMPLES: &str = include_str!("examples.json");

/// What calls are sent, by the name of the operation.
#[derive(Debug)]
pub(super) struct Examples(Map<String, Value>);

impl Examples {
    pub(super) fn read() -> Self {
        // A file of ours, which a test reads as well.
        Self(serde_json::from_str(EXAMPLES).unwrap_or_default())
    }

    pub(super) fn of(&self, operation: &str) -> Option<&Value> {
        self.0.get(operation)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{super::operation::id, *};
    use crate::rest::{Sent, tests::rules, understood};

    #[tokio::test]
    async fn every_call_that_takes_something_has_an_example_that_it_understands() {
        let (_, rules) = rules();
        let examples = Examples::read();
        let mut unused: BTreeSet<&String> = examples.0.keys().collect();
        for rule in rules.iter() {
            let takes = match &rule.sent {
                Sent::Nothing => 0,
                Sent::Field(_) => 1,
                Sent::All => rule.call.input().fields().len() - rule.template.fields().count(),
            };
            let name = id(rule);
            match examples.of(&name) {
                Some(example) => {
                    unused.remove(&name);
                    let said = understood(rule, example.to_string().as_bytes());
                    let said = said.unwrap_or_else(|fault| panic!("{name}: {fault}"));
                    assert!(
                        said.fields().count() > rule.template.fields().count(),
                        "{name}"
                    );
                }
                None => assert_eq!(takes, 0, "{name} has no example"),
            }
        }
        assert!(unused.is_empty(), "{unused:?}");
    }
}
