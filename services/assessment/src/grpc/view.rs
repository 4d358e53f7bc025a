//! From what is stored to what callers see.

use knipperlicht_contracts::{assessment::v1 as pb, to_proto};
use knipperlicht_vocabulary::{Language, Urgency};

use crate::{
    AssessmentError,
    model::{
        Catalogue, Line, Score, Texts, TriageTables, Trigger,
        instrument::{Band, Direction, EntryWay, Instrument, Item, Trend, Wording},
    },
    store::{AssessmentRow, Cause, ResponseRow},
};

/// How much of a judgement somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sees {
    /// All of it.
    Everything,
    /// What tells of the carer: the cared-for person objects to the rest.
    TheCarer,
}

impl Sees {
    /// Whether what this instrument measures is shown.
    fn forms_of(self, instrument: &str, catalogue: &Catalogue) -> bool {
        self == Self::Everything || catalogue.tells_of_the_carer(instrument)
    }

    /// Whether this is left out of the reasons of a judgement.
    fn hides(self, line: &Line, catalogue: &Catalogue) -> bool {
        match &line.trigger {
            Trigger::Observation(seen) => self == Self::TheCarer && seen.concerns_the_cared_for(),
            Trigger::Band { instrument, .. } | Trigger::Answer { instrument, .. } => {
                !self.forms_of(instrument, catalogue)
            }
            Trigger::Overload => false,
        }
    }
}

/// A judgement, its reasons told by the table of its version.
pub(super) fn assessment(
    row: &AssessmentRow,
    (triage, catalogue): (&TriageTables, &Catalogue),
    sees: Sees,
) -> Result<pb::Assessment, AssessmentError> {
    let missing = |what: String| AssessmentError::BadRow {
        table: "assessment",
        what,
    };
    let table = triage
        .version(&row.triage_version)
        .ok_or_else(|| missing(format!("no triage table {}", row.triage_version)))?;
    let lines = row.reasons.iter().map(|name| {
        let line = table.line(name);
        line.ok_or_else(|| missing(format!("no line `{name}` in {}", row.triage_version)))
    });
    let limit = table.limit(row.weight);
    Ok(pb::Assessment {
        assessment_id: row.id.to_string(),
        situation_id: row.situation.to_string(),
        signal_id: row.signal.to_string(),
        assessed_at: Some(to_proto(row.assessed_at)),
        urgency: row.urgency.number(),
        needs: row.needs.iter().map(|need| need.number()).collect(),
        weight: i32::from(row.weight),
        reasons: lines
            .filter(|line| !line.as_ref().is_ok_and(|line| sees.hides(line, catalogue)))
            .map(|line| line.map(|line| reason(line)))
            .collect::<Result<_, _>>()?,
        triage_version: row.triage_version.clone(),
        asks: row.asks.iter().map(|ask| ask.number()).collect(),
        cause: cause(row.cause).into(),
        response_id: row
            .cause
            .response()
            .map(|response| response.to_string())
            .unwrap_or_default(),
        weight_because: limit.and_then(|limit| limit.because.as_ref()).map(texts),
        weight_source: limit.map(|limit| limit.source.clone()).unwrap_or_default(),
        left_out: sees == Sees::TheCarer,
    })
}

const fn cause(cause: Cause) -> pb::Cause {
    match cause {
        Cause::Signal => pb::Cause::SignalFlagged,
        Cause::Withdrawal => pb::Cause::SignalWithdrawn,
        Cause::Form(_) => pb::Cause::FormFilledIn,
        Cause::Merge => pb::Cause::SituationsMerged,
        Cause::Split => pb::Cause::SituationsSplit,
    }
}

fn reason(line: &Line) -> pb::Reason {
    let observation = match line.trigger {
        Trigger::Observation(seen) => seen.number(),
        Trigger::Band { .. } | Trigger::Answer { .. } | Trigger::Overload => 0,
    };
    pb::Reason {
        observation,
        weight: i32::from(line.weight),
        red_flag: line.is_red_flag(),
        needs: line.needs.iter().map(|need| need.number()).collect(),
        source: line.source.clone(),
        line: line.trigger.to_string(),
        because: line.because.as_ref().map(texts),
        asks: line.asks.iter().map(|ask| ask.number()).collect(),
        at_least: line.at_least.map_or(0, Urgency::number),
    }
}

fn texts(texts: &Texts) -> pb::Texts {
    pb::Texts {
        nl: texts.nl.clone(),
        fr: texts.fr.clone(),
        en: texts.en.clone(),
    }
}

