//! JSON as `JSON.stringify` writes it (ECMA-262 section 25.5.2). Strings are escaped alike by `serde_json`; numbers are not
//! written alike.

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// The text, without white space. None if it is no JSON value.
pub(super) fn stringify(value: &impl Serialize) -> Option<String> {
    let mut text = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut text, JavaScript)).ok()?;
    String::from_utf8(text).ok()
}

struct JavaScript;

impl Formatter for JavaScript {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(number(value).as_bytes())
    }

    fn write_i64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: i64) -> io::Result<()> {
        self.write_f64(writer, value as f64)
    }

    fn write_u64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: u64) -> io::Result<()> {
        self.write_f64(writer, value as f64)
    }
}

/// A finite number in decimal (ECMA-262 section 6.1.6.1.20): the fewest digits that tell it from its neighbours, with an
/// exponent from 10^21 on and below 10^-6.
fn number(value: f64) -> String {
    let scientific = format!("{:e}", value.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits = mantissa.replace('.', "");
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let sign = if value < 0.0 { "-" } else { "" };
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or_default());
    let whole = usize::try_from(exponent + 1).unwrap_or_default();
    match (exponent, digits.split_at_checked(whole)) {
        (0..=20, Some((digits, ""))) => format!("{sign}{digits}"),
        (0..=20, Some((whole, fraction))) => format!("{sign}{whole}.{fraction}"),
        (0..=20, None) => {
            format!("{sign}{digits}{}", zeros(exponent + 1 - i32::try_from(digits.len()).unwrap_or_default()))
        }
        (-6..=-1, _) => format!("{sign}0.{}{digits}", zeros(-1 - exponent)),
        _ => format!("{sign}{mantissa}e{exponent:+}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts are what Node printed for `JSON.stringify` of the numbers.
    #[test]
    fn numbers_are_written_as_javascript_writes_them() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-2.5, "-2.5"),
            (0.1, "0.1"),
            (1e-6, "0.000001"),
            (1.5e-7, "1.5e-7"),
            (5e-324, "5e-324"),
            (123_456_789_012_345_680_000.0, "123456789012345680000"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.25e21, "1.25e+21"),
            (-1.797_693_134_862_315_7e308, "-1.7976931348623157e+308"),
            (4_503_599_627_370_497.5, "4503599627370498"),
            (100.5, "100.5"),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(stringify(&1_795_875_115_175_i64).as_deref(), Some("1795875115175"));
        assert_eq!(stringify(&u64::MAX).as_deref(), Some("18446744073709552000"));
    }
}
