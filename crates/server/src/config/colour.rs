//! A colour, and whether text can be read on another.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

/// A colour of the sRGB space, written `#rrggbb` or `#rgb` (CSS Color 4 section 5.2). Nothing else of CSS gets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Colour([u8; 3]);

impl Colour {
    /// Black.
    pub const BLACK: Self = Self([0; 3]);
    /// White.
    pub const WHITE: Self = Self([255; 3]);

    /// The colour with these components.
    #[must_use]
    pub const fn rgb(red: u8, green: u8, blue: u8) -> Self {
        Self([red, green, blue])
    }

    /// How well one can be read on the other, from 1 to 21 (WCAG 2.2, "contrast ratio"); text needs 4.5.
    #[must_use]
    pub fn contrast(self, other: Self) -> f32 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// This colour with `percent` of another in it, component by component.
    #[must_use]
    pub fn mixed(self, other: Self, percent: u8) -> Self {
        let share = u32::from(percent.min(100));
        let mix = |ours: u8, theirs: u8| {
            let sum = u32::from(ours) * (100 - share) + u32::from(theirs) * share;
            u8::try_from((sum + 50) / 100).unwrap_or(u8::MAX)
        };
        let ([r, g, b], [other_r, other_g, other_b]) = (self.0, other.0);
        Self([mix(r, other_r), mix(g, other_g), mix(b, other_b)])
    }

    /// WCAG 2.2, "relative luminance".
    fn luminance(self) -> f32 {
        let linear = |component: u8| {
            let value = f32::from(component) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        let [r, g, b] = self.0.map(linear);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }
}

impl FromStr for Colour {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits: Option<Vec<u8>> = text.strip_prefix('#').and_then(|digits| {
            digits.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect()
        });
        match digits.as_deref() {
            Some([r, g, b]) => Ok(Self([r * 17, g * 17, b * 17])),
            Some([r, r2, g, g2, b, b2]) => Ok(Self([r * 16 + r2, g * 16 + g2, b * 16 + b2])),
            _ => Err(format!("a colour of `pages.colors` must be like #0b6b5b, and {text:?} is not")),
        }
    }
}

impl TryFrom<String> for Colour {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Colour> for String {
    fn from(colour: Colour) -> Self {
        colour.to_string()
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [r, g, b] = self.0;
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}

impl JsonSchema for Colour {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Colour".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_hexadecimal_digits_and_nothing_else_of_css() {
        for (text, colour) in [("#0b6b5b", "#0b6b5b"), ("#FFF", "#ffffff"), ("#a1c", "#aa11cc")] {
            assert_eq!(text.parse::<Colour>().unwrap().to_string(), colour);
        }
        for text in ["", "#", "0b6b5b", "#0b6b5", "#0b6b5b00", "#ggg", "red", "#fff;}", "#+1+2+3", "url(x)", "#١٢٣"]
        {
            assert!(text.parse::<Colour>().is_err(), "{text}");
        }
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        let contrast = |a: &str, b: &str| a.parse::<Colour>().unwrap().contrast(b.parse().unwrap());
        assert!((contrast("#000", "#fff") - 21.0).abs() < 0.01);
        assert!((contrast("#777", "#fff") - 4.48).abs() < 0.01);
        assert!((contrast("#fff", "#777") - 4.48).abs() < 0.01);
        assert!((contrast("#123456", "#123456") - 1.0).abs() < 0.01);
    }

    #[test]
    fn mixing_goes_from_one_to_the_other() {
        let (black, white) = (Colour::BLACK, Colour::WHITE);
        assert_eq!(
            [0, 50, 100].map(|percent| black.mixed(white, percent).to_string()),
            ["#000000", "#808080", "#ffffff"]
        );
    }
}
