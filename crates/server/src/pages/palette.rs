//! From the colours of a brand to those of a page. Whatever is configured, text can be read: contrast is kept by darkening
//! or lightening what is written in the accent, and a ground on which the other texts cannot be read is refused.

use crate::config::{Colors, Colour};

/// The least contrast of text (WCAG 2.2, success criterion 1.4.3).
const READABLE: f32 = 4.5;

const ACCENT: Colour = Colour::rgb(0x0b, 0x6b, 0x5b);
const ACCENT_DARK: Colour = Colour::rgb(0x5c, 0xc9, 0xb0);

/// What does not change with the brand, as in the stylesheet.
struct Fixed {
    background: Colour,
    card: Colour,
    /// The faintest texts that stand on the background.
    texts: [Colour; 2],
    /// Percent of the accent in what is washed with it.
    wash: u8,
    /// Where a colour goes to be read.
    ink: Colour,
}

const LIGHT: Fixed = Fixed {
    background: Colour::rgb(0xf7, 0xf6, 0xf3),
    card: Colour::WHITE,
    texts: [Colour::rgb(0x5c, 0x63, 0x6b), Colour::rgb(0xa3, 0x26, 0x2a)],
    wash: 10,
    ink: Colour::BLACK,
};

const DARK: Fixed = Fixed {
    background: Colour::rgb(0x13, 0x15, 0x17),
    card: Colour::rgb(0x1b, 0x1e, 0x21),
    texts: [Colour::rgb(0xa2, 0xa8, 0xae), Colour::rgb(0xff, 0x9b, 0x94)],
    wash: 16,
    ink: Colour::WHITE,
};

/// The colours of a brand, on light pages and on dark ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Palette {
    pub(crate) light: Shades,
    pub(crate) dark: Shades,
}

/// The colours that come from the settings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shades {
    /// The ground of the page.
    pub(crate) background: Colour,
    /// The ground of buttons: the accent as it is configured.
    pub(crate) fill: Colour,
    /// Text on it.
    pub(crate) on_fill: Colour,
    /// Links, marks and the ring around what has the focus: the accent as it can be read.
    pub(crate) accent: Colour,
    /// A ground with a touch of the accent.
    pub(crate) wash: Colour,
}

impl Palette {
    /// The colours of a page, or which setting cannot be read on.
    pub(crate) fn of(colors: &Colors) -> Result<Self, String> {
        let accent_dark = colors.accent_dark.or(colors.accent).unwrap_or(ACCENT_DARK);
        let light = Shades::of(&LIGHT, colors.accent.unwrap_or(ACCENT), colors.background)
            .map_err(|contrast| too_faint("background", contrast))?;
        let dark = Shades::of(&DARK, accent_dark, colors.background_dark)
            .map_err(|contrast| too_faint("background_dark", contrast))?;
        Ok(Self { light, dark })
    }

    /// The custom properties of the stylesheet.
    pub(super) fn css(&self) -> String {
        let (light, dark) = (self.light.css(), self.dark.css());
        format!(":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n")
    }
}

fn too_faint(key: &str, contrast: f32) -> String {
    format!(
        "`pages.colors.{key}` leaves text on it a contrast of {contrast:.1}, and {READABLE} is the least that can be read"
    )
}

impl Shades {
    fn of(fixed: &Fixed, accent: Colour, background: Option<Colour>) -> Result<Self, f32> {
        let background = background.unwrap_or(fixed.background);
        let faintest = fixed.texts.map(|text| text.contrast(background)).into_iter().fold(f32::MAX, f32::min);
        if faintest < READABLE {
            return Err(faintest);
        }
        let wash = fixed.card.mixed(accent, fixed.wash);
        let written = readable(accent, fixed.ink, &[background, fixed.card, wash]);
        Ok(Self { background, fill: accent, on_fill: on(accent), accent: written, wash })
    }

    fn css(&self) -> String {
        let Self { background, fill, on_fill, accent, wash } = self;
        format!("--paper: {background}; --fill: {fill}; --on-fill: {on_fill}; --accent: {accent}; --wash: {wash};")
    }
}

/// The colour, moved towards the ink until it can be read on all grounds.
fn readable(colour: Colour, ink: Colour, grounds: &[Colour]) -> Colour {
    let mut moved = (0..=100).map(|percent| colour.mixed(ink, percent));
    moved.find(|moved| grounds.iter().all(|ground| moved.contrast(*ground) >= READABLE)).unwrap_or(ink)
}

/// Text on a colour: white where that can be read, else the colour's own darkness, else black.
fn on(ground: Colour) -> Colour {
    let candidates = [Colour::WHITE, ground.mixed(Colour::BLACK, 85)];
    candidates.into_iter().find(|text| text.contrast(ground) >= READABLE).unwrap_or(Colour::BLACK)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::look::STYLE;
    use super::*;

    #[test]
    fn what_is_fixed_is_what_the_stylesheet_says() {
        let (light, dark) = STYLE.split_once("@media (prefers-color-scheme: dark)").unwrap();
        for (style, fixed) in [(light, LIGHT), (dark, DARK)] {
            let [soft, bad] = fixed.texts;
            for (name, colour) in [("card", fixed.card), ("soft", soft), ("bad", bad)] {
                assert!(style.contains(&format!("--{name}: {colour};")), "{name} {colour}");
            }
        }
    }

    #[test]
    fn a_ground_that_hides_text_is_refused_by_name() {
        let grey: Colour = "#888".parse().unwrap();
        let light = Palette::of(&Colors { background: Some(grey), ..Colors::default() }).unwrap_err();
        assert!(light.starts_with("`pages.colors.background` leaves"), "{light}");
        let dark = Palette::of(&Colors { background_dark: Some(grey), ..Colors::default() }).unwrap_err();
        assert!(dark.starts_with("`pages.colors.background_dark` leaves"), "{dark}");
    }

    proptest! {
        #[test]
        fn text_can_be_read_whatever_the_accent(red: u8, green: u8, blue: u8) {
            let accent = Some(Colour::rgb(red, green, blue));
            let palette = Palette::of(&Colors { accent, ..Colors::default() }).unwrap();
            for (shades, fixed) in [(palette.light, LIGHT), (palette.dark, DARK)] {
                prop_assert!(shades.on_fill.contrast(shades.fill) >= READABLE);
                for ground in [shades.background, fixed.card, shades.wash] {
                    prop_assert!(shades.accent.contrast(ground) >= READABLE, "{} on {ground}", shades.accent);
                }
            }
        }
    }
}
