//! The store's format version, and the steps from older ones.
//!
//! Step `n` turns version `n` into version `n + 1`. Each is one batch together with the new number,
//! so that a crash leaves either the old version or the new one. A step never changes once released.

use super::{Change, Engine, Error, Range};

/// Where the version lies: in clear, so that it can be read whatever changes.
const FORMAT: &[u8] = b"\xffformat";

/// Reads what there is and returns what to change, without the version.
pub(super) type Step = fn(&dyn Engine) -> Result<Vec<Change>, Error>;

/// The first version that was released; what was tried before it is not read.
const FIRST: u32 = 2;

/// All steps, the oldest first. None yet: this is version 2.
pub(super) const STEPS: &[Step] = &[];

/// Brings a store to the present version; an empty one starts there.
pub(super) fn run(engine: &dyn Engine, steps: &[Step]) -> Result<(), Error> {
    let present = steps.len() as u32 + FIRST;
    let mut version = match engine.get(FORMAT)? {
        None => return start(engine, present),
        Some(bytes) => u32::from_be_bytes(bytes.try_into().map_err(|_| unknown())?),
    };
    if version < FIRST {
        return Err(Error::Older(version));
    }
    if version > present {
        return Err(Error::Newer(version));
    }
    while version < present {
        let step = steps.get((version - FIRST) as usize).ok_or_else(unknown)?;
        version += 1;
        let mut changes = step(engine)?;
        changes.push(format_row(version));
        engine.write(changes)?;
        engine.flush()?;
        tracing::debug!(version, "brought the store to a newer format");
    }
    Ok(())
}

fn start(engine: &dyn Engine, present: u32) -> Result<(), Error> {
    let any = Range {
        from: Vec::new(),
        to: None,
        backwards: false,
        limit: 1,
    };
    if !engine.scan(&any)?.is_empty() {
        return Err(unknown());
    }
    engine.write(vec![format_row(present)])?;
    engine.flush()
}

fn format_row(version: u32) -> Change {
    (FORMAT.to_vec(), Some(version.to_be_bytes().to_vec()))
}

fn unknown() -> Error {
    Error::Damaged("the store does not say its version".to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::Memory;
    use super::*;

    fn rename(engine: &dyn Engine) -> Result<Vec<Change>, Error> {
        let value = engine.get(b"old")?;
        Ok(vec![(b"old".to_vec(), None), (b"new".to_vec(), value)])
    }

    fn fail(_: &dyn Engine) -> Result<Vec<Change>, Error> {
        Err(Error::Full)
    }

    fn version(engine: &Memory) -> Vec<u8> {
        engine.get(FORMAT).unwrap().unwrap()
    }

    #[test]
    fn a_new_store_starts_at_the_present_version() {
        let engine = Memory::default();
        run(&engine, &[fail]).unwrap();
        assert_eq!(version(&engine), [0, 0, 0, 3]);
        run(&engine, &[fail]).unwrap();
    }

    #[test]
    fn each_step_runs_once_and_a_step_that_fails_changes_nothing() {
        let engine = Memory::default();
        run(&engine, &[]).unwrap();
        engine
            .write(vec![(b"old".to_vec(), Some(b"row".to_vec()))])
            .unwrap();
        assert_eq!(run(&engine, &[fail]), Err(Error::Full));
        assert_eq!(version(&engine), [0, 0, 0, 2]);
        assert_eq!(run(&engine, &[rename, fail]), Err(Error::Full));
        assert_eq!(version(&engine), [0, 0, 0, 3]);
        run(&engine, &[fail, |_| Ok(Vec::new())]).unwrap();
        assert_eq!(version(&engine), [0, 0, 0, 4]);
        assert_eq!(engine.get(b"new").unwrap().unwrap(), b"row");
        assert_eq!(engine.get(b"old").unwrap(), None);
    }

    #[test]
    fn newer_and_unknown_stores_are_left_alone() {
        let engine = Memory::default();
        run(&engine, &[rename, rename]).unwrap();
        assert_eq!(run(&engine, &[]), Err(Error::Newer(4)));
        engine.write(vec![format_row(1)]).unwrap();
        assert_eq!(run(&engine, STEPS), Err(Error::Older(1)));
        assert_eq!(version(&engine), [0, 0, 0, 1]);
        let engine = Memory::default();
        engine
            .write(vec![(b"who".to_vec(), Some(b"knows".to_vec()))])
            .unwrap();
        assert!(matches!(run(&engine, STEPS), Err(Error::Damaged(_))));
        engine
            .write(vec![(FORMAT.to_vec(), Some(b"x".to_vec()))])
            .unwrap();
        assert!(matches!(run(&engine, STEPS), Err(Error::Damaged(_))));
    }
}
