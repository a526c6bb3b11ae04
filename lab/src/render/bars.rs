//! How do counts of several kinds look?
//!
//! In: [`Bars`]: rows of parts. Out: SVG for a [`Page`](super::Page).
//! Invariant: a row's length is the sum of its parts, and its parts stand in the order of the names.

use core::fmt::{self, Write};

use super::page::escaped;

const WIDTH: f64 = 720.0;
const ROW: f64 = 24.0;
const TOP: f64 = 44.0;
/// What the names of rows get, at least and at most.
const NAMES: [f64; 2] = [90.0, 320.0];
/// What the figure behind a row gets.
const FIGURE: f64 = 70.0;

/// One row.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it is of.
    pub name: String,
    /// Its parts, in the order of [`Bars::parts`].
    pub values: Vec<f64>,
    /// What stands behind it.
    pub figure: String,
}

/// Rows of parts.
#[derive(Clone, Debug)]
pub struct Bars {
    /// What is shown.
    pub title: String,
    /// The names of the parts, at most four.
    pub parts: Vec<String>,
    /// The rows.
    pub rows: Vec<Row>,
}

impl Bars {
    pub(crate) fn write(&self, out: &mut String) -> fmt::Result {
        let height = TOP + self.rows.len() as f64 * ROW + 6.0;
        let longest = self.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
        let left = (longest as f64 * 6.6 + 10.0).clamp(NAMES[0], NAMES[1]);
        let sum = |row: &Row| row.values.iter().sum::<f64>();
        let most = self.rows.iter().map(sum).fold(0.0, f64::max);
        let scale = (WIDTH - left - FIGURE) / if 0.0 < most { most } else { 1.0 };
        writeln!(
            out,
            "<figure><svg class=\"plot\" viewBox=\"0 0 {WIDTH} {height:.1}\" role=\"img\" \
             aria-label=\"{0}\"><text class=\"h\" x=\"{left:.1}\" y=\"14\">{0}</text>",
            escaped(&self.title)
        )?;
        let mut at = left;
        for (n, part) in self.parts.iter().enumerate().filter(|_| 1 < self.parts.len()) {
            writeln!(out, "<text class=\"s{n}\" x=\"{at:.1}\" y=\"32\">{}</text>", escaped(part))?;
            at += part.chars().count() as f64 * 6.6 + 14.0;
        }
        for (n, row) in self.rows.iter().enumerate() {
            self.write_row(row, TOP + n as f64 * ROW, left, scale, out)?;
        }
        writeln!(out, "</svg></figure>")
    }

    fn write_row(
        &self,
        row: &Row,
        top: f64,
        left: f64,
        scale: f64,
        out: &mut String,
    ) -> fmt::Result {
        writeln!(
            out,
            "<text class=\"end\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            left - 8.0,
            top + 13.0,
            escaped(&row.name)
        )?;
        let mut at = left;
        for (n, (value, part)) in row.values.iter().zip(&self.parts).enumerate() {
            let length = value * scale;
            writeln!(
                out,
                "<rect class=\"s{n}\" x=\"{at:.1}\" y=\"{top:.1}\" width=\"{length:.1}\" \
                 height=\"17\"><title>{}, {}</title></rect>",
                escaped(&row.name),
                escaped(part),
            )?;
            at += length;
        }
        writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            at + 6.0,
            top + 13.0,
            escaped(&row.figure)
        )
    }
}

#[cfg(test)]
mod tests;
