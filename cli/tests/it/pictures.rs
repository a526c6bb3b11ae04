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
    let drawn = run(&["schedule", "--format", "svg", "--lanes", "3", &block]).stdout;
    let path = folder.write("schedule.svg", drawn);
    check_drawing(&mut tab, Path::new(&path), &schedule);
}

/// Opens the page of a block's schedule.
fn open_page(tab: &mut Tab, folder: &Folder, args: &[&str]) {
    let page = run(&[&["schedule", "--format", "html"], args].concat()).stdout;
    tab.load(Path::new(&folder.write("schedule.html", page)));
}

/// Rests the pointer on a transaction of the page.
fn point_at(tab: &mut Tab, tx: u64) {
    let place = tab.eval(&format!(
        "(() => {{ const at = canvas.getBoundingClientRect(), [x, y] = placeOf({tx});
            return [at.x + x, at.y + y]; }})()"
    ));
    tab.hover(place[0].as_f64().unwrap(), place[1].as_f64().unwrap());
}

/// The dependencies that the page lists in one direction: the other transaction, and the first location.
fn listed(tab: &mut Tab, direction: &str) -> Vec<(u64, String)> {
    let items = tab.eval(&format!(
        "[...document.querySelectorAll('#{direction} li')].map((it) =>
            [Number(it.querySelector('button').dataset.tx), it.querySelector('span').textContent])"
    ));
    let item = |item: &Value| {
        let words = text(&item[1]).split([' ', ',']).next().unwrap();
        (item[0].as_u64().unwrap(), words.to_owned())
    };
    items.as_array().unwrap().iter().map(item).collect()
}

#[test]
fn a_schedule_page_shows_lanes_and_the_dependencies_of_what_one_points_at() {
    let Some(mut tab) = Tab::open() else { return };
    let folder = Folder::new();
    let block = block(&folder);
    let schedule = json_lines(&["schedule", "--json", &block]).remove(0);
    open_page(&mut tab, &folder, &["--lanes", "3", &block]);
    assert_eq!(tab.eval("state.view"), "lanes", "lanes over time come first");
    assert_eq!(tab.eval("document.querySelector('#modes input:checked').value"), "values");
    let lead = tab.eval("byId('lead').textContent");
    assert!(text(&lead).contains("Simulation, from estimated gas"), "{lead}");
    let edges = schedule["edges"].as_array().unwrap();
    assert!(!edges.is_empty());
    for tx in 0..schedule["txs"].as_u64().unwrap() {
        point_at(&mut tab, tx);
        assert_eq!(tab.eval("state.hover"), tx);
        for (direction, of, other) in [("before", "to", "from"), ("after", "from", "to")] {
            let edges = edges.iter().filter(|edge| edge[of] == tx);
            let known = |it: &Value| (it[other].as_u64().unwrap(), text(&it["reason"]).to_owned());
            let mut known: Vec<_> = edges.map(known).collect();
            let mut listed = listed(&mut tab, direction);
            known.sort_unstable();
            listed.sort_unstable();
            assert_eq!(listed, known, "{direction} {tx}");
        }
    }
    // What is drawn: every transaction in its colour, gaps where threads wait, less with more waiting.
    tab.hover(2.0, 2.0);
    assert_eq!(tab.eval("state.hover"), Value::Null);
    let unlike = "(() => { draw();
        const probe = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
        const {data: drawn, width} = paint.getImageData(0, 0, canvas.width, canvas.height);
        return data.txs.map((_, tx) => tx).filter((tx) => {
            const [x, y] = placeOf(tx).map((at) => Math.floor(at * devicePixelRatio));
            const [a, b] = shown.boxes[tx].x.map(toX);
            probe.fillStyle = colour(tx); probe.fillRect(0, 0, 1, 1);
            const is = drawn.slice(4 * (y * width + x), 4 * (y * width + x) + 4);
            return 3 < b - a && `${is}` !== `${probe.getImageData(0, 0, 1, 1).data}`;
        }); })()";
    assert_eq!(tab.eval(unlike), json!([]), "every transaction stands where it is said to");
    let waited = "shown.idle.reduce((sum, [, from, to]) => sum + to - from, 0)";
    let times: Vec<f64> = ["values", "dataflow", "layers"]
        .map(|mode| {
            tab.eval(&format!("document.querySelector('#modes [value={mode}]').click()"));
            assert_eq!(tab.eval("mode().mode"), mode);
            tab.eval(waited).as_f64().unwrap()
        })
        .to_vec();
    assert!(0.0 < times[0] && times[0] < times[2], "{times:?}");
    for theme in ["light", "dark"] {
        tab.theme(theme);
        let is_followed = "ink.ink === getComputedStyle(document.body).getPropertyValue('--ink')";
        // The page is told with its next frame.
        let mut looks = (0..100).map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(20));
            tab.eval(is_followed)
        });
        assert!(looks.any(|it| it == true), "the canvas follows the theme");
    }
    check_themes(&mut tab, "h1", "body");
    assert_eq!(tab.complaints(), [""; 0]);
}

