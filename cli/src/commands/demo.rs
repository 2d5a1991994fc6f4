//! `circlet demo`: three people, three nodes on this computer, one circle, told as it happens.
//!
//! Everything goes through the commands that members use, run by this same program in homes of its
//! own. What is told has been checked a moment before; where something is otherwise, the demo says
//! what it saw and ends with a code other than zero. The homes go, and the nodes end, in every case.

mod stage;

use crate::context::Context;
use crate::error::{Failure, Result};
use crate::output::Done;
use crate::words;
use circlet_node::node::asked_to_end;
use serde_json::{Value, json};
use stage::{Player, Stage};
use std::fmt::Write;

/// The name of the circle.
const CIRCLE: &str = "Tuesday circle";

/// What each of them writes while they are apart.
const STORIES: [(&str, &str); 3] = [
    (
        "Ana",
        "I slept through two nights this week. I wanted somebody to know.",
    ),
    (
        "Bo",
        "I rang my sister. It was short, and it was all right.",
    ),
    (
        "Cai",
        "I am new here. It is good to have a place where I can say things slowly.",
    ),
];

/// Watch three people form a circle and share stories, all on this computer
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Leave the three homes in place and say where they are
    #[arg(long)]
    keep: bool,
}

/// Runs the demo, and cleans up after it whatever comes.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    let mut stage = Stage::new(context.printer)?;
    let result = tokio::select! {
        biased;
        () = asked_to_end() => Err(Failure::interrupted()),
        result = play(&mut stage) => result,
    };
    let kept = stage.clear(args.keep).await;
    let place = kept.map(|place| place.display().to_string());
    let mut done = result.map_err(|mut failure| {
        if let Some(place) = &place {
            let _ = write!(failure.next, " The three homes are in {place}");
        }
        failure
    })?;
    if let (Some(place), Some(fields)) = (place, done.json.as_object_mut()) {
        done.message = format!("The three homes are in {place}");
        fields.insert("kept".to_owned(), json!(place));
    }
    Ok(done)
}

async fn play(stage: &mut Stage) -> Result<Done> {
    let circle = found_and_join(stage).await?;
    join_through_bo(stage, &circle).await?;
    write_apart(stage).await?;
    meet(stage, &circle.id).await
}

/// What Ana made: the circle and the way into it.
struct Circle {
    id: String,
    invite: String,
}

/// Ana founds a circle and invites; Bo joins by the key.
async fn found_and_join(stage: &mut Stage) -> Result<Circle> {
    stage.tell("Three people set up Circlet, each on a computer of their own.");
    for player in [&stage.ana, &stage.bo, &stage.cai] {
        player
            .ask(&["setup", "--name", player.name, "--no-passphrase"])
            .await?;
    }
    stage.ana.start().await?;
    stage.bo.start().await?;

    let id = text(&stage.ana.ask(&["new", CIRCLE]).await?, "id")?;
    stage.tell(&format!("Ana starts a circle: \"{CIRCLE}\"."));
    let invite = stage.ana.ask(&["invite", "--uses", "2"]).await?;
    let key = text(&invite, "key")?;
    stage.tell("Ana makes an invite that lets two people in, and gives the key to Bo:");
    stage.tell(&format!("    {key}"));

    stage.bo.ask_with(&["join", "-"], &key).await?;
    together(&[&stage.ana, &stage.bo], &id).await?;
    stage.tell("Bo types the key in. Ana's node lets him in: both see Ana and Bo as members.");
    Ok(Circle {
        id,
        invite: text(&invite, "id")?,
    })
}

/// Ana's computer is off, and Cai joins all the same.
async fn join_through_bo(stage: &mut Stage, circle: &Circle) -> Result<()> {
    stage.ana.stop().await?;
    stage.tell(
        "Ana shuts her computer. Her invite still works, because any member can let people in.",
    );
    let shown = stage.bo.ask(&["invite", "show", &circle.invite]).await?;
    expect(
        text(&shown, "id")? == circle.invite,
        "Bo showed another invite",
        &shown,
    )?;
    let key = text(&shown, "key")?;
    stage.tell("Bo shows the same invite, now with the way to his computer:");
    stage.tell(&format!("    {key}"));

    stage.cai.start().await?;
    stage.cai.ask_with(&["join", "-"], &key).await?;
    together(&[&stage.bo, &stage.cai], &circle.id).await?;
    stage.tell("Cai joins through Bo: both see Ana, Bo and Cai, while Ana is away.");
    Ok(())
}

/// With all nodes stopped, each writes a story into their own home.
async fn write_apart(stage: &mut Stage) -> Result<()> {
    stage.bo.stop().await?;
    stage.cai.stop().await?;
    stage.tell("Now all three are apart, with no node running. Each of them writes a story:");
    for (player, (_, story)) in [&stage.ana, &stage.bo, &stage.cai].into_iter().zip(STORIES) {
        player.ask_with(&["share", "-"], story).await?;
        let read = player.ask(&["read"]).await?;
        let own = stories(&read)
            .iter()
            .any(|(author, text)| (author.as_str(), text.as_str()) == (player.name, story));
        expect(
            own,
            &format!("{} does not see the story just written", player.name),
            &read,
        )?;
        stage.tell(&format!("    {} writes.", player.name));
    }
    Ok(())
}

