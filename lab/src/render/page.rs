//! How do tables and plots look, all in one file?
//!
//! In: [`Page`]. Out: HTML that needs nothing but itself: its style and its one small script, which
//! sorts a table by the column that is clicked, stand in it.
//! Invariants: equal pages give equal bytes; all text is escaped; without scripts everything but the
//! sorting is there.

use core::fmt::{self, Write};

use super::{bars::Bars, plot::Plot};

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/sort.js");

/// A page.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its title.
    pub title: String,
    /// What stands below the title, a paragraph each.
    pub lead: Vec<String>,
    /// Its sections.
    pub sections: Vec<Section>,
}

/// A part of a page under a heading of its own.
#[derive(Clone, Debug)]
pub struct Section {
    /// The heading.
    pub title: String,
    /// What stands below it, a paragraph each.
    pub text: Vec<String>,
    /// What it shows.
    pub parts: Vec<Part>,
}

/// What a section shows.
#[derive(Clone, Debug)]
pub enum Part {
    /// Rows and columns.
    Table(Table),
    /// Figures over an axis.
    Plot(Plot),
    /// Counts.
    Bars(Bars),
}

/// Rows and columns; the reader sorts them by a column.
#[derive(Clone, Debug)]
pub struct Table {
    /// What stands above the columns.
    pub heads: Vec<String>,
    /// The rows, each with a cell for each column.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Words, sorted by letter.
    Text(String),
    /// A number as it is shown, and as it is sorted.
    Number(String, f64),
    /// Nothing to show; sorted behind everything else.
    None,
}

impl Page {
    /// The page as HTML.
    ///
    /// ```
    /// use slotcast_lab::render::Page;
    ///
    /// let page = Page { title: "a & b".to_owned(), lead: vec![], sections: vec![] };
    /// assert!(page.html().contains("<title>a &amp; b</title>"));
    /// ```
    pub fn html(&self) -> String {
        let mut out = String::new();
        self.write(&mut out).expect("writing to a string does not fail");
        out
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        let title = escaped(&self.title);
        writeln!(
            out,
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\">\
             <title>{title}</title>\n<style>\n{STYLE}</style></head>\n<body><main>\n<h1>{title}</h1>"
        )?;
        paragraphs(&self.lead, out)?;
        for section in &self.sections {
            writeln!(out, "<section><h2>{}</h2>", escaped(&section.title))?;
            paragraphs(&section.text, out)?;
            for part in &section.parts {
                match part {
                    Part::Table(table) => table.write(out)?,
                    Part::Plot(plot) => plot.write(out)?,
                    Part::Bars(bars) => bars.write(out)?,
                }
            }
            writeln!(out, "</section>")?;
        }
        writeln!(out, "</main><script>\n{SCRIPT}</script></body></html>")
    }
}

impl Table {
    fn write(&self, out: &mut String) -> fmt::Result {
        write!(out, "<div class=\"wide\"><table><thead><tr>")?;
        for (n, head) in self.heads.iter().enumerate() {
            // Above words as they stand, above numbers on the right.
            let is_text = self.rows.first().is_some_and(|row| matches!(row[n], Cell::Text(_)));
            let class = if is_text { " class=\"t\"" } else { "" };
            write!(out, "<th{class}><button>{}</button></th>", escaped(head))?;
        }
        writeln!(out, "</tr></thead><tbody>")?;
        for row in &self.rows {
            write!(out, "<tr>")?;
            for cell in row {
                match cell {
                    Cell::Text(text) => write!(out, "<td class=\"t\">{}</td>", escaped(text))?,
                    Cell::Number(text, value) => {
                        write!(out, "<td data-v=\"{value}\">{}</td>", escaped(text))?;
                    }
                    Cell::None => write!(out, "<td>–</td>")?,
                }
            }
            writeln!(out, "</tr>")?;
        }
        writeln!(out, "</tbody></table></div>")
    }
}

fn paragraphs(texts: &[String], out: &mut String) -> fmt::Result {
    texts.iter().try_for_each(|text| writeln!(out, "<p>{}</p>", escaped(text)))
}

/// Text as it may stand in HTML and in the values of its attributes.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests;
