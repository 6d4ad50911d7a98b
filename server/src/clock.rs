//! The time of day, in the one form in which the store and the wire hold it.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds in a day.
pub(crate) const DAY: i64 = 86_400;

/// Seconds since the Unix epoch, UTC.
pub(crate) fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs() as i64)
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as i64)
}

/// The day of a time as `YYYYMMDD`, the form of `engine_update`.
pub(crate) fn compact_date(time: i64) -> String {
    format(time, "%Y%m%d")
}

/// The day of a time as `YYYY-MM-DD`, the key of daily usage.
pub(crate) fn date(time: i64) -> String {
    format(time, "%Y-%m-%d")
}

/// A time as `YYYY-MM-DD HH:MM:SS`, UTC, for people.
pub(crate) fn date_time(time: i64) -> String {
    format(time, "%Y-%m-%d %H:%M:%S")
}

fn format(time: i64, pattern: &str) -> String {
    chrono::DateTime::from_timestamp(time, 0)
        .unwrap_or_default()
        .format(pattern)
        .to_string()
}

/// Reads `YYYYMMDD` as the number of that day since the Unix epoch.
pub(crate) fn day_from_compact(text: &str) -> Option<i64> {
    let date = chrono::NaiveDate::parse_from_str(text, "%Y%m%d").ok()?;
    Some(date.and_hms_opt(0, 0, 0)?.and_utc().timestamp() / DAY)
}

/// Reads a minute as `YYYYMMDDhhmm`.
pub(crate) fn minute_from_compact(text: &str) -> Option<i64> {
    let whole = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    let minute = chrono::NaiveDateTime::parse_from_str(text, "%Y%m%d%H%M").ok();
    minute
        .filter(|_| whole)
        .map(|minute| minute.and_utc().timestamp())
}

/// A minute as `YYYYMMDDhhmm`.
pub(crate) fn compact_minute(time: i64) -> String {
    format(time, "%Y%m%d%H%M")
}

/// Reads a day as people write it into rules and filters: `2026-11-24`, `2026/11/24` or `20261124`.
/// Its beginning.
pub(crate) fn from_any_date(text: &str) -> Option<i64> {
    let forms = ["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d"].iter();
    let mut dates = forms.filter_map(|form| chrono::NaiveDate::parse_from_str(text, form).ok());
    Some(dates.next()?.and_hms_opt(0, 0, 0)?.and_utc().timestamp())
}

/// The first day of a day's month, both counted from the Unix epoch.
pub(crate) fn month_start(day: i64) -> i64 {
    use chrono::Datelike as _;
    let date = chrono::DateTime::from_timestamp(day * DAY, 0).unwrap_or_default();
    day - i64::from(date.day0())
}

/// The last day of the month that begins with a day, both counted from the Unix epoch.
pub(crate) fn month_end(first: i64) -> i64 {
    // The 32nd day is in the next month, whichever it is.
    month_start(first + 31) - 1
}
