//! How carers are heard: where their links begin, and when they are asked.

use clap::Args;
use knipperlicht_followup::model::AskingRule;
use knipperlicht_links::Address;

/// How carers are heard.
#[derive(Debug, Clone)]
pub struct CarerSettings {
    /// Where links for carers begin.
    pub address: Address,
    /// When a carer is asked whether it helped.
    pub asking: AskingRule,
}

/// The same as options of a command.
#[derive(Debug, Clone, Args)]
pub struct CarerOptions {
    /// Where links and printed cards for carers lead: the web app, `https://...`
    #[arg(
        long = "carer-address",
        env = "KL_CARER_ADDRESS",
        default_value = "https://knipperlicht.invalid/k"
    )]
    address: Address,
    /// Days after the completion until a carer is asked whether it helped (own default)
    #[arg(long = "carer-asked-after-days", env = "KL_CARER_ASKED_AFTER_DAYS", default_value_t = 28, value_parser = clap::value_parser!(u16).range(1..=365))]
    asked_after_days: u16,
    /// Days until they are asked once more, and again until a coordinator decides (own default)
    #[arg(long = "carer-asked-again-after-days", env = "KL_CARER_ASKED_AGAIN_AFTER_DAYS", default_value_t = 14, value_parser = clap::value_parser!(u16).range(1..=365))]
    asked_again_after_days: u16,
}

impl From<&CarerOptions> for CarerSettings {
    fn from(options: &CarerOptions) -> Self {
        Self {
            address: options.address.clone(),
            asking: AskingRule::of_days(options.asked_after_days, options.asked_again_after_days),
        }
    }
}
