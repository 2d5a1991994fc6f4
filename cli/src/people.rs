//! People as they are named on the command line: by name, or by the beginning of their id.

use crate::error::{Failure, Result};
use crate::words;
use serde_json::Value;

/// The fewest characters that may stand for a whole id.
const SHORTEST_ID: usize = 4;

/// Returns the people in a list of an answer.
pub(crate) fn list<'a>(json: &'a Value, name: &str) -> &'a [Value] {
    let people = json.get(name).and_then(Value::as_array);
    people.map_or(&[], Vec::as_slice)
}

/// Returns the one who is called like this, else whose name or id begins like this.
pub(crate) fn find<'a>(people: &'a [Value], typed: &str) -> Result<&'a Value> {
    let wanted = typed.trim().to_lowercase();
    let called = |person: &Value| words::field(person, "name").to_lowercase();
    let exactly = |person: &&Value| called(person) == wanted;
    let nearly = |person: &&Value| {
        let id = words::field(person, "id");
        let by_id = wanted.len() >= SHORTEST_ID && id.starts_with(&wanted);
        !wanted.is_empty() && (called(person).starts_with(&wanted) || by_id)
    };
    let mut found: Vec<&Value> = people.iter().filter(exactly).collect();
    if found.is_empty() {
        found = people.iter().filter(nearly).collect();
    }
    match found.as_slice() {
        [one] => Ok(one),
        [] => Err(Failure::not_found(
            format!("Nobody here is called \"{typed}\". Nothing was changed."),
            "`circlet members` shows who is in the circle, and who waits for a welcome.",
        )),
        several => {
            let ids = several.iter().map(|person| {
                let (id, name) = (words::field(person, "id"), words::field(person, "name"));
                format!("{name} ({})", words::short(&id))
            });
            let ids: Vec<String> = ids.collect();
            Err(Failure::new(
                "which-one",
                format!("This could be {}. Nothing was changed.", words::names(&ids)),
                "Write the name in full, or what stands in brackets.",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn people_are_found_by_what_they_are_called() {
        let people = json!([
            {"id": "aaaa1111bbbb", "name": "Bo"},
            {"id": "aaaa2222bbbb", "name": "Bob"},
            {"id": "cccc3333bbbb", "name": "Sam"},
            {"id": "dddd4444bbbb", "name": "sam"},
        ]);
        let people = people.as_array().unwrap();
        let name = |typed| find(people, typed).map(|person| words::field(person, "id"));
        assert_eq!(name("bo").unwrap(), "aaaa1111bbbb");
        assert_eq!(name(" Bob ").unwrap(), "aaaa2222bbbb");
        assert_eq!(name("cccc").unwrap(), "cccc3333bbbb");
        assert_eq!(name("Sam").unwrap_err().code, "which-one");
        assert_eq!(name("b").unwrap_err().code, "which-one");
        assert_eq!(name("aaaa").unwrap_err().code, "which-one");
        for nobody in ["", "Cai", "ccc"] {
            assert_eq!(name(nobody).unwrap_err().exit, 6, "{nobody}");
        }
    }
}
