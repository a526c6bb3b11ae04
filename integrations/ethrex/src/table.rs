//! How do measured blocks read?
//!
//! In: lines. Out: text in columns.
//! Invariants: a ratio is against warming nothing in the same line; a mean of ratios is geometric.

use core::fmt::Write as _;
use core::time::Duration;

use crate::measure::{Line, WAYS};

/// Every line, in milliseconds.
pub fn table(lines: &[Line]) -> String {
    let mut text = format!("{:>9} {:>4} {:>6} {:>18}", "block", "txs", "read", "keys t/p/both");
    WAYS.iter().for_each(|way| write!(text, " {way:>16}").expect("text can be written"));
    text.push('\n');
    for line in lines {
        let keys = format!("{}/{}/{}", line.keys.touched, line.keys.predicted, line.keys.both);
        let read = micros(line.read);
        let head = format!("{:>9} {:>4} {read:>6} {keys:>18}", line.block, line.txs);
        text.push_str(&head);
        for time in line.micros {
            write!(text, " {:>16.2}", time / 1e3).expect("text can be written");
        }
        text.push('\n');
    }
    text
}

/// The geometric means of the ratios over the blocks, for each delay.
pub fn summary(lines: &[Line]) -> String {
    let mut reads: Vec<Duration> = lines.iter().map(|line| line.read).collect();
    reads.sort_unstable();
    reads.dedup();
    let mut text = format!("{:>6} {:>6}", "read", "blocks");
    WAYS.iter().for_each(|way| write!(text, " {way:>16}").expect("text can be written"));
    text.push('\n');
    for read in reads {
        let here: Vec<_> = lines.iter().filter(|line| line.read == read).collect();
        write!(text, "{:>6} {:>6}", micros(read), here.len()).expect("text can be written");
        for at in 0..WAYS.len() {
            let mean = geometric_mean(here.iter().map(|line| line.ratios()[at]));
            write!(text, " {mean:>15.2}x").expect("text can be written");
        }
        text.push('\n');
    }
    text
}

fn micros(read: Duration) -> String {
    format!("{} us", read.as_micros())
}

fn geometric_mean(ratios: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = ratios.len() as f64;
    (ratios.map(f64::ln).sum::<f64>() / n).exp()
}
