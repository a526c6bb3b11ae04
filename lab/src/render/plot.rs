//! How do figures look over an axis?
//!
//! In: [`Plot`]: series of points. Out: SVG for a [`Page`](super::Page), whose style gives the colours.
//! Invariants: equal figures give equal bytes; points that are no numbers are left out; every mark says
//! what it stands for where the pointer rests on it.

use core::fmt::{self, Write};

use super::page::escaped;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 48.0;
/// About so many ticks stand on a linear axis.
const N_TICKS: f64 = 6.0;

/// How the numbers of an axis are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Equal steps, from zero.
    Linear,
    /// Equal factors, with ticks at powers of two.
    Doubling,
    /// Equal factors, with ticks at powers of ten.
    Decades,
}

/// One axis.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    /// What is laid out.
    pub label: &'static str,
    /// How.
    pub scale: Scale,
}

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// As points.
    Dots,
    /// As points that a line connects.
    Line,
    /// As a broken line in the colour of text: what nothing gets beyond. It stands behind the others.
    Limit,
}

/// One figure.
#[derive(Clone, Debug)]
pub struct Point {
    /// Where it stands on the horizontal axis.
    pub x: f64,
    /// Its value.
    pub y: f64,
    /// What it is of.
    pub label: String,
}

/// Figures that belong together.
#[derive(Clone, Debug)]
pub struct Series {
    /// What they show.
    pub name: String,
    /// How they are drawn.
    pub mark: Mark,
    /// The figures.
    pub points: Vec<Point>,
}

/// Some series over one pair of axes.
#[derive(Clone, Debug)]
pub struct Plot {
    /// What is plotted.
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// At most five series, each with a colour of its own, and limits behind them.
    pub series: Vec<Series>,
    /// A value to draw a line at.
    pub line_at: Option<f64>,
}

/// From the values of an axis to its pixels.
struct Ruler {
    scale: Scale,
    values: [f64; 2],
    pixels: [f64; 2],
}

impl Plot {
    pub(crate) fn write(&self, out: &mut String) -> fmt::Result {
        writeln!(
            out,
            "<figure><svg class=\"plot\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
             aria-label=\"{0}\"><text class=\"h\" x=\"{LEFT}\" y=\"14\">{0}</text>",
            escaped(&self.title)
        )?;
        let points = || self.series.iter().flat_map(|series| &series.points).filter(is_drawn);
        let x = Ruler::new(self.x.scale, points().map(|point| point.x), [LEFT, WIDTH - RIGHT]);
        let heights = points().map(|point| point.y).chain(self.line_at);
        let y = Ruler::new(self.y.scale, heights, [HEIGHT - BOTTOM, TOP]);
        self.write_axes(&x, &y, out)?;
        if let Some(value) = self.line_at {
            let at = y.at(value);
            writeln!(out, "<path class=\"at\" d=\"M{LEFT} {at:.1}H{:.1}\"/>", WIDTH - RIGHT)?;
        }
        for (n, series) in self.series.iter().enumerate() {
            series.write(n, &x, &y, out)?;
        }
        writeln!(out, "</svg></figure>")
    }

    fn write_axes(&self, x: &Ruler, y: &Ruler, out: &mut String) -> fmt::Result {
        for tick in y.ticks() {
            let at = y.at(tick);
            writeln!(
                out,
                "<path class=\"grid\" d=\"M{LEFT} {at:.1}H{:.1}\"/>\
                 <text class=\"end\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                WIDTH - RIGHT,
                LEFT - 6.0,
                at + 4.0,
                short(tick),
            )?;
        }
        for tick in x.ticks() {
            let at = x.at(tick);
            writeln!(
                out,
                "<text class=\"mid\" x=\"{at:.1}\" y=\"{:.1}\">{}</text>",
                HEIGHT - BOTTOM + 16.0,
                short(tick),
            )?;
        }
        writeln!(
            out,
            "<text class=\"mid\" x=\"{:.1}\" y=\"{:.1}\">{}</text>\
             <text x=\"4\" y=\"{:.1}\">{}</text>",
            f64::midpoint(LEFT, WIDTH - RIGHT),
            HEIGHT - 12.0,
            escaped(self.x.label),
            TOP - 10.0,
            escaped(self.y.label),
        )?;
        let mut at = WIDTH - RIGHT;
        for (n, series) in self.series.iter().enumerate().rev() {
            // Legends stand from the right, a letter being about seven pixels wide.
            let width = series.name.chars().count() as f64 * 6.6;
            let class = series.class(n);
            writeln!(
                out,
                "<text class=\"{class} end\" x=\"{at:.1}\" y=\"{:.1}\">{}</text>",
                TOP - 10.0,
                escaped(&series.name),
            )?;
            at -= width + 14.0;
        }
        Ok(())
    }
}

