use clap::Parser;
use tempfile::TempDir;

use super::*;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    connection: Connection,
}

/// A development directory in which a cleaner and a partner have tokens.
fn dev_dir() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("tokens")).unwrap();
    for person in ["cleaner", "partner"] {
        fs::write(
            dir.path().join("tokens").join(person),
            format!("token-of-{person}\n"),
        )
        .unwrap();
    }
    dir
}

fn choose_in(
    dir: &Path,
    typed: &[&str],
    set: &[(&str, &str)],
    usual: Person,
) -> Result<String, String> {
    let line = ["knipperlicht", "--dev-dir", dir.to_str().unwrap()];
    let connection = Line::parse_from(line.iter().chain(typed)).connection;
    let variable = |name: &str| {
        set.iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| (*value).to_owned())
    };
    choose(&connection, usual, variable).map_err(|error| error.to_string())
}

#[test]
fn what_is_typed_wins_over_the_environment_and_that_over_the_usual_person() {
    let dir = dev_dir();
    let token = |typed: &[&str], set: &[(&str, &str)]| {
        choose_in(dir.path(), typed, set, Person::Cleaner).unwrap()
    };
    let both = [("KL_TOKEN", "from-variable"), ("KL_AS", "partner")];
    assert_eq!(token(&["--token", "typed"], &both), "typed");
    assert_eq!(token(&["--as", "partner"], &both), "token-of-partner");
    assert_eq!(token(&[], &both), "from-variable");
    assert_eq!(token(&[], &both[1..]), "token-of-partner");
    assert_eq!(token(&[], &[("KL_TOKEN", "")]), "token-of-cleaner");
    assert_eq!(token(&[], &[]), "token-of-cleaner");
}

#[test]
fn without_a_token_it_says_what_to_do() {
    let dir = dev_dir();
    let refused =
        |dir: &Path, typed: &[&str], usual| choose_in(dir, typed, &[], usual).unwrap_err();
    assert_eq!(
        refused(dir.path(), &[], Person::Coordinator),
        "nobody to speak as: start `make run` and use --as coordinator, or set KL_TOKEN to an access token"
    );
    assert_eq!(
        refused(dir.path(), &["--as", "mayor"], Person::Cleaner),
        "the demo knows no `mayor`; it knows: cleaner, partner"
    );
    assert!(
        refused(dir.path(), &["--as", "../../etc/passwd"], Person::Cleaner)
            .contains("names nobody")
    );
    assert!(
        refused(Path::new("/nowhere"), &["--as", "cleaner"], Person::Cleaner)
            .contains("start `make run`")
    );
}

#[test]
fn a_desk_is_a_partners_or_else_a_coordinators() {
    let dir = dev_dir();
    let choose = |usual| choose_in(dir.path(), &[], &[], usual);
    assert_eq!(choose(Person::Desk).as_deref(), Ok("token-of-partner"));
    fs::rename(
        dir.path().join("tokens/partner"),
        dir.path().join("tokens/coordinator"),
    )
    .unwrap();
    assert_eq!(choose(Person::Desk).as_deref(), Ok("token-of-partner"));
    let refused = choose(Person::Partner).unwrap_err();
    assert!(
        refused.contains("referral list --as coordinator"),
        "{refused}"
    );
}
