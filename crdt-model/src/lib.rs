//! What a circle is and how its replicas agree.

pub mod id;
pub mod store;
