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
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 50.0;
const TOP: f64 = 30.0;
const COLOURS: [&str; 4] = ["#1f6fb2", "#2a9d5c", "#8a8a8a", "#c8553d"];

/// The plot.
pub(crate) fn svg(threads: &[usize], lines: &[Line]) -> String {
    let most = lines.iter().flat_map(|line| &line.ratios).fold(1.0, |most: f64, it| most.max(*it));
    let top = most.ceil();
    let x = |n: usize| LEFT + (WIDTH - 2.0 * LEFT) * n as f64 / (threads.len().max(2) - 1) as f64;
    let y = |ratio: f64| HEIGHT - 50.0 - (HEIGHT - 50.0 - TOP) * ratio / top;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" \
         fill=\"white\"/>\n<text x=\"{LEFT}\" y=\"18\">Simulation: times faster than in order, by \
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
            HEIGHT - 32.0
        ));
    }
    for (n, (line, colour)) in lines.iter().zip(COLOURS).enumerate() {
        let points = line.ratios.iter().enumerate();
        let points: Vec<String> =
            points.map(|(n, ratio)| format!("{:.1},{:.1}", x(n), y(*ratio))).collect();
        put(format!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            points.join(" ")
        ));
        put(format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{colour}\">{}</text>",
            LEFT + 165.0 * n as f64,
            HEIGHT - 10.0,
            line.name
        ));
    }
    text.push_str("</svg>\n");
    text
}
