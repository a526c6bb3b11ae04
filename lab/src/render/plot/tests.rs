//! Tests of: how do figures look over an axis?

use super::*;

fn plot(y: Scale, points: &[(f64, f64)]) -> String {
    let point = |&(x, y): &(f64, f64)| Point { x, y, label: "a < b".to_owned() };
    let points = points.iter().map(point).collect();
    let series = Series { name: "one".to_owned(), mark: Mark::Line, points };
    let x = Axis { label: "threads", scale: Scale::Doubling };
    let y = Axis { label: "ratio", scale: y };
    let title = "times".to_owned();
    let mut out = String::new();
    Plot { title, x, y, series: vec![series], line_at: Some(1.0) }.write(&mut out).unwrap();
    out
}

#[test]
fn every_point_stands_inside_and_says_what_it_is() {
    let text = plot(Scale::Linear, &[(1.0, 0.5), (8.0, 2.0), (2.0, f64::NAN)]);
    assert_eq!(text.matches("<circle").count(), 2, "what is no number is left out");
    assert!(text.contains("<title>a &lt; b: 0.50</title>"));
    assert!(text.contains(&format!("points=\"{LEFT:.1},")), "{text}");
    assert!(text.contains(&format!(" {:.1},", WIDTH - RIGHT)), "{text}");
}

#[test]
fn ticks_are_round_numbers() {
    let linear = Ruler::new(Scale::Linear, [0.3, 2.0].into_iter(), [0.0, 1.0]);
    assert_eq!(linear.ticks(), [0.0, 0.5, 1.0, 1.5, 2.0]);
    let doubling = Ruler::new(Scale::Doubling, [1.0, 8.0].into_iter(), [0.0, 1.0]);
    assert_eq!(doubling.ticks(), [1.0, 2.0, 4.0, 8.0]);
    let decades = Ruler::new(Scale::Decades, [2e5, 3e7].into_iter(), [0.0, 1.0]);
    assert_eq!(decades.ticks().len(), 3);
    assert_eq!(short(3e7), "30 M");
}

#[test]
fn nothing_can_be_plotted() {
    for scale in [Scale::Linear, Scale::Decades] {
        let text = plot(scale, &[]);
        assert!(text.contains("</svg>") && !text.contains("NaN") && !text.contains("inf"));
    }
}
