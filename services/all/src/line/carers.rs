//! How carers are heard: where their links begin, and when they are asked.

use clap::Args;
use knipperlicht_followup::model::AskingRule;
use knipperlicht_links::{Address, AddressError};

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
    /// Where links and printed cards for carers lead: the web app, `https://...`. Without it, `dev`
    /// leads to its own, `serve` nowhere
    #[arg(long = "carer-address", env = "KL_CARER_ADDRESS")]
    address: Option<Address>,
    /// Days after the completion until a carer is asked whether it helped (own default)
    #[arg(long = "carer-asked-after-days", env = "KL_CARER_ASKED_AFTER_DAYS", default_value_t = 28, value_parser = clap::value_parser!(u16).range(1..=365))]
    asked_after_days: u16,
    /// Days until they are asked once more, and again until a coordinator decides (own default)
    #[arg(long = "carer-asked-again-after-days", env = "KL_CARER_ASKED_AGAIN_AFTER_DAYS", default_value_t = 14, value_parser = clap::value_parser!(u16).range(1..=365))]
    asked_again_after_days: u16,
}

impl CarerOptions {
    /// The same, with links that lead to `usual` where nothing else was said.
    pub(crate) fn settings(&self, usual: &str) -> Result<CarerSettings, AddressError> {
        let said = self.address.clone();
        Ok(CarerSettings {
            address: said.map_or_else(|| usual.parse(), Ok)?,
            asking: AskingRule::of_days(self.asked_after_days, self.asked_again_after_days),
        })
    }
}
