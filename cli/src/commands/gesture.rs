//! `circlet gesture`: says something to the author of a story alone.

use crate::context::Context;
use crate::error::Result;
use crate::output::{Done, clean};
use crate::words;
use circlet_node::api::gestures::{Gesture, NewGesture};

/// Say something to the author of a story alone
///
/// A gesture is a sentence without words of your own. Whoever shared the story reads it with your name;
/// nobody else can read it, and nobody else is shown that you made it. The same twice is the same.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The story's id, or its first characters
    id: String,
    /// What to say
    #[arg(value_enum, value_name = "GESTURE")]
    says: Says,
    /// Take it back instead
    #[arg(long)]
    take_back: bool,
}

/// What a gesture says.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Says {
    /// With you
    WithYou,
    /// I've been there
    BeenThere,
    /// Thank you for sharing
    ThankYou,
}

impl From<Says> for Gesture {
    fn from(says: Says) -> Self {
        match says {
            Says::WithYou => Self::WithYou,
            Says::BeenThere => Self::BeenThere,
            Says::ThankYou => Self::ThankYou,
        }
    }
}

/// Makes the gesture, or takes it back.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    let path = format!("/v1/stories/{}/gestures", words::plain_id(&args.id)?);
    let body = NewGesture {
        gesture: args.says.into(),
        take_back: args.take_back,
    };
    let json = context.post(&path, &body).await?;
    let message = context.goes_out(&clean(&words::field(&json, "sentence")));
    Ok(Done {
        json,
        message,
        ..Done::default()
    })
}
