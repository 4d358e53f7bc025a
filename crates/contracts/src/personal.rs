//! Messages that say who somebody is, or open something. None of them shows anything when printed
//! for debugging, and what is personal in them can be wiped.

use std::fmt;

use zeroize::Zeroize;

use crate::{followup::v1 as followup, intake::v1 as intake, notification::v1 as notification};

macro_rules! says_nothing {
    ($($message:path)*) => {$(
        impl fmt::Debug for $message {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let path = stringify!($message);
                let name = path.rsplit(' ').next().unwrap_or(path);
                let name = name.rsplit(':').next().unwrap_or(name);
                f.debug_struct(name).finish_non_exhaustive()
            }
        }
    )*};
}

// As in `build.rs`: the compiler misses what is in one of the two lists alone.
says_nothing! {
    intake::Contact
    intake::Signal
    intake::SetConsentRequest
    intake::GetContactRequest
    intake::GetContactResponse
    intake::ReadVitalInterestRequest
    intake::ReadVitalInterestResponse
    intake::WorkNote
    intake::AddNoteRequest
    intake::CarerLink
    intake::GetMySituationRequest
    intake::WithdrawMyConsentRequest
    intake::RevokeSelfSignalCardRequest
    intake::SubmitSelfSignalRequest
    followup::IssueCarerLinkResponse
    followup::ConfirmOutcomeRequest
    notification::Webhook
    notification::Mail
    notification::mail::Quiet
    notification::SubscribeResponse
    notification::RotateSecretResponse
}

impl Zeroize for intake::Contact {
    fn zeroize(&mut self) {
        let Self {
            name,
            phone,
            mail,
            address,
            national_number,
            family_name,
            birth_year,
        } = self;
        for text in [name, phone, mail, address, national_number, family_name] {
            text.zeroize();
        }
        birth_year.zeroize();
    }
}

impl Zeroize for intake::Signal {
    fn zeroize(&mut self) {
        self.contact.zeroize();
        self.note.zeroize();
        self.vital_interest_reason.zeroize();
    }
}

impl Zeroize for intake::SubmitSelfSignalRequest {
    fn zeroize(&mut self) {
        self.token.zeroize();
        self.signal.zeroize();
    }
}

impl Zeroize for intake::SetConsentRequest {
    fn zeroize(&mut self) {
        self.vital_interest_reason.zeroize();
    }
}

impl Zeroize for intake::WorkNote {
    fn zeroize(&mut self) {
        self.text.zeroize();
    }
}

impl Zeroize for intake::AddNoteRequest {
    fn zeroize(&mut self) {
        self.text.zeroize();
    }
}

impl Zeroize for intake::GetContactResponse {
    fn zeroize(&mut self) {
        self.contacts.zeroize();
        self.notes.zeroize();
        self.work_notes.zeroize();
    }
}

/// It is dropped by whoever sends it, once it is on its way.
impl Drop for intake::GetContactResponse {
    fn drop(&mut self) {
        self.zeroize();
    }
}

impl Drop for intake::ReadVitalInterestResponse {
    fn drop(&mut self) {
        self.reasons.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: &str = "Zorgelinck-Merkwaardig";

    fn contact() -> intake::Contact {
        intake::Contact {
            name: MARK.to_owned(),
            phone: MARK.to_owned(),
            mail: MARK.to_owned(),
            address: MARK.to_owned(),
            national_number: MARK.to_owned(),
            family_name: MARK.to_owned(),
            birth_year: 1985,
        }
    }

    fn signal() -> intake::Signal {
        intake::Signal {
            contact: Some(contact()),
            note: MARK.to_owned(),
            vital_interest_reason: MARK.to_owned(),
            ..Default::default()
        }
    }

    fn known() -> intake::GetContactResponse {
        let mut known = intake::GetContactResponse::default();
        known.contacts.push(contact());
        known.notes.push(MARK.to_owned());
        known.work_notes.push(intake::WorkNote {
            text: MARK.to_owned(),
            ..Default::default()
        });
        known
    }

    #[test]
    fn nothing_personal_is_printed() {
        let of_intake: [&dyn fmt::Debug; 9] = [
            &intake::SubmitSignalRequest {
                signal: Some(signal()),
            },
            &intake::SubmitSignalsRequest {
                signals: vec![signal()],
            },
            &intake::SubmitSelfSignalRequest {
                token: MARK.to_owned(),
                signal: Some(signal()),
            },
            &intake::SetConsentRequest {
                vital_interest_reason: MARK.to_owned(),
                ..Default::default()
            },
            &intake::GetContactRequest {
                purpose: MARK.to_owned(),
                ..Default::default()
            },
            &known(),
            &intake::ReadVitalInterestResponse {
                reasons: vec![MARK.to_owned()],
            },
            &intake::AddNoteRequest {
                text: MARK.to_owned(),
                ..Default::default()
            },
            &intake::IssueSituationLinkResponse {
                link: Some(intake::CarerLink {
                    token: MARK.to_owned(),
                    url: MARK.to_owned(),
                    card_svg: MARK.to_owned(),
                    ..Default::default()
                }),
            },
        ];
        let mail = notification::Mail {
            address: MARK.to_owned(),
            ..Default::default()
        };
        let of_others: [&dyn fmt::Debug; 3] = [
            &notification::SubscribeRequest {
                channel: Some(notification::subscribe_request::Channel::Mail(mail)),
                ..Default::default()
            },
            &notification::SubscribeResponse {
                secret: MARK.to_owned(),
                ..Default::default()
            },
            &followup::ConfirmOutcomeRequest {
                token: MARK.to_owned(),
                ..Default::default()
            },
        ];
        for message in of_intake.into_iter().chain(of_others) {
            let printed = format!("{message:?} {message:#?}");
            assert!(!printed.contains(MARK), "{printed}");
            assert!(!printed.contains("1985"), "{printed}");
        }
        assert_eq!(format!("{:?}", contact()), "Contact { .. }");
    }

    #[test]
    fn what_is_personal_is_wiped() {
        let mut contact = contact();
        contact.zeroize();
        assert_eq!(contact, intake::Contact::default());
        let mut signal = signal();
        signal.zeroize();
        assert_eq!(signal, intake::Signal::default());
        let mut known = known();
        known.zeroize();
        assert_eq!(known, intake::GetContactResponse::default());
    }
}
