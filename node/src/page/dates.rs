//! Days in words, as they are where this computer is.

use super::show::Frame;
use circlet_model::time::{Day, Timestamp};
use fluent_bundle::FluentValue;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A day, in words and for programs.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct When {
    /// In words.
    pub(super) said: String,
    /// As year, month and day.
    pub(super) date: String,
}

/// Returns the day of a point in time.
pub(super) fn of(frame: &Frame, time: Timestamp, now: Timestamp) -> When {
    let zone = TimeZone::system();
    let (day, today) = (date(time, &zone), date(now, &zone));
    said(frame, day, today)
}

/// Returns a day that was noted as a day.
pub(super) fn of_day(frame: &Frame, day: Day, now: Timestamp) -> When {
    let zone = TimeZone::UTC;
    said(frame, date(day.start(), &zone), date(now, &zone))
}

/// Returns a day as it also stands on paper: never as "today".
pub(super) fn in_full(frame: &Frame, day: Day) -> String {
    full(frame, date(day.start(), &TimeZone::UTC))
}

/// Returns the day of a point in time, never as "today".
pub(super) fn in_full_here(frame: &Frame, time: Timestamp) -> String {
    full(frame, here(time))
}

/// Returns the day that a point in time is here.
pub(crate) fn here(time: Timestamp) -> Date {
    date(time, &TimeZone::system())
}

fn said(frame: &Frame, day: Date, today: Date) -> When {
    let said = if day == today {
        frame.say("day-today")
    } else if day.tomorrow().ok() == Some(today) {
        frame.say("day-yesterday")
    } else {
        full(frame, day)
    };
    When {
        said,
        date: day.to_string(),
    }
}

fn full(frame: &Frame, day: Date) -> String {
    let month = frame.say(&format!("month-{}", day.month()));
    let number = |number: i16| FluentValue::from(number.to_string());
    let named = [
        ("day", number(day.day().into())),
        ("month", month.into()),
        ("year", number(day.year())),
    ];
    frame.with_all("day-date", named)
}

fn date(time: Timestamp, zone: &TimeZone) -> Date {
    let time = i64::try_from(time.0).unwrap_or(i64::MAX);
    let time = jiff::Timestamp::from_millisecond(time).unwrap_or(jiff::Timestamp::MAX);
    zone.to_datetime(time).date()
}

#[cfg(test)]
mod tests {
    use super::super::show::Base;
    use super::*;
    use jiff::civil::date;

    #[test]
    fn days_are_said_as_people_say_them() {
        let frame = Frame::new(&Base::new("x"), "feed-title");
        let today = date(2026, 3, 1);
        let say = |day| said(&frame, day, today).said;
        let plain = |text: String| text.replace(['\u{2068}', '\u{2069}'], "");
        assert_eq!(say(today), "today");
        assert_eq!(say(date(2026, 2, 28)), "yesterday");
        assert_eq!(plain(say(date(2025, 12, 31))), "31 December 2025");
        assert_eq!(plain(say(date(2026, 3, 2))), "2 March 2026");
        assert_eq!(said(&frame, date(2025, 1, 2), today).date, "2025-01-02");
    }
}
