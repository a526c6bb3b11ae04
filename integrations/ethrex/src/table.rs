//! How do measured blocks read?
//!
//! In: lines. Out: text in columns.
//! Invariants: a ratio is against warming nothing in the same line; a mean of ratios is geometric.

use core::fmt::Write as _;
use core::time::Duration;

use crate::measure::{Line, WAYS};

/// How wide a column of times is.
const WIDTH: usize = 16;

/// The heads of the columns of [`row`].
pub fn head() -> String {
    let head = format!("{:>9} {:>4} {:>6} {:>15}", "block", "txs", "read", "keys t/p/both");
    format!("{head}{}", columns())
}

/// One line, in milliseconds.
pub fn row(line: &Line) -> String {
    let keys = format!("{}/{}/{}", line.keys.touched, line.keys.predicted, line.keys.both);
    let read = micros(line.read);
    let mut text = format!("{:>9} {:>4} {read:>6} {keys:>15}", line.block, line.txs);
    for time in line.micros {
        write!(text, " {:>WIDTH$.2}", time / 1e3).expect("text can be written");
    }
    text
}

/// The geometric means of the ratios over the blocks, for each delay.
pub fn summary(lines: &[Line]) -> String {
    let mut reads: Vec<Duration> = lines.iter().map(|line| line.read).collect();
    reads.sort_unstable();
    reads.dedup();
    let mut text = format!("{:>6} {:>6}", "read", "blocks");
    text.push_str(&columns());
    text.push('\n');
    for read in reads {
        let here: Vec<_> = lines.iter().filter(|line| line.read == read).collect();
        write!(text, "{:>6} {:>6}", micros(read), here.len()).expect("text can be written");
        for at in 0..WAYS.len() {
            let mean = geometric_mean(here.iter().map(|line| line.ratios()[at]));
            write!(text, " {mean:>width$.2}x", width = WIDTH - 1).expect("text can be written");
        }
        text.push('\n');
    }
    text
}

fn columns() -> String {
    WAYS.iter().map(|way| format!(" {way:>WIDTH$}")).collect()
}

fn micros(read: Duration) -> String {
    format!("{} us", read.as_micros())
}

fn geometric_mean(ratios: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = ratios.len() as f64;
    (ratios.map(f64::ln).sum::<f64>() / n).exp()
}