#[test]
fn a_schedule_page_is_searched_and_moved_by_keys() {
    let Some(mut tab) = Tab::open() else { return };
    let folder = Folder::new();
    let block = block(&folder);
    let recorded: Value = serde_json::from_str(&std::fs::read_to_string(&block).unwrap()).unwrap();
    let txs = recorded["block"]["transactions"].as_array().unwrap();
    open_page(&mut tab, &folder, &[&block]);
    tab.key("/");
    tab.write(text(&txs[7]["hash"]));
    assert_eq!(tab.eval("[...state.found]"), json!([7]));
    assert_eq!(tab.eval("byId('details').textContent.includes(byId('search').value)"), true);
    tab.key("Escape");
    assert_eq!(tab.eval("[state.found, state.chosen]"), json!([null, null]));
    for role in ["from", "to"] {
        let address = text(&txs[3][role]);
        let is_its = |tx: &(usize, &Value)| ["from", "to"].iter().any(|it| tx.1[it] == address);
        let its: Vec<usize> = txs.iter().enumerate().filter(is_its).map(|tx| tx.0).collect();
        tab.key("/");
        tab.write(address);
        let found = tab.eval("[...state.found]");
        let found: Vec<usize> = serde_json::from_value(found).unwrap();
        match role {
            "from" => assert_eq!(found, its),
            _ => assert!(its.iter().all(|tx| found.contains(tx)), "{its:?} in {found:?}"),
        }
        tab.key("Enter");
        assert_eq!(tab.eval("state.chosen"), found[0]);
        tab.key("Escape");
    }
    tab.key("ArrowRight");
    tab.key("ArrowRight");
    assert_eq!(tab.eval("state.chosen"), 1);
    let schedule = json_lines(&["schedule", "--json", &block]).remove(0);
    let edges = schedule["edges"].as_array().unwrap().iter();
    let edges: Vec<[u64; 2]> =
        edges.map(|edge| ["from", "to"].map(|end| edge[end].as_u64().unwrap())).collect();
    let [_, last] = *edges.last().unwrap();
    tab.eval(&format!("choose({last})"));
    tab.key("ArrowUp");
    let before = edges.iter().filter(|[_, to]| *to == last).map(|[from, _]| *from).max().unwrap();
    assert_eq!(tab.eval("state.chosen"), before);
    tab.key("ArrowDown");
    let after = edges.iter().filter(|[from, _]| *from == before).map(|[_, to]| *to).min().unwrap();
    assert_eq!(tab.eval("state.chosen"), after);
    tab.key("+");
    let shown = tab.eval("state.window[1] - state.window[0]").as_f64().unwrap();
    assert!((shown - 0.5).abs() < 1e-6, "{shown}");
    tab.key("0");
    assert_eq!(tab.eval("state.window"), json!([0, 1]));
    tab.key("v");
    tab.key("m");
    assert_eq!(tab.eval("[state.view, mode().mode]"), json!(["layers", "dataflow"]));
    let shared = tab.eval("new Set(shown.boxes.map(({x, y}) => `${x} ${y}`)).size");
    assert_eq!(shared, txs.len(), "each transaction has a place of its own among the layers");
    assert_eq!(tab.complaints(), [""; 0]);
}

#[test]
fn a_schedule_page_of_two_thousand_transactions_stays_small() {
    let Some(mut tab) = Tab::open() else { return };
    let folder = Folder::new();
    let block = folder.generate("large.json", &["--txs", "2000", "--scenario", "erc20"]);
    open_page(&mut tab, &folder, &["--lanes", "16", &block]);
    assert_eq!(tab.eval("shown.boxes.length"), 2000);
    let n_elements = "document.querySelectorAll('*').length";
    let n_before = tab.eval(n_elements).as_u64().unwrap();
    // The transaction with the most dependencies has the longest lists.
    let most = "data.txs.map((_, tx) => [before[tx].length + after[tx].length, tx])
        .sort((a, b) => b[0] - a[0])[0][1]";
    tab.eval(&format!("choose({most})"));
    let n_chosen = tab.eval(n_elements).as_u64().unwrap();
    assert!(n_before < n_chosen && n_chosen < 700, "{n_before}, {n_chosen}");
    point_at(&mut tab, 1234);
    tab.eval("draw()");
    let is_drawn =
        "paint.getImageData(0, 0, canvas.width, canvas.height).data.some((it) => it !== 0)";
    assert_eq!(tab.eval(is_drawn), true);
    assert_eq!(tab.complaints(), [""; 0]);
}

