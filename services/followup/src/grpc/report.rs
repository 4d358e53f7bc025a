//! The report of a zone.

use knipperlicht_access::{Principal, Role};
use knipperlicht_contracts::followup::v1 as wire;
use knipperlicht_vocabulary::ZoneId;

use super::FollowupCalls;
use crate::{
    error::FollowupError,
    model::report::{Counts, Line, LoopAge, Period, THRESHOLD, Topic, open_loops, report},
    store, tallies,
};

impl FollowupCalls {
    /// A coordinator sees its own zones, and what is open in them at this moment; an analyst sees
    /// every zone, but only years that are over: whoever may ask again every day would see each
    /// loop that opens.
    pub(super) async fn report_of(
        &self,
        principal: &Principal,
        request: &wire::ZoneReportRequest,
    ) -> Result<wire::ZoneReportResponse, FollowupError> {
        let environment = &self.kit.environment;
        let zone: ZoneId = request.zone_id.parse()?;
        let period = Period::parse(&request.from, &request.to, environment.today())?;
        let coordinates = principal.role == Role::Coordinator;
        if coordinates && !principal.zones.contains(&zone) {
            return Err(FollowupError::NotFound { what: "zone" });
        }

        tallies::add_up(&self.kit).await?;
        let mut transaction = self.kit.database.begin(principal).await?;
        let mut counted = store::report::years(&mut transaction, &zone, period.bounds()).await?;
        let open = if coordinates {
            Some(store::report::open_since(&mut transaction, &zone).await?)
        } else {
            None
        };
        transaction.commit().await?;

        let now = environment.now();
        let ages = open.map(|since| -> Vec<LoopAge> {
            let ages = since.into_iter().map(|since| now.duration_since(since));
            ages.map(LoopAge::of).collect()
        });
        let years = period.years().map(|year| {
            let counts: Counts = counted.remove(&year).unwrap_or_default();
            wire::ReportYear {
                year: i32::from(year),
                lines: report(&counts).into_iter().map(Into::into).collect(),
            }
        });
        Ok(wire::ZoneReportResponse {
            zone_id: zone.to_string(),
            years: years.collect(),
            open_loops: ages
                .map(|ages| open_loops(&ages))
                .unwrap_or_default()
                .into_iter()
                .map(Into::into)
                .collect(),
            threshold: i32::try_from(THRESHOLD).unwrap_or_default(),
        })
    }
}

impl From<Line> for wire::ReportLine {
    fn from(line: Line) -> Self {
        let shown = line.cell.shown();
        Self {
            topic: wire::ReportTopic::from(line.topic).into(),
            code: line.code,
            value: i64::try_from(shown.unwrap_or_default()).unwrap_or(i64::MAX),
            hidden: shown.is_none(),
        }
    }
}

impl From<Topic> for wire::ReportTopic {
    fn from(topic: Topic) -> Self {
        match topic {
            Topic::Signals => Self::Signals,
            Topic::SignalsByRole => Self::SignalsByRole,
            Topic::SignalsByObservation => Self::SignalsByObservation,
            Topic::SignalsWithdrawn => Self::SignalsWithdrawn,
            Topic::NotShared => Self::NotShared,
            Topic::Done => Self::Done,
            Topic::Median => Self::MedianSeconds,
            Topic::Ninetieth => Self::NinetiethPercentileSeconds,
            Topic::Kept => Self::Kept,
            Topic::Late => Self::Late,
            Topic::WithinPromise => Self::WithinPromisePercent,
            Topic::Broken => Self::Broken,
            Topic::Outcomes => Self::Outcomes,
            Topic::Confirmed => Self::Confirmed,
            Topic::Reopened => Self::Reopened,
            Topic::UnmetNeeds => Self::UnmetNeeds,
            Topic::OpenLoops => Self::OpenLoops,
            Topic::OpenLoopsByAge => Self::OpenLoopsByAge,
        }
    }
}
