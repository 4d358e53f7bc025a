//! Who has seen what: the carer reads, by their link, each organisation that looked at what is kept of
//! them, with day and time. Never a worker's account.

use jiff::SignedDuration;
use knipperlicht_access::Role;
use knipperlicht_contracts::{from_proto, intake::v1 as intake};
use knipperlicht_e2e::{Closed, PartnerDesk, World};
use knipperlicht_vocabulary::{Actor, Language, NoteId};

#[tokio::test]
async fn the_carer_sees_who_looked_and_when() {
    let world = World::start().await;
    let Closed {
        partner,
        coordinator,
        organisation,
        situation,
        ..
    } = world.accepted().await;
    let token = coordinator.0.situation_link(&situation).await;
    let carer = world.nobody();
    assert!(carer.my_situation(&token).await.readings.is_empty());

    // A second worker of the same organisation reads, a little later; and one writes something down.
    partner.learns(&situation).await.unwrap();
    let first = world.environment.now();
    world.clock.advance(SignedDuration::from_hours(3));
    let worker = "an.peeters";
    let desk = world.caller(worker, Role::Partner, Some(&organisation), &[]);
    let request = intake::GetContactRequest {
        situation_id: situation.clone(),
        purpose: "plan a visit".to_owned(),
    };
    desk.intake().get_contact(request).await.unwrap();
    let note = intake::AddNoteRequest {
        note_id: NoteId::new(&world.environment).to_string(),
        situation_id: situation.clone(),
        text: "best in the morning".to_owned(),
    };
    for _ in 0..2 {
        desk.intake().add_note(note.clone()).await.unwrap();
    }
    // Who was refused saw nothing.
    let stranger: PartnerDesk = world.partner("somebody");
    stranger.learns(&situation).await.unwrap_err();

    let readings = carer.my_situation(&token).await.readings;
    let kinds: Vec<_> = readings.iter().map(intake::Reading::kind).collect();
    let (contact, note) = (intake::ReadingKind::Contact, intake::ReadingKind::NoteAdded);
    assert_eq!(kinds, [note, contact, contact], "newest first");
    for reading in &readings {
        assert_eq!(reading.organisation_id, organisation);
        assert_eq!(reading.role, Actor::Partner.number());
        let languages: Vec<i32> = reading.texts.iter().map(|text| text.language).collect();
        let wanted = [Language::Dutch, Language::French, Language::English];
        assert_eq!(languages, wanted.map(Language::number));
    }
    assert!(!format!("{readings:?}").contains(worker));
    let oldest = &readings[2];
    let at = from_proto(oldest.at.unwrap()).unwrap();
    assert!(at <= first && first.duration_since(at) < SignedDuration::from_mins(1));
    let dutch = &oldest.texts[0];
    let told = format!("{organisation} las hoe men u kan bereiken en wat er over u genoteerd is.");
    assert_eq!(dutch.title, told);
    let local = at.in_tz("Europe/Brussels").unwrap();
    let moment = local.strftime("%d/%m/%Y, %H:%M").to_string();
    assert_eq!(dutch.lines, [moment]);
    world.stop().await;
}
