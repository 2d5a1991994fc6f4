//! What a member keeps for themselves alone: durable before it is acknowledged, like what is shared.

use super::*;
use crate::local::draft::{Becomes, Words, Writing};
use circlet_model::id::{PersonId, ThingId};
use std::collections::BTreeSet;

/// Saves a draft in the only circle.
async fn save(handle: &Handle, text: &str, number: u8) -> Result<(), Problem> {
    let writing = Writing {
        becomes: Becomes::Story,
        seen: None,
        words: Words::new(text, None).unwrap(),
    };
    handle
        .keep(move |shown| {
            let circle = shown.pick(&Select::Only)?.hint;
            let fresh = ThingId([number; 16]);
            let (batch, _) = shown.local.save_draft(circle, writing, fresh, shown.now)?;
            Ok((batch, ()))
        })
        .await
}

async fn drafts(handle: &Handle) -> Vec<String> {
    let look = handle.look(|shown| {
        let drafts = shown.local.drafts()?.into_iter();
        Ok(drafts.map(|draft| draft.words.text.to_string()).collect())
    });
    look.await.unwrap()
}

#[tokio::test]
async fn a_draft_is_durable_before_it_is_acknowledged() {
    let place = Place::new();
    let running = place.start();
    let handle = running.handle.clone();
    handle.found("Tuesday".to_owned()).await.unwrap();
    let before = place.flushes();
    save(&handle, "one", 1).await.unwrap();
    assert!(place.flushes() > before);

    place.engine.unflushable.store(true, Ordering::SeqCst);
    let unsure = save(&handle, "two", 2).await.unwrap_err();
    assert!(unsure.message.contains("could not make sure"));
    place.engine.unflushable.store(false, Ordering::SeqCst);
    place.engine.full.store(true, Ordering::SeqCst);
    let full = save(&handle, "three", 3).await.unwrap_err();
    assert_eq!(full.code, "disk-full");
    assert!(!drafts(&handle).await.contains(&"three".to_owned()));
    place.engine.full.store(false, Ordering::SeqCst);
    save(&handle, "four", 4).await.unwrap();
    handle.command(Select::Only, share("told")).await.unwrap();
    running.close().await;

    let running = place.start();
    let mut kept = drafts(&running.handle).await;
    kept.retain(|text| text != "two");
    kept.sort();
    assert_eq!(kept, ["four", "one"]);
    assert_eq!(texts(&running.handle).await, ["told"]);
    running.close().await;
}

#[tokio::test]
async fn who_is_muted_is_not_shown_also_after_a_restart_and_a_full_disk() {
    let place = Place::new();
    let running = place.start();
    let handle = running.handle.clone();
    handle.found("Tuesday".to_owned()).await.unwrap();
    handle.command(Select::Only, share("mine")).await.unwrap();
    // A page does not let one mute oneself; here it saves a second member.
    mute(&handle, true).await;
    assert!(texts(&handle).await.is_empty());
    place.engine.full.store(true, Ordering::SeqCst);
    let refused = handle.command(Select::Only, share("more")).await;
    assert!(refused.is_err(), "its replica is opened anew");
    place.engine.full.store(false, Ordering::SeqCst);
    assert!(texts(&handle).await.is_empty());
    running.close().await;

    let running = place.start();
    assert!(texts(&running.handle).await.is_empty());
    mute(&running.handle, false).await;
    assert_eq!(texts(&running.handle).await, ["mine"]);
    running.close().await;
}

async fn mute(handle: &Handle, mute: bool) {
    let kept = handle.keep(move |shown| {
        let line = shown.pick(&Select::Only)?;
        let members = line.replica.unwrap().overview().members.into_iter();
        let people: BTreeSet<PersonId> = members
            .filter(|_| mute)
            .map(|member| member.person)
            .collect();
        let fresh = ThingId([9 + u8::from(mute); 16]);
        Ok((shown.local.mute(line.hint, people, fresh)?, ()))
    });
    kept.await.unwrap();
}
