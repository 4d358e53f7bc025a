use clap::{CommandFactory, Parser, error::ErrorKind};

use super::*;

/// A program as the real one embeds the client.
#[derive(Parser)]
#[command(name = "knipperlicht")]
struct Program {
    #[command(subcommand)]
    command: ProgramCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ProgramCommand {
    /// Something that is not the client's
    Serve,
    #[command(flatten)]
    Client(Command),
}

const ID: &str = "0190a3b2-7c4d-7e5f-8a9b-0c1d2e3f4a5b";

/// Parses a line, in which `ID` stands for an id and a tilde for a blank inside a value.
fn parse(line: &str) -> Result<Program, clap::Error> {
    let words = line
        .split_whitespace()
        .map(|word| word.replace("ID", ID).replace('~', " "));
    Program::try_parse_from(std::iter::once("knipperlicht".to_owned()).chain(words))
}

#[test]
fn the_commands_fit_together() {
    Program::command().debug_assert();
}

#[test]
fn lines_that_people_type() {
    for line in [
        "serve",
        "signal send --postal-code 8400 --observation exhausted",
        "followup confirm -532GCVdLfkXxuN7njs42uL_XSUcNnQoiGo9Rqz helped",
        "signal send --postal-code 8400 --observation exhausted --observation sleeps_badly --consent given \
         --role home_care_worker --language fr --age-band 65_to_79 --name An --phone 059 --mail a@b --address x \
         --note n --id ID --reported-at 2026-11-21~14:02",
        "signal send --postal-code 8400 --observation fear_of_violence --consent vital_interest --because danger",
        "signal send --file signals.jsonl",
        "signal send --file -",
        "signal list --limit 10 --json",
        "signal --json list",
        "referral --as partner list --open",
        "contact ID --json --purpose first~contact",
        "signal show ID",
        "notify subscribe --webhook https://care.example.org/hook",
        "notify subscribe --mail a@b.example --language fr --zone gent --as coordinator",
        "notify subscribe --mail a@b.example --quiet 18:00-08:30",
        "notify subscribe --mail a@b.example --quiet none",
        "notify list --all --json",
        "notify deliveries ID --dead --limit 10",
        "notify redeliver ID",
        "notify redeliver ID ID ID",
        "notify rotate ID",
        "notify unsubscribe ID",
        "signal watch --server http://10.0.0.1:7400",
        "signal withdraw ID",
        "signal consent ID given",
        "signal consent ID vital_interest --because danger",
        "contact ID --purpose first~contact",
        "directory import services.csv --dry-run",
        "directory import - --format hsds --end-missing",
        "directory export",
        "directory list --zone oostende-bredene",
        "directory list --organisation ocmw-bruzel",
        "capacity set ocmw-bruzel.onthaal full --until 2026-12-01",
        "referral list --open",
        "referral show ID",
        "referral actions ID",
        "referral accept ID",
        "referral decline ID --reason no_capacity",
        "referral redirect ID --to respite-oostende --reason needs_other_help",
        "referral hold ID",
        "referral release ID",
        "referral cancel ID",
        "referral watch",
        "item list",
        "item assign ID --to respite-oostende",
        "duplicate list --all",
        "duplicate merge ID --because same_carer",
        "duplicate keep-apart ID --because different_people",
        "duplicate split ID --because mistake",
        "followup list --open",
        "followup contact ID --channel phone --result reached",
        "followup schedule ID --at 2026-11-25T10:00",
        "followup visit ID seen",
        "followup complete ID --outcome helped",
        "followup complete ID --outcome not_helped --reason unreachable",
        "followup link ID",
        "followup confirm secret not_helped",
        "followup reopen ID",
        "followup timeline ID",
        "followup loops",
        "followup link ID --language fr --card card.svg",
        "followup revoke-links ID",
        "followup close ID",
        "followup confirm -secret helped --perseverance 1_to_6_months",
        "followup confirm secret helped --quality-of-life some no no some no a_lot no",
        "signal seen ID",
        "signal not-better ID",
        "signal told ID",
        "carer card ID --language en --card card.svg",
        "carer revoke ID",
        "carer self-card --zone oostende-bredene --card card.svg",
        "carer self-card --as caw-oostende",
        "carer revoke-self-card secret",
        "carer situation -secret",
        "carer withdraw secret",
        "carer flag secret --postal-code 8400 --observation exhausted --consent given",
        "assessment get ID",
        "assessment show ID",
        "assessment instruments",
        "assessment instruments carerqol-7d --language fr --json",
        "assessment submit ID --instrument perseverance-time --answer perseverance=1_to_6_months",
        "assessment submit ID --instrument ediz-plus --instrument-version 1.0.0 --total 9 --id ID --signal ID \
         --answered-at 2026-11-21~14:02 --as nurse",
        "assessment list ID",
        "zone resolve 8400 --on 2026-11-21",
        "zone services oostende-bredene",
        "zone report oostende-bredene --from 2025-01-01 --to 2025-12-31 --csv",
        "zone report gent --from 2024-01-01 --to 2025-12-31 --json --as analyst",
        "completions bash",
    ] {
        if let Err(error) = parse(line) {
            panic!("{line}: {error}");
        }
    }
}

fn assert_refused(lines: &[(&str, ErrorKind)]) {
    for (line, kind) in lines {
        assert_eq!(
            parse(line).map_err(|error| error.kind()).err(),
            Some(*kind),
            "{line}"
        );
    }
}

#[test]
fn lines_that_cannot_be_meant() {
    use ErrorKind::{ArgumentConflict, InvalidValue, MissingRequiredArgument, ValueValidation};
    assert_refused(&[
        ("signal send", MissingRequiredArgument),
        ("signal send --postal-code 8400", MissingRequiredArgument),
        (
            "signal send --observation exhausted",
            MissingRequiredArgument,
        ),
        (
            "signal send --postal-code 84 --observation exhausted",
            ValueValidation,
        ),
        (
            "signal send --postal-code 8400 --observation tired",
            InvalidValue,
        ),
        (
            "signal send --postal-code 8400 --observation exhausted --consent perhaps",
            InvalidValue,
        ),
        (
            "signal send --postal-code 8400 --observation exhausted --consent vital_interest",
            MissingRequiredArgument,
        ),
        (
            "signal send --postal-code 8400 --observation exhausted --id 12",
            ValueValidation,
        ),
        (
            "signal send --postal-code 8400 --observation exhausted --reported-at yesterday",
            ValueValidation,
        ),
        (
            "signal send --postal-code 8400 --observation exhausted --note ~",
            ValueValidation,
        ),
        ("signal send --file x --postal-code 8400", ArgumentConflict),
        ("signal send --file x --consent given", ArgumentConflict),
        ("signal list --limit 0", ValueValidation),
        ("signal show 12", ValueValidation),
        ("signal consent ID vital_interest", MissingRequiredArgument),
        ("signal list --token t --as cleaner", ArgumentConflict),
        ("contact ID", MissingRequiredArgument),
        ("referral decline ID", MissingRequiredArgument),
        ("referral decline ID --reason tired", InvalidValue),
        (
            "referral redirect ID --reason other",
            MissingRequiredArgument,
        ),
        (
            "followup contact ID --channel pigeon --result reached",
            InvalidValue,
        ),
        ("followup visit ID perhaps", InvalidValue),
        ("duplicate merge ID", MissingRequiredArgument),
        ("duplicate split ID --because perhaps", InvalidValue),
        (
            "followup complete ID --outcome partly_helped",
            MissingRequiredArgument,
        ),
        (
            "followup complete ID --outcome not_helped",
            MissingRequiredArgument,
        ),
        ("followup confirm secret", MissingRequiredArgument),
        ("assessment submit ID --total 9", MissingRequiredArgument),
        (
            "assessment submit ID --instrument csi",
            MissingRequiredArgument,
        ),
        (
            "assessment submit ID --instrument csi --answer sleep",
            ValueValidation,
        ),
        (
            "assessment submit ID --instrument csi --answer sleep=yes --total 9",
            ArgumentConflict,
        ),
        ("assessment instruments --language klingon", InvalidValue),
        ("zone resolve Oostende", ValueValidation),
        ("zone resolve 8400 --on 31-12-2026", ValueValidation),
        ("zone services Oostende", ValueValidation),
        ("completions tcl", InvalidValue),
    ]);
}

#[test]
fn subscriptions_that_cannot_be_meant() {
    use ErrorKind::{ArgumentConflict, MissingRequiredArgument, ValueValidation};
    assert_refused(&[
        ("notify subscribe", MissingRequiredArgument),
        (
            "notify subscribe --webhook https://a.example/ --mail a@b.example",
            ArgumentConflict,
        ),
        (
            "notify subscribe --webhook https://a.example/ --quiet none",
            ArgumentConflict,
        ),
        (
            "notify subscribe --mail a@b.example --quiet 18:00",
            ValueValidation,
        ),
        ("notify deliveries ID --limit 0", ValueValidation),
        ("notify redeliver", MissingRequiredArgument),
    ]);
}

#[test]
fn a_mistyped_code_is_answered_with_the_nearest_one() {
    let error = parse("signal send --postal-code 8400 --observation sleep_badly")
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.contains("a similar value exists: 'sleeps_badly'"),
        "{error}"
    );
    assert!(error.contains("suspected_rough_care_or_neglect"), "{error}");
}

#[test]
fn what_was_typed_is_not_printed() {
    let parsed = parse(
        "signal send --postal-code 8400 --observation exhausted --name Peeters --token secret",
    );
    assert_eq!(
        format!("{:?}", parsed.ok().unwrap().command),
        "Client(Signal(..))"
    );
}

#[test]
fn shells_complete_the_codes() {
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let script = completions(shell, Program::command());
        for word in ["sleeps_badly", "home_care_worker", "not_helped", "referral"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}
