//! What is taken in, what is refused, and that a refusal leaves nothing behind.

use std::borrow::Cow;

use clarion_domain::client::FIRST_CLIENT;
use clarion_domain::contact::ContactDraft;
use clarion_domain::fault::Faults;
use clarion_domain::page::PageRequest;
use clarion_engine::{Engine, EngineSettings, IntakeRefusal, IntakeReport, InvalidContacts, Load};
use clarion_persistence::on_both;
use clarion_persistence::{campaigns, invalid_contacts, recipients};

use crate::world::{World, contact, links, load};

fn to(phone: &'static str) -> ContactDraft<'static> {
    ContactDraft {
        phone_number: Some(Cow::Borrowed(phone)),
        ..ContactDraft::default()
    }
}

/// The faults of a refused campaign, as `path message`; and nothing may be left behind.
async fn faults(
    world: &World,
    engine: &Engine,
    policy: InvalidContacts,
    work: impl FnOnce(Load) -> Result<IntakeReport, IntakeRefusal> + Send + 'static,
) -> Vec<String> {
    let refused: Faults = match load(engine, policy, work).await {
        Err(IntakeRefusal::Faults(faults)) => faults,
        other => panic!("{other:?}"),
    };
    nothing_is_left(world).await;
    told(&refused)
}

fn told(faults: &Faults) -> Vec<String> {
    let lines = faults.listed().iter();
    lines
        .map(|fault| format!("{} {}", fault.path, fault.message))
        .collect()
}

async fn nothing_is_left(world: &World) {
    world
        .eventually(async || world.in_loading().await == 0)
        .await;
    let listed = world
        .store
        .read(|conn| campaigns::page(conn, FIRST_CLIENT, &PageRequest::default().into()))
        .await;
    assert_eq!(listed.unwrap().total_records, 0);
}

on_both! {
    async fn every_invalid_contact_is_named_where_one_refuses_the_campaign(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let content = world.content("Hello");
        let faults = faults(&world, &engine, InvalidContacts::Refuse, |mut load| {
            load.content(content);
            load.contact(to(""))?;
            load.contact(contact(1))?;
            let mut grouped = contact(2);
            grouped.contact_group_id = Some("3fa85f64-5717-4562-b3fc-2c963f66afa6".into());
            load.contact(grouped)?;
            load.finish()
        })
        .await;
        assert_eq!(
            faults,
            [
                "contacts[0].phoneNumber is required",
                "contacts[2].contactGroupId names no contact group of this client"
            ]
        );
    }

    async fn a_fault_after_stored_batches_leaves_nothing(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let content = world.content("Hello");
        let faults = faults(&world, &engine, InvalidContacts::Refuse, |mut load| {
            load.content(content);
            (0..4_100).try_for_each(|index| load.contact(contact(index)))?;
            load.contact(to(""))?;
            load.finish()
        })
        .await;
        assert_eq!(faults, ["contacts[4100].phoneNumber is required"]);
    }

    async fn invalid_contacts_are_left_out_and_kept_with_their_reasons(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let content = world.content("Hello");
        let report = load(&engine, InvalidContacts::LeaveOut, |mut load| {
            load.contact(contact(0)).unwrap();
            load.contact(to("")).unwrap();
            load.content(content);
            load.contact(contact(1)).unwrap();
            load.finish().unwrap()
        })
        .await;
        assert_eq!(
            (report.recipients, report.invalid, report.duplicates),
            (2, 1, 0)
        );
        let campaign = world.campaign(report.id).await.unwrap();
        let left_out = world
            .store
            .read(move |conn| {
                invalid_contacts::page(conn, campaign.key, &PageRequest::default().into())
            })
            .await
            .unwrap();
        let [left_out] = &left_out.items[..] else {
            panic!("{left_out:?}");
        };
        assert_eq!(left_out.position, 1);
        assert_eq!(left_out.property, "phoneNumber");
        assert_eq!(left_out.reason, "is required");
    }

    async fn the_first_of_two_contacts_with_one_number_wins(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let content = world.content("Hello");
        let report = load(&engine, InvalidContacts::Refuse, |mut load| {
            load.content(content);
            load.contact(contact(456)).unwrap();
            load.contact(to("07722 100456")).unwrap();
            load.finish().unwrap()
        })
        .await;
        assert_eq!((report.recipients, report.duplicates), (1, 1));
        let campaign = world.campaign(report.id).await.unwrap();
        let kept = world
            .store
            .read(move |conn| recipients::range(conn, campaign.key, 1, 2))
            .await
            .unwrap();
        let names: Vec<_> = kept.into_iter().map(|kept| kept.contact.name).collect();
        assert_eq!(names, [Some("Name456".to_owned())]);
    }

    async fn contacts_of_several_batches_keep_their_order(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let id = world.create(&engine, 8_500).await;
        let campaign = world.campaign(id).await.unwrap();
        assert_eq!(campaign.recipient_count, 8_500);
        let stored = world
            .store
            .read(move |conn| recipients::range(conn, campaign.key, 1, 8_500))
            .await
            .unwrap();
        assert_eq!(stored.len(), 8_500);
        for (recipient, index) in stored.iter().zip(0..) {
            assert_eq!(recipient.contact.name, Some(format!("Name{index}")));
            assert_eq!(recipient.key.seq, index + 1);
        }
    }

    async fn a_campaign_needs_contacts_but_not_too_many(database) {
        let world = World::new(database).await;
        let engine = world.engine_with(EngineSettings {
            max_contacts: 2,
            ..EngineSettings::of_node("a", links())
        });
        let check = async |contacts: Vec<ContactDraft<'static>>, policy, expected: &str| {
            let content = world.content("Hello");
            let faults = faults(&world, &engine, policy, |mut load| {
                load.content(content);
                contacts
                    .into_iter()
                    .try_for_each(|draft| load.contact(draft))?;
                load.finish()
            })
            .await;
            assert_eq!(faults, [expected]);
        };
        let none = "contacts must hold at least one contact";
        check(vec![], InvalidContacts::Refuse, none).await;
        let none_valid = "contacts holds no valid contact";
        check(vec![to("")], InvalidContacts::LeaveOut, none_valid).await;
        let too_many = (0..3).map(contact).collect();
        let at_most = "contacts must hold at most 2 contacts";
        check(too_many, InvalidContacts::LeaveOut, at_most).await;
    }

    async fn a_message_too_long_for_one_recipient_is_refused_wherever_it_stands(database) {
        let world = World::new(database).await;
        let engine = world.engine_with(EngineSettings {
            max_segments: 1,
            ..EngineSettings::of_node("a", links())
        });
        let long_for = |index: u32| ContactDraft {
            name: Some("n".repeat(161).into()),
            ..contact(index)
        };
        let expected = "message is 2 segments long for contacts[4502]; at most 1 are allowed";
        for content_first in [true, false] {
            let content = world.content("{Name}");
            let found = faults(
                &world,
                &engine,
                InvalidContacts::LeaveOut,
                move |mut load| {
                    if content_first {
                        load.content(content.clone());
                    }
                    load.contact(to(""))?;
                    (0..4_500).try_for_each(|index| load.contact(contact(index)))?;
                    load.contact(contact(0))?;
                    load.contact(long_for(4_500))?;
                    load.contact(long_for(4_501))?;
                    if !content_first {
                        load.content(content);
                    }
                    load.finish()
                },
            )
            .await;
            assert_eq!(found, [expected]);
        }
    }

    async fn a_message_without_tokens_is_too_long_for_everyone(database) {
        let world = World::new(database).await;
        let engine = world.engine_with(EngineSettings {
            max_segments: 1,
            ..EngineSettings::of_node("a", links())
        });
        let content = world.content(&"n".repeat(161));
        let found = faults(&world, &engine, InvalidContacts::Refuse, |mut load| {
            load.content(content);
            load.contact(contact(0))?;
            load.finish()
        })
        .await;
        assert_eq!(found, ["message is 2 segments long; at most 1 are allowed"]);
    }

    async fn a_link_counts_with_its_whole_length(database) {
        let world = World::new(database).await;
        let engine = world.engine_with(EngineSettings {
            max_segments: 1,
            ..EngineSettings::of_node("a", links())
        });
        // https://c.example/t/ and eleven characters are 31, and a space stands before them.
        for (length, expected) in [
            (128, vec![]),
            (129, vec!["message is 2 segments long for contacts[0]; at most 1 are allowed"]),
        ] {
            let mut content = world.content(&"n".repeat(length));
            content.track_link_url = Some("https://a.example".to_owned());
            let found = load(&engine, InvalidContacts::Refuse, move |mut load| {
                load.content(content);
                load.contact(contact(0)).unwrap();
                match load.finish() {
                    Err(IntakeRefusal::Faults(faults)) => told(&faults),
                    made => {
                        made.unwrap();
                        Vec::new()
                    }
                }
            })
            .await;
            assert_eq!(found, expected, "{length}");
        }
    }

    async fn the_faults_of_the_rest_of_the_request_are_told_as_well(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        let found = faults(&world, &engine, InvalidContacts::Refuse, |mut load| {
            let mut faults = Faults::default();
            faults.add("sender", "is required");
            load.faults(faults);
            load.contact(to(""))?;
            load.finish()
        })
        .await;
        assert_eq!(
            found,
            ["sender is required", "contacts[0].phoneNumber is required"]
        );
    }

    async fn an_intake_that_breaks_off_leaves_nothing(database) {
        let world = World::new(database).await;
        let engine = world.engine("a");
        load(&engine, InvalidContacts::Refuse, |mut load| {
            (0..4_100).for_each(|index| load.contact(contact(index)).unwrap());
        })
        .await;
        nothing_is_left(&world).await;
    }
}
