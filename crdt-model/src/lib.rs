//! What a circle is and how its replicas agree.

pub mod address;
pub mod bounded;
pub mod codec;
pub mod content;
pub mod document;
pub mod id;
pub mod invitation;
pub mod key;
pub mod log;
pub mod membership;
pub mod replica;
pub mod secrecy;
pub mod store;
pub mod sync;
pub mod time;
pub mod words;
