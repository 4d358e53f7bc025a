//! As much of the FHIR R4 model (4.0.1) as is said and understood here. What is sent to us and is
//! not in it is refused, not overlooked. docs/fhir.md says why no ready-made model is used.

use serde::{Deserialize, Serialize};

/// What is left out where there is nothing to say: FHIR knows no empty values.
pub(super) trait Empty {
    fn is_empty(&self) -> bool;
}

impl<T> Empty for Option<T> {
    fn is_empty(&self) -> bool {
        self.is_none()
    }
}

impl<T> Empty for Vec<T> {
    fn is_empty(&self) -> bool {
        Self::is_empty(self)
    }
}

impl Empty for String {
    fn is_empty(&self) -> bool {
        Self::is_empty(self)
    }
}

macro_rules! always_said {
    ($($kind:ty)*) => {$(
        impl Empty for $kind {
            fn is_empty(&self) -> bool {
                false
            }
        }
    )*};
}

always_said! { CodeableConcept Reference serde_json::Value }

// None of them can be printed for debugging: some say who somebody is.
macro_rules! elements {
    ($($(#[$about:meta])* $name:ident { $($(#[$how:meta])* $field:ident: $kind:ty,)* })*) => {$(
        $(#[$about])*
        #[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields, default)]
        #[allow(clippy::struct_field_names, reason = "these are FHIR's names")]
        pub(super) struct $name {
            $($(#[$how])* #[serde(skip_serializing_if = "Empty::is_empty")] pub(super) $field: $kind,)*
        }
    )*};
}

elements! {
    /// What our own model has no place for: a value of one kind, or parts.
    Extension { url: String, extension: Vec<Extension>, value_code: Option<String>, value_string: Option<String>, value_coding: Option<Coding>, value_instant: Option<String>, value_decimal: Option<f64>, value_reference: Option<Reference>, value_codeable_concept: Option<CodeableConcept>, }
    Meta { version_id: Option<String>, last_updated: Option<String>, profile: Vec<String>, tag: Vec<Coding>, source: Option<String>, }
    Coding { system: Option<String>, version: Option<String>, code: Option<String>, display: Option<String>, }
    CodeableConcept { coding: Vec<Coding>, text: Option<String>, }
    Identifier { #[serde(rename = "use")] usage: Option<String>, system: Option<String>, value: Option<String>, }
    Reference { extension: Vec<Extension>, reference: Option<String>, #[serde(rename = "type")] kind: Option<String>, identifier: Option<Identifier>, display: Option<String>, }
    Period { start: Option<String>, end: Option<String>, }
    Quantity { value: Option<f64>, unit: Option<String>, system: Option<String>, code: Option<String>, }
    Annotation { time: Option<String>, text: String, }
    Narrative { status: String, div: String, }
    Restriction { period: Option<Period>, }
    TaskOutput { #[serde(rename = "type")] kind: CodeableConcept, value_codeable_concept: Option<CodeableConcept>, value_boolean: Option<bool>, }
    HumanName { text: Option<String>, family: Option<String>, given: Vec<String>, }
    ContactPoint { system: Option<String>, value: Option<String>, #[serde(rename = "use")] usage: Option<String>, }
    Address { text: Option<String>, line: Vec<String>, }
    /// Who it is about: taken in, never given out.
    Patient { resource_type: String, id: Option<String>, name: Vec<HumanName>, telecom: Vec<ContactPoint>, address: Vec<Address>, birth_date: Option<String>, }
    ServiceRequest {
        id: Option<String>, meta: Option<Meta>, text: Option<Narrative>, contained: Vec<Patient>,
        extension: Vec<Extension>, identifier: Vec<Identifier>, replaces: Vec<Reference>,
        status: Option<String>, intent: Option<String>, category: Vec<CodeableConcept>,
        priority: Option<String>, code: Option<CodeableConcept>, subject: Option<Reference>,
        authored_on: Option<String>, reason_code: Vec<CodeableConcept>, note: Vec<Annotation>,
    }
    Task {
        id: Option<String>, meta: Option<Meta>, text: Option<Narrative>, extension: Vec<Extension>,
        identifier: Vec<Identifier>, based_on: Vec<Reference>, status: Option<String>,
        status_reason: Option<CodeableConcept>, business_status: Option<CodeableConcept>,
        intent: Option<String>, priority: Option<String>, code: Option<CodeableConcept>,
        focus: Option<Reference>, #[serde(rename = "for")] about: Option<Reference>,
        authored_on: Option<String>, last_modified: Option<String>, owner: Option<Reference>,
        restriction: Option<Restriction>, output: Vec<TaskOutput>,
    }
    QuestionnaireResponse {
        id: Option<String>, identifier: Option<Identifier>, questionnaire: Option<String>,
        status: String, subject: Option<Reference>, authored: Option<String>,
    }
    Component {
        code: CodeableConcept, value_codeable_concept: Option<CodeableConcept>,
        value_integer: Option<i32>, data_absent_reason: Option<CodeableConcept>,
    }
    Observation {
        id: Option<String>, identifier: Vec<Identifier>, status: String,
        category: Vec<CodeableConcept>, code: CodeableConcept, subject: Option<Reference>,
        effective_date_time: Option<String>, issued: Option<String>,
        value_quantity: Option<Quantity>, value_codeable_concept: Option<CodeableConcept>,
        interpretation: Vec<CodeableConcept>, has_member: Vec<Reference>,
        derived_from: Vec<Reference>, component: Vec<Component>,
    }
    AnswerOption { extension: Vec<Extension>, value_coding: Option<Coding>, }
    QuestionnaireItem {
        link_id: String, text: Option<String>, #[serde(rename = "type")] kind: String,
        required: Option<bool>, answer_option: Vec<AnswerOption>,
    }
    Questionnaire {
        id: Option<String>, language: Option<String>, url: Option<String>, version: Option<String>,
        title: Option<String>, status: String, subject_type: Vec<String>,
        description: Option<String>, copyright: Option<String>, item: Vec<QuestionnaireItem>,
    }
    Provision { #[serde(rename = "type")] kind: Option<String>, purpose: Vec<Coding>, }
    Consent {
        id: Option<String>, status: String, scope: CodeableConcept, category: Vec<CodeableConcept>,
        patient: Option<Reference>, date_time: Option<String>, policy_rule: Option<CodeableConcept>,
        provision: Option<Provision>,
    }
    Agent { #[serde(rename = "type")] kind: Option<CodeableConcept>, who: Reference, }
    Provenance {
        id: Option<String>, extension: Vec<Extension>, target: Vec<Reference>,
        occurred_date_time: Option<String>, recorded: String, activity: Option<CodeableConcept>,
        agent: Vec<Agent>,
    }
    Issue { severity: String, code: String, details: Option<CodeableConcept>, diagnostics: Option<String>, expression: Vec<String>, }
    OperationOutcome { issue: Vec<Issue>, }
    Link { relation: String, url: String, }
    Search { mode: String, }
    Entry { full_url: Option<String>, resource: serde_json::Value, search: Option<Search>, }
    Bundle { #[serde(rename = "type")] kind: String, total: Option<u64>, link: Vec<Link>, entry: Vec<Entry>, }
}
