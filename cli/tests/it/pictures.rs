//! Do pictures and pages work in a real browser, all by themselves?

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    browser::Tab,
    command::{Folder, json_lines, run},
};

/// A block with chains of conflicts.
fn block(folder: &Folder) -> String {
    folder.generate("b.json", &["--txs", "40", "--scenario", "amm", "--seed", "5"])
}

/// The colours of what is written and of what it is written on.
fn colours(tab: &mut Tab, ink: &str, paper: &str) -> [Value; 2] {
    let style = |of: &str| format!("getComputedStyle(document.querySelector('{of}'))");
    [
        tab.eval(&format!("{0}.fill === 'rgb(0, 0, 0)' ? {0}.color : {0}.fill", style(ink))),
        tab.eval(&format!(
            "{0}.fill === 'rgb(0, 0, 0)' ? {0}.backgroundColor : {0}.fill",
            style(paper)
        )),
    ]
}

/// Whether what is written can be told from the paper, in the light and in the dark.
fn check_themes(tab: &mut Tab, ink: &str, paper: &str) {
    let mut seen = Vec::new();
    for theme in ["light", "dark"] {
        tab.theme(theme);
        let pair = colours(tab, ink, paper);
        let brightness = |colour: &Value| {
            let text = colour.as_str().unwrap();
            let parts = text.trim_start_matches("rgb(").trim_end_matches(')').split(", ");
            parts.map(|part| part.parse::<i32>().unwrap()).sum::<i32>()
        };
        let (ink, paper) = (brightness(&pair[0]), brightness(&pair[1]));
        assert!(300 < (ink - paper).abs(), "{theme}: {pair:?}");
        seen.push(paper);
    }
    assert!(seen[1] < seen[0], "dark paper is darker: {seen:?}");
    tab.theme("light");
}

/// Rests the pointer on the middle of every edge, and gives the titles under it.
fn hovered_titles(tab: &mut Tab, n: usize) -> Vec<String> {
    let mut titles = Vec::new();
    for at in 0..n {
        let place = tab.eval(&format!(
            "(() => {{ const edge = document.querySelectorAll('#graph path')[{at}];
                edge.scrollIntoView({{block: 'center', inline: 'center'}});
                const middle = edge.getPointAtLength(edge.getTotalLength() / 2);
                const at = middle.matrixTransform(edge.getScreenCTM());
                return [at.x, at.y]; }})()"
        ));
        tab.hover(place[0].as_f64().unwrap(), place[1].as_f64().unwrap());
        let title = tab.eval(
            "(() => { const all = document.querySelectorAll('#graph :hover');
                const edge = all[all.length - 1];
                return edge ? edge.querySelector('title').textContent : null; })()",
        );
        titles.extend(title.as_str().map(str::to_owned));
    }
    titles
}

