//! Tests of: how do tables and plots look, all in one file?

use super::*;

#[test]
fn a_page_stands_alone_and_escapes_what_it_is_given() {
    let cells = vec![Cell::Text("<b>".to_owned()), Cell::Number("1.5".to_owned(), 1.5), Cell::None];
    let heads = ["a", "\"b\"", "c"].map(str::to_owned).to_vec();
    let section = Section {
        title: "one & all".to_owned(),
        text: vec!["a < b".to_owned()],
        parts: vec![Part::Table(Table { heads, rows: vec![cells] })],
    };
    let page = Page { title: "t".to_owned(), lead: vec![], sections: vec![section] }.html();
    assert!(page.contains("<h2>one &amp; all</h2>\n<p>a &lt; b</p>"));
    assert!(page.contains("<td class=\"t\">&lt;b&gt;</td><td data-v=\"1.5\">1.5</td><td>–</td>"));
    let heads = "<th class=\"t\"><button>a</button></th><th><button>&quot;b&quot;</button></th>";
    assert!(page.contains(heads), "heads stand as what is below them");
    for outside in ["http:", "https:", "src=", "href=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
}