/// They meet; all must hold the same and read the same.
async fn meet(stage: &mut Stage, circle: &str) -> Result<Done> {
    stage.tell("All three start Circlet again and meet.");
    stage.ana.start().await?;
    stage.bo.start().await?;
    stage.cai.start().await?;
    let players = [&stage.ana, &stage.bo, &stage.cai];
    let digest = stage::until(&players, "to hold the same stories", async || {
        let digest = same_digest(&players, circle).await?;
        for player in players {
            let read = player.ask(&["read"]).await?;
            if stories(&read).len() < STORIES.len() {
                return Ok(Err(format!("{} sees {}", player.name, read)));
            }
        }
        Ok(digest)
    })
    .await?;

    let (mut text, mut nodes) = (String::new(), Vec::new());
    let mut told: Vec<(String, String)> = STORIES
        .iter()
        .map(|(name, story)| ((*name).to_owned(), (*story).to_owned()))
        .collect();
    told.sort();
    for player in players {
        let read = player.ask(&["read"]).await?;
        let seen = stories(&read);
        let mut sorted = seen.clone();
        sorted.sort();
        expect(
            sorted == told,
            &format!("{} does not read what was written", player.name),
            &read,
        )?;
        let _ = writeln!(text, "As {} reads it:", player.name);
        for (author, story) in &seen {
            let _ = writeln!(text, "    {author}: {story}");
        }
        let own = words::field(&player.circle(circle).await?, "digest");
        let _ = writeln!(text, "    digest {own}\n");
        nodes.push(json!({
            "name": player.name, "digest": own, "stories": read.get("stories"),
        }));
    }
    let ends = same_digest(&players, circle).await?;
    let seen = json!(ends.as_ref().unwrap_or_else(|seen| seen));
    expect(
        ends.as_ref() == Ok(&digest),
        "the digests moved at the end",
        &seen,
    )?;
    let _ = writeln!(
        text,
        "The three digests are the same: each of them holds what the others hold."
    );
    Ok(Done {
        json: json!({ "circle": circle, "name": CIRCLE, "digest": digest, "nodes": nodes }),
        text,
        ..Done::default()
    })
}

/// Waits until these players hold the same circle with everybody told of so far in it.
async fn together(players: &[&Player], circle: &str) -> Result<String> {
    let names: Vec<&str> = match players {
        [_, last] if last.name == "Cai" => vec!["Ana", "Bo", "Cai"],
        _ => vec!["Ana", "Bo"],
    };
    stage::until(
        players,
        &format!("to see {} as members", names.join(" and ")),
        async || {
            for player in players {
                let status = player.circle(circle).await?;
                let mut seen = members(&status);
                seen.sort();
                if seen != names {
                    return Ok(Err(format!("{} sees {status}", player.name)));
                }
            }
            same_digest(players, circle).await
        },
    )
    .await
}

/// Returns the digest if it is the same everywhere, else what was seen.
async fn same_digest(
    players: &[&Player],
    circle: &str,
) -> Result<std::result::Result<String, String>> {
    let mut digests = Vec::new();
    for player in players {
        let status = player.circle(circle).await?;
        digests.push(
            status
                .get("digest")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
        );
    }
    let first = digests.first().cloned().unwrap_or_default();
    if !first.is_empty() && digests.iter().all(|digest| *digest == first) {
        Ok(Ok(first))
    } else {
        Ok(Err(format!("the digests are {}", words::names(&digests))))
    }
}

fn stories(read: &Value) -> Vec<(String, String)> {
    let field = |story: &Value, name: &str| {
        story
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let stories = read.get("stories").and_then(Value::as_array);
    stories
        .into_iter()
        .flatten()
        .map(|story| (field(story, "author"), field(story, "text")))
        .collect()
}

fn members(status: &Value) -> Vec<String> {
    let members = status.get("members").and_then(Value::as_array);
    let name = |member: &Value| Some(member.get("name")?.as_str()?.to_owned());
    members.into_iter().flatten().filter_map(name).collect()
}

fn text(data: &Value, field: &str) -> Result<String> {
    let found = data.get(field).and_then(Value::as_str).map(str::to_owned);
    found.ok_or_else(|| otherwise(&format!("there is no {field}"), data))
}

fn expect(holds: bool, what: &str, seen: &Value) -> Result<()> {
    if holds {
        Ok(())
    } else {
        Err(otherwise(what, seen))
    }
}

/// Returns the failure for something that is not as told.
fn otherwise(what: &str, seen: &Value) -> Failure {
    Failure::new(
        "demo",
        format!("The demo did not go as told: {what}. Seen: {seen}"),
        "Run it again with `--keep` to look at the three homes afterwards.",
    )
}