impl Series {
    fn class(&self, n: usize) -> String {
        if self.mark == Mark::Limit { "lim".to_owned() } else { format!("s{n}") }
    }

    fn write(&self, n: usize, x: &Ruler, y: &Ruler, out: &mut String) -> fmt::Result {
        let points = || self.points.iter().filter(is_drawn);
        let class = self.class(n);
        if self.mark != Mark::Dots {
            let corners: Vec<String> = points()
                .map(|point| format!("{:.1},{:.1}", x.at(point.x), y.at(point.y)))
                .collect();
            writeln!(out, "<polyline class=\"{class}\" points=\"{}\"/>", corners.join(" "))?;
        }
        for point in points() {
            writeln!(
                out,
                "<circle class=\"{class}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.5\">\
                 <title>{}: {:.2}</title></circle>",
                x.at(point.x),
                y.at(point.y),
                escaped(&point.label),
                point.y,
            )?;
        }
        Ok(())
    }
}

fn is_drawn(point: &&Point) -> bool {
    point.x.is_finite() && point.y.is_finite()
}

impl Ruler {
    fn new(scale: Scale, values: impl Iterator<Item = f64>, pixels: [f64; 2]) -> Self {
        let (least, most) = values
            .fold((f64::INFINITY, 0.0_f64), |(least, most), it| (least.min(it), most.max(it)));
        let values = match scale {
            Scale::Linear => [0.0, if 0.0 < most { most * 1.05 } else { 1.0 }],
            // A logarithm needs something above zero, and a span.
            Scale::Doubling | Scale::Decades if most <= 0.0 => [1.0, 10.0],
            Scale::Doubling => {
                let least = least.max(f64::MIN_POSITIVE);
                [least, most.max(least * 2.0)]
            }
            Scale::Decades => {
                let least = 10_f64.powf(least.max(f64::MIN_POSITIVE).log10().floor());
                [least, most.max(least * 10.0) * 1.1]
            }
        };
        Self { scale, values, pixels }
    }

    fn at(&self, value: f64) -> f64 {
        let [from, to] = self.values;
        let share = match self.scale {
            Scale::Linear => (value - from) / (to - from),
            Scale::Doubling | Scale::Decades => (value.max(from) / from).ln() / (to / from).ln(),
        };
        self.pixels[0] + share * (self.pixels[1] - self.pixels[0])
    }

    fn ticks(&self) -> Vec<f64> {
        let [from, to] = self.values;
        match self.scale {
            Scale::Linear => {
                let step = nice(to / N_TICKS);
                (0_u32..).map(|n| f64::from(n) * step).take_while(|tick| *tick <= to).collect()
            }
            Scale::Doubling => powers(2.0, from, to),
            Scale::Decades => powers(10.0, from, to),
        }
    }
}

/// The powers of `base` from one number to another.
fn powers(base: f64, from: f64, to: f64) -> Vec<f64> {
    let first = (from.ln() / base.ln()).ceil() as i32;
    (first..).map(|n| base.powi(n)).take_while(|tick| *tick <= to).collect()
}

/// The least of 1, 2 and 5 times a power of ten that is no less.
fn nice(step: f64) -> f64 {
    let power = 10_f64.powf(step.log10().floor());
    let found = [1.0, 2.0, 5.0].into_iter().find(|times| step <= times * power * 1.000_001);
    found.unwrap_or(10.0) * power
}

/// A number of an axis, with few digits.
fn short(value: f64) -> String {
    let cut = |value: f64| {
        let text = format!("{value:.2}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    match value {
        1e6.. => format!("{} M", cut(value / 1e6)),
        1e4.. => format!("{} k", cut(value / 1e3)),
        _ => cut(value),
    }
}

#[cfg(test)]
mod tests;
