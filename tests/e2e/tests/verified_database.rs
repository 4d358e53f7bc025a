//! The database is spoken to when an authority that we trust says that it is who it should be.

use knipperlicht::migrate::migrate;
use knipperlicht_access::{Database, DatabaseOptions, Principal};
use knipperlicht_sandbox::{Authority, Identity, Scratch, ScratchOptions, Tools};

/// A PostgreSQL that says it is who `identity` says.
async fn postgres(identity: Identity) -> Scratch {
    let options = ScratchOptions {
        identity: Some(identity),
        ..ScratchOptions::default()
    };
    let tools = Tools::find().unwrap();
    Scratch::start_with(&tools, options).await.unwrap()
}

/// What comes of speaking to the database at `url`.
async fn spoken_to(url: &str) -> Result<(), String> {
    let options = DatabaseOptions {
        url: url.to_owned(),
        service: "intake",
        connections: 1,
    };
    let database = Database::new(&options).unwrap();
    let principal = Principal::service("test".parse().unwrap());
    let begun = database.begin(&principal).await;
    begun.map(drop).map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_database_is_believed_when_a_trusted_authority_names_its_host_and_only_then() {
    let directory = tempfile::tempdir().unwrap();
    let authority = |name: &str| Authority::new(directory.path().join(name)).unwrap();
    let (ours, stranger) = (authority("ours"), authority("stranger"));
    let here = postgres(ours.vouch_for_this_machine().unwrap()).await;
    let url = here.postgres.url();
    migrate(&url).await.unwrap();
    assert_eq!(spoken_to(&url).await, Ok(()));

    // Vouched for by somebody whom we do not know.
    let (server, _) = url.split_once('?').unwrap();
    let unknown = [
        format!(
            "{server}?sslmode=verify-full&sslrootcert={}",
            stranger.certificate().display()
        ),
        format!("{server}?sslmode=verify-full"),
    ];
    for url in unknown {
        let refused = spoken_to(&url).await.unwrap_err();
        // The stranger bears the same name as ours: its signature is what gives it away.
        let unmasked = ["UnknownIssuer", "BadSignature"];
        assert!(
            unmasked.iter().any(|why| refused.contains(why)),
            "{refused}"
        );
    }
    // Nothing is said in clear.
    let refused = spoken_to(&format!("{server}?sslmode=disable")).await;
    assert!(refused.unwrap_err().contains("no encryption"));

    // Vouched for as somebody else.
    let elsewhere = postgres(ours.vouch("elsewhere", &["elsewhere.test"]).unwrap()).await;
    let refused = spoken_to(&elsewhere.postgres.url()).await.unwrap_err();
    assert!(refused.contains("not valid for name"), "{refused}");
}