/// An instrument in one language.
pub(super) fn instrument(instrument: &Instrument, language: Language) -> pb::Instrument {
    let words = |texts: &Texts| match language {
        Language::French => texts.fr.clone(),
        Language::English => texts.en.clone(),
        _ => texts.nl.clone(),
    };
    let scoring = &instrument.scoring;
    let overload = scoring.overload.as_ref();
    let item = |item: &Item| pb::Item {
        link_id: item.link_id.clone(),
        text: words(&item.text),
        required: instrument.requires(item),
        choices: item
            .choices
            .iter()
            .map(|choice| pb::Choice {
                code: choice.code.clone(),
                text: words(&choice.text),
                score: choice.score.number(),
            })
            .collect(),
        conditional: item.asked_when.is_some(),
    };
    let band = |band: &Band| pb::Band {
        code: band.code.clone(),
        label: words(&band.label),
        from: band.from.number(),
        to: band.to.number(),
        source: band.source.clone(),
    };
    pb::Instrument {
        instrument_id: instrument.id.clone(),
        version: instrument.version.clone(),
        url: instrument.url.clone(),
        title: words(&instrument.title),
        measures: words(&scoring.measures),
        direction: direction(scoring.direction).into(),
        direction_words: words(&scoring.direction.words()),
        range_from: scoring.range.from.number(),
        range_to: scoring.range.to.number(),
        step: scoring.range.step.number(),
        bands: scoring.bands.iter().map(band).collect(),
        overload_from: overload.map(|overload| overload.from.number()),
        overload_source: overload.map(|one| one.source.clone()).unwrap_or_default(),
        smallest_change: scoring.smallest_change.points.number(),
        smallest_change_source: scoring.smallest_change.source.clone(),
        takes_answers: instrument.takes(EntryWay::Answers),
        takes_total: instrument.takes(EntryWay::Total),
        items: instrument.items.iter().map(item).collect(),
        wording: wording(scoring.wording).into(),
        credit: scoring.credit.clone(),
    }
}

const fn direction(direction: Direction) -> pb::Direction {
    match direction {
        Direction::HigherIsBetter => pb::Direction::HigherIsBetter,
        Direction::HigherIsWorse => pb::Direction::HigherIsWorse,
    }
}

const fn wording(wording: Wording) -> pb::Wording {
    match wording {
        Wording::Own => pb::Wording::Own,
        Wording::None => pb::Wording::None,
        Wording::Licensed => pb::Wording::Licensed,
    }
}

const fn trend(trend: Trend) -> pb::Trend {
    match trend {
        Trend::Better => pb::Trend::Better,
        Trend::Worse => pb::Trend::Worse,
        Trend::Same => pb::Trend::Same,
        Trend::TooFew => pb::Trend::TooFew,
    }
}

/// What a form came to.
pub(super) fn result(row: &ResponseRow, catalogue: &Catalogue) -> pb::Result {
    let came_to = &row.result;
    let instrument = catalogue.get(&came_to.instrument, &came_to.version);
    let band = came_to.band.as_deref();
    let label = instrument.and_then(|instrument| instrument.band_named(band?));
    pb::Result {
        response_id: came_to.response.to_string(),
        situation_id: row.situation.to_string(),
        instrument_id: came_to.instrument.clone(),
        instrument_version: came_to.version.clone(),
        answered_at: Some(to_proto(came_to.at)),
        recorded_at: Some(to_proto(row.recorded_at)),
        score: came_to.score.number(),
        band: band.unwrap_or_default().to_owned(),
        band_label: label.map(|band| texts(&band.label)),
        overloaded: came_to.overloaded,
    }
}

/// The forms of a situation, which lie together by instrument and version, as series.
pub(super) fn series(forms: &[ResponseRow], catalogue: &Catalogue, sees: Sees) -> Vec<pb::Series> {
    let same = |one: &ResponseRow, next: &ResponseRow| {
        let (one, next) = (&one.result, &next.result);
        (&one.instrument, &one.version) == (&next.instrument, &next.version)
    };
    forms
        .chunk_by(same)
        .filter_map(|forms| {
            let of = &forms.first()?.result;
            let shown = sees.forms_of(&of.instrument, catalogue);
            shown.then(|| one_series(of, forms, catalogue))
        })
        .collect()
}

fn one_series(
    of: &crate::model::ResultInput,
    forms: &[ResponseRow],
    catalogue: &Catalogue,
) -> pb::Series {
    let results = forms.iter().map(|form| result(form, catalogue)).collect();
    let bare = pb::Series {
        instrument_id: of.instrument.clone(),
        instrument_version: of.version.clone(),
        results,
        ..pb::Series::default()
    };
    // The organisation took its file away: the scores stay, what they mean is not known here.
    let Some(instrument) = catalogue.get(&of.instrument, &of.version) else {
        return bare;
    };
    let scores: Vec<Score> = forms.iter().map(|form| form.result.score).collect();
    let trends = instrument.trends(&scores);
    let scoring = &instrument.scoring;
    pb::Series {
        title: Some(texts(&instrument.title)),
        measures: Some(texts(&scoring.measures)),
        direction: direction(scoring.direction).into(),
        direction_words: Some(texts(&scoring.direction.words())),
        smallest_change: scoring.smallest_change.points.number(),
        smallest_change_source: scoring.smallest_change.source.clone(),
        trend: trend(trends.latest).into(),
        trend_since_first: trend(trends.since_first).into(),
        trend_words: Some(texts(&trends.latest.words())),
        ..bare
    }
}