fn check_drawing(tab: &mut Tab, path: &Path, schedule: &Value) {
    tab.load(path);
    let n_txs = schedule["txs"].as_u64().unwrap();
    for part in ["graph", "lanes"] {
        let n = tab.eval(&format!("document.querySelectorAll('#{part} rect.t').length"));
        assert_eq!(n, n_txs, "{part}");
    }
    let path = schedule["criticalPath"]["txs"].as_array().unwrap();
    let n = tab.eval("document.querySelectorAll('#graph rect.c').length");
    assert_eq!(n, path.len());
    let edges = schedule["edges"].as_array().unwrap();
    let known: Vec<String> = edges
        .iter()
        .map(|edge| format!("{} waits for {}: {}", edge["to"], edge["from"], text(&edge["reason"])))
        .collect();
    let n_edges = tab.eval("document.querySelectorAll('#graph path').length").as_u64().unwrap();
    assert!(0 < n_edges && n_edges <= edges.len() as u64);
    let titles = hovered_titles(tab, n_edges.min(12) as usize);
    assert!(!titles.is_empty(), "there is something under the pointer");
    for title in titles.iter().filter(|title| title.contains("waits for")) {
        let is_known = known.iter().any(|edge| title.starts_with(edge.as_str()));
        assert!(is_known, "{title} is none of {known:?}");
    }
    assert!(titles.iter().any(|title| title.contains("waits for")), "{titles:?}");
    let ticks = "[...document.querySelectorAll('#lanes text')].map((it) => it.textContent)";
    let ticks = tab.eval(&format!("{ticks}.filter((text) => /^\\d+ µs$/.test(text))"));
    assert!(ticks[0] == "0 µs" && 1 < ticks.as_array().unwrap().len(), "{ticks}");
    check_themes(tab, "text", ".bg");
    assert_eq!(tab.complaints(), [""; 0]);
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn a_schedule_is_drawn_and_tells_its_reasons() {
    let Some(mut tab) = Tab::open() else { return };
    let folder = Folder::new();
    let block = block(&folder);
    let schedule = json_lines(&["schedule", "--json", &block]).remove(0);
    for format in ["svg", "html"] {
        let drawn = run(&["schedule", "--format", format, "--lanes", "3", &block]).stdout;
        let path = folder.write(&format!("schedule.{format}"), drawn);
        check_drawing(&mut tab, Path::new(&path), &schedule);
    }
}

#[test]
fn a_report_sorts_its_blocks_and_asks_no_server() {
    let Some(mut tab) = Tab::open() else { return };
    let folder = Folder::new();
    let block = block(&folder);
    let other =
        folder.generate("c.json", &["--txs", "9", "--scenario", "erc20", "--era", "london"]);
    let page = folder.path("report.html");
    assert_eq!(run(&["report", "-q", "-o", &page, &block, &other]).code, 0);
    tab.load(Path::new(&page));
    assert_eq!(tab.eval("document.querySelectorAll('.plot').length"), 4);
    assert_eq!(tab.eval("document.body.textContent.includes('NaN')"), false);
    // The last table lists the blocks; its third column is how many transactions they have.
    let column = "[...[...document.querySelectorAll('table')].at(-1).tBodies[0].rows]
        .map((row) => Number(row.cells[2].textContent))";
    let click = "[...document.querySelectorAll('table')].at(-1).tHead.rows[0].cells[2]
        .querySelector('button').click()";
    tab.eval(click);
    assert_eq!(tab.eval(column), json!([9, 40]));
    tab.eval(click);
    assert_eq!(tab.eval(column), json!([40, 9]));
    tab.size(420, 800);
    let overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    assert_eq!(tab.eval(overflow), 0, "only tables and plots scroll sideways on a small screen");
    let text = "document.querySelector('.plot text').getBoundingClientRect().height";
    assert!(8.0 < tab.eval(text).as_f64().unwrap(), "what stands in a plot can be read");
    check_themes(&mut tab, "h1", "body");
    assert_eq!(tab.complaints(), [""; 0]);
}

#[test]
fn a_report_without_times_depends_on_the_blocks_alone() {
    let folder = Folder::new();
    let blocks = [block(&folder), folder.generate("c.json", &["--txs", "7", "--seed", "8"])];
    let page = |name: &str, args: &[&str]| {
        let path = folder.path(name);
        let ran = run(&[&["report", "--no-timing", "-o", &path], args].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
        std::fs::read_to_string(path).unwrap()
    };
    let one = page("one.html", &["-j", "1", &blocks[0], &blocks[1]]);
    let two = page("two.html", &["-j", "2", &blocks[1], &blocks[0]]);
    assert!(one == two, "neither threads nor the order of the blocks matter");
    assert!(!one.contains("µs") && one.contains("Simulation, from estimated gas"));
    let timed = folder.path("timed.html");
    assert_eq!(run(&["report", "-q", "-o", &timed, &blocks[1]]).code, 0);
    let timed = std::fs::read_to_string(timed).unwrap();
    assert!(timed.contains("Speed, measured") && timed.contains("Simulation, from costs measured"));
}

#[test]
fn a_page_that_cannot_be_written_is_refused_before_the_work() {
    let folder = Folder::new();
    let ran = run(&["report", "-o", &folder.path("no/such/folder.html")]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    let error = folder.without_path(&ran.stderr);
    let expected = "error: <folder>/no/such/folder.html: cannot be written: No such file or directory \
                    (os error 2)\n";
    assert_eq!(error, expected);
    let missing = folder.path("nowhere.json");
    let ran = run(&["report", "-o", &folder.path("page.html"), &missing]);
    assert_eq!(ran.code, 2);
    assert!(!Path::new(&folder.path("page.html")).exists(), "nothing is left behind");
    assert!(!Path::new(&folder.path("page.html.tmp")).exists(), "nothing is left behind");
}
