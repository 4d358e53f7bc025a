//! What a receiver is sent: that there is something, never what.

use jiff::Timestamp;
use knipperlicht_vocabulary::{DeliveryId, Language};
use serde_json::json;
use uuid::Uuid;

/// One piece of news, as far as its receiver may know.
#[derive(Debug, Clone)]
pub(crate) struct News {
    pub(crate) id: DeliveryId,
    pub(crate) source: String,
    pub(crate) event_type: String,
    pub(crate) occurred_at: Timestamp,
    pub(crate) zone: String,
    pub(crate) about: Uuid,
    pub(crate) traceparent: Option<String>,
}

/// The body of a webhook: a CloudEvents 1.0 event in JSON, with the extensions `zone` and
/// `traceparent`.
pub(crate) fn webhook(news: &News, link: &str) -> String {
    let mut event = json!({
        "specversion": "1.0",
        "id": news.id.to_string(),
        "source": format!("/knipperlicht/{}", news.source),
        "type": news.event_type,
        "time": news.occurred_at.to_string(),
        "subject": news.about.to_string(),
        "zone": news.zone,
        "datacontenttype": "application/json",
        "data": { "message": "there is something for you", "link": link },
    });
    if let (Some(event), Some(traceparent)) = (event.as_object_mut(), &news.traceparent) {
        event.insert("traceparent".to_owned(), traceparent.clone().into());
    }
    event.to_string()
}

/// The languages that mails are written in.
pub(crate) const MAIL_LANGUAGES: [Language; 3] =
    [Language::Dutch, Language::French, Language::English];

/// A mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MailText {
    pub(crate) subject: &'static str,
    pub(crate) body: String,
}

/// A mail about so many pieces of news; in English where it is not written in `language`.
pub(crate) fn mail(language: Language, pieces: usize, link: &str) -> MailText {
    let (subject, one, many, end) = match language {
        Language::Dutch => (
            "Er is iets voor u in Knipperlicht",
            "Er is iets voor u in Knipperlicht.",
            "dingen wachten op u in Knipperlicht.",
            "Deze mail zegt bewust niet wat of over wie. U leest het na aanmelden:",
        ),
        Language::French => (
            "Il y a quelque chose pour vous dans Knipperlicht",
            "Il y a quelque chose pour vous dans Knipperlicht.",
            "éléments sont pour vous dans Knipperlicht.",
            "Ce message ne dit pas quoi ni à propos de qui : vous le lirez après connexion :",
        ),
        _ => (
            "There is something for you in Knipperlicht",
            "There is something for you in Knipperlicht.",
            "things wait for you in Knipperlicht.",
            "This mail does not say what or about whom, on purpose. Read it after logging in:",
        ),
    };
    let what = if pieces > 1 {
        format!("{pieces} {many}")
    } else {
        one.to_owned()
    };
    MailText {
        subject,
        body: format!("{what}\n\n{end}\n{link}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_says_no_more_than_that_there_is_something() {
        let news = News {
            id: Uuid::from_u128(1).into(),
            source: "routing".to_owned(),
            event_type: "knipperlicht.referral.requested.v1".to_owned(),
            occurred_at: Timestamp::UNIX_EPOCH,
            zone: "gent".to_owned(),
            about: Uuid::from_u128(2),
            traceparent: None,
        };
        let body: serde_json::Value =
            serde_json::from_str(&webhook(&news, "https://kl.example/")).unwrap();
        assert_eq!(
            body,
            json!({
                "specversion": "1.0",
                "id": "00000000-0000-0000-0000-000000000001",
                "source": "/knipperlicht/routing",
                "type": "knipperlicht.referral.requested.v1",
                "time": "1970-01-01T00:00:00Z",
                "subject": "00000000-0000-0000-0000-000000000002",
                "zone": "gent",
                "datacontenttype": "application/json",
                "data": { "message": "there is something for you", "link": "https://kl.example/" },
            })
        );
    }

    #[test]
    fn a_mail_is_written_in_three_languages_and_says_how_much() {
        let dutch = mail(Language::Dutch, 1, "https://kl.example/");
        assert_eq!(dutch.subject, "Er is iets voor u in Knipperlicht");
        assert!(dutch.body.ends_with("\nhttps://kl.example/\n"));
        let many = mail(Language::French, 12, "https://kl.example/");
        assert!(many.body.starts_with("12 éléments"));
        assert_ne!(
            mail(Language::English, 1, "").subject,
            mail(Language::French, 1, "").subject
        );
    }
}
