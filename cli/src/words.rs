//! How days, lengths of time, names and ids are said.

use crate::error::{Failure, Result};
use circlet_node::api::listed;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::Value;
use std::time::SystemTime;

/// How many characters of an id are shown: enough to tell any two apart in a small circle.
const SHORT_ID: usize = 8;

/// For so many days somebody is a newcomer, and a farewell is news.
const LATE: i64 = 7;

/// Says on which day something was, as somebody here would say it now; what is not understood stays as
/// it is.
pub(crate) fn day(written: &str) -> String {
    let now = Timestamp::now().to_zoned(TimeZone::system());
    match (written.parse::<Timestamp>(), written.parse::<Date>()) {
        (Ok(moment), _) => day_in(moment.to_zoned(now.time_zone().clone()).date(), now.date()),
        (_, Ok(date)) => day_in(date, now.date()),
        _ => written.to_owned(),
    }
}

/// Says which day it is as it also stands on paper; what is not understood stays as it is.
pub(crate) fn in_full(day: &str) -> String {
    let date = day.parse::<Date>();
    date.map_or_else(
        |_| day.to_owned(),
        |date| date.strftime("%-d %B %Y").to_string(),
    )
}

/// Says on which day a file was written.
pub(crate) fn day_of(written: SystemTime) -> String {
    let moment = Timestamp::try_from(written).map(|moment| moment.to_string());
    moment.map_or_else(|_| "earlier".to_owned(), |moment| day(&moment))
}

/// Says whether a day lies within the last week.
pub(crate) fn is_of_late(written: &str) -> bool {
    let today = Timestamp::now().to_zoned(TimeZone::system()).date();
    written
        .parse::<Date>()
        .is_ok_and(|date| is_late_in(date, today))
}

/// Reads a length of time: `7d`, `12h` or `30m`, in seconds.
pub(crate) fn parse_length(text: &str) -> std::result::Result<u64, String> {
    let wrong = || "write it as 7d, 12h or 30m".to_owned();
    let unit = match text.chars().last() {
        Some('d') => 24 * 60 * 60,
        Some('h') => 60 * 60,
        Some('m') => 60,
        _ => return Err(wrong()),
    };
    let count = text.get(..text.len() - 1).unwrap_or_default();
    if !count.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let count: u64 = count.parse().map_err(|_| wrong())?;
    let seconds = count.checked_mul(unit).ok_or_else(wrong)?;
    if count == 0 {
        Err(wrong())
    } else {
        Ok(seconds)
    }
}

/// Joins names as one would say them: "Ana, Bo and Cai".
pub(crate) fn names(names: &[String]) -> String {
    if names.is_empty() {
        "nobody".to_owned()
    } else {
        listed(names)
    }
}

/// Returns the short form of an id.
pub(crate) fn short(id: &str) -> &str {
    id.get(..SHORT_ID).unwrap_or(id)
}

/// Returns a typed id as it may stand in a path.
pub(crate) fn plain_id(typed: &str) -> Result<String> {
    if !typed.is_empty() && typed.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(typed.to_ascii_lowercase());
    }
    Err(Failure::not_found(
        format!(
            "\"{typed}\" is not here: ids are made of the digits 0 to 9 and the letters a to f."
        ),
        "Copy the id from the list, or its first characters.",
    ))
}

/// Returns a field of an answer as text; empty where there is none.
pub(crate) fn field(value: &Value, name: &str) -> String {
    value
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// Returns a field of an answer as a list of texts; empty where there is none.
pub(crate) fn list(value: &Value, name: &str) -> Vec<String> {
    let list = value.get(name).and_then(Value::as_array);
    let texts = list.into_iter().flatten().filter_map(Value::as_str);
    texts.map(str::to_owned).collect()
}

fn is_late_in(date: Date, today: Date) -> bool {
    let first = today.checked_sub(LATE.days());
    first.is_ok_and(|first| date >= first)
}

fn day_in(date: Date, today: Date) -> String {
    let within = |days: i64| {
        today
            .checked_sub(days.days())
            .is_ok_and(|first| date >= first)
    };
    let ahead = |days: i64| {
        today
            .checked_add(days.days())
            .is_ok_and(|last| date <= last)
    };
    if date == today {
        "today".to_owned()
    } else if date < today && within(1) {
        "yesterday".to_owned()
    } else if date > today && ahead(1) {
        "tomorrow".to_owned()
    } else if (date < today && within(6)) || (date > today && ahead(6)) {
        date.strftime("%A").to_string()
    } else if date.year() == today.year() {
        date.strftime("%-d %B").to_string()
    } else {
        date.strftime("%-d %B %Y").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn days_are_said_as_people_say_them() {
        let said = |then: Date| day_in(then, date(2026, 11, 23));
        assert_eq!(said(date(2026, 11, 23)), "today");
        assert_eq!(said(date(2026, 11, 22)), "yesterday");
        assert_eq!(said(date(2026, 11, 24)), "tomorrow");
        assert_eq!(said(date(2026, 11, 17)), "Tuesday");
        assert_eq!(said(date(2026, 11, 29)), "Sunday");
        assert_eq!(said(date(2026, 11, 30)), "30 November");
        assert_eq!(said(date(2026, 11, 16)), "16 November");
        assert_eq!(said(date(2025, 12, 24)), "24 December 2025");
    }

    #[test]
    fn a_week_is_of_late() {
        let today = date(2026, 11, 23);
        // Where it is a day earlier than where somebody else wrote it.
        for then in [date(2026, 11, 24), today, date(2026, 11, 16)] {
            assert!(is_late_in(then, today), "{then}");
        }
        assert!(!is_late_in(date(2026, 11, 15), today));
        assert!(!is_of_late("") && !is_of_late("yesterday"));
    }

    #[test]
    fn a_length_of_time_is_a_number_and_a_letter() {
        assert_eq!(parse_length("7d"), Ok(7 * 86400));
        assert_eq!(parse_length("12h"), Ok(12 * 3600));
        assert_eq!(parse_length("30m"), Ok(1800));
        for wrong in [
            "",
            "7",
            "d",
            "0d",
            "-1d",
            "+1d",
            "7 d",
            "1w",
            "é",
            "99999999999999999999d",
        ] {
            assert!(parse_length(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_are_joined_with_and() {
        let three = ["Ana", "Bo", "Cai"].map(str::to_owned);
        assert_eq!(names(&three), "Ana, Bo and Cai");
        assert_eq!(names(&three[..1]), "Ana");
        assert_eq!(names(&[]), "nobody");
    }
}
