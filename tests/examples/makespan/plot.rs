//! How is a plot of ratios over threads written as SVG?
//!
//! In: numbers of threads, lines of ratios. Out: the text of a file.
//! Invariant: the same numbers give the same bytes.

use std::fmt::Write as _;

/// One line of the plot.
pub(crate) struct Line {
    /// What it shows.
    pub(crate) name: &'static str,
    /// A ratio for each number of threads.
    pub(crate) ratios: Vec<f64>,
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 436.0;
const LEFT: f64 = 50.0;
const TOP: f64 = 30.0;
/// Of each line in order, with its dashes.
const STYLES: [(&str, &str); 5] = [
    ("#1f6fb2", "none"),
    ("#2a9d5c", "none"),
    ("#7d6fae", "none"),
    ("#c8553d", "none"),
    ("#777", "6 4"),
];
/// Names stand in rows of so many.
const N_NAMES: usize = 3;

/// The plot.
pub(crate) fn svg(threads: &[usize], lines: &[Line]) -> String {
    let most = lines.iter().flat_map(|line| &line.ratios).fold(1.0, |most: f64, it| most.max(*it));
    let top = most.ceil();
    let x = |n: usize| LEFT + (WIDTH - 2.0 * LEFT) * n as f64 / (threads.len().max(2) - 1) as f64;
    let y = |ratio: f64| HEIGHT - 64.0 - (HEIGHT - 64.0 - TOP) * ratio / top;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" \
         fill=\"white\"/>\n<text x=\"{LEFT}\" y=\"18\">Simulation: times faster than sequential, by \
         threads</text>\n"
    );
    let mut put = |line: String| {
        let _ = writeln!(text, "{line}");
    };
    for ratio in 0..=top as usize {
        let at = y(ratio as f64);
        put(format!(
            "<path d=\"M{LEFT} {at:.1}H{:.1}\" stroke=\"#ddd\"/><text x=\"{:.1}\" y=\"{:.1}\" \
             text-anchor=\"end\">{ratio}</text>",
            WIDTH - LEFT,
            LEFT - 8.0,
            at + 4.0
        ));
    }
    for (n, threads) in threads.iter().enumerate() {
        put(format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{threads}</text>",
            x(n),
            HEIGHT - 46.0
        ));
    }
    for (n, (line, (colour, dashes))) in lines.iter().zip(STYLES).enumerate() {
        let points = line.ratios.iter().enumerate();
        let points: Vec<String> =
            points.map(|(n, ratio)| format!("{:.1},{:.1}", x(n), y(*ratio))).collect();
        put(format!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" \
             stroke-dasharray=\"{dashes}\"/>",
            points.join(" ")
        ));
        put(format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{colour}\">{}</text>",
            LEFT + 220.0 * (n % N_NAMES) as f64,
            HEIGHT - 26.0 + 16.0 * (n / N_NAMES) as f64,
            line.name
        ));
    }
    text.push_str("</svg>\n");
    text
}
