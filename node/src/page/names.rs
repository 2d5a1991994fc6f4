//! Names one after the other, as people say them.

use super::show::Frame;

/// Returns "Ana", "Ana and Bo" or "Ana, Bo and Cai".
pub(super) fn of(frame: &Frame, names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => {
            let rest = rest.join(", ");
            let named = [("rest", rest.into()), ("last", last.as_str().into())];
            frame.with_all("names-and", named)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::show::Base;
    use super::*;

    #[test]
    fn names_are_said_as_people_say_them() {
        let frame = Frame::new(&Base::new("x"), "feed-title");
        let all = ["Ana", "Bo", "Cai"].map(str::to_owned);
        let said = |count: usize| of(&frame, &all[..count]).replace(['\u{2068}', '\u{2069}'], "");
        assert_eq!(
            [0, 1, 2, 3].map(said),
            ["", "Ana", "Ana and Bo", "Ana, Bo and Cai"]
        );
    }
}
