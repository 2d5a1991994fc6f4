//! An invite key as a picture for the terminal, two modules a character.

use fast_qr::{ECL, Mode, QRBuilder};

/// Modules of white around the picture, as the standard asks for.
const QUIET: usize = 4;

/// Draws a QR code of an upper-case key; `None` when it is too long for one.
///
/// In colour it is black on white whatever the terminal's colours are; in plain form it is drawn for
/// light letters on a dark ground, as most terminals have it.
pub(crate) fn draw(key: &str, plain: bool) -> Option<String> {
    let code = QRBuilder::new(key)
        .mode(Mode::Alphanumeric)
        .ecl(ECL::L)
        .build()
        .ok()?;
    let edge = code.size + 2 * QUIET;
    let dark = |row: usize, column: usize| {
        let inside = (QUIET..QUIET + code.size).contains(&row)
            && (QUIET..QUIET + code.size).contains(&column);
        inside
            && code
                .data
                .get((row - QUIET) * code.size + column - QUIET)
                .is_some_and(|module| module.value())
    };
    let mut picture = String::new();
    for row in (0..edge).step_by(2) {
        if !plain {
            picture.push_str("\u{1b}[97;40m");
        }
        for column in 0..edge {
            let below = row + 1 < edge && dark(row + 1, column);
            picture.push(match (dark(row, column), below) {
                (false, false) => '█',
                (false, true) => '▀',
                (true, false) => '▄',
                (true, true) => ' ',
            });
        }
        if !plain {
            picture.push_str("\u{1b}[0m");
        }
        picture.push('\n');
    }
    Some(picture)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key of the greatest length.
    const KEY: &str = "7QK49-F2MXH-0P3ZR-D81WC-TT6AV-E5N7Q-K49F2-MXH0P-3ZRD8-1WCTT-6AVE5-N7QK4-\
                       9F2MX-H0P3Z-RD81W-CTT6A-VE5N7-QK49F-2MXH0-P3ZRD-81WCT-T6AVE-5N7QK-49F2M-XH0P3";

    #[test]
    fn a_camera_reads_the_key_back() {
        assert_eq!(KEY.len(), 149);
        for plain in [true, false] {
            let picture = draw(KEY, plain).unwrap();
            let rows: Vec<Vec<(bool, bool)>> = picture
                .lines()
                .map(|line| {
                    line.chars()
                        .filter_map(|c| match c {
                            '█' => Some((false, false)),
                            '▀' => Some((false, true)),
                            '▄' => Some((true, false)),
                            ' ' => Some((true, true)),
                            _ => None,
                        })
                        .collect()
                })
                .collect();
            let edge = rows[0].len();
            assert!(edge <= 79, "it has to fit an 80-column terminal: {edge}");
            // Each module is drawn several pixels wide, as a camera would see it.
            let mut image =
                rqrr::PreparedImage::prepare_from_greyscale(edge * 4, edge * 4, |x, y| {
                    let (above, below) = rows[y / 8][x / 4];
                    let dark = if (y / 4) % 2 == 0 { above } else { below };
                    if dark { 0 } else { 255 }
                });
            let grids = image.detect_grids();
            assert_eq!(grids[0].decode().unwrap().1, KEY);
        }
    }

    #[test]
    fn what_does_not_fit_is_not_drawn() {
        assert_eq!(draw(&"A".repeat(5000), true), None);
    }
}
