//! What can go wrong on the way to a receiver: the words of the delivery log.

/// Why an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The name of the host is not known.
    Name,
    /// The host lies in a network that is not public: it is not called.
    PrivateAddress,
    /// Nobody listens there, or the connection broke.
    Connection,
    /// No trust in who answers there.
    Tls,
    /// No answer in time.
    Timeout,
    /// An answer that sends us elsewhere: nobody follows.
    Redirect,
    /// Any other answer than success.
    Status,
    /// The receiver answered that it is gone for good.
    Gone,
    /// A mail server refused, but not for this mailbox for good.
    Deferred,
    /// A mail server says that there is no such mailbox.
    Refused,
    /// A mail server does not offer what is needed.
    Lacking,
    /// This process cannot send mail: nobody told it where.
    NoMail,
    /// Where it leads, or its secret, cannot be opened.
    Sealed,
}

impl Fault {
    /// Its word in the delivery log.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Name => "name_unknown",
            Self::PrivateAddress => "private_address",
            Self::Connection => "connection",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Redirect => "redirect",
            Self::Status => "status",
            Self::Gone => "gone",
            Self::Deferred => "deferred",
            Self::Refused => "refused",
            Self::Lacking => "lacking",
            Self::NoMail => "no_mail_server",
            Self::Sealed => "sealed",
        }
    }
}

/// Whether an SMTP reply says that no mail will ever reach this mailbox: RFC 5321, section 4.2.3
/// (550, 551, 553), and RFC 7504 (521, 556). Every other refusal may be our own server's, be it of
/// our password, and passes.
pub(crate) const fn is_no_mailbox(status: u16) -> bool {
    matches!(status, 521 | 550 | 551 | 553 | 556)
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// An HTTP status or an SMTP reply code; 0 where none came.
    pub(crate) status: u16,
    /// What went wrong, if anything.
    pub(crate) fault: Option<Fault>,
}

impl Outcome {
    /// Nothing came back.
    pub(crate) const fn nothing(fault: Fault) -> Self {
        Self {
            status: 0,
            fault: Some(fault),
        }
    }

    /// What an HTTP status means. A receiver has it with a success and nothing else.
    pub(crate) const fn of_http(status: u16) -> Self {
        let fault = match status {
            200..=299 => None,
            300..=399 => Some(Fault::Redirect),
            410 => Some(Fault::Gone),
            _ => Some(Fault::Status),
        };
        Self { status, fault }
    }

    /// What follows.
    pub(crate) const fn verdict(self) -> Verdict {
        match self.fault {
            None => Verdict::Delivered,
            Some(Fault::Gone) => Verdict::EndSubscription,
            Some(Fault::Refused) => Verdict::GiveUp,
            Some(_) => Verdict::TryAgain,
        }
    }
}

/// What follows from an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The receiver has it.
    Delivered,
    /// It is tried again, and what comes behind it waits.
    TryAgain,
    /// Trying again would change nothing.
    GiveUp,
    /// The receiver wants nothing any more.
    EndSubscription,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_that_is_wrong_is_no_reason_to_give_up() {
        for status in [550, 551, 553, 556] {
            assert!(is_no_mailbox(status), "{status}");
        }
        for status in [0, 421, 450, 503, 530, 534, 535, 538, 552, 554] {
            assert!(!is_no_mailbox(status), "{status}");
        }
    }

    #[test]
    fn only_success_is_delivered_and_only_gone_ends() {
        for (status, verdict) in [
            (200, Verdict::Delivered),
            (204, Verdict::Delivered),
            (301, Verdict::TryAgain),
            (308, Verdict::TryAgain),
            (400, Verdict::TryAgain),
            (404, Verdict::TryAgain),
            (410, Verdict::EndSubscription),
            (429, Verdict::TryAgain),
            (500, Verdict::TryAgain),
        ] {
            assert_eq!(Outcome::of_http(status).verdict(), verdict, "{status}");
        }
        assert_eq!(
            Outcome::nothing(Fault::PrivateAddress).verdict(),
            Verdict::TryAgain
        );
        assert_eq!(Outcome::nothing(Fault::Refused).verdict(), Verdict::GiveUp);
    }
}