/// Whether the first screen has accuracy and speed of each situation, and speed by threads to the limit.
fn check_situations(tab: &mut Tab) {
    let rows = "[...document.querySelector('table').tBodies[0].rows].map((row) =>
        [row.cells[0].textContent, ...[...row.cells].slice(2, 9).map((it) => Number(it.textContent))])";
    let rows = tab.eval(rows);
    let names = ["nothing known", "pooled", "hinted"];
    for (row, name) in rows.as_array().unwrap().iter().zip(names) {
        assert_eq!(row[0], name);
        // Accuracy, then the worst block, which there is for blocks of any size.
        for cell in [1, 2, 3, 4, 7] {
            assert!(0.0 < row[cell].as_f64().unwrap(), "{name}: {row}");
        }
    }
    assert_eq!(rows.as_array().unwrap().len(), 3);
    let bottom = "document.querySelector('section').getBoundingClientRect().bottom + scrollY";
    assert!(tab.eval(bottom).as_f64().unwrap() <= 900.0, "all on one screen");
    let series = |class: &str| format!("document.querySelector('section polyline.{class}')");
    let heights = |tab: &mut Tab, class: &str| {
        let points = format!("{}.getAttribute('points').split(' ')", series(class));
        let heights = tab.eval(&format!("{points}.map((it) => Number(it.split(',')[1]))"));
        serde_json::from_value::<Vec<f64>>(heights).unwrap()
    };
    let limit = heights(tab, "lim");
    assert_eq!(limit.len(), 7, "from 1 to 64 threads");
    for class in ["s0", "s1", "s2", "s3", "s4"] {
        // Downwards is less; coordinates are rounded.
        for (limit, it) in limit.iter().zip(heights(tab, class)) {
            assert!(*limit <= it + 0.2, "{class} goes beyond the limit");
        }
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
    assert_eq!(tab.eval("document.querySelectorAll('.plot').length"), 5);
    check_situations(&mut tab);
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
    assert!(!one.contains("Mgas/s"), "capacity comes from measured costs");
}

/// What points of a plot say of one engine, by number of threads.
fn plotted(section: &str, engine: &str) -> Vec<(u64, f64)> {
    let said = section.split("<title>").skip(1).filter_map(|it| it.split("</title>").next());
    let of_engine = said.filter_map(|it| it.strip_prefix(engine)?.strip_prefix(", "));
    let point = |text: &str| {
        let (threads, made) = text.split_once(", Mgas/s: ").unwrap();
        let (n, unit) = threads.split_once(' ').unwrap();
        assert_eq!(unit, if n == "1" { "thread" } else { "threads" });
        (n.parse().unwrap(), made.parse().unwrap())
    };
    of_engine.map(point).collect()
}

#[test]
fn a_report_plots_the_capacity_of_each_engine() {
    let folder = Folder::new();
    let page = folder.path("report.html");
    assert_eq!(run(&["report", "-q", "-o", &page, &block(&folder)]).code, 0);
    let page = std::fs::read_to_string(page).unwrap();
    let section = page.split("<section>").find(|it| it.starts_with("<h2>Capacity, simulated</h2>"));
    let section = section.unwrap().split("</section>").next().unwrap();
    assert!(section.contains("Simulation, from costs measured on one thread: Mgas a second"));
    assert_eq!(section.matches("<polyline").count(), 5);
    let mut alone = Vec::new();
    for engine in ["nothing known", "pooled", "hinted", "sequential", "optimistic"] {
        let points = plotted(section, engine);
        let threads: Vec<u64> = points.iter().map(|(threads, _)| *threads).collect();
        assert_eq!(threads, [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32, 48, 64], "{engine}");
        let made: Vec<f64> = points.iter().map(|(_, made)| *made).collect();
        assert!(made.iter().all(|made| 0.0 < *made), "{engine}: {made:?}");
        match engine {
            "sequential" => assert!(made.iter().all(|it| *it == made[0]), "{made:?}"),
            "hinted" => assert!(made.is_sorted() && made[0] < made[13], "{made:?}"),
            _ => (),
        }
        alone.push(made[0]);
        let row = section.split("<tr>").find(|it| it.contains(&format!(">{engine}</td>"))).unwrap();
        let cells: Vec<f64> = row
            .split("data-v=\"")
            .skip(1)
            .map(|it| it.split('"').next().unwrap().parse().unwrap())
            .collect();
        let [pays, makes, seconds] = cells[..] else { panic!("{row}") };
        let (_, plotted) = points.iter().find(|(threads, _)| *threads as f64 == pays).unwrap();
        assert!((makes - plotted).abs() <= 0.005, "{engine}: {makes} is not {plotted}");
        assert!(0.0 < seconds, "{engine}");
    }
    assert!(alone[0] < alone[3], "predicting on the only thread costs something: {alone:?}");
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
