//! A cron schedule as `ParseStandard` of robfig/cron parses it: five fields, or a descriptor such as `@daily`.
//!
//! Two crates were compared with robfig/cron on the schedules of `verdicts.jsonl`. No configuration makes them agree
//! with it, and the grammar is small, so neither is used:
//!
//! - croner 4.0.3 accepts 7 for Sunday, `L`, `#`, `W`, and a word in any field. It rejects `5/15`.
//! - cron 0.17.0 counts the days of the week from 1, and accepts `**` and seven fields.
//! - Both reject `@every 1h`, `@midnight`, and `?` in a field of time.

use std::fmt;

use super::{duration, integer, time_zone};

/// Why a text is not a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScheduleError {
    /// The text is empty.
    Empty,
    /// The number of fields, which is not five.
    FieldCount(usize),
    /// The name of a field, and a part of it that the field does not allow.
    Field(&'static str, String),
    /// The text begins with `@`, but is not a known descriptor.
    Descriptor,
    /// The text after `@every` is not a duration.
    Every,
    /// The time zone before the fields is unknown, or no schedule follows it.
    TimeZone,
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => formatter.write_str("it is empty"),
            Self::FieldCount(1) => formatter.write_str("it has 1 field, not 5"),
            Self::FieldCount(count) => write!(formatter, "it has {count} fields, not 5"),
            Self::Field(name, part) => write!(formatter, "{part:.20} cannot be in its {name} field"),
            Self::Descriptor => formatter.write_str("there is no such descriptor"),
            Self::Every => formatter.write_str("@every needs a duration such as 1h30m"),
            Self::TimeZone => formatter.write_str("the text after TZ= is not a time zone"),
        }
    }
}

/// A field of a schedule.
struct Field {
    name: &'static str,
    min: u64,
    max: u64,
    /// Names of the numbers from `min` on.
    words: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field { name: "minute", min: 0, max: 59, words: &[] },
    Field { name: "hour", min: 0, max: 23, words: &[] },
    Field { name: "day-of-month", min: 1, max: 31, words: &[] },
    Field {
        name: "month",
        min: 1,
        max: 12,
        words: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    },
    Field { name: "day-of-week", min: 0, max: 6, words: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

const DESCRIPTORS: [&str; 7] = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/// Checks whether a text is a schedule.
///
/// # Errors
///
/// Returns the first error in the text.
pub fn check(text: &str) -> Result<(), ScheduleError> {
    if text.is_empty() {
        return Err(ScheduleError::Empty);
    }
    let zoned = text.strip_prefix("TZ=").or_else(|| text.strip_prefix("CRON_TZ="));
    let text = match zoned.map(|zoned| zoned.split_once(' ')) {
        None => text,
        Some(Some((zone, schedule))) if time_zone::is_known(zone) => schedule.trim(),
        // robfig/cron panics if no blank follows the time zone.
        Some(_) => return Err(ScheduleError::TimeZone),
    };
    if text.starts_with('@') {
        return descriptor(text);
    }
    let count = text.split_whitespace().count();
    if count != FIELDS.len() {
        return Err(ScheduleError::FieldCount(count));
    }
    for (field, parts) in FIELDS.iter().zip(text.split_whitespace()) {
        // Empty parts between commas are ignored.
        if let Some(part) = parts.split(',').filter(|part| !part.is_empty()).find(|part| !field.allows(part)) {
            return Err(ScheduleError::Field(field.name, part.to_owned()));
        }
    }
    Ok(())
}

fn descriptor(text: &str) -> Result<(), ScheduleError> {
    match text.strip_prefix("@every ") {
        Some(period) if duration::parse(period).is_some() => Ok(()),
        Some(_) => Err(ScheduleError::Every),
        None if DESCRIPTORS.contains(&text) => Ok(()),
        None => Err(ScheduleError::Descriptor),
    }
}

impl Field {
    /// Reports whether a part is valid: `*`, a number or a range, and optionally a step.
    fn allows(&self, part: &str) -> bool {
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        let is_step = step.is_none_or(|step| integer(step).is_some_and(|step| step > 0));
        is_step && self.is_range(range, step.is_some())
    }

    fn is_range(&self, range: &str, is_stepped: bool) -> bool {
        let (low, high) = range.split_once('-').map_or((range, None), |(low, high)| (low, Some(high)));
        // robfig/cron ignores the text after a star and a hyphen.
        if matches!(low, "*" | "?") {
            return true;
        }
        let Some(start) = self.number(low) else { return false };
        let end = match high {
            Some(high) => self.number(high),
            None if is_stepped => Some(self.max),
            None => Some(start),
        };
        end.is_some_and(|end| self.min <= start && start <= end && end <= self.max)
    }

    fn number(&self, text: &str) -> Option<u64> {
        // Go maps each capital to one lower-case letter, even İ.
        let lower_case = || text.chars().filter_map(|letter| letter.to_lowercase().next());
        let word = self.words.iter().zip(self.min..).find(|(word, _)| lower_case().eq(word.chars()));
        word.map(|(_, number)| number).or_else(|| integer(text).and_then(|number| u64::try_from(number).ok()))
    }
}
